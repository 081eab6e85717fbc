//! Tests `irsa explain` for a pod in the cluster, with a token from the cluster and the cluster's public keys.
//!
//! `IRSA` is the path of the command. `make test-cluster` builds it.

use std::env;
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::{Scene, control_plane, pod};

/// Returns the step with this name.
fn step<'a>(explanation: &'a Value, name: &str) -> &'a Value {
    let steps = explanation["steps"].as_array().unwrap_or_else(|| panic!("{explanation}"));
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("no step {name}: {explanation}"))
}

#[test]
fn explains_a_pod_that_the_cluster_stores() {
    let scene = Scene::new("explain", json!({"region": "us-east-2"}));
    let answer = scene.create_pod(&pod("web-0", "web"));
    assert_eq!(answer.status, 201, "{answer:?}");
    let kubeconfig = control_plane().as_ref().unwrap().kubeconfig();

    let irsa = env::var_os("IRSA").expect("`IRSA` is not set: run `make test-cluster`");

    let output = Command::new(irsa)
        .args(["explain", "--output", "json", "--request-token", "--settings-json", r#"{"region":"us-east-2"}"#])
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(["--namespace", &scene.namespace, "pod/web-0"])
        .output()
        .unwrap();

    let text = String::from_utf8(output.stdout).unwrap();
    let explanation: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{:?}", output.stderr));
    for name in ["serviceAccount", "role", "allowed", "injected", "credentials", "token", "region"] {
        assert_eq!(step(&explanation, name)["outcome"], "passed", "{name}: {explanation}");
    }
    assert_eq!(step(&explanation, "conditions")["outcome"], "unknown", "no trust policy was given: {explanation}");
    assert!(!text.contains("eyJ"), "the token is not printed");
}
