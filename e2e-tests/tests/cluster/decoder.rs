//! Tests ambiguous JSON, such as duplicate keys: the API server must send the policy the same object that it stores.
//! The policy itself rejects ambiguous JSON (`tests/hostile.rs`); these tests show that an API server never sends it.
//! The stored object shows how the API server understood the JSON. The injected parts or the warnings show how the
//! policy understood it.

use serde_json::{Value, json};

use crate::control_plane::wait_until;
use crate::scene::{ROLE, Scene, role_of};
use crate::webhooks;

/// Makes the JSON of a pod, with additional members of its `spec` (before the containers) and of its container.
fn pod(name: &str, spec: &str, container: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{{spec}"containers":[{{"name":"app","image":"app"{container}}}]}}}}"#
    )
}

/// Pods. Each has a name, members of its `spec`, members of its container, the service account that the API server
/// stores, and the value that the API server stores for the variable `A`.
const PODS: [(&str, &str, &str, &str, Option<&str>); 9] = [
    ("plain", r#""serviceAccountName":"web","#, "", "web", None),
    ("escaped-key", r#""serviceAccountNam\u0065":"web","#, "", "web", None),
    ("escaped-value", r#""serviceAccountName":"w\u0065b","#, "", "web", None),
    ("other-case", r#""ServiceAccountName":"web","#, "", "default", None),
    ("deprecated", r#""serviceAccount":"web","#, "", "web", None),
    ("twice", r#""serviceAccountName":"web","serviceAccountName":"default","#, "", "default", None),
    ("twice-escaped", r#""serviceAccountName":"default","serviceAccountNam\u0065":"web","#, "", "web", None),
    (
        "env-twice",
        r#""serviceAccountName":"web","#,
        r#","env":[{"name":"AWS_ROLE_ARN","value":"mine"}],"env":[{"name":"A","value":"second"}]"#,
        "web",
        Some("second"),
    ),
    (
        "value-twice",
        r#""serviceAccountName":"web","#,
        r#","env":[{"name":"A","value":"first","value":"second","Value":"third"}]"#,
        "web",
        Some("second"),
    ),
];

#[test]
fn the_policy_sees_the_pod_that_is_stored() {
    let scene = Scene::new("decoder", json!({}));
    for (name, spec, container, account, variable) in PODS {
        let answer = scene.api.create_text(&scene.path("pods"), &pod(name, spec, container));
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        let stored = scene.api.get(&format!("{}/{name}", scene.path("pods"))).body;
        println!("{name}: stored {}, warnings {:?}", stored["spec"]["serviceAccountName"], answer.warnings);
        assert_eq!(stored["spec"]["serviceAccountName"], account, "{name}");
        assert_eq!(role_of(&stored), (account == "web").then_some(ROLE), "{name}: {stored}");
        let value =
            stored["spec"]["containers"][0]["env"].as_array().into_iter().flatten().find(|one| one["name"] == "A");
        assert_eq!(value.and_then(|one| one["value"].as_str()), variable, "{name}: {stored}");
    }
}

/// The definition of a custom kind, with a schema that keeps unknown fields.
fn definition() -> Value {
    json!({
        "metadata": {"name": "crews.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "crews", "singular": "crew", "kind": "Crew", "listKind": "CrewList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}

/// Custom objects. Each has a name, the JSON of its template's `spec`, and the service account that the API server
/// stores, if any.
const CREWS: [(&str, &str, Option<&str>); 6] = [
    ("plain", r#""spec":{"serviceAccountName":"web","containers":[]}"#, Some("web")),
    ("missing", r#""spec":{"serviceAccountName":"gone","containers":[]}"#, Some("gone")),
    ("twice", r#""spec":{"serviceAccountName":"gone","serviceAccountName":"web","containers":[]}"#, Some("web")),
    (
        "twice-in-reverse-order",
        r#""spec":{"serviceAccountName":"web","serviceAccountNam\u0065":"gone","containers":[]}"#,
        Some("gone"),
    ),
    (
        "spec-twice",
        r#""spec":{"serviceAccountName":"web"},"spec":{"serviceAccountName":"gone","containers":[]}"#,
        Some("gone"),
    ),
    ("other-case", r#""spec":{"ServiceAccountName":"gone","containers":[]}"#, None),
];

#[test]
fn the_policy_sees_the_custom_object_that_is_stored() {
    let workload = json!({"apiVersion": "example.com/v1", "kind": "Crew", "podTemplates": ["$.template"]});
    let scene = Scene::new("decoder-custom", json!({"customWorkloads": [workload]}));
    scene.api.created("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition());
    let crews = format!("/apis/example.com/v1/namespaces/{}/crews", scene.namespace);
    wait_until("the API server serves the custom kind", || scene.api.get(&crews).status == 200);

    let mut policy = webhooks::policies()[1].clone();
    policy["metadata"]["name"] = json!("irsa-policy-crews");
    policy["spec"]["rules"] = json!([{
        "apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["crews"], "operations": ["CREATE", "UPDATE"],
    }]);
    policy["spec"]["failurePolicy"] = json!("Fail");
    webhooks::register(&scene.api, &scene.namespace, &policy, &scene.checks);
    let crew = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"example.com/v1","kind":"Crew","metadata":{{"name":"{name}"}},"template":{{{spec}}}}}"#
        )
    };
    wait_until("the API server calls the policy for the custom kind", || {
        !scene.api.create_text(&format!("{crews}?dryRun=All"), &crew("probe", CREWS[1].1)).warnings.is_empty()
    });

    for (name, spec, account) in CREWS {
        let answer = scene.api.create_text(&crews, &crew(name, spec));
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        let stored = scene.api.get(&format!("{crews}/{name}")).body;
        println!("{name}: stored {}, warnings {:?}", stored["template"], answer.warnings);
        let found = &stored["template"]["spec"]["serviceAccountName"];
        assert_eq!(found.as_str(), account, "{name}: {stored}");
        let missing = answer.warnings.iter().any(|warning| warning.ends_with("[missingServiceAccount]"));
        assert_eq!(missing, account == Some("gone"), "{name}: {:?}", answer.warnings);
    }
    webhooks::unregister(&scene.api, &scene.namespace, &policy);
}
