//! Creates the webhook configurations for the policies of `policy.yaml`, as Kubewarden's controller does.
//!
//! Source: `internal/controller/policy_subreconciler_webhook.go` of kubewarden-controller.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::operators_objects;
use crate::server::Server;

/// The path of the resources that configure admission.
pub const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

/// Reads a policy from `policy.yaml`.
pub fn policy(name: &str) -> Value {
    let is_wanted = |object: &Value| object["kind"] == "ClusterAdmissionPolicy" && object["metadata"]["name"] == name;
    operators_objects().into_iter().find(is_wanted).unwrap_or_else(|| panic!("policy.yaml has no policy `{name}`"))
}

/// The policies that most tests use: `irsa-policy`, which injects, and `irsa-policy-checks`.
pub fn policies() -> [Value; 2] {
    ["irsa-policy", "irsa-policy-checks"].map(policy)
}

/// Makes the API server call a policy's server for the objects of one namespace only.
pub fn register(api: &Api, namespace: &str, policy: &Value, server: &Server) {
    let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
    let configuration = configuration(&name(namespace, policy), policy, &selector, server);
    api.created(&path(policy), &configuration);
}

/// Makes the API server call a policy's server for the namespaces that the policy selects.
pub fn register_as_written(api: &Api, policy: &Value, server: &Server) {
    let mut selector = policy["spec"]["namespaceSelector"].clone();
    let expressions = selector["matchExpressions"].as_array_mut().unwrap();
    expressions.insert(0, json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kubewarden"]}));
    api.created(&path(policy), &configuration(&full_name(policy), policy, &selector, server));
}

/// Makes the API server call another mutating webhook for the new pods of these namespaces. `url` is the address of the
/// webhook, and `authority` is the authority of the webhook's certificate, as PEM.
pub fn register_other(api: &Api, name: &str, webhook: &str, (url, authority): (&str, &str), namespaces: &[&str]) {
    let selected = json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces});
    api.created(
        &format!("{ADMISSION}/mutatingwebhookconfigurations"),
        &json!({"metadata": {"name": name}, "webhooks": [{
            "name": webhook,
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": {"url": url, "caBundle": STANDARD.encode(authority)},
            "namespaceSelector": {"matchExpressions": [selected]},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        }]}),
    );
}

fn configuration(name: &str, policy: &Value, namespace_selector: &Value, server: &Server) -> Value {
    let spec = &policy["spec"];
    json!({
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{}.kubewarden.admission", full_name(policy)),
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "timeoutSeconds": spec["timeoutSeconds"],
            "failurePolicy": spec["failurePolicy"],
            "matchConditions": spec["matchConditions"],
            "clientConfig": {"url": server.url, "caBundle": STANDARD.encode(&server.authority)},
            "namespaceSelector": namespace_selector,
            "rules": spec["rules"],
        }],
    })
}

/// Undoes [`register_as_written`].
pub fn unregister_as_written(api: &Api, policy: &Value) {
    api.delete(&format!("{}/{}", path(policy), full_name(policy)));
}

/// The name that the controller gives to a cluster-wide policy.
fn full_name(policy: &Value) -> String {
    format!("clusterwide-{}", policy["metadata"]["name"].as_str().unwrap())
}

/// Undoes [`register`].
pub fn unregister(api: &Api, namespace: &str, policy: &Value) {
    api.delete(&format!("{}/{}", path(policy), name(namespace, policy)));
}

fn path(policy: &Value) -> String {
    let mutating = policy["spec"]["mutating"] == true;
    format!("{ADMISSION}/{}webhookconfigurations", if mutating { "mutating" } else { "validating" })
}

fn name(namespace: &str, policy: &Value) -> String {
    format!("{}-{namespace}", full_name(policy))
}
