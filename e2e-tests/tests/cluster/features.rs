//! Tests that a pod with many features of Kubernetes keeps all of them.

use serde_json::{Value, json};

use crate::scene::{ROLE, Scene, variable};

/// A pod that uses many features, and whose service account has a role.
pub fn pod_of_many_features() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "many-features", "labels": {"app": "web"}},
        "spec": {
            "serviceAccountName": "web",
            "schedulingGates": [{"name": "example.com/quota"}],
            "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}],
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "web"}}, "matchLabelKeys": ["version"],
            }],
            "securityContext": {"fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"}},
            "os": {"name": "linux"},
            "setHostnameAsFQDN": true,
            "initContainers": [
                {"name": "sidecar", "image": "sidecar", "restartPolicy": "Always",
                 "startupProbe": {"grpc": {"port": 9000}, "failureThreshold": 3}},
                {"name": "init", "image": "init"},
            ],
            "containers": [{
                "name": "app", "image": "app",
                "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
                "resizePolicy": [
                    {"resourceName": "cpu", "restartPolicy": "NotRequired"},
                    {"resourceName": "memory", "restartPolicy": "RestartContainer"},
                ],
                "resources": {"claims": [{"name": "gpu"}], "limits": {"cpu": "500m", "memory": "1Gi"}},
                "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                "volumeMounts": [{"name": "scratch", "mountPath": "/scratch", "recursiveReadOnly": "Disabled"}],
            }],
            "volumes": [
                {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {
                    "accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "1Gi"}},
                }}}},
                {"name": "model", "image": {"reference": "example.com/model:1", "pullPolicy": "IfNotPresent"}},
            ],
        },
    })
}

#[test]
fn keeps_every_feature_of_a_pod_and_adds_the_role() {
    let scene = Scene::new("features", json!({}));
    let pod = pod_of_many_features();

    let (stored, planned) = scene.stored_and_planned(&pod);

    assert_eq!(stored, planned);
    assert_contains(&stored, &pod["spec"], "spec");
    for container in ["initContainers", "containers"].iter().flat_map(|list| stored[*list].as_array().unwrap()) {
        assert_eq!(variable(container, "AWS_ROLE_ARN"), Some(ROLE), "{container}");
    }
    assert_eq!(stored["volumes"][0]["name"], "aws-iam-token");
}

/// Checks that the stored object contains everything that was sent. Array elements with a name are found by their name.
fn assert_contains(stored: &Value, sent: &Value, path: &str) {
    match sent {
        Value::Object(fields) => {
            for (key, field) in fields {
                assert_contains(&stored[key], field, &format!("{path}.{key}"));
            }
        }
        Value::Array(items) => {
            let stored = stored.as_array().unwrap_or_else(|| panic!("{path} is lost"));
            for (index, item) in items.iter().enumerate() {
                let same = |one: &&Value| item["name"].is_string() && one["name"] == item["name"];
                let found = stored.iter().find(same).or_else(|| stored.get(index)).unwrap_or(&Value::Null);
                assert_contains(found, item, &format!("{path}[{index}]"));
            }
        }
        _ => assert_eq!(stored, sent, "{path}"),
    }
}
