//! Sets the namespace of objects that do not specify a namespace.

use serde_json::Value;

/// Kubernetes' own cluster-scoped kinds, except those that start with `Cluster`.
const CLUSTER_SCOPED: [&str; 22] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ComponentStatus",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// Whether a kind is cluster-scoped: it is listed above, or its name starts with `Cluster`, as `ClusterRole` does.
#[must_use]
pub fn is_cluster_scoped(kind: &str) -> bool {
    (kind.starts_with("Cluster") && kind != "Cluster") || CLUSTER_SCOPED.contains(&kind)
}

/// Sets the namespace of an object that does not specify a namespace, as kubectl does. An empty namespace is treated as
/// missing.
///
/// Does not change cluster-scoped kinds and objects without `metadata`. Returns whether the object changed.
pub fn in_namespace(object: &mut Value, namespace: &str) -> bool {
    if object.get("kind").and_then(Value::as_str).is_none_or(is_cluster_scoped) {
        return false;
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return false };
    let has_none = match metadata.get("namespace") {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => name.is_empty(),
        Some(_) => false,
    };
    if has_none {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    has_none
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fills_in_a_missing_namespace_only() {
        for (mut object, expected) in [
            (json!({"kind": "Pod", "metadata": {"name": "a"}}), Some("shop")),
            (json!({"kind": "Pod", "metadata": {"name": "a", "namespace": null}}), Some("shop")),
            (json!({"kind": "Pod", "metadata": {"name": "a", "namespace": ""}}), Some("shop")),
            (json!({"kind": "Pod", "metadata": {"name": "a", "namespace": "own"}}), Some("own")),
            (json!({"kind": "Namespace", "metadata": {"name": "a"}}), None),
            (json!({"kind": "Pod"}), None),
        ] {
            in_namespace(&mut object, "shop");
            assert_eq!(object.pointer("/metadata/namespace").and_then(Value::as_str), expected, "{object}");
        }
    }
}
