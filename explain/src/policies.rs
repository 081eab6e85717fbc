//! Finds out whether Kubewarden asks the policy about a pod, from the policy's own manifest (`policy.yaml`), if it was
//! given.
//!
//! Sources: Kubewarden's `ClusterAdmissionPolicy` and `AdmissionPolicy` (`spec.mode`, `spec.mutating`,
//! `spec.failurePolicy`, `spec.rules`), and Kubernetes' label selectors.

use serde_json::Value;

/// The namespaces in which no policy of the project's `policy.yaml` injects.
const EXEMPT: [&str; 3] = ["kube-public", "kube-node-lease", "kubewarden"];

/// The namespace in which only [`SYSTEM_POLICY`] injects.
const SYSTEM: &str = "kube-system";

/// The policy of the project's `policy.yaml` that injects in [`SYSTEM`], with `failurePolicy: Ignore`.
const SYSTEM_POLICY: &str = "irsa-policy-system";

/// The label that Kubernetes sets on every namespace. Its value is the name of the namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Whether the policy is asked about the creation of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// The policy is asked.
    Asked,
    /// The policy of this name is asked, but has `failurePolicy: Ignore`: while it can't be reached, pods are created
    /// without a role.
    AskedIfReachable(String),
    /// The policy is not asked, for this reason.
    NotAsked(String),
    /// Whether the policy is asked is not known, for this reason.
    Unknown(String),
    /// The policy only checks. Another webhook is expected to inject, for this reason.
    ByOther(&'static str),
}

/// Finds out whether one of these policies is asked about a pod, from their manifest only. Without a manifest, the
/// policies of the project's own manifest are assumed. The cluster's policies may have other exemptions, so the result
/// is `Unknown` for the namespaces in [`EXEMPT`].
#[must_use]
pub fn coverage(policies: Option<&[Value]>, namespace: &str, pod: &Value) -> Coverage {
    let Some(policies) = policies else {
        return if namespace == SYSTEM {
            Coverage::AskedIfReachable(SYSTEM_POLICY.to_owned())
        } else if EXEMPT.contains(&namespace) {
            Coverage::Unknown(format!(
                "the project's `policy.yaml` exempts namespace `{namespace}`, so the policy is not asked about this pod unless you removed the exemption"
            ))
        } else {
            Coverage::Asked
        };
    };
    let is_policy = |value: &&Value| {
        let kind = string(value, "/kind");
        string(value, "/apiVersion").starts_with("policies.kubewarden.io/")
            && matches!(kind, "ClusterAdmissionPolicy" | "AdmissionPolicy")
    };
    let of_this_project = |value: &&Value| string(value, "/spec/module").contains("irsa-policy");
    let mut policies: Vec<&Value> = policies.iter().filter(is_policy).collect();
    // If the module was copied to another registry, it may have any name. So if no policy has the module's usual name,
    // all policies are kept.
    if policies.iter().any(of_this_project) {
        policies.retain(of_this_project);
    }
    if policies.is_empty() {
        return Coverage::Unknown("the manifest that was given has no Kubewarden policy".to_owned());
    }
    policies.retain(|policy| policy.pointer("/spec/mutating").and_then(Value::as_bool) == Some(true));
    let answers: Vec<Coverage> = policies.iter().map(|policy| of_policy(policy, namespace, pod)).collect();
    let first = |is_it: fn(&Coverage) -> bool| answers.iter().find(|answer| is_it(answer)).cloned();
    first(|answer| *answer == Coverage::Asked)
        .or_else(|| first(|answer| matches!(answer, Coverage::AskedIfReachable(_))))
        .or_else(|| first(|answer| matches!(answer, Coverage::Unknown(_))))
        .or_else(|| first(|_| true))
        // This is usual on EKS, where AWS's own webhook injects the role.
        .unwrap_or(Coverage::ByOther(
            "none of the given policies has `mutating: true`, so they only check pods; another webhook has to inject the role, such as AWS's webhook on EKS",
        ))
}

fn of_policy(policy: &Value, namespace: &str, pod: &Value) -> Coverage {
    let name = string(policy, "/metadata/name");
    let not_asked = |reason: &str| Coverage::NotAsked(format!("policy `{name}` {reason}"));
    if string(policy, "/kind") == "AdmissionPolicy" && string(policy, "/metadata/namespace") != namespace {
        return not_asked("is for another namespace");
    }
    if string(policy, "/spec/mode") == "monitor" {
        return not_asked("has `mode: monitor`, so it changes nothing");
    }
    if !has_rule_for_pods(policy) {
        return not_asked("has no rule for the creation of pods");
    }
    let own_label = |key: &str| if key == NAME_LABEL { Label::Is(namespace.to_owned()) } else { Label::Unknown };
    let labels = pod.pointer("/metadata/labels");
    let pod_label = |key: &str| match labels.and_then(|labels| labels.get(key)).and_then(Value::as_str) {
        Some(value) => Label::Is(value.to_owned()),
        None => Label::Absent,
    };
    match selects(policy.pointer("/spec/namespaceSelector"), &own_label) {
        Some(false) => return not_asked(&format!("exempts namespace `{namespace}` (`namespaceSelector`)")),
        None => return unknown(name, "its `namespaceSelector` depends on labels of the namespace"),
        Some(true) => {}
    }
    match selects(policy.pointer("/spec/objectSelector"), &pod_label) {
        Some(false) => return not_asked("exempts the pod by its labels (`objectSelector`)"),
        None => return unknown(name, "its `objectSelector` can't be read"),
        Some(true) => {}
    }
    let has_conditions =
        policy.pointer("/spec/matchConditions").and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    if has_conditions {
        return unknown(name, "it has `matchConditions`, which are not evaluated here");
    }
    match string(policy, "/spec/failurePolicy") {
        "Ignore" => Coverage::AskedIfReachable(name.to_owned()),
        _ => Coverage::Asked,
    }
}

fn unknown(name: &str, reason: &str) -> Coverage {
    Coverage::Unknown(format!("policy `{name}`: {reason}"))
}

fn has_rule_for_pods(policy: &Value) -> bool {
    let has = |rule: &Value, key: &str, wanted: &[&str]| {
        let values = rule.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        values.iter().filter_map(Value::as_str).any(|value| wanted.contains(&value))
    };
    let rules = policy.pointer("/spec/rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    rules.iter().any(|rule| has(rule, "resources", &["pods", "*", "*/*"]) && has(rule, "operations", &["CREATE", "*"]))
}

/// What is known about a label.
enum Label {
    Is(String),
    Absent,
    Unknown,
}

/// Whether a label selector selects an object. `label` returns what is known about the object's label with the given
/// key. `None` if it is not known whether the selector selects the object.
fn selects(selector: Option<&Value>, label: &dyn Fn(&str) -> Label) -> Option<bool> {
    let Some(selector) = selector else { return Some(true) };
    let mut all = Vec::new();
    for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        all.push(match label(key) {
            Label::Is(actual) => Some(Some(actual.as_str()) == value.as_str()),
            Label::Absent => Some(false),
            Label::Unknown => None,
        });
    }
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let values = expression.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let actual = label(string(expression, "/key"));
        let is_in = match &actual {
            Label::Is(actual) => Some(values.iter().any(|value| value.as_str() == Some(actual))),
            Label::Absent => Some(false),
            Label::Unknown => None,
        };
        let exists = match actual {
            Label::Is(_) => Some(true),
            Label::Absent => Some(false),
            Label::Unknown => None,
        };
        all.push(match string(expression, "/operator") {
            "In" => is_in,
            "NotIn" => is_in.map(|is_in| !is_in),
            "Exists" => exists,
            "DoesNotExist" => exists.map(|exists| !exists),
            _ => None,
        });
    }
    if all.contains(&Some(false)) {
        return Some(false);
    }
    (!all.contains(&None)).then_some(true)
}

fn string<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde::Deserialize as _;
    use serde_json::json;

    use super::*;

    /// Reads the project's own manifest.
    fn manifest() -> Vec<Value> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.yaml");
        let text = fs::read_to_string(path).unwrap();
        yaml_serde::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect()
    }

    fn changed(pointer: &str, value: &Value) -> Vec<Value> {
        let mut policies = manifest();
        for policy in &mut policies {
            if let Some(spec) = policy.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert(pointer.to_owned(), value.clone());
            }
        }
        policies
    }

    #[test]
    fn assumes_the_policies_of_policy_yaml() {
        let pod = json!({});
        for namespace in [SYSTEM, "team-a"] {
            assert_eq!(coverage(None, namespace, &pod), coverage(Some(&manifest()), namespace, &pod), "{namespace}");
        }
        assert_eq!(coverage(None, SYSTEM, &pod), Coverage::AskedIfReachable(SYSTEM_POLICY.to_owned()));
        assert_eq!(coverage(None, "team-a", &pod), Coverage::Asked);
        for namespace in EXEMPT {
            let with = coverage(Some(&manifest()), namespace, &pod);
            assert!(
                matches!(&with, Coverage::NotAsked(reason) if reason.contains("`irsa-policy` exempts")),
                "{namespace}: {with:?}"
            );
            // Without a manifest, it is not known whether the cluster has these policies.
            assert!(matches!(coverage(None, namespace, &pod), Coverage::Unknown(_)), "{namespace}");
        }
    }

    #[test]
    fn returns_the_other_reasons_why_a_policy_does_not_inject() {
        let of = |policies: &[Value]| coverage(Some(policies), "team-a", &json!({"metadata": {"labels": {"a": "b"}}}));
        let not_asked = |policies: &[Value], part: &str| {
            let coverage = of(policies);
            assert!(matches!(&coverage, Coverage::NotAsked(reason) if reason.contains(part)), "{coverage:?}");
        };
        not_asked(&changed("mode", &json!("monitor")), "`mode: monitor`");
        not_asked(&changed("rules", &json!([])), "no rule");
        not_asked(&changed("objectSelector", &json!({"matchLabels": {"a": "c"}})), "`objectSelector`");
        assert!(matches!(of(&changed("mutating", &json!(false))), Coverage::ByOther(_)));
        assert!(matches!(of(&[]), Coverage::Unknown(_)));
        assert_eq!(
            of(&changed("failurePolicy", &json!("Ignore"))),
            Coverage::AskedIfReachable("irsa-policy".to_owned())
        );
        assert_eq!(of(&changed("objectSelector", &json!({"matchLabels": {"a": "b"}}))), Coverage::Asked);
        let by_label = json!({"matchExpressions": [{"key": "team", "operator": "Exists"}]});
        assert!(matches!(of(&changed("namespaceSelector", &by_label)), Coverage::Unknown(_)));
        let conditions = json!([{"name": "x", "expression": "true"}]);
        assert!(matches!(of(&changed("matchConditions", &conditions)), Coverage::Unknown(_)));
    }

    #[test]
    fn an_admission_policy_is_asked_only_in_its_own_namespace() {
        let policy = json!({
            "apiVersion": "policies.kubewarden.io/v1", "kind": "AdmissionPolicy",
            "metadata": {"name": "a", "namespace": "team-a"},
            "spec": {"mutating": true, "rules": [{"resources": ["pods"], "operations": ["CREATE"]}]},
        });
        let of = |namespace| coverage(Some(std::slice::from_ref(&policy)), namespace, &json!({}));
        assert_eq!(of("team-a"), Coverage::Asked);
        assert!(matches!(of("team-b"), Coverage::NotAsked(_)));
    }
}
