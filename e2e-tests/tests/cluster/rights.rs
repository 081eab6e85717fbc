//! Tests that the rights in `policy.yaml` are sufficient for the policy server, and that no pod is accepted if these
//! rights are missing.

use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::operators_objects;
use crate::scene::{Scene, control_plane, pod, role_of};

fn policy_server() -> Api {
    Api::connect(&control_plane().as_ref().unwrap().kubeconfig_of("policy-server"))
}

#[test]
fn lets_the_policy_server_read_only_service_accounts() {
    let rules: Vec<Value> = operators_objects()
        .into_iter()
        .filter(|object| object["kind"] == "ClusterRole")
        .flat_map(|role| role["rules"].as_array().unwrap().clone())
        .collect();
    assert_eq!(rules, [json!({"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]})]);

    let scene = Scene::new("rights", json!({}));
    let policy_server = policy_server();
    assert_eq!(policy_server.get(&format!("{}/web", scene.path("serviceaccounts"))).status, 200);
    for path in [&scene.path("serviceaccounts"), &scene.path("pods/web"), &scene.path("secrets/web")] {
        assert_eq!(policy_server.get(path).status, 403, "{path}");
    }
    let token = policy_server.create(&format!("{}/web/token", scene.path("serviceaccounts")), &json!({"spec": {}}));
    assert_eq!(token.status, 403, "{token:?}");

    // The rights are sufficient.
    let stored = scene.create_pod(&pod("web", "web"));
    assert!(role_of(&stored.body).is_some(), "{stored:?}");
}

#[test]
fn rejects_every_pod_if_the_policy_server_has_no_rights() {
    let scene = Scene::with_identity("no-rights", json!({}), "without-rights");

    for account in ["web", "default"] {
        let answer = scene.create_pod(&pod("web", account));

        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(answer.message().ends_with("[lookupFailed]"), "{answer:?}");
    }
    assert_eq!(scene.api.get(&scene.path("pods")).body["items"], json!([]));
}
