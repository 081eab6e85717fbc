//! Tests that a step is unknown, and neither passed nor failed, if the trust policy does not decide the step's outcome.

use crate::support::{PROVIDER, right};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::{Inputs, Outcome, explain};
use serde_json::{Value, json};

/// Changes the trust policy's statements, explains the inputs, and returns one step.
fn step(kind: StepKind, inputs: Inputs, change: impl FnOnce(&mut Vec<Value>)) -> Step {
    let mut policy: Value = serde_json::from_str(inputs.trust_policy.as_deref().unwrap()).unwrap();
    change(policy["Statement"].as_array_mut().unwrap());
    let explanation = explain(&Inputs { trust_policy: Some(policy.to_string()), ..inputs });
    explanation.steps.into_iter().find(|step| step.step == kind).unwrap()
}

/// The walk-through without the cluster's issuer.
fn of_an_unknown_issuer() -> Inputs {
    Inputs { issuer: None, discovery: None, jwks: None, token: None, ..right() }
}

fn set_condition(statement: &mut Value, operator: &str, key: &str, value: &Value) {
    statement["Condition"] = json!({ operator: { key: value } });
}

/// A copy of the statement as a `Deny` with this condition.
fn denial(statement: &Value, key: &str, value: &str) -> Value {
    let mut denial = statement.clone();
    denial["Effect"] = "Deny".into();
    set_condition(&mut denial, "StringEquals", key, &json!(value));
    denial
}

#[test]
fn an_undocumented_principal_does_not_hide_a_false_condition() {
    let conditions = step(StepKind::Conditions, right(), |statements| {
        set_condition(
            &mut statements[0],
            "StringEquals",
            &format!("{PROVIDER}:sub"),
            &json!("system:serviceaccount:other:my-sa"),
        );
        statements.push(json!({"Effect": "Allow", "Principal": {"Federated": "*"}, "Action": "sts:*"}));
    });
    assert_eq!(conditions.outcome, Outcome::Unknown, "{conditions:?}");
    assert_eq!(conditions.mistake, Some(Diagnosis::WrongNamespace), "the likely cause is named");
}

#[test]
fn distinguishes_two_providers_if_the_issuer_is_unknown() {
    let second = |statements: &mut Vec<Value>, subject: &str| {
        let mut statement = statements[0].clone();
        let arn = statement["Principal"]["Federated"].as_str().unwrap().replace(PROVIDER, "oidc.example/id/B");
        statement["Principal"]["Federated"] = arn.into();
        set_condition(&mut statement, "StringEquals", "oidc.example/id/B:sub", &json!(subject));
        statements.push(statement);
    };
    let differs = step(StepKind::Conditions, of_an_unknown_issuer(), |it| second(it, "system:serviceaccount:other:x"));
    assert_eq!(differs.outcome, Outcome::Unknown, "{differs:?}");
    let agrees =
        step(StepKind::Conditions, of_an_unknown_issuer(), |it| second(it, "system:serviceaccount:default:my-sa"));
    assert_eq!(agrees.outcome, Outcome::Passed, "{agrees:?}");
}

#[test]
fn a_denial_for_the_second_of_two_providers_makes_the_step_unknown() {
    let conditions = step(StepKind::Conditions, of_an_unknown_issuer(), |statements| {
        let arn = statements[0]["Principal"]["Federated"].as_str().unwrap().to_owned();
        let both = json!([arn.clone(), arn.replace(PROVIDER, "oidc.example/id/B")]);
        statements[0]["Principal"]["Federated"] = both.clone();
        statements[0]["Condition"] = json!({});
        let denial = denial(&statements[0], "oidc.example/id/B:sub", "system:serviceaccount:default:my-sa");
        statements.push(denial);
    });
    assert_eq!(conditions.outcome, Outcome::Unknown, "{conditions:?}");
}

#[test]
fn a_tag_with_a_colon_is_not_read_as_an_issuer() {
    let conditions = step(StepKind::Conditions, right(), |statements| {
        let denial = denial(&statements[0], "aws:ResourceTag/team:owner", "a");
        statements.push(denial);
    });
    assert_eq!(conditions.outcome, Outcome::Unknown, "{conditions:?}");
}

#[test]
fn an_arn_with_a_scheme_is_no_mistake_if_another_arn_may_match() {
    let provider = step(StepKind::Provider, of_an_unknown_issuer(), |statements| {
        let mut other = statements[0].clone();
        let arn = other["Principal"]["Federated"].as_str().unwrap().replace("oidc-provider/", "oidc-provider/https://");
        other["Principal"]["Federated"] = arn.into();
        statements.push(other);
    });
    assert_eq!(provider.outcome, Outcome::Unknown, "{provider:?}");
}

#[test]
fn the_fix_does_not_add_a_value_that_the_condition_excludes() {
    for (operator, key, value) in [
        ("StringNotEquals", format!("{PROVIDER}:sub"), json!("system:serviceaccount:default:my-sa")),
        ("Null", format!("{PROVIDER}:aud"), json!("true")),
    ] {
        let conditions =
            step(StepKind::Conditions, right(), |statements| set_condition(&mut statements[0], operator, &key, &value));
        assert_eq!((conditions.outcome, conditions.mistake), (Outcome::Failed, None), "{operator}: {conditions:?}");
        assert_eq!(conditions.fix.as_deref(), Some("Change the condition, or remove it."), "{operator}");
    }
}

#[test]
fn a_denial_of_an_undocumented_principal_may_apply() {
    let conditions = step(StepKind::Conditions, right(), |statements| {
        statements.push(json!({"Effect": "Deny", "Principal": {"Federated": "*"}, "Action": "sts:*"}));
    });
    assert_eq!(conditions.outcome, Outcome::Unknown, "{conditions:?}");
}

#[test]
fn a_negated_operator_for_other_types_than_strings_makes_the_step_unknown() {
    for (operator, value) in [
        ("NumericNotEquals", "1"),
        ("DateNotEquals", "2026-01-01T00:00:00Z"),
        ("NotIpAddress", "10.0.0.0/8"),
        ("ArnNotLike", "arn:aws:iam::111122223333:role/*"),
    ] {
        let key = format!("{PROVIDER}:sub");
        let allowed =
            step(StepKind::Conditions, right(), |it| set_condition(&mut it[0], operator, &key, &json!(value)));
        assert_eq!(allowed.outcome, Outcome::Unknown, "{allowed:?}");
        let denied = step(StepKind::Conditions, right(), |statements| {
            let mut denial = statements[0].clone();
            denial["Effect"] = "Deny".into();
            set_condition(&mut denial, operator, &key, &json!(value));
            statements.push(denial);
        });
        assert_eq!(denied.outcome, Outcome::Unknown, "{denied:?}");
    }
}

#[test]
fn a_key_in_two_letter_cases_makes_the_step_unknown_with_a_reason() {
    let conditions = step(StepKind::Conditions, right(), |statements| {
        statements[0]["Condition"]["StringEquals"][format!("{PROVIDER}:SUB")] = "other".into();
    });
    assert_eq!(conditions.outcome, Outcome::Unknown, "{conditions:?}");
    assert!(conditions.reasons.iter().any(|reason| reason.contains("letter case")), "{conditions:?}");
}
