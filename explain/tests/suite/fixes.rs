//! Properties of the printed fixes: the fixed trust policy accepts the pod, and gives access to no other service
//! account.

use std::sync::LazyLock;

use crate::support::{PROVIDER, right};
use irsa_explain::explanation::StepKind;
use irsa_explain::{Explanation, Inputs, Mark, Outcome, explain, tree};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// The walk-through, read from its file only once.
static RIGHT: LazyLock<Inputs> = LazyLock::new(right);

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "oidc.eks.us-east-2.amazonaws.com/id/EXAMPLEB27D84C0F8E2A9B0C1D2E3F40";

/// The pod, the service account and the settings of the walk-through, with `account` as the name of the service
/// account. The issuer and the trust policy are the parameters.
fn inputs(account: &str, issuer: &str, policy: &Value) -> Inputs {
    let right = RIGHT.clone();
    let renamed = |text: Option<String>| text.map(|text| text.replace("\"my-sa\"", &format!("\"{account}\"")));
    Inputs {
        pod: renamed(right.pod),
        service_account: renamed(right.service_account),
        settings: right.settings,
        issuer: Some(format!("https://{issuer}")),
        trust_policy: Some(policy.to_string()),
        ..Inputs::default()
    }
}

/// The outcomes of the steps `provider` and `conditions`.
fn verdict(inputs: &Inputs) -> (Outcome, Outcome) {
    outcomes(&explain(inputs))
}

fn outcomes(explanation: &Explanation) -> (Outcome, Outcome) {
    let outcome = |kind| explanation.steps.iter().find(|step| step.step == kind).unwrap().outcome;
    (outcome(StepKind::Provider), outcome(StepKind::Conditions))
}

fn accepts(account: &str, issuer: &str, policy: &Value) -> bool {
    verdict(&inputs(account, issuer, policy)) == (Outcome::Passed, Outcome::Passed)
}

fn any_of(values: Vec<String>) -> impl Strategy<Value = String> {
    select(values)
}

fn any_arn() -> impl Strategy<Value = String> {
    let of = |account: &str, url: &str| format!("arn:aws:iam::{account}:oidc-provider/{url}");
    let ours = of(ACCOUNT, PROVIDER);
    any_of(vec![
        ours.clone(),
        ours.clone(),
        ours.clone(),
        ours.clone(),
        of(ACCOUNT, OTHER),
        of(ACCOUNT, &format!("https://{PROVIDER}")),
        of(ACCOUNT, &format!("{PROVIDER}/")),
        of("444455556666", PROVIDER),
        of(ACCOUNT, &PROVIDER.replace("oidc.eks.us-east-2", "oidc.us-east-2.eks")),
        of(ACCOUNT, &PROVIDER.to_lowercase()),
        of(ACCOUNT, "oidc.eks.*"),
        of("ACCOUNT_ID", PROVIDER),
        of(ACCOUNT, "${oidc_provider}"),
        of(ACCOUNT, "token.actions.githubusercontent.com"),
        ours.replace("arn:aws:", "arn:aws-cn:"),
        format!("arn:aws:iam::{ACCOUNT}:saml-provider/corp"),
    ])
}

fn any_principal() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any_arn().prop_map(|arn| json!({"Federated": arn})),
        2 => (any_arn(), any_arn()).prop_map(|(one, two)| json!({"Federated": [one, two]})),
        1 => select(vec![
            json!({"Service": "ec2.amazonaws.com"}),
            json!({"Service": "pods.eks.amazonaws.com"}),
            json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}),
            json!("*"),
            json!({"AWS": "*"}),
        ]),
        1 => any_arn().prop_map(|arn| json!({"Federated": arn, "Service": "ec2.amazonaws.com"})),
    ]
}

fn any_action() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"Action": "sts:AssumeRoleWithWebIdentity"}),
        json!({"Action": "sts:AssumeRoleWithWebIdentity"}),
        json!({"Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]}),
        json!({"Action": "sts:*"}),
        json!({"NotAction": "sts:TagSession"}),
        json!({"NotAction": "sts:AssumeRoleWith*"}),
        json!({"Action": "sts:AssumeRoleWithWebIdendity"}),
        json!({"Action": "sts:AssumeRole"}),
        json!({"Action": "sts:TagSession"}),
    ])
}

fn any_key() -> impl Strategy<Value = String> {
    any_of(vec![
        format!("{PROVIDER}:sub"),
        format!("{PROVIDER}:sub"),
        format!("{PROVIDER}:sub"),
        format!("{PROVIDER}:aud"),
        format!("{PROVIDER}:aud"),
        format!("{}:Sub", PROVIDER.to_lowercase()),
        format!("{PROVIDER}:amr"),
        format!("{PROVIDER}:subject"),
        format!("https://{PROVIDER}:sub"),
        format!("{PROVIDER}/:sub"),
        format!("{PROVIDER} :aud"),
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{PROVIDER}:sub"),
        format!("{OTHER}:sub"),
        format!("{OTHER}:aud"),
        "${oidc_provider}:sub".to_owned(),
        "sts:ExternalId".to_owned(),
        "aws:SourceArn".to_owned(),
        "sub".to_owned(),
    ])
}

fn any_value() -> impl Strategy<Value = Value> {
    let subject = "system:serviceaccount:default:my-sa";
    let text = select(vec![
        json!(subject),
        json!(subject),
        json!(subject),
        json!("sts.amazonaws.com"),
        json!("sts.amazonaws.com"),
        json!("system:serviceaccount:default:*"),
        json!("system:serviceaccount:*:my-sa"),
        json!("system:serviceaccount:default:other"),
        json!("system:serviceaccount:shop:my-sa"),
        json!("default/my-sa"),
        json!("*"),
        json!("true"),
        json!("False"),
        json!("sts.amazonaws.com.cn"),
        json!(format!("${{{PROVIDER}:sub}}")),
        json!("system:serviceaccount:default:${*}"),
        json!("${aws:username}"),
    ]);
    prop_oneof![4 => text.clone(), 1 => prop::collection::vec(text, 1..3).prop_map(Value::from)]
}

fn any_operator() -> impl Strategy<Value = String> {
    any_of(
        [
            "StringEquals",
            "StringEquals",
            "StringEquals",
            "StringLike",
            "StringLike",
            "StringNotEquals",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringEqualsIfExists",
            "ForAnyValue:StringEquals",
            "ForAllValues:StringLike",
            "ArnLike",
            "NumericEquals",
            "Bool",
            "Null",
            "IpAddress",
            "DateLessThan",
        ]
        .map(str::to_owned)
        .to_vec(),
    )
}

fn any_condition() -> impl Strategy<Value = Value> {
    prop::collection::vec((any_operator(), any_key(), any_value()), 0..4).prop_map(|clauses| {
        let mut condition = Map::new();
        for (operator, key, value) in clauses {
            // IAM accepts only booleans for `Null`.
            let value = if operator == "Null" { json!(value == json!("true")) } else { value };
            let keys = condition.entry(operator).or_insert_with(|| json!({}));
            keys[key] = value;
        }
        condition.into()
    })
}

/// A correct condition with one key changed or added.
fn nearly_right() -> impl Strategy<Value = Value> {
    let right = json!({
        format!("{PROVIDER}:aud"): "sts.amazonaws.com",
        format!("{PROVIDER}:sub"): "system:serviceaccount:default:my-sa",
    });
    (any_key(), any_value()).prop_map(move |(key, value)| {
        let mut keys = right.clone();
        keys[key] = value;
        json!({"StringEquals": keys})
    })
}

fn any_statement() -> impl Strategy<Value = Value> {
    let condition = prop_oneof![any_condition(), nearly_right()];
    let effect = prop_oneof![5 => Just("Allow"), 1 => Just("Deny")];
    (effect, any_principal(), any_action(), condition).prop_map(|(effect, principal, action, condition)| {
        let mut statement = json!({"Effect": effect, "Principal": principal, "Condition": condition});
        statement.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        statement
    })
}

fn any_policy() -> impl Strategy<Value = Value> {
    (prop::collection::vec(any_statement(), 1..4), prop::bool::weighted(0.8)).prop_map(|(statements, has_version)| {
        let mut policy = json!({"Statement": statements});
        if has_version {
            policy["Version"] = "2012-10-17".into();
        }
        policy
    })
}

/// Returns the text of the printed fix, and the printed statements.
fn printed(explanation: &Explanation) -> (String, Vec<Value>) {
    let lines = tree(explanation, false);
    let fix = lines.iter().find(|line| line.mark == Mark::Fix).unwrap().text.clone();
    let start = lines.iter().position(|line| line.mark == Mark::Fix).unwrap() + 1;
    let json: String =
        lines[start..].iter().take_while(|line| line.mark == Mark::Copy).map(|line| line.text.as_str()).collect();
    let statements = serde_json::Deserializer::from_str(&json).into_iter::<Value>().map(Result::unwrap).collect();
    (fix, statements)
}

/// Applies the text of a fix literally: replaces the statement that the text names with the statements in `new`, or
/// adds `new` to the policy if the text names no statement. `None` if the text has several parts.
fn follow(policy: &Value, fix: &str, new: &[Value]) -> Option<Value> {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    if fix.contains("; then ") {
        return None;
    }
    match fix.split("eplace statement ").nth(1) {
        Some(rest) => {
            let position: usize = rest.split(|it: char| !it.is_ascii_digit()).next().unwrap().parse().unwrap();
            statements.splice(position - 1..position, new.iter().cloned());
        }
        None => statements.extend(new.iter().cloned()),
    }
    Some(policy)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default()
    })]

    #[test]
    fn the_printed_fix_makes_the_policy_accept_the_pod_and_nobody_else(policy in any_policy()) {
        let inputs_of = |policy: &Value| inputs("my-sa", PROVIDER, policy);
        let explanation = explain(&inputs_of(&policy));
        let before = outcomes(&explanation);
        prop_assume!(before.0 == Outcome::Failed || before.1 == Outcome::Failed);
        prop_assert_eq!(&explanation.problems, &[]);
        let fix = explanation.trust_fix.as_ref().unwrap();
        // If the result of a `Deny` is unknown, the `Deny` may be intended. So the fix keeps it, and the step may stay
        // unknown.
        let has_deny = policy["Statement"].as_array().unwrap().iter().any(|it| it["Effect"] == "Deny");
        let is_fixed = |(provider, conditions): (Outcome, Outcome)| {
            provider == Outcome::Passed && (conditions == Outcome::Passed || has_deny && conditions == Outcome::Unknown)
        };
        prop_assert!(is_fixed(verdict(&inputs_of(&fix.policy))), "{}", fix.policy);

        let (says, statements) = printed(&explanation);
        prop_assert_eq!(&statements, &fix.statements);
        if let Some(followed) = follow(&policy, &says, &statements) {
            prop_assert!(is_fixed(verdict(&inputs_of(&followed))), "{}", says);
        }
        for statement in fix.statements.iter().filter(|it| it["Effect"] == "Allow") {
            prop_assert!(!statement["Condition"].as_object().unwrap().is_empty(), "{}", statement);
        }
        let is_split = says.contains("one statement for each provider");
        for (account, issuer) in [("other", PROVIDER), ("my-sa", OTHER), ("stranger", OTHER)] {
            let (before, after) = (accepts(account, issuer, &policy), accepts(account, issuer, &fix.policy));
            // If the fix splits a statement, the new statements also give access to the identities that the old
            // statement was meant for.
            let may_gain = is_split && account != "stranger";
            prop_assert!(before == after || may_gain && after, "{} {}: {} {}\n{}", account, issuer, before, after, fix.policy);
        }
    }
}

/// All generated policies are valid. The outcome may be `Unknown` only if IAM does not document how it evaluates the
/// policy, which is rare.
#[test]
fn few_valid_policies_are_unknown() {
    let mut runner = TestRunner::deterministic();
    let count = 1000;
    let policies = (0..count).map(|_| any_policy().new_tree(&mut runner).unwrap().current());
    let unknown = policies.filter(|policy| {
        let (provider, conditions) = verdict(&inputs("my-sa", PROVIDER, policy));
        provider == Outcome::Unknown || conditions == Outcome::Unknown
    });
    let unknown = unknown.count();
    assert!(unknown * 100 < count * 8, "{unknown} of {count} are unknown");
}
