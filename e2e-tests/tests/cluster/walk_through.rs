//! Tests the four pods of `demo/`, as the API server stores them.

use std::fs;
use std::path::Path;

use policy_host::yaml;
use serde_json::{Value, json};

use crate::scene::{Scene, variable};

/// The role of the walk-through.
pub const ROLE: &str =
    "arn:aws:iam::111122223333:role/eksctl-eks-oidc-demo-addon-iamserviceaccount-Role1-1SJZ3F7H39X72";

/// Sets up the namespace `default` with the service accounts of `demo/`.
pub fn scene() -> Scene {
    let scene = Scene::new("default", json!({"region": "us-east-2"}));
    for account in demo("cluster.yaml") {
        let answer = scene.api.create(&scene.path("serviceaccounts"), &account);
        assert!([201, 409].contains(&answer.status), "{answer:?}");
    }
    scene
}

/// Reads the objects in a file of `demo/`.
pub fn demo(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(file);
    yaml::values(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn stores_the_pods_of_the_walk_through_as_planned() {
    let scene = scene();
    let stored: Vec<_> = demo("pods.yaml")
        .iter()
        .map(|pod| {
            let (stored, planned) = scene.stored_and_planned(pod);
            assert_eq!(stored, planned, "{}", pod["metadata"]["name"]);
            stored
        })
        .collect();

    for spec in &stored[..2] {
        assert_eq!(variable(&spec["containers"][0], "AWS_ROLE_ARN"), None);
        assert_eq!(spec["volumes"].as_array().unwrap().len(), 1, "{spec}");
    }
    for spec in &stored[2..] {
        let container = &spec["containers"][0];
        let names: Vec<_> = container["env"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]);
        assert_eq!(variable(container, "AWS_ROLE_ARN"), Some(ROLE));
        let token = json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"});
        assert_eq!(spec["volumes"][0]["name"], "aws-iam-token");
        assert_eq!(spec["volumes"][0]["projected"]["sources"], json!([{"serviceAccountToken": token}]));
        assert_eq!(container["volumeMounts"].as_array().unwrap().len(), 2, "{container}");
    }
}
