//! Tests the policy that checks the ConfigMap of role mappings. In policy.yaml, this policy is a comment.

use policy_host::admission::{self, Overrides, Request};
use policy_host::cluster::Cluster;
use policy_host::policy::PolicyResponse;
use policy_host::settings::Settings;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::policy::{ClusterAdmissionPolicy, FailurePolicy};
use crate::support::{in_repository, subjects};
use crate::{manifest, read};

const GOOD: &str = r#""team-a/web": {"RoleARN": "arn:aws:iam::111122223333:role/web"}"#;
const BAD: &str = r#""team-a/api": {"RoleARN": "arn:aws:iam::111122223333:user/api"}"#;

/// Returns the last document of policy.yaml, which is a comment, without the `# ` of each line.
fn uncommented_text() -> String {
    let text = read(&in_repository("policy.yaml"));
    let (_, commented) = text.rsplit_once("\n# ---\n").unwrap();
    let lines: Vec<&str> = commented.lines().map(|line| line.strip_prefix("# ").unwrap()).collect();
    lines.join("\n")
}

/// Returns the policy as it is after an operator has removed the `# ` of the last commented document.
fn uncommented() -> ClusterAdmissionPolicy {
    let mut policies = ClusterAdmissionPolicy::all(&uncommented_text());
    assert_eq!(policies.len(), 1);
    policies.remove(0)
}

/// Returns the Role and the `RoleBinding` that policy.yaml contains as comments.
fn uncommented_rights() -> Vec<Value> {
    let text = read(&in_repository("policy.yaml"));
    let (_, rest) = text.split_once("\n# For the setting `rolesConfigMap` (kOps's role mappings)").unwrap();
    let lines: Vec<&str> = rest.lines().skip(1).map_while(|line| line.strip_prefix("# ")).collect();
    policy_host::yaml::values(&lines.join("\n")).unwrap()
}

fn config_map(entries: &[&str]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "pod-identity-webhook", "namespace": "kube-system"},
        "data": {"config": format!("{{{}}}", entries.join(", "))},
    })
}

/// Returns the answers of the built module and of the Rust code.
fn answers(policy: &ClusterAdmissionPolicy, new: &Value, overrides: &Overrides) -> Vec<PolicyResponse> {
    let settings = Settings::from_json(&policy.spec.settings.to_string()).unwrap();
    let object = RawValue::from_string(new.to_string()).unwrap();
    let request = Request::wrapping(object, overrides.clone()).unwrap();
    let payload = admission::payload(&request, &settings);
    subjects().iter().map(|subject| subject.validate(&payload, &Cluster::new(Vec::new())).unwrap()).collect()
}

#[test]
fn is_called_for_a_single_config_map_and_fails_open() {
    let policy = uncommented();
    assert_eq!(policy.name(), "irsa-policy-role-mappings");
    let injects = manifest().remove(0);
    assert_eq!(policy.spec.module, injects.spec.module);
    assert_eq!(policy.spec.policy_server, injects.spec.policy_server);
    assert_eq!(policy.spec.failure_policy, Some(FailurePolicy::Ignore));
    let setting = &policy.spec.settings["rolesConfigMap"];
    assert!(policy.selects(setting["namespace"].as_str().unwrap()));
    assert!(!policy.selects("default"));
    let [condition] = policy.spec.match_conditions.as_slice() else { panic!("expected one condition") };
    assert_eq!(condition.expression, format!("object.metadata.name == '{}'", setting["name"].as_str().unwrap()));
}

#[test]
fn kustomize_kops_contains_the_objects_that_policy_yaml_has_as_comments() {
    let built = |name: &str| policy_host::yaml::values(&read(&in_repository(&format!("kustomize/kops/{name}.yaml"))));
    let rights = uncommented_rights();
    assert_eq!(rights.iter().map(|object| &object["kind"]).collect::<Vec<_>>(), ["Role", "RoleBinding"]);
    assert_eq!(built("rights").unwrap(), rights);
    assert_eq!(built("role-mappings").unwrap(), policy_host::yaml::values(&uncommented_text()).unwrap());
}

#[test]
fn rejects_an_invalid_entry_and_accepts_a_valid_entry() {
    let policy = uncommented();
    for answer in answers(&policy, &config_map(&[GOOD]), &Overrides::default()) {
        assert!(answer.accepted && answer.warnings.is_none_or(|warnings| warnings.is_empty()));
    }
    for answer in answers(&policy, &config_map(&[GOOD, BAD]), &Overrides::default()) {
        assert!(!answer.accepted, "{answer:?}");
        assert!(answer.message.unwrap().contains("team-a/api"));
    }
}

#[test]
fn accepts_an_update_that_keeps_an_invalid_entry() {
    let overrides = Overrides {
        operation: Some("UPDATE".to_owned()),
        old_object: Some(config_map(&[BAD])),
        ..Overrides::default()
    };
    for answer in answers(&uncommented(), &config_map(&[BAD, GOOD]), &overrides) {
        assert!(answer.accepted, "{answer:?}");
        assert!(answer.warnings.is_some_and(|warnings| !warnings.is_empty()), "the old entry is still reported");
    }
}
