//! Configures the API server to call the policies of `policy.yaml`, as Kubewarden's controller would, but for one
//! namespace only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::operators_objects;
use crate::server::Server;

const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1";

/// The policies of `policy.yaml`: the one that injects, then the one that checks.
pub fn policies() -> [Value; 2] {
    let mut policies = operators_objects();
    policies.retain(|object| object["kind"] == "ClusterAdmissionPolicy");
    policies.sort_by_key(|policy| policy["spec"]["mutating"] != true);
    policies.try_into().unwrap()
}

/// Calls a policy's server for the objects of the namespace.
pub fn register(api: &Api, namespace: &str, policy: &Value, server: &Server) {
    let spec = &policy["spec"];
    api.created(
        &path(policy),
        &json!({
            "metadata": {"name": name(namespace, policy)},
            "webhooks": [{
                "name": format!("{}.kubewarden.admission", policy["metadata"]["name"].as_str().unwrap()),
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 10,
                "failurePolicy": spec["failurePolicy"],
                "clientConfig": {"url": server.url, "caBundle": STANDARD.encode(&server.authority)},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": spec["rules"],
            }],
        }),
    );
}

/// Stops calling it.
pub fn unregister(api: &Api, namespace: &str, policy: &Value) {
    api.delete(&format!("{}/{}", path(policy), name(namespace, policy)));
}

fn path(policy: &Value) -> String {
    let mutating = policy["spec"]["mutating"] == true;
    format!("{WEBHOOKS}/{}webhookconfigurations", if mutating { "mutating" } else { "validating" })
}

fn name(namespace: &str, policy: &Value) -> String {
    format!("clusterwide-{}-{namespace}", policy["metadata"]["name"].as_str().unwrap())
}
