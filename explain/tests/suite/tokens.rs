//! Tests which tokens AWS accepts, in which forms tokens and issuers can be pasted, and that no part of a token is
//! printed.

use crate::pod_side::step;
use crate::support::right;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::StepKind;
use irsa_explain::{Inputs, Outcome, explain, redact_tokens, tree};
use serde_json::{Value, json};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The walk-through's token with header and claims changed, so that its signature is not valid.
fn token(header: &Value, change: impl FnOnce(&mut Value)) -> String {
    let whole = right().token.unwrap();
    let claims = whole.split('.').nth(1).unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    change(&mut claims);
    [encode(header), encode(&claims), URL_SAFE_NO_PAD.encode("signature-signature")].join(".")
}

fn with(token: String) -> Inputs {
    Inputs { token: Some(token), jwks: None, ..right() }
}

fn rs256() -> Value {
    json!({"alg": "RS256", "kid": "walk-through"})
}

#[test]
fn rejects_tokens_that_aws_does_not_accept() {
    let of = |token: String| {
        let step = step(&with(token), StepKind::Token);
        (step.outcome, step.mistake, step.reasons.join("\n"))
    };
    for algorithm in ["none", "HS256", "PS256", "EdDSA"] {
        let (outcome, diagnosis, text) = of(token(&json!({"alg": algorithm}), |_| ()));
        assert_eq!(
            (outcome, diagnosis),
            (Outcome::Failed, Some(Diagnosis::UnsupportedAlgorithm)),
            "{algorithm}: {text}"
        );
    }
    let (outcome, diagnosis, _) = of(token(&rs256(), |claims| claims["iss"] = Value::Null));
    assert_eq!((outcome, diagnosis), (Outcome::Failed, Some(Diagnosis::MissingIssuer)));
    let (outcome, _, text) = of(token(&rs256(), |claims| claims["pad"] = "x".repeat(20_000).into()));
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("expected at most 20000 characters"), "{text}");
    let (outcome, ..) = of(token(&json!({"alg": "RS256", "crit": ["exp"]}), |_| ()));
    assert_eq!(outcome, Outcome::Unknown);
    let (outcome, ..) = of(token(&rs256(), |claims| claims["exp"] = json!(4_000_000_000.75)));
    assert_eq!(outcome, Outcome::Passed, "a time may have a fraction");
    let (_, _, text) = of(token(&rs256(), |claims| claims["azp"] = "sts.amazonaws.com".into()));
    assert!(text.contains("`azp`"), "{text}");
}

#[test]
fn accepts_a_token_as_it_is_pasted() {
    let whole = right().token.unwrap();
    for pasted in [
        format!("Bearer {whole}"),
        format!("\"{whole}\"\n"),
        json!({"kind": "TokenRequest", "status": {"token": whole}}).to_string(),
    ] {
        let explanation = explain(&Inputs { token: Some(pasted), ..right() });
        assert_eq!(explanation.outcome, Outcome::Passed, "{:?}", explanation.steps);
    }
}

#[test]
fn an_empty_token_is_an_error() {
    for empty in ["", " \n", "\"\""] {
        let explanation = explain(&Inputs { token: Some(empty.into()), ..right() });
        let problem = explanation.problems.first().expect("an empty token is a problem");
        assert_eq!(problem.message, "expected a JWT, but the input is empty");
    }
}

#[test]
fn a_legacy_token_fails_only_the_token_step() {
    let legacy = token(&rs256(), |claims| {
        *claims = json!({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:my-sa"});
    });
    let inputs = with(legacy);
    assert_eq!(step(&inputs, StepKind::Token).mistake, Some(Diagnosis::LegacyToken));
    assert_eq!(step(&inputs, StepKind::Issuer).outcome, Outcome::Passed, "the discovery document has the issuer");
    let alone = Inputs { discovery: None, issuer: None, ..inputs };
    assert_eq!(step(&alone, StepKind::Issuer).outcome, Outcome::Unknown);
    let said = serde_json::to_string(&explain(&alone).steps).unwrap();
    assert!(!said.contains("oidc-provider/kubernetes/serviceaccount"), "{said}");
}

#[test]
fn reads_an_issuer_as_it_is_pasted() {
    let issuer = right().issuer.unwrap();
    let bare = issuer.trim_start_matches("https://");
    let of = |pasted: String| {
        let inputs = Inputs { issuer: Some(pasted), token: None, jwks: None, discovery: None, ..right() };
        let explanation = explain(&inputs);
        let step = explanation.steps.iter().find(|step| step.step == StepKind::Issuer).unwrap().clone();
        (explanation.outcome, step.mistake, step.reasons.join("\n"))
    };
    for (pasted, part) in [
        (bare.to_owned(), "without `https://`"),
        (format!("\"{issuer}\""), "quotes"),
        (format!("{issuer}/.well-known/openid-configuration"), "discovery document"),
        (format!("arn:aws:iam::111122223333:oidc-provider/{bare}"), "ARN"),
        (issuer.replace("https://", "https://me:pl4nted@"), "`@`"),
    ] {
        let (outcome, diagnosis, text) = of(pasted.clone());
        assert_eq!((outcome, diagnosis), (Outcome::Passed, Some(Diagnosis::AssumedIssuer)), "{pasted}: {text}");
        assert!(text.contains(part) && text.contains(&issuer) && !text.contains("pl4nted"), "{pasted}: {text}");
    }
    assert_eq!(of(issuer.clone()).1, None);
    assert_eq!(of(issuer.replace("https", "http")).1, Some(Diagnosis::IssuerNotHttps));
    let none = explain(&Inputs { issuer: Some("None".into()), ..right() });
    assert!(none.problems[0].message.starts_with("expected the issuer's URL"), "{:?}", none.problems);
}

/// Pastes a token into an input.
type Paste = fn(&mut Inputs, String);

const PLACES: [(&str, Paste); 12] = [
    ("pod", |inputs, token| inputs.pod = Some(token)),
    ("workload", |inputs, token| {
        inputs.pod = None;
        inputs.workload = Some(token);
    }),
    ("container", |inputs, token| inputs.container = Some(token)),
    ("serviceAccount", |inputs, token| inputs.service_account = Some(token)),
    ("settings", |inputs, token| inputs.settings = Some(token)),
    ("policies", |inputs, token| inputs.policies = Some(token)),
    ("configMap", |inputs, token| inputs.config_map = Some(token)),
    ("trustPolicy", |inputs, token| inputs.trust_policy = Some(token)),
    ("issuer", |inputs, token| inputs.issuer = Some(token)),
    ("namespace", |inputs, token| inputs.namespace = Some(token)),
    ("role", |inputs, token| inputs.role = Some(token)),
    ("token", |inputs, token| inputs.token = Some(token)),
];

/// A user may paste a token, or a part of a token, into any input. The output never contains a part of the token.
#[test]
fn prints_no_part_of_a_token_that_was_pasted_into_any_input() {
    let noise: String =
        (0..300_u32).map(|index| char::from(b'a' + u8::try_from(index * index * 7 % 26).unwrap())).collect();
    let whole = token(&rs256(), |claims| claims["note"] = noise.into());
    let parts: Vec<&str> = whole.split('.').collect();
    let pasted = [
        whole.clone(),
        format!("Bearer {whole}"),
        format!("\"{whole}\""),
        format!("{{\"{whole}\": 1}}"),
        format!("{{\"metadata\": {{\"name\": \"{whole}\"}}}}"),
        format!("https://{whole}.example"),
        parts[1].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        whole.get(..whole.len() / 2).unwrap().to_owned(),
    ];
    for (name, paste) in PLACES {
        for pasted in &pasted {
            let mut inputs = Inputs { token: None, ..right() };
            paste(&mut inputs, pasted.clone());
            let explanation = explain(&inputs);
            let lines: Vec<String> = tree(&explanation, true).iter().map(ToString::to_string).collect();
            let said = serde_json::to_string(&explanation).unwrap()
                + &lines.join("\n")
                + &format!("{explanation:?}{inputs:?}");
            for window in parts[1].as_bytes().windows(24).step_by(8) {
                let window = std::str::from_utf8(window).unwrap();
                assert!(!said.contains(window), "{name}: `{window}` of {pasted} is in {said}");
            }
        }
    }
}

#[test]
fn redacts_tokens_in_messages_of_a_command() {
    let whole = right().token.unwrap();
    for text in [
        format!("expected seconds since 1970, but got `{whole}`"),
        format!("No such file or directory: {whole}"),
        format!("unexpected argument '{}'", whole.split('.').nth(1).unwrap()),
    ] {
        let redacted = redact_tokens(&text);
        for part in whole.split('.').take(2) {
            assert!(!redacted.contains(part) && redacted.contains("<token>"), "{redacted}");
        }
    }
}
