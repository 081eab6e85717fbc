//! Tests `irsa explain` with files of several pods, with wrong files, and with a trust policy that needs no change.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{folder, irsa, json_of};

const ISSUER: &str = "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
const WEB: &str = "arn:aws:iam::111122223333:role/web";
const API: &str = "arn:aws:iam::111122223333:role/api";

/// Returns a Deployment with its service account. Both have this name.
fn deployment(name: &str, role: Option<&str>) -> String {
    let annotations = role.map_or_else(|| json!({}), |role| json!({"eks.amazonaws.com/role-arn": role}));
    let metadata = json!({"name": name, "namespace": "shop"});
    let spec = json!({"serviceAccountName": name, "containers": [{"name": "app", "image": "app"}]});
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"spec": spec}}},
        {"apiVersion": "v1", "kind": "ServiceAccount",
         "metadata": {"name": name, "namespace": "shop", "annotations": annotations}},
    ]});
    format!("---\n{objects}\n")
}

fn trust_policy(account: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{ISSUER}:aud"): "sts.amazonaws.com",
            format!("{ISSUER}:sub"): format!("system:serviceaccount:shop:{account}"),
        }},
    }]})
    .to_string()
}

fn files(deployments: &[String], account: &str) -> TempDir {
    folder(&[("all.yaml", &deployments.concat()), ("trust.json", &trust_policy(account))])
}

fn explain(folder: &TempDir, args: &[&str]) -> Output {
    let settings = ["explain", "--settings-json", "{\"region\": \"us-east-2\"}", "--issuer"];
    let issuer = format!("https://{ISSUER}");
    irsa(folder, &[settings.as_slice(), &[issuer.as_str()], args].concat())
}

/// Explains each workload of the file. Returns the outcome of each, and everything that was printed.
fn outcomes(folder: &TempDir, args: &[&str]) -> (Value, String) {
    let inputs = ["--workload", "all.yaml", "--trust-policy", "trust.json", "--output", "json"];
    let output = explain(folder, &[inputs.as_slice(), args].concat());
    let said = json_of(&output);
    let outcomes = match &said {
        Value::Array(pods) => pods.iter().map(|pod| json!([pod["name"], pod["outcome"]])).collect(),
        one => one["outcome"].clone(),
    };
    (outcomes, String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_trust_policy_belongs_to_the_role_of_the_pods_that_it_accepts() {
    let pods = [deployment("web", Some(WEB)), deployment("api", Some(API))];
    let (outcomes, said) = outcomes(&files(&pods, "web"), &[]);
    assert_eq!(outcomes, json!([["deployment/api", "unknown"], ["deployment/web", "passed"]]), "{said}");
    assert!(said.contains("aws iam get-role --role-name api"), "{said}");
    // The policy of `web` must not replace the policy of `api`.
    assert!(!said.contains("update-assume-role-policy"), "{said}");
}

#[test]
fn a_trust_policy_that_accepts_no_pod_may_belong_to_any_of_the_roles() {
    let pods = [deployment("web", Some(WEB)), deployment("api", Some(API))];
    let (several, said) = outcomes(&files(&pods, "other"), &[]);
    assert_eq!(several, json!([["deployment/web", "unknown"], ["deployment/api", "unknown"]]), "{said}");
    assert!(said.contains("the pods have different roles"), "{said}");

    // Both pods have the same role, so the trust policy is the policy of this role.
    let pods = [deployment("web", Some(WEB)), deployment("api", Some(WEB))];
    let (same, said) = outcomes(&files(&pods, "web"), &[]);
    assert_eq!(same, json!([["deployment/api", "failed"], ["deployment/web", "passed"]]), "{said}");
}

#[test]
fn the_expected_role_chooses_the_pods() {
    let pods = [deployment("web", Some(WEB)), deployment("api", Some(API)), deployment("cron", None)];
    let (one, said) = outcomes(&files(&pods, "web"), &["--role", WEB]);
    assert_eq!(one, "passed", "{said}");
    assert!(said.contains("not explained, because they do not have this role: deployment/api, deployment/cron"));

    // If no pod has the role, each pod is explained.
    let (all, said) = outcomes(&files(&pods[1..], "web"), &["--role", WEB]);
    assert_eq!(all, json!([["deployment/api", "failed"], ["deployment/cron", "failed"]]), "{said}");
}

#[test]
fn fix_prints_a_policy_that_accepts_the_pod_and_exits_with_0() {
    let fix = |files: &TempDir| {
        let inputs = ["--workload", "all.yaml", "--trust-policy", "trust.json", "--fix", "trust-policy"];
        let output = explain(files, &inputs);
        let policy: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        (output.status.code(), policy, String::from_utf8(output.stderr).unwrap())
    };
    let accepted = files(&[deployment("web", Some(WEB))], "web");
    let (status, policy, said) = fix(&accepted);
    let expected: Value = serde_json::from_str(&trust_policy("web")).unwrap();
    assert_eq!((status, policy), (Some(0), Some(expected)), "a policy that accepts the pod stays as it is");
    assert_eq!(said, "The trust policy needs no change: it accepts the pod.\n");

    let (status, policy, said) = fix(&files(&[deployment("web", Some(WEB))], "wev"));
    assert_eq!(status, Some(0), "{said}");
    assert!(policy.unwrap().to_string().contains("system:serviceaccount:shop:web\""));
    let expected =
        "If `system:serviceaccount:shop:wev` is a misspelling, replace it with `system:serviceaccount:shop:web`";
    assert!(said.contains(expected), "{said}");

    // The file contains the trust policies of several roles, and the policy of the pod's role is printed.
    let role = |arn: &str, account: &str| {
        let policy: Value = serde_json::from_str(&trust_policy(account)).unwrap();
        json!({"RoleName": "x", "Arn": arn, "AssumeRolePolicyDocument": policy})
    };
    let roles = json!({"Roles": [role(API, "api"), role(WEB, "web")]}).to_string();
    let several = folder(&[("all.yaml", &deployment("web", Some(WEB))), ("trust.json", &roles)]);
    let (status, policy, said) = fix(&several);
    assert_eq!(status, Some(0), "{said}");
    assert!(policy.unwrap().to_string().contains("system:serviceaccount:shop:web"), "{said}");

    // The issuer is not known, so the fix is not known either.
    let output = irsa(
        &accepted,
        &["explain", "--workload", "all.yaml", "--trust-policy", "trust.json", "--fix", "trust-policy"],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), [].as_slice()), "{said}");
    assert!(said.contains("give issuer (`--issuer`)"), "{said}");
}

#[test]
fn says_what_was_not_checked() {
    let files = files(&[deployment("web", Some(WEB))], "web");
    let output = explain(&files, &["--workload", "all.yaml", "--trust-policy", "trust.json"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("✓ No problem found\n"), "{said}");
    assert!(said.contains("\n- IAM's identity provider: not checked: this needs the output of `aws iam"), "{said}");
}

#[test]
fn rejects_files_of_another_kind() {
    let template = "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\nspec: {containers: []}\n";
    let files = folder(&[
        ("pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app}]}}"),
        ("other.json", "{\"a\": 1}"),
        ("template.yaml", template),
        ("quoted.yaml", &template.replace("{{ .Values.name }}", "\"{{ .Values.name }}\"")),
    ]);
    for (flag, expected) in [
        ("--service-account", "`other.json` contains no ServiceAccount"),
        ("--config-map", "`other.json` contains no ConfigMap"),
        ("--policies", "`other.json` contains no policy of Kubewarden"),
        ("--discovery", "The discovery document: expected an object with `issuer` and `jwks_uri`"),
        ("--jwks", "The JWKS: expected an object with `keys`"),
        ("--provider", "expected the output of `aws iam get-open-id-connect-provider`"),
        ("--association", "expected an EKS Pod Identity association"),
        ("--trust-policy", "`a`: no such element"),
    ] {
        let output = irsa(&files, &["explain", "--pod", "pod.yaml", flag, "other.json"]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}: {said}");
        assert!(said.contains(expected), "{flag}: {said}");
    }
    for name in ["template.yaml", "quoted.yaml"] {
        let output = irsa(&files, &["explain", "--pod", name]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("is a template that is not rendered"), "{name}: {said}");
    }
}

#[test]
fn keeps_an_audience_that_the_identity_provider_lists() {
    // kOps's audience. The policy's manifest contains the setting, and no other flag does.
    let policy = json!({"apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy",
        "metadata": {"name": "irsa-policy"}, "spec": {"module": "registry://example.com/irsa-policy:v1",
        "mutating": true, "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
        "operations": ["CREATE"]}], "settings": {"tokenAudience": "amazonaws.com", "region": "us-east-2"}}});
    let provider = json!({"Url": ISSUER, "ClientIDList": ["amazonaws.com"], "ThumbprintList": []});
    let files = folder(&[
        ("all.yaml", &deployment("web", Some(WEB))),
        ("trust.json", &trust_policy("web")),
        ("policy.json", &policy.to_string()),
        ("provider.json", &provider.to_string()),
    ]);
    let issuer = format!("https://{ISSUER}");
    let inputs = ["explain", "--workload", "all.yaml", "--trust-policy", "trust.json", "--issuer", &issuer];
    let more = ["--policies", "policy.json", "--provider", "provider.json"];
    let output = irsa(&files, &[inputs.as_slice(), &more].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("[wrongAudience]\nfix: Add this statement to"), "{said}");
    assert!(said.contains(":aud\": \"amazonaws.com\"") && !said.contains("Set the setting"), "{said}");
}
