//! Checks the issuer: its URL, its documents and its keys.
//!
//! Sources: `OpenID` Connect Discovery 1.0, section 4.3 (the issuer in the document and the one in the token are the
//! same, character by character); the IAM User Guide, "Create an `OpenID` Connect (OIDC) identity provider in IAM" (the
//! URL begins with `https://`, and AWS fetches the keys from it); the IAM API Reference, `CreateOpenIDConnectProvider`
//! (the URL has no query, and should have no port).

use serde_json::Value;

use super::STS;
use super::token::LEGACY_ISSUER;
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::edit::Fix;
use crate::explanation::{Edit, Outcome, Step, StepKind};
use crate::fix::create_provider;
use crate::inputs::Input;
use crate::issuer_url::{SCHEME, is_eks, port, unreachable_host};
use crate::jwks::{self, Verdict};
use crate::scenario::Scenario;

const STEP: StepKind = StepKind::Issuer;

/// The name of the input `issuer` among the sources of issuers.
const GIVEN: &str = "the issuer that was given";

/// The fix if none of the published keys verifies the token.
const PUBLISH: &str = "Publish all keys that the API server returns at `/openid/v1/jwks`. While a key is being replaced, publish both the old and the new key.";

/// Returns the issuer's URL: from the token, else from the discovery document, else from the input. The issuer of a
/// legacy token is ignored, because it is not the cluster's issuer. `None` if no input has the URL.
pub fn url<'c>(scenario: &'c Scenario<'_>) -> Option<&'c str> {
    issuers(scenario).first().map(|(_, url)| *url)
}

/// Returns the provider's URL as IAM writes it: the issuer's URL without `https://`.
pub fn provider<'c>(scenario: &'c Scenario<'_>) -> Option<&'c str> {
    url(scenario).map(|url| url.strip_prefix(SCHEME).unwrap_or(url))
}

/// Checks that AWS can reach the issuer, and that its documents, its keys and the token agree.
pub fn issuer(scenario: &Scenario<'_>) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(STEP, "Not checked: the pod does not use STS, so the issuer does not matter.");
    }
    let documents = scenario.documents;
    let Some(url) = url(scenario) else {
        let lack = match (&documents.token, &documents.discovery) {
            (Given::Present(jwt), _) if is_legacy(jwt.claims.issuer.as_deref()) => {
                "the issuer of a legacy token is not the cluster's".to_owned()
            }
            (_, Given::Unreadable) => documents.discovery.lack(Input::Discovery),
            _ => "no issuer was given".to_owned(),
        };
        return Step::unknown(STEP, format!("The issuer of the tokens is not known: {lack}."));
    };
    let verdict = verdict(scenario);
    let of_url = [mismatch(scenario), unreachable(url), with_query(url), with_port(url)];
    let of_documents =
        [jwks_uri(scenario), verdict.and_then(|verdict| unverified(scenario, verdict)), unreadable(scenario)];
    let mut step = Step::passed(STEP, "AWS can use this issuer, and the documents that were given agree with it.");
    for fault in of_url.into_iter().chain(of_documents).flatten() {
        let weighs_more = match step.outcome {
            Outcome::Passed => true,
            Outcome::Unknown => fault.outcome == Outcome::Failed,
            _ => false,
        };
        let reasons = [step.reasons.clone(), fault.reasons.clone()].concat();
        step = Step { reasons, ..if weighs_more { fault } else { step } };
    }
    step = step.because_all(internal_keys_of_eks(scenario));
    if let Some(issuer) = &documents.issuer {
        for assumption in &issuer.assumptions {
            let reason = format!("{assumption}: it is read as `{}`", issuer.url);
            step = step.warn(Diagnosis::AssumedIssuer).because(reason);
        }
    }
    shown(scenario, step, verdict)
}

fn is_legacy(issuer: Option<&str>) -> bool {
    issuer == Some(LEGACY_ISSUER)
}

/// Returns the issuers in the inputs, each with its source, in order of precedence.
fn issuers<'c>(scenario: &'c Scenario<'_>) -> Vec<(&'static str, &'c str)> {
    let documents = scenario.documents;
    let of_token = documents.token.get().and_then(|jwt| jwt.claims.issuer.as_deref()).filter(|it| !is_legacy(Some(it)));
    let of_document = documents.discovery.get().and_then(|document| document.get("issuer")?.as_str());
    let given = documents.issuer.as_ref().map(|issuer| issuer.url.as_str());
    let all = [("the token", of_token), ("the discovery document", of_document), (GIVEN, given)];
    all.into_iter().filter_map(|(name, url)| url.map(|url| (name, url))).collect()
}

fn mismatch(scenario: &Scenario<'_>) -> Option<Step> {
    if scenario
        .documents
        .discovery
        .get()
        .is_some_and(|document| document.get("issuer").and_then(Value::as_str).is_none())
    {
        return Some(
            Step::failed(STEP, Diagnosis::IssuerMismatch, "The discovery document has no issuer.")
                .because("expected a string `issuer` in the discovery document")
                .fix("Publish the API server's own `/.well-known/openid-configuration`."),
        );
    }
    let issuers = issuers(scenario);
    let (first, url) = issuers.first()?;
    let (other, different) = issuers.iter().find(|(_, other)| other != url)?;
    let is_slash = different.trim_end_matches('/') == url.trim_end_matches('/');
    let (mistake, says) = if is_slash {
        (Diagnosis::TrailingSlash, "The issuer is written both with and without a trailing slash")
    } else {
        (Diagnosis::IssuerMismatch, "The inputs have different issuers")
    };
    let reason = format!("{first} has `{url}`, but {other} has `{different}`");
    Some(Step::failed(STEP, mistake, format!("{says}: {reason}.")).because(reason).fix(same_issuer(scenario, url)))
}

/// Returns the fix for inputs with different issuers. `url` is the issuer that the steps use: the token's issuer, else
/// the issuer of the discovery document.
fn same_issuer(scenario: &Scenario<'_>, url: &str) -> Fix {
    let fix = Fix::new(
        "If all inputs are from one cluster, make the API server's `--service-account-issuer`, the `issuer` of the discovery document and the URL of IAM's identity provider the same, character by character. If not, use only inputs from one cluster.",
    );
    let Some(bare) = url.strip_prefix(SCHEME) else { return fix };
    // If the token and the discovery document differ, an edit of the given issuer does not help.
    let is_only_given = issuers(scenario).iter().all(|(name, other)| (*name == GIVEN) != (*other == url));
    let edit = is_only_given.then(|| Edit { input: Input::Issuer, pointer: String::new(), value: Some(url.into()) });
    let audience = scenario.audience().filter(|audience| !audience.is_empty());
    let create = create_provider(bare, audience.as_deref().unwrap_or(STS));
    let create = match scenario.has_provider(bare, None) {
        Some(true) => None,
        Some(false) => Some(create),
        None => Some(format!("{create} # only if the role's account has no identity provider for this issuer")),
    };
    // The command is correct only together with the edit. Without the edit, it is not known which input has the wrong
    // issuer.
    let create = create.filter(|_| edit.is_some());
    fix.edit(edit).run(create)
}

fn unreachable(url: &str) -> Option<Step> {
    if !url.starts_with(SCHEME) {
        return Some(
            Step::failed(STEP, Diagnosis::IssuerNotHttps, format!("The issuer `{url}` is not an `https://` URL."))
                .because(format!("expected a URL that begins with `https://`, but got `{url}`"))
                .fix("Give the API server an `https://` URL as `--service-account-issuer`, and publish its documents there."),
        );
    }
    unreachable_host(url).map(|(host, reason)| {
        let reason = if host.is_empty() { reason.to_owned() } else { format!("host `{host}`: {reason}") };
        Step::failed(STEP, Diagnosis::IssuerNotPublic, format!("AWS can't reach the issuer `{url}`."))
            .because(reason)
            .fix("Give the API server a public URL as `--service-account-issuer`, such as the URL of a bucket, and publish the issuer's discovery document and keys there.")
    })
}

fn with_query(url: &str) -> Option<Step> {
    url.contains(['?', '#']).then(|| {
        let says = format!("IAM does not accept the issuer `{url}`: it has a query or a fragment.");
        Step::new(STEP, Outcome::Failed, says)
            .because(format!("expected a URL without a query or a fragment, but got `{url}`"))
            .fix("Give the API server a URL without a query and a fragment as `--service-account-issuer`.")
    })
}

fn with_port(url: &str) -> Option<Step> {
    port(url).map(|port| {
        Step::unknown(STEP, format!("Whether AWS accepts the issuer is not known: it has the port `{port}`."))
            .because(format!("the issuer has the port `{port}`, and IAM's documentation says that a provider's URL should have no port"))
            .fix("Publish the issuer's documents at a URL without a port.")
    })
}

/// Returns a step with the outcome `Unknown` if a document of the issuer can't be read, because it is then not known
/// whether the documents agree with each other.
fn unreadable(scenario: &Scenario<'_>) -> Option<Step> {
    let documents = scenario.documents;
    let given = [(&documents.discovery, Input::Discovery), (&documents.jwks, Input::Jwks)];
    let lacks = given.into_iter().filter(|(given, _)| matches!(given, Given::Unreadable));
    let lacks: Vec<String> = lacks.map(|(given, input)| given.lack(input)).collect();
    (!lacks.is_empty()).then(|| {
        Step::unknown(STEP, "Whether the issuer's documents agree with each other is not known.").because_all(lacks)
    })
}

fn jwks_uri(scenario: &Scenario<'_>) -> Option<Step> {
    let document = scenario.documents.discovery.get()?;
    let failed = |reason: String| {
        Some(
            Step::failed(STEP, Diagnosis::InvalidJwksUri, "AWS does not find the issuer's keys.")
                .because(reason)
                .fix("Set `jwks_uri` in the discovery document to the `https://` URL of the keys (the API server's `--service-account-jwks-uri`)."),
        )
    };
    match document.get("jwks_uri").and_then(Value::as_str) {
        None => failed("the discovery document has no string `jwks_uri`".to_owned()),
        Some(uri) if !uri.starts_with(SCHEME) => {
            failed(format!("expected a `jwks_uri` that begins with `https://`, but got `{uri}`"))
        }
        Some(uri) => {
            let (host, reason) = unreachable_host(uri).filter(|_| !is_of_eks(document))?;
            failed(format!("host `{host}` of the `jwks_uri`: {reason}"))
        }
    }
}

/// Returns the note for the document of an EKS cluster's API server. The `jwks_uri` in that document has an internal
/// host (aws/containers-roadmap#2234). But AWS reads the public document that AWS publishes itself.
fn internal_keys_of_eks(scenario: &Scenario<'_>) -> Option<String> {
    let document = scenario.documents.discovery.get().filter(|document| is_of_eks(document))?;
    let (host, _) = unreachable_host(document.get("jwks_uri")?.as_str()?)?;
    Some(format!(
        "the `jwks_uri` has the internal host `{host}`, as is usual in the document of an EKS cluster's API server; at the issuer's URL, AWS publishes another document with a public `jwks_uri`"
    ))
}

/// Whether the discovery document has the issuer of an EKS cluster.
fn is_of_eks(document: &Value) -> bool {
    document.get("issuer").and_then(Value::as_str).is_some_and(is_eks)
}

/// Checks the token's signature. `None` if the token or the keys were not given.
fn verdict(scenario: &Scenario<'_>) -> Option<Verdict> {
    Some(jwks::verify(scenario.documents.token.get()?, scenario.documents.jwks.get()?))
}

fn unverified(scenario: &Scenario<'_>, verdict: Verdict) -> Option<Step> {
    let jwt = scenario.documents.token.get()?;
    let jwks = scenario.documents.jwks.get()?;
    let key = jwt.key_id.as_deref().unwrap_or("none");
    let step = match verdict {
        // The token's step reports an algorithm that AWS does not accept.
        Verdict::Verified | Verdict::UnsupportedAlgorithm => return None,
        Verdict::Refuted => Step::failed(STEP, Diagnosis::BadSignature, "The issuer's key does not verify the token.")
            .because(format!("the token was signed with another key than the published `{key}`, or it was changed"))
            .fix(PUBLISH),
        Verdict::NoSuchKey => Step::failed(STEP, Diagnosis::UnknownKey, "The issuer does not publish the token's key.")
            .because(format!(
                "the token was signed with key `{key}`, but the keys are `{}`",
                jwks::ids(jwks).join("`, `")
            ))
            .fix(PUBLISH),
        Verdict::UnreadableKey => Step::unknown(STEP, "Whether the token's signature is valid is not known.")
            .because(format!("key `{key}` can't be read")),
    };
    Some(step)
}

fn shown(scenario: &Scenario<'_>, mut step: Step, verdict: Option<Verdict>) -> Step {
    for (name, url) in issuers(scenario) {
        step = step.detail(format!("issuer, from {name}"), url, Outcome::Skipped);
    }
    let name = "the token's signature";
    match verdict {
        Some(Verdict::Verified) => step.detail(name, "verified", Outcome::Passed),
        Some(_) => {
            let outcome = step.outcome;
            step.detail(name, "not verified", outcome)
        }
        None => step.unchecked(name, "a token (`--token-file`) and the issuer's keys (`--jwks`)"),
    }
}
