//! Tests the answers to the questions of docs/troubleshooting.md. The first line of each explanation is the answer, and
//! the second line says what to do.

use crate::diagnoses::change;
use crate::pod_side::running;
use crate::support::{PROVIDER, right};
use irsa_explain::{Inputs, explain, tree};
use serde_json::{Value, json};

/// A container of a running pod, with the role's variables.
fn injected(name: &str) -> Value {
    let folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
    json!({
        "name": name,
        "env": [
            {"name": "AWS_DEFAULT_REGION", "value": "us-east-2"},
            {"name": "AWS_REGION", "value": "us-east-2"},
            {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/app"},
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{folder}/token")},
        ],
        "volumeMounts": [{"name": "aws-iam-token", "readOnly": true, "mountPath": folder}],
    })
}

/// The walk-through with its container changed.
fn with_container(changed: impl FnOnce(&mut Value)) -> Inputs {
    let mut inputs = Inputs { token: None, jwks: None, ..right() };
    change(&mut inputs.pod, |pod| changed(&mut pod["spec"]["containers"][0]));
    inputs
}

fn with_env(env: Value) -> Inputs {
    with_container(|container| container["env"] = env)
}

fn with_annotations(annotations: Value) -> Inputs {
    let mut inputs = Inputs { token: None, jwks: None, ..right() };
    change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = annotations);
    inputs
}

fn with_running(containers: &Value) -> Inputs {
    Inputs { pod: Some(running(containers).to_string()), token: None, jwks: None, ..right() }
}

/// A question, its inputs, the beginning of the first line, and a part of the second.
struct Question {
    asks: &'static str,
    inputs: Inputs,
    first: &'static str,
    second: &'static str,
}

fn question(asks: &'static str, inputs: Inputs, first: &'static str, second: &'static str) -> Question {
    Question { asks, inputs, first, second }
}

fn questions() -> Vec<Question> {
    of_iam().into_iter().chain(of_pods()).collect()
}

fn of_iam() -> Vec<Question> {
    let mut questions = Vec::new();
    let alone = Inputs { pod: Some(running(&json!([{"name": "app"}])).to_string()), ..Inputs::default() };
    questions.push(question(
        "AccessDenied as the node's role, with only the pod as input",
        alone,
        "? No container has the role's variables. Whether the account has a role is not known",
        "fix: Add the service account to the inputs: `kubectl get serviceaccount -n default my-sa -o yaml`.",
    ));
    questions.push(question(
        "AccessDenied as the node's role",
        with_running(&json!([{"name": "app"}])),
        "cause: The pod runs without the role that its account has now [notInjected]",
        "fix: Recreate the pod",
    ));
    questions.push(question(
        "Another identity: arn:aws:iam::111122223333:user/ci",
        with_env(json!([{"name": "AWS_ACCESS_KEY_ID", "value": "a"}, {"name": "AWS_SECRET_ACCESS_KEY", "value": "b"}])),
        "cause: In container `app`, SDKs use the static keys in the environment instead of the role [staticCredentials]",
        "fix: Remove `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
    ));
    let mut wildcard = right();
    change(&mut wildcard.trust_policy, |policy| {
        let key = format!("{PROVIDER}:sub");
        policy["Statement"][0]["Condition"]["StringEquals"][key] = "system:serviceaccount:default:*".into();
    });
    questions.push(question(
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        wildcard,
        "cause: The role's trust policy rejects this pod: `StringEquals` on `sub` in statement 1 expects",
        "replace statement 1, ",
    ));
    let other = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/OTHER";
    questions.push(question(
        "No OpenIDConnect provider found in your account",
        Inputs { provider: Some(json!({"OpenIDConnectProviderList": [{"Arn": other}]}).to_string()), ..right() },
        "cause: The role's AWS account has no identity provider for the cluster's issuer [providerMissing]",
        "aws iam create-open-id-connect-provider",
    ));
    let provider = json!({"Url": PROVIDER, "ClientIDList": ["sts.amazonaws.com.cn"], "ThumbprintList": []});
    questions.push(question(
        "Incorrect token audience",
        Inputs { provider: Some(provider.to_string()), ..right() },
        "cause: IAM's identity provider does not accept tokens for the audience `sts.amazonaws.com` [audienceNotRegistered]",
        "aws iam add-client-id-to-open-id-connect-provider",
    ));
    questions.push(question(
        "Request ARN is invalid",
        with_annotations(json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::::111122223333:role/app"})),
        "cause: ",
        "fix: ",
    ));
    let mut expired = right();
    expired.now = expired.now.map(|now| now + 200_000);
    questions.push(question(
        "Token expired",
        expired,
        "cause: The token has expired [tokenExpired]",
        "fix: Read the token's file for each request",
    ));
    questions.push(question(
        "No AWS_ROLE_ARN, no volume",
        with_annotations(json!({"eks.amazon.com/role-arn": "arn:aws:iam::111122223333:role/app"})),
        "cause: Service account `default/my-sa` has no role: its annotation is misspelled [misspelledAnnotation]",
        "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/app",
    ));
    questions.push(question(
        "WebIdentityErr: role ARN is not set",
        with_env(json!([{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/token"}])),
        "cause: ",
        "fix: ",
    ));
    questions
}

fn of_pods() -> Vec<Question> {
    let mut questions = Vec::new();
    let mut conflict = with_container(|container| {
        container["volumeMounts"] =
            json!([{"name": "cache", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"}]);
    });
    change(&mut conflict.pod, |pod| pod["spec"]["volumes"] = json!([{"name": "cache", "emptyDir": {}}]));
    questions.push(question("mountPath must be unique", conflict, "cause: ", "fix: "));
    questions.push(question(
        "The sidecar has no role",
        with_running(&json!([injected("app"), {"name": "vault-agent"}])),
        "cause: Container `vault-agent` has no role, because another webhook added it after the injection [lateContainer]",
        "fix: Let the webhook that adds the container run before the webhook that injects",
    ));
    questions.push(question(
        "You must specify a region",
        Inputs { settings: Some("{}".to_owned()), ..with_env(json!([])) },
        "cause: No region is set, so the STS endpoint depends on the SDK [noRegion]",
        "fix: Set the setting `region`",
    ));
    questions.push(question(
        "Post \"https://sts.amazonaws.com/\": i/o timeout",
        with_env(json!([{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "legacy"}])),
        "\u{2713} Every step passed, with a warning",
        "warning: container `app`: `AWS_STS_REGIONAL_ENDPOINTS` is `legacy`, so these SDKs use the global endpoint",
    ));
    questions.push(question(
        "permission denied on the token",
        with_container(|container| container["securityContext"] = json!({"runAsUser": 0})),
        "? Only user 0 (root) can read the token's file. It is not known whether the program runs as user 0",
        "fix: If the program changes its user, set `securityContext.fsGroup`",
    ));
    questions
}

#[test]
fn answers_the_questions_of_the_docs_in_the_first_line() {
    let questions = questions();
    assert!(questions.len() >= 10);
    let mut failures = Vec::new();
    for Question { asks, inputs, first, second } in questions {
        let lines: Vec<String> = tree(&explain(&inputs), false).iter().map(ToString::to_string).collect();
        if !lines[0].starts_with(first) || !lines[1].contains(second) {
            failures.push(format!("{asks}\n{}\n{}", lines[0], lines[1]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
