//! Tests answers of a failing host: no pod is accepted without its role, and the message says what is wrong.

mod support;

use policy_host::cluster::{Answer, Cluster};
use serde_json::{Value, json};

use support::Report;

const NOT_FOUND: &str = "Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"team-a\")'";

/// Makes the answers of a failing host. Each element has a name, the answer and the expected finding.
fn answers() -> Vec<(&'static str, Answer, &'static str)> {
    let failure = |text: &str| Answer::Failure(text.to_owned());
    let verbatim = |text: &str| Answer::Verbatim(text.to_owned());
    let account = |kind: &str, name: &str, namespace: &str, annotations: Value| {
        let metadata = json!({"name": name, "namespace": namespace, "annotations": annotations});
        Answer::Verbatim(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}).to_string())
    };
    let role = || json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"});
    vec![
        // The account does not exist. Each version of the host reports this with another text.
        ("not found", failure(NOT_FOUND), "missingServiceAccount"),
        ("not found, wrapped", failure(&format!("Callback evaluation failure: {NOT_FOUND}")), "missingServiceAccount"),
        (
            "not found, with a backtrace",
            failure(&format!("Host error: Callback evaluation failure: {NOT_FOUND}\n\nStack backtrace:\n   0: x")),
            "missingServiceAccount",
        ),
        // The lookup failed, so it is not known whether the account exists.
        ("an empty message", failure(""), "lookupFailed"),
        ("another message", failure("something went wrong"), "lookupFailed"),
        ("a timeout", failure("Host error: Callback evaluation failure: deadline has elapsed"), "lookupFailed"),
        (
            "forbidden",
            failure("Host error: ApiError: serviceaccounts \"web\" is forbidden: User cannot get resource: Forbidden"),
            "lookupFailed",
        ),
        ("not granted", failure("Policy has not been granted access to Kubernetes v1/ServiceAccount"), "lookupFailed"),
        ("another account not found", failure(&NOT_FOUND.replace("web", "web2")), "lookupFailed"),
        ("another namespace", failure(&NOT_FOUND.replace("team-a", "team-b")), "lookupFailed"),
        ("no such operation", failure("unknown operation: get_resource"), "lookupFailed"),
        // The answer is not the service account.
        ("an empty answer", verbatim(""), "lookupFailed"),
        ("white space", verbatim(" \n"), "lookupFailed"),
        ("invalid JSON", verbatim("<html>502 Bad Gateway</html>"), "lookupFailed"),
        ("null", verbatim("null"), "lookupFailed"),
        ("a number", verbatim("7"), "lookupFailed"),
        ("a list", verbatim("[]"), "lookupFailed"),
        ("an empty object", verbatim("{}"), "lookupFailed"),
        ("half an answer", verbatim(r#"{"kind":"ServiceAccount","metadata":{"name":"web","namespa"#), "lookupFailed"),
        (
            "two answers",
            verbatim(r#"{"kind":"ServiceAccount","metadata":{"name":"web","namespace":"team-a"}}{}"#),
            "lookupFailed",
        ),
        (
            "a list of accounts",
            verbatim(r#"{"kind":"ServiceAccountList","metadata":{},"items":[{"metadata":{"name":"web"}}]}"#),
            "lookupFailed",
        ),
        ("another kind", account("Secret", "web", "team-a", role()), "lookupFailed"),
        ("another name", account("ServiceAccount", "api", "team-a", role()), "lookupFailed"),
        ("the name in another namespace", account("ServiceAccount", "web", "team-b", role()), "lookupFailed"),
        ("annotations that are a list", account("ServiceAccount", "web", "team-a", json!([])), "lookupFailed"),
        ("an annotation that is a number", account("ServiceAccount", "web", "team-a", json!({"a": 1})), "lookupFailed"),
        (
            "the metadata twice",
            verbatim(r#"{"kind":"ServiceAccount","metadata":{"name":"web","namespace":"team-a"},"metadata":{}}"#),
            "lookupFailed",
        ),
    ]
}

fn payload(kind: &Value, object: &Value, settings: &Value) -> String {
    json!({
        "request": {
            "uid": "u", "kind": kind, "namespace": "team-a", "operation": "CREATE", "object": object,
        },
        "settings": settings,
    })
    .to_string()
}

#[test]
fn accepts_no_pod_without_its_role_whatever_the_host_answers() {
    let spec = json!({"serviceAccountName": "web", "containers": [{"name": "app"}]});
    let pod = json!({"metadata": {"name": "web"}, "spec": spec});
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let mut report = Report::default();
    for subject in support::subjects() {
        for cached in [false, true] {
            let payload = payload(&kind, &pod, &json!({"cacheLookups": cached}));
            for (name, answer, finding) in answers() {
                let response = subject.validate(&payload, &Cluster::answering(answer)).unwrap();
                let code = if finding == "lookupFailed" { 500 } else { 403 };
                let message = response.message.as_deref().unwrap_or_default();
                let holds = !response.accepted
                    && response.mutated_object.is_none()
                    && response.code == Some(code)
                    && message.ends_with(&format!("[{finding}]"))
                    && message.starts_with("service account `team-a/web`: ");
                let differences = if holds { vec![] } else { vec![format!("{response:?}")] };
                report.add(&format!("{name} ({})", subject.name()), &differences);
            }
        }
    }
    report.finish();
}

/// A workload is accepted with a warning, because its pods are checked when they are created.
#[test]
fn warns_about_the_problems_of_a_workloads_pods() {
    let template = json!({"spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}});
    let deployment = json!({"metadata": {"name": "web"}, "spec": {"template": template}});
    let kind = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    let payload = payload(&kind, &deployment, &json!({}));
    for subject in support::subjects() {
        for (name, answer, finding) in answers() {
            let response = subject.validate(&payload, &Cluster::answering(answer)).unwrap();
            let name_in_brackets = format!("[{finding}]");
            let said = match &response.message {
                Some(message) => message.ends_with(&name_in_brackets),
                None => response.warnings.iter().flatten().any(|warning| warning.ends_with(&name_in_brackets)),
            };
            assert!(response.accepted, "{name}: {response:?}");
            assert!(said, "{name}: {response:?}");
        }
    }
}
