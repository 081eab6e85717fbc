//! Tests the policies for kube-system: they inject into the namespace's pods, and never prevent a pod from starting.

use irsa::{Action, FindingKind};
use policy_host::admission::{self, Overrides, Request};
use policy_host::cluster::{Answer, Cluster};
use policy_host::policy::PolicyResponse;
use policy_host::settings::Settings;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::policy::ClusterAdmissionPolicy;
use crate::support::subjects;
use crate::{manifest, policy};

/// Findings that reject only if the operator sets `allowedRoles` or `allowedAudiences`.
const EXCEPTIONS: [FindingKind; 2] = [FindingKind::RoleNotAllowed, FindingKind::AudienceNotAllowed];

const ROLE: &str = "arn:aws:iam::111122223333:role/dns";

/// Returns the names of the findings whose action is `Reject`. If these settings set no action for a finding, its
/// default action applies.
fn refusing(settings: &Value) -> Vec<&'static str> {
    let action = |kind: FindingKind| match settings["actions"][kind.name()].as_str() {
        Some(name) => Action::NAMES.iter().find(|(other, _)| *other == name).unwrap().1,
        None => kind.default_action(),
    };
    FindingKind::ALL.into_iter().filter(|kind| action(*kind) == Action::Reject).map(FindingKind::name).collect()
}

/// Checks all findings of the core, so the test fails if a new finding rejects by default and the system policy does
/// not downgrade it.
#[test]
fn the_system_policy_downgrades_every_finding_that_refuses_by_default() {
    let policies = manifest();
    let settings = &policy(&policies, "irsa-policy-system").spec.settings;
    assert_eq!(refusing(settings), EXCEPTIONS.map(FindingKind::name));
    for (name, action) in settings["actions"].as_object().unwrap() {
        assert_eq!(action, "Warn", "{name}: the system policy must set only the action `Warn`");
    }
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
        "spec": {
            "serviceAccountName": "coredns",
            "priorityClassName": "system-cluster-critical",
            "containers": [{"name": "coredns", "image": "coredns"}],
        },
    })
}

fn account(annotations: &Value) -> Cluster {
    let metadata = json!({"name": "coredns", "namespace": "kube-system", "annotations": annotations});
    Cluster::new(vec![json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})])
}

/// Returns the answers of every policy that the API server may call for a pod in kube-system. Each policy gives two
/// answers: one from the built module, and one from the Rust code.
pub fn answers(policies: &[ClusterAdmissionPolicy], pod: &Value, cluster: &Cluster) -> Vec<(String, PolicyResponse)> {
    let mut answers = Vec::new();
    for policy in policies.iter().filter(|policy| policy.may_see_a_pod_in("kube-system")) {
        let settings = Settings::from_json(&policy.spec.settings.to_string()).unwrap();
        let object = RawValue::from_string(pod.to_string()).unwrap();
        let request = Request::wrapping(object, Overrides::default()).unwrap();
        for subject in subjects() {
            let answer = subject.validate(&admission::payload(&request, &settings), cluster).unwrap();
            answers.push((format!("{}, {}", policy.name(), subject.name()), answer));
        }
    }
    answers
}

/// Checks that every policy that the API server calls accepts a pod of kube-system without a role, and leaves the pod
/// unchanged.
pub fn accept_a_pod_without_a_role(policies: &[ClusterAdmissionPolicy]) {
    for (name, answer) in answers(policies, &pod(), &account(&json!({}))) {
        assert!(answer.accepted, "{name}: {answer:?}");
        assert!(answer.mutated_object.is_none(), "{name}: {answer:?}");
    }
}

#[test]
fn a_pod_of_kube_system_without_a_role_is_accepted_unchanged() {
    accept_a_pod_without_a_role(&manifest());
}

#[test]
fn a_pod_of_kube_system_gets_its_role() {
    let answers = answers(&manifest(), &pod(), &account(&json!({"eks.amazonaws.com/role-arn": ROLE})));
    assert!(!answers.is_empty());
    for (name, answer) in answers {
        assert!(answer.accepted, "{name}: {answer:?}");
        let object: Value = serde_json::from_str(answer.mutated_object.unwrap().get()).unwrap();
        let env = object["spec"]["containers"][0]["env"].as_array().unwrap();
        assert!(env.contains(&json!({"name": "AWS_ROLE_ARN", "value": ROLE})), "{name}: {env:?}");
    }
}

/// Tests a missing `ClusterRole`, an answer that is not JSON, a missing service account, wrong annotations and
/// conflicting volumes. The pod of the cluster's DNS is accepted in each case.
#[test]
fn no_pod_of_kube_system_is_refused_whatever_goes_wrong() {
    let arn = |arn: &str| account(&json!({"eks.amazonaws.com/role-arn": arn}));
    let taken = json!({"name": "aws-iam-token", "emptyDir": {}});
    let mount = json!({"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"});
    let mut conflicting = pod();
    conflicting["spec"]["volumes"] = json!([taken]);
    conflicting["spec"]["containers"][0]["volumeMounts"] = json!([mount]);
    let forbidden =
        r#"ApiError: serviceaccounts "coredns" is forbidden: User "system:serviceaccount:kubewarden:policy-server""#;
    let cases = [
        ("no ClusterRole", pod(), Cluster::answering(Answer::Failure(forbidden.to_owned()))),
        ("an answer that is not JSON", pod(), Cluster::answering(Answer::Verbatim("no".to_owned()))),
        ("no such account", pod(), Cluster::new(Vec::new())),
        ("a bad role", pod(), arn("not-an-arn")),
        (
            "an empty audience",
            pod(),
            account(&json!({"eks.amazonaws.com/role-arn": ROLE, "eks.amazonaws.com/audience": ""})),
        ),
        ("a conflicting volume and a conflicting mount", conflicting, arn(ROLE)),
    ];
    for (case, pod, cluster) in cases {
        let answers = answers(&manifest(), &pod, &cluster);
        assert!(!answers.is_empty());
        for (name, answer) in answers {
            assert!(answer.accepted, "{case}: {name}: {answer:?}");
            assert!(answer.warnings.is_some_and(|warnings| !warnings.is_empty()), "{case}: {name} gives no warning");
        }
    }
}

/// Sends the audit scanner's request about a pod that started while the policy server was down.
#[test]
fn the_audit_policy_reports_a_pod_of_kube_system_that_lacks_its_role() {
    let policies = manifest();
    let audit = policy(&policies, "irsa-policy-system-audit");
    let settings = Settings::from_json(&audit.spec.settings.to_string()).unwrap();
    let object = RawValue::from_string(pod().to_string()).unwrap();
    // The scanner sends the object's uid as the request's uid.
    let overrides = Overrides { uid: Some("2fc6ecd1-0b6d-4d9f-8c2a-1f6a77b0f5a2".to_owned()), ..Overrides::default() };
    let request = Request::wrapping(object, overrides).unwrap();
    for subject in subjects() {
        let payload = admission::payload(&request, &settings);
        let answer = subject.validate(&payload, &account(&json!({"eks.amazonaws.com/role-arn": ROLE}))).unwrap();
        assert!(!answer.accepted, "{}: {answer:?}", subject.name());
        assert!(answer.message.unwrap().ends_with("[notInjected]"), "{}", subject.name());

        let answer = subject.validate(&payload, &account(&json!({}))).unwrap();
        assert!(
            answer.accepted,
            "{}: the account has no role, so the pod must not be reported: {answer:?}",
            subject.name()
        );
    }
}
