//! Tests the Helm chart, which `make check-chart` renders into the folder `MANIFESTS`. The chart must make the same
//! objects as policy.yaml and the kustomizations.

use std::collections::BTreeMap;

use promql_parser::parser;
use serde_json::{Value, json};

use crate::policy::{ClusterAdmissionPolicy, FailurePolicy};
use crate::system::accept_a_pod_without_a_role;
use crate::{names, policy, read, rendered};

const REASON: &str =
    "the metrics of policy-server 1.36 (`src/metrics.rs`) and of k8s.io/apiserver (`admission/metrics`)";

/// The metrics that the alerts and the dashboard use, and their labels.
const METRICS: [(&str, &[&str]); 6] = [
    (
        "kubewarden_policy_evaluations_total",
        &[
            "policy_name",
            "policy_mode",
            "resource_kind",
            "resource_namespace",
            "resource_request_operation",
            "accepted",
            "mutated",
            "request_origin",
            "error_code",
        ],
    ),
    ("kubewarden_policy_evaluation_latency_milliseconds_bucket", &["policy_name", "request_origin", "le"]),
    ("apiserver_admission_webhook_rejection_count", &["name", "type", "operation", "error_type", "rejection_code"]),
    ("apiserver_admission_webhook_fail_open_count", &["name", "type"]),
    ("apiserver_admission_webhook_admission_duration_seconds_bucket", &["name", "type", "operation", "rejected", "le"]),
    ("apiserver_admission_match_condition_evaluation_errors_total", &["name", "kind", "type", "operation"]),
];

/// A metric with the same labels as `apiserver_admission_match_condition_evaluation_errors_total`.
const EXCLUSIONS: &str = "apiserver_admission_match_condition_exclusions_total";

/// Reads the rendered objects, by kind and name. Removes the labels and annotations that Helm adds.
fn objects(name: &str) -> BTreeMap<String, Value> {
    let mut objects = BTreeMap::new();
    for mut document in policy_host::yaml::values(&read(&rendered(name))).unwrap() {
        let labels = document["metadata"]["labels"].as_object_mut().unwrap();
        labels.retain(|key, _| key == "app.kubernetes.io/part-of");
        let metadata = document["metadata"].as_object_mut().unwrap();
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !key.starts_with("helm.sh/"));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        let key = format!("{} {}", document["kind"].as_str().unwrap(), document["metadata"]["name"].as_str().unwrap());
        assert!(objects.insert(key, document).is_none());
    }
    objects
}

fn policies(name: &str) -> Vec<ClusterAdmissionPolicy> {
    ClusterAdmissionPolicy::all(&read(&rendered(name)))
}

#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn each_mode_makes_the_objects_of_its_kustomization() {
    for (mode, kustomization) in
        [("inject", "base"), ("guard", "eks-guard"), ("auditOnly", "audit-only"), ("strict", "strict")]
    {
        let (chart, kustomization) = (objects(&format!("chart-{mode}")), objects(kustomization));
        assert_eq!(chart.keys().collect::<Vec<_>>(), kustomization.keys().collect::<Vec<_>>(), "{mode}");
        for (key, object) in &kustomization {
            assert_eq!(&chart[key], object, "{mode}: {key}");
        }
        accept_a_pod_without_a_role(&policies(&format!("chart-{mode}")));
    }
}

/// `chart-everything` is rendered with the values of `chart/ci/everything.yaml`.
#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn values_reach_every_policy() {
    let policies = policies("chart-everything");
    assert_eq!(names(&policies).len(), 5);
    for policy in &policies {
        let name = policy.name();
        assert_eq!(policy.spec.module, "registry://registry.example/mirror/irsa-policy@sha256:0123", "{name}");
        assert_eq!(policy.spec.policy_server.as_deref(), Some("irsa"), "{name}");
        assert_eq!(policy.spec.settings["region"], "us-east-2", "{name}");
        assert_eq!(policy.spec.settings["annotationPrefix"], "iam.example.com", "{name}");
        let may_read_mappings = policy.spec.context_aware_resources.iter().any(|one| one.kind == "ConfigMap");
        assert_eq!(may_read_mappings, name != "irsa-policy-role-mappings", "{name}");
        assert!(!policy.selects("kubewarden"), "{name}");
    }
    let [injects, checks, system, audit] =
        ["irsa-policy", "irsa-policy-checks", "irsa-policy-system", "irsa-policy-system-audit"]
            .map(|name| policy(&policies, name));
    assert!(checks.spec.match_conditions[0].expression.contains("'iam.example.com/skip-containers'"));
    assert!(checks.spec.rules.iter().any(|rule| rule.resources == ["rollouts"]));
    for namespace in ["kube-system", "karpenter"] {
        assert!(!injects.selects(namespace) && !checks.selects(namespace), "{namespace}");
        assert!(system.selects(namespace) && audit.selects(namespace), "{namespace}");
    }
    assert!(!injects.selects("registry-proxy") && !system.selects("registry-proxy"));

    let mappings = policy(&policies, "irsa-policy-role-mappings");
    assert!(mappings.selects("kube-system") && !mappings.selects("team-a"));
    assert_eq!(mappings.spec.match_conditions[0].expression, "object.metadata.name == 'pod-identity-webhook'");
    assert_eq!(mappings.spec.settings["rolesConfigMap"]["name"], "pod-identity-webhook");
    assert_eq!(
        mappings.spec.failure_policy,
        Some(FailurePolicy::Ignore),
        "the ConfigMap can be changed while no policy server runs"
    );

    assert_eq!(injects.spec.settings["actions"]["missingRole"], "Reject");
    assert_eq!(
        system.spec.settings["actions"]["missingRole"], "Warn",
        "`settings` must not reject pods in kube-system"
    );
    assert_eq!(system.spec.settings["actions"]["lookupFailed"], "Warn");
    assert!(system.spec.settings["allowedRoles"].is_null());
    assert_eq!(system.spec.settings["sessionName"], "PodName", "set in `systemSettings`");
    assert_eq!(system.spec.failure_policy, Some(FailurePolicy::Ignore));

    let objects = objects("chart-everything");
    assert_eq!(objects["Role irsa-policy"]["metadata"]["namespace"], "kube-system");
    let subject = json!([{"kind": "ServiceAccount", "name": "irsa", "namespace": "kubewarden"}]);
    for binding in ["ClusterRoleBinding irsa-policy", "RoleBinding irsa-policy"] {
        assert_eq!(objects[binding]["subjects"], subject, "{binding}");
    }
    let server = &objects["PolicyServer irsa"]["spec"];
    assert_eq!((&server["replicas"], &server["minAvailable"]), (&json!(3), &json!(2)));
    assert_eq!(server["verificationConfig"], objects["ConfigMap irsa-verification"]["metadata"]["name"]);
}

/// With `suspend: true`, no policy refuses objects while no policy server answers. The other objects stay the same.
#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn a_suspended_release_lets_every_object_in() {
    for (mode, removed) in [
        ("inject", &["irsa-policy"][..]),
        ("guard", &["irsa-policy-checks"]),
        ("strict", &["irsa-policy", "irsa-policy-checks"]),
    ] {
        let suspended = objects(&format!("chart-{mode}-suspended"));
        let mut expected = objects(&format!("chart-{mode}"));
        for name in removed {
            assert!(expected.remove(&format!("ClusterAdmissionPolicy {name}")).is_some(), "{mode}: {name}");
        }
        assert_eq!(suspended, expected, "{mode}");
        for (key, object) in suspended.iter().filter(|(_, object)| object["kind"] == "ClusterAdmissionPolicy") {
            assert_eq!(object["spec"]["failurePolicy"], "Ignore", "{mode}: {key}");
        }
    }
}

/// While the release is being uninstalled, the API server may still call the policies, so their rights are kept.
#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn uninstalling_keeps_the_rights() {
    for document in policy_host::yaml::values(&read(&rendered("chart-everything"))).unwrap() {
        let is_right = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"]
            .contains(&document["kind"].as_str().unwrap());
        let is_kept = document["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep";
        assert_eq!(is_kept, is_right, "{document}");
    }
}

/// Checks that a query is valid, and that its metrics and labels exist.
fn check_query(query: &str) {
    let query = query.replace("$__rate_interval", "5m");
    let expression = parser::parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut selectors = 0;
    for selector in selectors_in(&expression) {
        let metric = selector.name.as_deref().unwrap_or_else(|| panic!("{query}: a selector without a name"));
        let known = if metric == EXCLUSIONS { METRICS[5].0 } else { metric };
        let (_, labels) = METRICS
            .iter()
            .find(|(name, _)| *name == known)
            .unwrap_or_else(|| panic!("`{metric}` is not one of {REASON}"));
        for matcher in &selector.matchers.matchers {
            assert!(labels.contains(&matcher.name.as_str()), "{query}: `{metric}` has no label `{}`", matcher.name);
        }
        selectors += 1;
    }
    assert!(selectors > 0, "{query}");
}

fn selectors_in(expression: &parser::Expr) -> Vec<parser::VectorSelector> {
    use parser::Expr;

    match expression {
        Expr::VectorSelector(selector) => vec![selector.clone()],
        Expr::MatrixSelector(selector) => vec![selector.vs.clone()],
        Expr::Aggregate(aggregate) => selectors_in(&aggregate.expr),
        Expr::Binary(binary) => [selectors_in(&binary.lhs), selectors_in(&binary.rhs)].concat(),
        Expr::Paren(paren) => selectors_in(&paren.expr),
        Expr::Call(call) => call.args.args.iter().flat_map(|argument| selectors_in(argument)).collect(),
        Expr::NumberLiteral(_) => Vec::new(),
        other => panic!("unexpected in a query: {other}"),
    }
}

#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn every_query_parses_and_uses_metrics_that_exist() {
    let objects = objects("chart-everything");
    let rules = objects["PrometheusRule irsa-policy"]["spec"]["groups"][0]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 6);
    for rule in rules {
        check_query(rule["expr"].as_str().unwrap());
        assert!(rule["annotations"]["summary"].is_string(), "{rule}");
    }
    let dashboard = objects["ConfigMap irsa-policy-dashboard"]["data"]["irsa-policy.json"].as_str().unwrap();
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 8);
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        check_query(target["expr"].as_str().unwrap());
    }
}

/// The alerts are off by default, because their installation fails without the CRDs of the Prometheus operator.
#[test]
#[ignore = "needs kubectl and helm: make check-chart"]
fn the_default_values_need_only_kubewardens_crds() {
    let kinds: Vec<String> =
        objects("chart-inject").into_keys().map(|key| key.split(' ').next().unwrap().to_owned()).collect();
    assert!(
        kinds
            .iter()
            .all(|kind| ["ClusterRole", "ClusterRoleBinding", "ClusterAdmissionPolicy"].contains(&kind.as_str())),
        "{kinds:?}"
    );
}
