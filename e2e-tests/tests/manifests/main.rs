//! Tests the manifests that operators apply: policy.yaml, the kustomizations and the chart.

mod chart;
mod kustomizations;
mod metadata;
mod policy;
mod release;
mod role_mappings;
#[path = "../support/mod.rs"]
mod support;
mod system;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use policy::{ClusterAdmissionPolicy, FailurePolicy, Mode};
use support::in_repository;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The policies of policy.yaml, in the order of the file.
fn manifest() -> Vec<ClusterAdmissionPolicy> {
    ClusterAdmissionPolicy::all(&read(&in_repository("policy.yaml")))
}

/// The path of a manifest that `kubectl` or `helm` has rendered.
fn rendered(name: &str) -> PathBuf {
    let folder = std::env::var_os("MANIFESTS").expect("set MANIFESTS to the folder of the rendered manifests");
    PathBuf::from(folder).join(format!("{name}.yaml"))
}

fn policy<'p>(policies: &'p [ClusterAdmissionPolicy], name: &str) -> &'p ClusterAdmissionPolicy {
    policies.iter().find(|policy| policy.name() == name).unwrap_or_else(|| panic!("`{name}` is missing"))
}

fn names(policies: &[ClusterAdmissionPolicy]) -> Vec<&str> {
    policies.iter().map(ClusterAdmissionPolicy::name).collect()
}

#[test]
fn the_manifest_has_four_policies_that_work_together() {
    let policies = manifest();
    let [injects, checks, system, audit] = policies.as_slice() else { panic!("{} policies", policies.len()) };
    assert_eq!(
        names(&policies),
        ["irsa-policy", "irsa-policy-checks", "irsa-policy-system", "irsa-policy-system-audit"]
    );
    for policy in &policies {
        assert_eq!(policy.spec.module, injects.spec.module, "{}", policy.name());
        assert_eq!(policy.spec.policy_server, injects.spec.policy_server, "{}", policy.name());
    }
    assert_eq!([injects, checks, system, audit].map(|policy| policy.spec.mutating), [true, false, true, false]);
    assert_eq!(
        [injects, checks, system, audit].map(|policy| policy.spec.background_audit),
        [Some(false), Some(true), Some(false), Some(true)]
    );
    assert_eq!(injects.spec.failure_policy, Some(FailurePolicy::Fail), "no pod may start without its role");
    assert_eq!(injects.spec.namespace_selector, checks.spec.namespace_selector);
    assert_eq!(system.spec.namespace_selector, audit.spec.namespace_selector);
    for namespace in ["default", "team-a", "kube-system", "kube-public", "kube-node-lease", "kubewarden"] {
        let injecting = [injects, system].iter().filter(|policy| policy.selects(namespace)).count();
        assert!(injecting <= 1, "{namespace}: pods would be injected by two policies with different settings");
    }
}

/// The match condition of `irsa-policy-system-audit` is never true, so the API server never calls this policy. The
/// audit scanner ignores match conditions, so only the scanner calls the policy.
///
/// Source: `internal/audit-scanner/policies/client.go` of kubewarden-controller.
#[test]
fn the_system_audit_policy_is_only_for_the_audit_scanner() {
    let policies = manifest();
    let audit = policy(&policies, "irsa-policy-system-audit");
    assert!(!audit.may_be_called());
    assert!(audit.selects("kube-system"));
    assert_eq!(
        audit.spec.mode,
        Some(Mode::Monitor),
        "the policy must reject nothing, even if the API server does not support match conditions"
    );
    assert_eq!(audit.spec.settings["actions"]["notInjected"], "Reject", "the scanner counts a warning as a pass");
    for rule in &audit.spec.rules {
        assert!(rule.operations.contains(&"CREATE".to_owned()), "the scanner only simulates CREATE");
        for values in [&rule.api_groups, &rule.api_versions, &rule.resources] {
            assert!(!values.contains(&"*".to_owned()), "the scanner skips rules with a wildcard");
        }
    }
}

/// The condition of `irsa-policy-checks` selects the pods that a later webhook may have changed, and the pods with an
/// annotation that selects containers.
#[test]
fn only_the_checks_and_the_system_audit_have_match_conditions() {
    let policies = manifest();
    for policy in &policies {
        let expected = match policy.name() {
            "irsa-policy-checks" => vec!["not-a-fully-injected-pod"],
            "irsa-policy-system-audit" => vec!["audit-only"],
            _ => vec![],
        };
        let conditions: Vec<_> = policy.spec.match_conditions.iter().map(|condition| &condition.name).collect();
        assert_eq!(conditions, expected, "{}", policy.name());
    }
    let condition = &policy(&policies, "irsa-policy-checks").spec.match_conditions[0].expression;
    for key in ["skip-containers", "include-containers"] {
        assert!(condition.contains(&format!("'eks.amazonaws.com/{key}' in object.metadata.annotations")), "{key}");
    }
}

/// The manifest has one `ClusterRole` with its binding. The removal commands select objects by a label, so every object
/// has this label.
#[test]
fn the_manifest_grants_the_policy_server_one_verb() {
    let documents = policy_host::yaml::values(&read(&in_repository("policy.yaml"))).unwrap();
    let of_kind =
        |kind: &str| -> Vec<&Value> { documents.iter().filter(|document| document["kind"] == kind).collect() };
    let [role] = of_kind("ClusterRole")[..] else { panic!("expected one ClusterRole") };
    let [binding] = of_kind("ClusterRoleBinding")[..] else { panic!("expected one ClusterRoleBinding") };
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    assert_eq!(
        role["rules"],
        serde_json::json!([{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}])
    );
    for document in &documents {
        assert_eq!(document["metadata"]["labels"]["app.kubernetes.io/part-of"], "irsa-policy", "{document}");
    }
}
