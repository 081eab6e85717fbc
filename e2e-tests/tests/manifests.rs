//! Checks policy.yaml and the kustomizations: Kubewarden has every field, the settings are valid, and both policies
//! agree with each other and with the metadata.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use policy_host::metadata::{ContextAwareResource, Metadata, Rule};
use serde::Deserialize;
use serde_json::Value;

use support::in_repository;

/// A `ClusterAdmissionPolicy` of `policies.kubewarden.io/v1`, with all of its fields.
///
/// Source: the `CustomResourceDefinition` of Kubewarden's chart `kubewarden-crds`, 1.36.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ClusterAdmissionPolicy {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: ObjectMeta,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectMeta {
    name: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "that a field may be there is all that some are here for")]
struct Spec {
    allow_inside_admission_controller_namespace: Option<bool>,
    background_audit: Option<bool>,
    #[serde(default)]
    context_aware_resources: Vec<ContextAwareResource>,
    failure_policy: Option<FailurePolicy>,
    #[serde(default)]
    match_conditions: Vec<MatchCondition>,
    match_policy: Option<MatchPolicy>,
    message: Option<String>,
    mode: Option<Mode>,
    module: String,
    mutating: bool,
    namespace_selector: Option<LabelSelector>,
    object_selector: Option<LabelSelector>,
    policy_server: Option<String>,
    rules: Vec<Rule>,
    #[serde(default)]
    settings: Value,
    side_effects: Option<SideEffects>,
    timeout_eval_seconds: Option<u8>,
    timeout_seconds: Option<u8>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
enum FailurePolicy {
    Fail,
    Ignore,
}

#[derive(Deserialize)]
enum MatchPolicy {
    Equivalent,
    Exact,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Protect,
    Monitor,
}

#[derive(Deserialize)]
enum SideEffects {
    None,
    NoneOnDryRun,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "that a field may be there is all that some are here for")]
struct MatchCondition {
    expression: String,
    name: String,
}

/// The controller drops `matchLabels`, so this type does not have it.
#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LabelSelector {
    match_expressions: Vec<LabelSelectorRequirement>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct LabelSelectorRequirement {
    key: String,
    operator: String,
    #[serde(default)]
    values: Vec<String>,
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The policies of a manifest, whose settings must be valid.
fn policies(text: &str) -> Vec<ClusterAdmissionPolicy> {
    let mut policies = Vec::new();
    for document in policy_host::yaml::values(text).unwrap() {
        if document["kind"] != "ClusterAdmissionPolicy" {
            continue;
        }
        assert_eq!(document["apiVersion"], "policies.kubewarden.io/v1");
        let policy: ClusterAdmissionPolicy =
            serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error}: {document}"));
        let settings = policy.spec.settings.to_string();
        irsa::Settings::parse(&settings).unwrap_or_else(|error| panic!("{}: {error}", policy.metadata.name));
        check(&policy);
        policies.push(policy);
    }
    policies
}

/// The rules for every policy.
fn check(policy: &ClusterAdmissionPolicy) {
    let ClusterAdmissionPolicy { metadata, spec, .. } = policy;
    let name = &metadata.name;
    assert!(!spec.mutating || spec.settings["mode"] != "Validate", "{name} has nothing to mutate");
    assert!(spec.mutating || spec.settings["mode"] == "Validate", "{name} may not mutate, so it must not want to");
    assert!(spec.object_selector.is_none(), "{name}: what a selector takes out can't be seen to opt out");
    let exempt = &spec.namespace_selector.as_ref().unwrap().match_expressions;
    assert!(
        exempt.iter().any(|one| one.operator == "NotIn" && one.values.contains(&"kubewarden".to_owned())),
        "{name}"
    );
    assert!(metadata.annotations.contains_key("io.kubewarden.policy.severity"), "{name}");
    assert!(spec.context_aware_resources.iter().any(|resource| resource.kind == "ServiceAccount"), "{name}");
    if spec.settings["actions"]["notInjected"] == "Reject" && spec.mode != Some(Mode::Monitor) {
        assert_eq!(spec.failure_policy, Some(FailurePolicy::Fail), "{name}: nothing else refuses such a pod");
    }
}

#[test]
fn has_two_policies_in_the_manifest_that_agree() {
    let policies = policies(&read(&in_repository("policy.yaml")));
    let [injects, checks] = policies.as_slice() else { panic!("{} policies", policies.len()) };
    assert!(injects.spec.mutating && !checks.spec.mutating);
    assert_eq!(injects.spec.failure_policy, Some(FailurePolicy::Fail), "no pod gets in without its role");
    assert_eq!(injects.spec.namespace_selector, checks.spec.namespace_selector);
    assert_eq!(injects.spec.module, checks.spec.module);
    assert_eq!((injects.spec.background_audit, checks.spec.background_audit), (Some(false), Some(true)));
}

/// Artifact Hub shows the metadata, and `kwctl scaffold manifest` starts from it.
#[test]
fn has_the_same_rules_in_manifest_and_metadata() {
    let metadata = Metadata::from_yaml(&read(&in_repository("metadata.yml"))).unwrap();
    let triples = |rules: &[Rule]| {
        let mut triples: Vec<String> = Vec::new();
        for rule in rules {
            for resource in &rule.resources {
                triples.extend(
                    rule.operations.iter().map(|operation| format!("{:?}/{resource} {operation}", rule.api_groups)),
                );
            }
        }
        triples.sort();
        triples.dedup();
        triples
    };
    let rules: Vec<Rule> =
        policies(&read(&in_repository("policy.yaml"))).into_iter().flat_map(|policy| policy.spec.rules).collect();
    assert_eq!(triples(&rules), triples(&metadata.rules));
}

/// `make check-kustomize` writes the kustomizations to the folder `MANIFESTS`, one file each.
#[test]
#[ignore = "needs kubectl, which builds the kustomizations: make check-kustomize"]
fn builds_valid_policies_from_the_kustomizations() {
    let folder = PathBuf::from(std::env::var_os("MANIFESTS").expect("MANIFESTS is where the kustomizations are"));
    let built = |name: &str| policies(&read(&folder.join(format!("{name}.yaml"))));

    assert_eq!(built("base").len(), 2);

    let audit_only = built("audit-only");
    let [checks] = audit_only.as_slice() else { panic!("it injects") };
    assert_eq!(checks.spec.mode, Some(Mode::Monitor));
    assert_eq!(checks.spec.background_audit, Some(true));
    let actions = checks.spec.settings["actions"].as_object().unwrap();
    assert!(actions.values().all(|action| action == "Reject"), "the audit scanner counts a warning as a pass");

    let strict = built("strict");
    let [injects, checks] = strict.as_slice() else { panic!("{} policies", strict.len()) };
    for key in ["allowedRoles", "allowedAudiences"] {
        assert!(!injects.spec.settings[key].is_null());
        assert_eq!(injects.spec.settings[key], checks.spec.settings[key], "both have the same `{key}`");
    }
    for finding in ["missingRole", "optedOut"] {
        assert_eq!(injects.spec.settings["actions"][finding], "Reject");
    }

    let guard = built("eks-guard");
    let [guard] = guard.as_slice() else { panic!("it injects") };
    assert_eq!(guard.spec.settings["actions"]["notInjected"], "Reject");
}
