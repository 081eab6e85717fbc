//! Tests how the API server decodes ambiguous JSON. The policy must see the object that is stored, and never another
//! one. The policy itself rejects such JSON (`tests/hostile.rs`); these tests show that an API server never sends it.
//! The stored object shows how the API server understood the JSON. The injected parts or the warnings show how the
//! policy understood it.

use serde_json::{Value, json};

use crate::control_plane::wait_until;
use crate::scene::{ROLE, Scene, role_of};
use crate::webhooks;

/// The JSON of a pod, with additional members of `spec` before the containers.
fn pod(name: &str, spec: &str, container: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{{spec}"containers":[{{"name":"app","image":"app"{container}}}]}}}}"#
    )
}

/// Each with: members of a pod's `spec`, members of its container, the service account that the API server stores, and
/// the value of the variable `A` that it stores.
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
        "env-of-two-minds",
        r#""serviceAccountName":"web","#,
        r#","env":[{"name":"A","value":"first","value":"second","Value":"third"}]"#,
        "web",
        Some("second"),
    ),
];

#[test]
fn reviews_the_pod_that_is_stored() {
    let scene = Scene::new("decoder", json!({}));
    for (name, spec, container, account, variable) in PODS {
        let answer = scene.api.create_text(&scene.path("pods"), &pod(name, spec, container));
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        let stored = scene.api.get(&format!("{}/{name}", scene.path("pods"))).body;
        println!("{name}: stored {}, the client is told {:?}", stored["spec"]["serviceAccountName"], answer.warnings);
        assert_eq!(stored["spec"]["serviceAccountName"], account, "{name}");
        assert_eq!(role_of(&stored), (account == "web").then_some(ROLE), "{name}: {stored}");
        let value =
            stored["spec"]["containers"][0]["env"].as_array().into_iter().flatten().find(|one| one["name"] == "A");
        assert_eq!(value.and_then(|one| one["value"].as_str()), variable, "{name}: {stored}");
    }
}

/// A custom kind with a schema that keeps unknown fields.
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

/// Each with: the JSON of a custom object's `spec`, and the service account that the API server stores, if any.
const CREWS: [(&str, &str, Option<&str>); 6] = [
    ("plain", r#""spec":{"serviceAccountName":"web","containers":[]}"#, Some("web")),
    ("missing", r#""spec":{"serviceAccountName":"gone","containers":[]}"#, Some("gone")),
    ("twice", r#""spec":{"serviceAccountName":"gone","serviceAccountName":"web","containers":[]}"#, Some("web")),
    (
        "twice-the-other-way",
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
fn reviews_the_custom_object_that_is_stored() {
    let workload = json!({"apiVersion": "example.com/v1", "kind": "Crew", "podTemplates": ["$.template"]});
    let scene = Scene::new("decoder-custom", json!({"customWorkloads": [workload]}));
    scene.api.created("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition());
    let crews = format!("/apis/example.com/v1/namespaces/{}/crews", scene.namespace);
    wait_until("the API server has the custom kind", || scene.api.get(&crews).status == 200);

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
    wait_until("the API server has the custom kind checked", || {
        !scene.api.create_text(&format!("{crews}?dryRun=All"), &crew("probe", CREWS[1].1)).warnings.is_empty()
    });

    for (name, spec, account) in CREWS {
        let answer = scene.api.create_text(&crews, &crew(name, spec));
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        let stored = scene.api.get(&format!("{crews}/{name}")).body;
        println!("{name}: stored {}, the client is told {:?}", stored["template"], answer.warnings);
        let found = &stored["template"]["spec"]["serviceAccountName"];
        assert_eq!(found.as_str(), account, "{name}: {stored}");
        let missing = answer.warnings.iter().any(|warning| warning.ends_with("[missingServiceAccount]"));
        assert_eq!(missing, account == Some("gone"), "{name}: {:?}", answer.warnings);
    }
    webhooks::unregister(&scene.api, &scene.namespace, &policy);
}
