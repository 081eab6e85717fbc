//! Tests what `kubectl` prints: warnings and rejections. Skipped if `kubectl` is not installed.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::scene::{Scene, account, control_plane};

/// The standard error of `kubectl apply`. `None` if `kubectl` is not installed.
fn apply(scene: &Scene, object: &Value) -> Option<String> {
    let kubeconfig = control_plane().as_ref().unwrap().kubeconfig();
    let mut process = Command::new("kubectl")
        .args(["apply", "--namespace", &scene.namespace, "--filename", "-"])
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    process.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
    Some(String::from_utf8(process.wait_with_output().unwrap().stderr).unwrap())
}

#[test]
fn shows_the_problem_to_users_of_kubectl() {
    let scene = Scene::new("kubectl", json!({}));
    let mut broken = account("api", Some("not-an-arn"));
    broken["apiVersion"] = json!("v1");
    broken["kind"] = json!("ServiceAccount");
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"serviceAccountName": "missing", "containers": [{"name": "app", "image": "app"}]},
            },
        },
    });

    let (Some(warned), Some(refused)) = (apply(&scene, &deployment), apply(&scene, &broken)) else {
        println!("not checked: there is no `kubectl`");
        return;
    };

    print!("{warned}{refused}");
    assert!(warned.starts_with("Warning: "), "{warned}");
    assert!(warned.trim_end().ends_with("[missingServiceAccount]"), "{warned}");
    assert!(refused.starts_with("Error from server"), "{refused}");
    assert!(refused.trim_end().ends_with("[invalidRoleArn]"), "{refused}");
}
