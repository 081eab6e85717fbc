//! A `ClusterAdmissionPolicy` as defined by Kubewarden's CRD, and the requests that the API server sends to it.

use std::collections::BTreeMap;

use policy_host::metadata::{ContextAwareResource, Rule};
use serde::Deserialize;
use serde_json::Value;

/// The label that Kubernetes puts on every namespace.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// A `ClusterAdmissionPolicy` of `policies.kubewarden.io/v1`, with all of its fields and no others.
///
/// Source: the `CustomResourceDefinition` in Kubewarden's chart `admission-controller`, 1.37. Version 1.36 has the same
/// fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClusterAdmissionPolicy {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub metadata: ObjectMeta,
    pub spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectMeta {
    pub name: String,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "some fields are here only so that a manifest may use them")]
pub struct Spec {
    pub allow_inside_admission_controller_namespace: Option<bool>,
    pub background_audit: Option<bool>,
    #[serde(default)]
    pub context_aware_resources: Vec<ContextAwareResource>,
    pub failure_policy: Option<FailurePolicy>,
    #[serde(default)]
    pub match_conditions: Vec<MatchCondition>,
    pub match_policy: Option<MatchPolicy>,
    pub message: Option<String>,
    pub mode: Option<Mode>,
    pub module: String,
    pub mutating: bool,
    pub namespace_selector: Option<LabelSelector>,
    pub object_selector: Option<LabelSelector>,
    pub policy_server: Option<String>,
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub settings: Value,
    pub side_effects: Option<SideEffects>,
    pub timeout_eval_seconds: Option<u8>,
    pub timeout_seconds: Option<u8>,
}

#[derive(Deserialize, PartialEq, Eq, Debug, Clone, Copy)]
pub enum FailurePolicy {
    Fail,
    Ignore,
}

#[derive(Deserialize)]
pub enum MatchPolicy {
    Equivalent,
    Exact,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Protect,
    Monitor,
}

#[derive(Deserialize)]
pub enum SideEffects {
    None,
    NoneOnDryRun,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct MatchCondition {
    pub expression: String,
    pub name: String,
}

/// A label selector without `matchLabels`, because Kubewarden's controller drops them.
#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LabelSelector {
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct LabelSelectorRequirement {
    pub key: String,
    pub operator: String,
    #[serde(default)]
    pub values: Vec<String>,
}

impl ClusterAdmissionPolicy {
    /// Reads the policies in a manifest. Panics if a policy is not valid.
    pub fn all(manifest: &str) -> Vec<Self> {
        let mut policies = Vec::new();
        for document in policy_host::yaml::values(manifest).unwrap() {
            if document["kind"] != "ClusterAdmissionPolicy" {
                continue;
            }
            assert_eq!(document["apiVersion"], "policies.kubewarden.io/v1");
            let policy: Self =
                serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error}: {document}"));
            policy.check();
            policies.push(policy);
        }
        policies
    }

    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Whether the namespace selector selects a namespace. The manifests select namespaces only by name.
    pub fn selects(&self, namespace: &str) -> bool {
        let Some(selector) = &self.spec.namespace_selector else { return true };
        selector.match_expressions.iter().all(|requirement| {
            assert_eq!(requirement.key, NAMESPACE_LABEL, "{}", self.name());
            let listed = requirement.values.iter().any(|value| value == namespace);
            match requirement.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                other => panic!("{}: unexpected operator `{other}`", self.name()),
            }
        })
    }

    /// Whether the API server may ever call the policy. False if a match condition is never true.
    pub fn may_be_called(&self) -> bool {
        self.spec.match_conditions.iter().all(|condition| condition.expression != "false")
    }

    /// Whether the API server may call the policy for a new pod in a namespace. If so, the policy can reject the pod,
    /// even if its failure policy is `Ignore`.
    pub fn may_see_a_pod_in(&self, namespace: &str) -> bool {
        let matches =
            |rule: &Rule| rule.resources.contains(&"pods".to_owned()) && rule.operations.contains(&"CREATE".to_owned());
        self.may_be_called() && self.selects(namespace) && self.spec.rules.iter().any(matches)
    }

    /// Checks the rules that every policy must follow.
    fn check(&self) {
        let Self { metadata, spec, .. } = self;
        let name = self.name();
        let settings = spec.settings.to_string();
        irsa::Settings::parse(&settings).unwrap_or_else(|error| panic!("{name}: {error}"));

        assert!(!spec.mutating || spec.settings["mode"] != "Validate", "{name}: nothing to mutate in mode Validate");
        assert!(spec.mutating || spec.settings["mode"] == "Validate", "{name}: must not try to mutate");
        assert!(spec.object_selector.is_none(), "{name}: with a selector, the policy would not see pods that opt out");
        assert!(!self.selects("kubewarden"), "{name}: must not prevent the policy server's own pod from starting");
        assert!(!metadata.annotations["io.kubewarden.policy.severity"].is_empty(), "{name}");
        assert_eq!(
            metadata.labels["app.kubernetes.io/part-of"], "irsa-policy",
            "{name}: the removal commands select by this label"
        );
        let reads_accounts = spec.context_aware_resources.iter().any(|resource| resource.kind == "ServiceAccount");
        let checks_role_mappings = spec.rules.iter().all(|rule| rule.resources == ["configmaps"]);
        assert!(
            reads_accounts || checks_role_mappings,
            "{name}: can't read service accounts, so would refuse every pod"
        );
        if spec.settings["actions"]["notInjected"] == "Reject" && spec.mode != Some(Mode::Monitor) {
            assert_eq!(
                spec.failure_policy,
                Some(FailurePolicy::Fail),
                "{name}: no other policy refuses a pod without its role"
            );
        }
        self.check_timeouts();
    }

    /// With `Ignore`, the two timeouts must be equal, so that the API server times out first. Otherwise, the policy
    /// server would end the evaluation and answer with a rejection.
    fn check_timeouts(&self) {
        let Spec { failure_policy, timeout_seconds, timeout_eval_seconds, .. } = &self.spec;
        let name = self.name();
        let call = timeout_seconds.unwrap_or_else(|| panic!("{name}: `timeoutSeconds` is 10 by default"));
        let evaluation = timeout_eval_seconds.unwrap_or_else(|| panic!("{name}: `timeoutEvalSeconds` is 2 by default"));
        // Limits of the CRD and of the controller's webhook.
        assert!((2..=30).contains(&call) && (2..=30).contains(&evaluation) && evaluation <= call, "{name}");
        if *failure_policy == Some(FailurePolicy::Ignore) {
            assert_eq!(evaluation, call, "{name}: the policy server must not time out before the API server");
        }
    }
}
