//! Tests that each setup of `setups/` is explained with the expected cause.

use crate::support::{right, setup, setups};
use irsa_explain::{explain, tree};
use serde_json::{Value, json};

#[test]
fn names_the_right_cause_of_each_setup() {
    let mut failures = Vec::new();
    let setups = setups();
    assert!(setups.len() > 10, "there is a setup for each classic mistake");
    for (name, setup) in setups {
        let explanation = explain(&setup.inputs());
        let said = serde_json::to_value(&explanation).unwrap();
        let expected = &setup.expected;
        let cause = match &expected.step {
            Some(step) => json!({"step": step, "mistake": expected.mistake}),
            None => Value::Null,
        };
        if (&said["outcome"], &said["cause"]) != (&json!(expected.outcome), &cause) || said["problems"] != json!([]) {
            let lines: Vec<_> = tree(&explanation, true).iter().map(ToString::to_string).collect();
            failures.push(format!("{name}\n{}", lines.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Every step that failed has a reason and a fix.
#[test]
fn each_step_that_failed_has_a_reason_and_a_fix() {
    for (name, setup) in setups() {
        for step in explain(&setup.inputs()).steps {
            let is_right =
                step.outcome != irsa_explain::Outcome::Failed || (step.fix.is_some() && !step.reasons.is_empty());
            assert!(is_right, "{name}: {step:?}");
        }
    }
}

#[test]
fn passes_every_step_of_the_walk_through() {
    let explanation = explain(&right());
    for step in &explanation.steps {
        assert_eq!(step.outcome, irsa_explain::Outcome::Passed, "{step:?}");
        assert_eq!(step.mistake, None, "{step:?}");
    }
    let review = explanation.review.unwrap();
    assert_eq!(review.decision, "injected");
    assert_eq!(review.pod.unwrap()["spec"]["volumes"][0]["name"], "aws-iam-token");
}

#[test]
fn no_output_contains_the_token() {
    let name = "00-walk-through";
    let inputs = setup(name).inputs();
    let token = inputs.token.clone().unwrap();
    let signature = token.rsplit('.').next().unwrap();
    let mut cases: Vec<irsa_explain::Inputs> = setups()
        .into_iter()
        .map(|(_, setup)| irsa_explain::Inputs { token: Some(token.clone()), ..setup.inputs() })
        .collect();
    // Cases in which the token was also pasted into a wrong field.
    let token_in = |change: &dyn Fn(&mut irsa_explain::Inputs, String)| {
        let mut inputs = setup(name).inputs();
        change(&mut inputs, token.clone());
        inputs
    };
    cases.push(token_in(&|inputs, token| inputs.issuer = Some(token)));
    cases.push(token_in(&|inputs, token| inputs.namespace = Some(token)));
    cases.push(token_in(&|inputs, token| inputs.role = Some(token)));
    cases.push(token_in(&|inputs, token| inputs.trust_policy = Some(token)));
    cases.push(token_in(&|inputs, token| inputs.pod = inputs.pod.as_ref().map(|pod| pod.replace("36000", &token))));
    cases.push(token_in(&|inputs, token| inputs.token = Some(format!("{token}x"))));
    for inputs in cases {
        let explanation = explain(&inputs);
        let json = serde_json::to_string(&explanation).unwrap();
        let lines: String = tree(&explanation, true).iter().map(ToString::to_string).collect();
        for output in [json, lines, format!("{explanation:?}")] {
            assert!(!output.contains(&token) && !output.contains(signature), "{output}");
        }
    }
}
