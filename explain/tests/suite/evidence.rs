//! Tests that an input decides the outcome of a step only if the input is evidence for that step.

use crate::diagnoses::{change, of_the_api_server};
use crate::support::{PROVIDER, right};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::inputs::Input;
use irsa_explain::{Explanation, Inputs, Outcome, explain, tree};
use serde_json::{Value, json};

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
fn the_walk_through_has_no_note_about_the_keys() {
    let explanation = explain(&right());
    let issuer = step(&explanation, StepKind::Issuer);
    assert!(issuer.reasons.is_empty(), "{issuer:?}");
}

const ROLE: &str = "arn:aws:iam::111122223333:role/app";

/// Replaces the trust policy with the output of `aws iam get-role` for the role `arn`. The output contains the same
/// trust policy.
fn of_role(arn: &str, inputs: Inputs) -> Inputs {
    let policy: Value = serde_json::from_str(inputs.trust_policy.as_deref().unwrap()).unwrap();
    let output = json!({"Role": {"Arn": arn, "AssumeRolePolicyDocument": policy}});
    Inputs { trust_policy: Some(output.to_string()), ..inputs }
}

/// Returns the role in the annotation of the walk-through's service account.
fn own_role() -> String {
    let account: Value = serde_json::from_str(right().service_account.as_deref().unwrap()).unwrap();
    account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].as_str().unwrap().to_owned()
}

#[test]
fn asks_for_the_trust_policy_of_the_pods_role() {
    let other = "arn:aws:iam::111122223333:role/other";
    let own = &*own_role();
    for is_one_of_several in [false, true] {
        for inputs in [right(), refused(right())] {
            let inputs = Inputs { is_one_of_several, ..of_role(other, inputs) };
            let explanation = explain(&inputs);
            assert_eq!((explanation.outcome, explanation.trust_fix.is_none()), (Outcome::Unknown, true));
            assert_eq!(step(&explanation, StepKind::Role).outcome, Outcome::Passed);
            for kind in [StepKind::Provider, StepKind::Conditions] {
                let step = step(&explanation, kind);
                assert_eq!(step.outcome, Outcome::Unknown, "{step:?}");
                assert!(step.says.contains(other) && step.says.contains(own), "{step:?}");
                assert_eq!(
                    step.commands,
                    [format!("aws iam get-role --role-name {}", own.rsplit('/').next().unwrap())]
                );
            }
            let said = serde_json::to_string(&explanation).unwrap();
            assert!(!said.contains("kubectl annotate"), "{said}");
        }
    }
    // Only the input `role` says which role the user expects. So the step `role` fails only with this input.
    let expected = Inputs { role: Some(other.to_owned()), ..of_role(other, right()) };
    assert_eq!(cause(&explain(&expected)), Some((StepKind::Role, Some(Diagnosis::OtherRole))));
}

#[test]
fn the_trust_policy_for_several_pods_decides_nothing_about_a_pod_without_a_known_role() {
    let without_account = Inputs { service_account: None, token: None, jwks: None, ..refused(right()) };
    let alone = explain(&without_account);
    assert_eq!(step(&alone, StepKind::Conditions).outcome, Outcome::Failed);

    let explanation = explain(&of_role(ROLE, Inputs { is_one_of_several: true, ..without_account }));
    for kind in [StepKind::Provider, StepKind::Conditions] {
        assert_eq!(step(&explanation, kind).outcome, Outcome::Unknown);
    }
    let said = serde_json::to_string(&explanation.steps).unwrap();
    assert!(!said.contains("system:serviceaccount:"), "{said}");
    assert!(explanation.trust_fix.is_none());
}

#[test]
fn chooses_the_trust_policy_of_the_pods_role_from_several() {
    let own = &*own_role();
    let roles = |arns: &[&str], inputs: Inputs| {
        let policy: Value = serde_json::from_str(inputs.trust_policy.as_deref().unwrap()).unwrap();
        let role = |arn: &&str| json!({"Arn": arn, "RoleName": "x", "AssumeRolePolicyDocument": policy});
        let roles: Vec<Value> = arns.iter().map(role).collect();
        Inputs { trust_policy: Some(json!({"Roles": roles}).to_string()), ..inputs }
    };
    let (one, two) = ("arn:aws:iam::111122223333:role/one", "arn:aws:iam::111122223333:role/two");
    let said = |inputs: &Inputs| {
        let explanation = explain(inputs);
        (explanation.outcome, explanation.problems.into_iter().map(|it| it.message).collect::<Vec<_>>().join(" "))
    };

    assert_eq!(said(&roles(&[one, own, two], right())), (Outcome::Passed, String::new()));
    let (outcome, message) = said(&roles(&[one, two], right()));
    assert_eq!(outcome, Outcome::Unknown);
    assert!(message.contains(&format!("expected the trust policy of role `{own}`, but got")), "{message}");
    let without_account = Inputs { service_account: None, ..right() };
    let (_, message) = said(&roles(&[one, own], without_account));
    assert!(message.contains("`--role ARN`"), "{message}");
}

#[test]
fn asks_to_check_a_typed_issuer_that_differs_by_a_slash() {
    let mut inputs = Inputs { issuer: right().issuer.map(|issuer| issuer + "/"), ..right() };
    (inputs.token, inputs.discovery, inputs.jwks) = (None, None, None);
    let explanation = explain(&inputs);
    assert_eq!(explanation.outcome, Outcome::Passed, "the issuer of an EKS cluster has no trailing slash");
    assert_eq!(step(&explanation, StepKind::Issuer).mistake, Some(Diagnosis::AssumedIssuer));

    inputs.issuer = Some("https://idp.example/A/".to_owned());
    inputs.trust_policy = inputs.trust_policy.map(|text| text.replace(PROVIDER, "idp.example/A"));
    let explanation = explain(&inputs);
    assert_eq!(cause(&explanation), Some((StepKind::Provider, Some(Diagnosis::TrailingSlash))));
    let fixes =
        [step(&explanation, StepKind::Provider).fix.as_ref().unwrap(), &explanation.trust_fix.as_ref().unwrap().says];
    assert!(fixes.iter().all(|fix| fix.starts_with("First check the issuer that was given: ")), "{fixes:?}");
}

#[test]
fn fixes_the_trust_policy_although_sdks_use_static_keys() {
    let with_keys = |mut inputs: Inputs| {
        change(&mut inputs.pod, |pod| {
            let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            pod["spec"]["containers"][0]["env"] = keys.map(|name| json!({"name": name, "value": "x"})).to_vec().into();
        });
        inputs
    };
    let without_token = Inputs { token: None, jwks: None, ..right() };
    let explanation = explain(&with_keys(refused(without_token.clone())));
    assert_eq!(explanation.cause.unwrap().step, StepKind::Credentials);
    let fix = explanation.trust_fix.as_ref().unwrap();
    assert!(!step(&explanation, StepKind::Conditions).edits.is_empty());
    let lines: Vec<String> = tree(&explanation, false).iter().map(ToString::to_string).collect();
    assert!(lines.contains(&format!("  fix: {}", fix.says)), "{lines:?}");

    // The pod's role is not the role in `role`. The correction may change the identity that the trust policy must
    // accept. So there is no fix for the trust policy.
    let other = Inputs { role: Some("arn:aws:iam::111122223333:role/other".to_owned()), ..refused(without_token) };
    assert!(explain(&other).trust_fix.is_none());
}

#[test]
fn creates_the_provider_without_a_condition_if_iam_lacks_it() {
    let mut inputs = Inputs { token: None, jwks: None, ..right() };
    inputs.trust_policy = inputs.trust_policy.map(|text| text.replace(PROVIDER, "idp.example/A"));
    let note = |provider: Option<Value>| {
        let inputs = Inputs { provider: provider.map(|it| it.to_string()), ..inputs.clone() };
        let commands = explain(&inputs).trust_fix.unwrap().commands;
        commands.iter().find(|command| command.starts_with('#')).cloned()
    };
    let list = |url: &str| {
        let arn = format!("arn:aws:iam::111122223333:oidc-provider/{url}");
        Some(json!({"OpenIDConnectProviderList": [{"Arn": arn}]}))
    };

    let said = "the role's account has no identity provider for this issuer";
    assert_eq!(note(None), Some(format!("# only if {said}")));
    assert_eq!(note(list("idp.example/A")), Some(format!("# {said}")));
    assert_eq!(note(list(PROVIDER)), None);
}

#[test]
fn whether_a_planned_pod_gets_a_region_depends_on_the_settings() {
    let explain_with = |settings: Option<&str>, pod: Option<String>| {
        let inputs = Inputs { settings: settings.map(str::to_owned), ..right() };
        explain(&Inputs { pod: pod.or_else(|| inputs.pod.clone()), ..inputs })
    };
    let unseen = explain_with(None, None);
    assert_eq!((unseen.outcome, cause(&unseen)), (Outcome::Unknown, None));
    assert_eq!(unseen.missing, [Input::Settings]);
    assert!(step(&unseen, StepKind::Region).says.contains("no settings were given"));

    let no_region = Some((StepKind::Region, Some(Diagnosis::NoRegion)));
    assert_eq!(cause(&explain_with(Some("{}"), None)), no_region, "the policy sets no region");
    let mut pod: Value = serde_json::from_str(right().pod.as_deref().unwrap()).unwrap();
    pod["metadata"]["uid"] = "1".into();
    let containers = pod["spec"]["containers"].as_array_mut().unwrap();
    let env = json!([{"name": "AWS_ROLE_ARN", "value": own_role()},
                     {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"}]);
    for container in containers {
        container["env"] = env.clone();
    }
    let running = explain_with(None, Some(pod.to_string()));
    let region = step(&running, StepKind::Region);
    assert_eq!(region.mistake, Some(Diagnosis::NoRegion), "a running pod without a region is evidence: {region:?}");
}
