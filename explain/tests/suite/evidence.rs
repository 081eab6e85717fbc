//! Tests that an input decides only the steps that it is evidence for.

use crate::diagnoses::of_the_api_server;
use crate::support::{PROVIDER, right};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::{Explanation, Inputs, Outcome, explain};

fn step(explanation: &Explanation, kind: StepKind) -> &Step {
    explanation.steps.iter().find(|step| step.step == kind).unwrap()
}

/// The inputs with a trust policy for another service account.
fn refused(inputs: Inputs) -> Inputs {
    Inputs { trust_policy: inputs.trust_policy.map(|text| text.replace(":my-sa", ":other")), ..inputs }
}

fn cause(explanation: &Explanation) -> Option<(StepKind, Option<Diagnosis>)> {
    explanation.cause.map(|cause| (cause.step, cause.mistake))
}

#[test]
fn accepts_the_internal_keys_in_the_document_of_an_eks_api_server() {
    let china = PROVIDER.replace("us-east-2.amazonaws.com", "cn-north-1.amazonaws.com.cn");
    for issuer in [PROVIDER, &china] {
        let explanation = explain(&of_the_api_server(issuer));
        let step = step(&explanation, StepKind::Issuer);
        assert_eq!((step.outcome, step.mistake), (Outcome::Passed, None), "{step:?}");
        assert!(step.reasons.iter().any(|reason| reason.contains("internal host `172.18.0.2`")), "{step:?}");

        let explanation = explain(&refused(of_the_api_server(issuer)));
        assert_eq!(explanation.cause.unwrap().step, StepKind::Conditions);
        assert!(explanation.trust_fix.is_some());
    }
}

#[test]
fn names_the_trust_policy_before_the_keys_in_the_document_of_an_api_server() {
    let explanation = explain(&refused(of_the_api_server("idp.example/A")));

    assert_eq!(explanation.cause.unwrap().step, StepKind::Conditions);
    assert_eq!(step(&explanation, StepKind::Issuer).mistake, Some(Diagnosis::InvalidJwksUri));
    assert!(explanation.trust_fix.is_some());

    let explanation = explain(&of_the_api_server("idp.example/A"));
    assert_eq!(cause(&explanation), Some((StepKind::Issuer, Some(Diagnosis::InvalidJwksUri))));
}

#[test]
fn keeps_the_walk_through_without_a_note_about_the_keys() {
    let explanation = explain(&right());
    let issuer = step(&explanation, StepKind::Issuer);
    assert!(issuer.reasons.is_empty(), "{issuer:?}");
}
