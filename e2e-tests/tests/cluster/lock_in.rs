//! Tests that an existing object can still be labeled, scaled and deleted, even if the policy now rejects such objects.

use serde_json::{Value, json};

use crate::scene::{Scene, account};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/lock-in/deployments";

/// A Deployment whose pods have a service account that does not exist.
fn deployment() -> Value {
    json!({
        "metadata": {"name": "web", "finalizers": ["example.com/wait"]},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"serviceAccountName": "gone", "containers": [{"name": "app", "image": "app"}]},
            },
        },
    })
}

#[test]
fn accepts_updates_and_deletion_of_existing_objects() {
    let scene = Scene::new("lock-in", json!({"actions": {"missingServiceAccount": "Reject"}}));
    let accounts = scene.path("serviceaccounts");
    scene.unchecked(|scene| {
        let mut broken = account("broken", Some("not-an-arn"));
        broken["metadata"]["finalizers"] = json!(["example.com/wait"]);
        scene.api.created(&accounts, &broken);
        scene.api.created(DEPLOYMENTS, &deployment());
    });
    let broken = format!("{accounts}/broken");
    let web = format!("{DEPLOYMENTS}/web");
    assert_eq!(
        scene.api.create(&accounts, &account("another", Some("not-an-arn"))).status,
        403,
        "accounts are checked again"
    );

    // An update that does not touch the problem is accepted with a warning.
    for (object, change) in [
        (&broken, json!({"metadata": {"labels": {"team": "a"}}})),
        (&web, json!({"metadata": {"annotations": {"note": "kept"}}})),
        (&web, json!({"spec": {"replicas": 3}})),
    ] {
        let answer = scene.api.merge(object, &change);
        assert_eq!(answer.status, 200, "{change}: {answer:?}");
        assert_eq!(answer.warnings.len(), 1, "{change}: {answer:?}");
    }
    // An update that changes the problem, but does not fix it, is rejected.
    let worse = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "neither"}}});
    assert_eq!(scene.api.merge(&broken, &worse).status, 403);
    let worse = json!({"spec": {"template": {"spec": {"serviceAccountName": "gone-too"}}}});
    assert_eq!(scene.api.merge(&web, &worse).status, 403);

    // A controller can update the status, the scale and its own annotations.
    for (object, change) in [
        (format!("{web}/status"), json!({"status": {"observedGeneration": 1}})),
        (format!("{web}/scale"), json!({"spec": {"replicas": 2}})),
        (web.clone(), json!({"metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}}})),
    ] {
        let answer = scene.api.merge(&object, &change);
        assert_eq!(answer.status, 200, "{object}: {answer:?}");
    }

    // A deletion waits until the finalizers are removed, so the policy must accept their removal.
    for object in [&broken, &web] {
        assert_eq!(scene.api.delete(object).status, 200);
        assert!(
            scene.api.get(object).body["metadata"]["deletionTimestamp"].is_string(),
            "{object} waits for its finalizer"
        );
        let answer = scene.api.merge(object, &json!({"metadata": {"finalizers": null}}));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(scene.api.get(object).status, 404, "{object} is gone");
    }
}
