//! Properties that hold for any inputs.

use std::sync::LazyLock;

use crate::support::{Setup, setups};
use irsa_explain::{Inputs, Outcome, explain, tree};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

static SETUPS: LazyLock<Vec<(String, Setup)>> = LazyLock::new(setups);

fn any_inputs() -> impl Strategy<Value = Inputs> {
    (0..SETUPS.len()).prop_map(|index| SETUPS[index].1.inputs())
}

/// The inputs into which the tests write strings.
fn texts(inputs: &mut Inputs) -> [&mut Option<String>; 14] {
    [
        &mut inputs.pod,
        &mut inputs.workload,
        &mut inputs.service_account,
        &mut inputs.settings,
        &mut inputs.config_map,
        &mut inputs.trust_policy,
        &mut inputs.issuer,
        &mut inputs.discovery,
        &mut inputs.jwks,
        &mut inputs.token,
        &mut inputs.namespace,
        &mut inputs.role,
        &mut inputs.provider,
        &mut inputs.association,
    ]
}

/// Strings that resemble parts of JSON, of a token or of an ARN.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z.{}\":,\\[\\]0-9*?$/]{0,40}",
        select(vec![
            "{}",
            "[]",
            "null",
            "{\"Statement\": []}",
            "{\"metadata\": 1}",
            "{\"spec\": {\"containers\": {}}}",
            "e30.e30.e30",
            ":"
        ])
        .prop_map(str::to_owned),
    ]
}

/// The outcomes of the steps `provider` and `conditions`.
fn verdict(inputs: &Inputs) -> (Outcome, Outcome) {
    let steps = explain(inputs).steps;
    (steps[7].outcome, steps[8].outcome)
}

fn with_policy(inputs: &Inputs, change: impl FnOnce(&mut Value)) -> Inputs {
    let mut policy: Value = serde_json::from_str(inputs.trust_policy.as_deref().unwrap()).unwrap();
    change(&mut policy);
    Inputs { trust_policy: Some(policy.to_string()), ..inputs.clone() }
}

fn with_letter_case(text: &str, upper: &[bool]) -> String {
    let cased = |(character, upper): (char, &bool)| {
        if *upper { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
    };
    text.chars().zip(upper.iter().cycle()).map(cased).collect()
}

/// A statement that is about another principal, or another action.
fn unrelated() -> impl Strategy<Value = Value> {
    let principals = vec![
        json!({"Service": "ec2.amazonaws.com"}),
        json!({"AWS": "arn:aws:iam::111122223333:root"}),
        json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/other.example"}),
        json!({"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}),
    ];
    (
        select(principals),
        select(vec!["Allow", "Deny"]),
        select(vec!["sts:AssumeRole", "sts:*", "sts:AssumeRoleWithWebIdentity"]),
    )
        .prop_map(|(principal, effect, action)| json!({"Effect": effect, "Principal": principal, "Action": action}))
}

/// Reading 40,000 levels in quadratic time would take a minute.
#[test]
fn reads_nested_json_in_linear_time() {
    let levels = 40_000;
    let deep = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let started = std::time::Instant::now();
    for at in 0..12 {
        let mut inputs = Inputs::default();
        *texts(&mut inputs)[at] = Some(deep.clone());
        assert_eq!(explain(&inputs).steps.len(), 11);
    }
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_panics_for_any_string(mut inputs in any_inputs(), at in 0..14_usize, text in any_text()) {
        *texts(&mut inputs)[at] = Some(text);
        let explanation = explain(&inputs);
        prop_assert_eq!(explanation.steps.len(), 11);
        for line in tree(&explanation, true) {
            prop_assert!(!line.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn never_panics_for_truncated_inputs(mut inputs in any_inputs(), at in 0..12_usize, part in 0.0..1.0_f64) {
        let text = &mut *texts(&mut inputs)[at];
        if let Some(whole) = text.as_deref() {
            let characters = whole.chars().count();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "the value is at most a length"
            )]
            let end = (characters as f64 * part) as usize;
            *text = Some(whole.chars().take(end).collect());
        }
        prop_assert_eq!(explain(&inputs).steps.len(), 11);
    }

    #[test]
    fn a_missing_input_does_not_turn_failed_into_passed(inputs in any_inputs(), at in 0..12_usize) {
        let before = explain(&inputs);
        let mut less = inputs;
        *texts(&mut less)[at] = None;
        let after = explain(&less);
        if before.outcome == Outcome::Failed && after.outcome == Outcome::Passed {
            // Only the removal of these inputs may turn a failure into a pass. Either the removed input contains the
            // mistake, or another input is compared with it.
            prop_assert!(matches!(at, 3 | 6 | 7 | 8 | 9 | 11), "{at}");
        }
    }

    #[test]
    fn a_deny_that_matches_always_fails(inputs in any_inputs(), first in any::<bool>()) {
        let denied = with_policy(&inputs, |policy| {
            let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole*"});
            let statements = policy["Statement"].as_array_mut().unwrap();
            statements.insert(if first { 0 } else { statements.len() }, deny);
        });
        prop_assert_eq!(explain(&denied).outcome, Outcome::Failed);
        prop_assert_ne!(verdict(&denied).1, Outcome::Passed);
    }

    #[test]
    fn an_unrelated_statement_changes_nothing(inputs in any_inputs(), statement in unrelated(), first in any::<bool>()) {
        let more = with_policy(&inputs, |policy| {
            let statements = policy["Statement"].as_array_mut().unwrap();
            statements.insert(if first { 0 } else { statements.len() }, statement);
        });
        prop_assert_eq!(verdict(&more), verdict(&inputs));
        let (before, after) = (explain(&inputs), explain(&more));
        prop_assert_eq!(before.cause, after.cause);
        prop_assert_eq!(before.outcome, after.outcome);
    }

    #[test]
    fn the_letter_case_of_keys_does_not_matter(inputs in any_inputs(), upper in prop::collection::vec(any::<bool>(), 1..40)) {
        let cased = with_policy(&inputs, |policy| {
            let condition = policy["Statement"][0]["Condition"].as_object_mut().expect("it has conditions");
            for keys in condition.values_mut() {
                let keys = keys.as_object_mut().unwrap();
                *keys = std::mem::take(keys).into_iter().map(|(key, value)| (with_letter_case(&key, &upper), value)).collect();
            }
        });
        prop_assert_eq!(verdict(&cased), verdict(&inputs));
    }

    #[test]
    fn a_single_statement_is_read_like_an_array_of_one(inputs in any_inputs()) {
        let single = with_policy(&inputs, |policy| policy["Statement"] = policy["Statement"][0].clone());
        // Compares the output without places, because the places differ: `/Statement` and `/Statement/0`.
        prop_assert_eq!(tree(&explain(&single), false), tree(&explain(&inputs), false));
    }
}
