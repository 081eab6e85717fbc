//! The issuer: its URL, its documents, its keys.
//!
//! Sources: `OpenID` Connect Discovery 1.0, section 4.3 (the issuer of the document and of the token are the same,
//! character by character); the IAM User Guide, "Create an `OpenID` Connect (OIDC) identity provider in IAM" (it begins
//! with `https://`, and AWS fetches the keys from it); the IAM API Reference, `CreateOpenIDConnectProvider` (the URL has
//! no query, and should not have a port).

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::{Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::jwks::{self, Verdict};
use crate::scenario::Scenario;

const STEP: StepKind = StepKind::Issuer;

const SCHEME: &str = "https://";

/// What to do about keys that are not those of the token.
const PUBLISH: &str =
    "Publish the keys that the API server signs with (`/openid/v1/jwks`), all of them while a key is being changed.";

/// The issuer's URL: the token's, else the discovery document's, else the given one.
pub fn url<'c>(scenario: &'c Scenario<'_>) -> Option<&'c str> {
    issuers(scenario).first().map(|(_, url)| *url)
}

/// The provider's URL as IAM writes it: the issuer's without `https://`.
pub fn provider<'c>(scenario: &'c Scenario<'_>) -> Option<&'c str> {
    url(scenario).map(|url| url.strip_prefix(SCHEME).unwrap_or(url))
}

/// The issuer is one that AWS can reach, and its documents, its keys and the token agree.
pub fn issuer(scenario: &Scenario<'_>) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(STEP, "STS is not asked, so nor is the issuer.");
    }
    let Some(url) = url(scenario) else {
        let lack = scenario.documents.discovery.lack(Input::Discovery);
        let lack =
            if let Given::Unreadable = scenario.documents.discovery { lack } else { "no issuer was given".to_owned() };
        return Step::unknown(STEP, format!("Who issues the tokens is not known: {lack}."));
    };
    let verdict = verdict(scenario);
    let of_url = [mismatch(scenario), unreachable(url), with_query(url), with_port(url)];
    let of_documents =
        [jwks_uri(scenario), verdict.and_then(|verdict| unverified(scenario, verdict)), unreadable(scenario)];
    let mut step = Step::passed(STEP, "The issuer can be one for AWS, and what was given of it agrees.");
    for fault in of_url.into_iter().chain(of_documents).flatten() {
        let weighs_more = match step.outcome {
            Outcome::Passed => true,
            Outcome::Unknown => fault.outcome == Outcome::Failed,
            _ => false,
        };
        let reasons = [step.reasons.clone(), fault.reasons.clone()].concat();
        step = Step { reasons, ..if weighs_more { fault } else { step } };
    }
    shown(scenario, step, verdict)
}

/// The issuers that were given, in the order in which they are taken.
fn issuers<'c>(scenario: &'c Scenario<'_>) -> Vec<(&'static str, &'c str)> {
    let documents = scenario.documents;
    let of_token = documents.token.get().and_then(|jwt| jwt.claims.issuer.as_deref());
    let of_document = documents.discovery.get().and_then(|document| document.get("issuer")?.as_str());
    let all = [("the token", of_token), ("the discovery document", of_document), ("what was given", documents.issuer)];
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
            Step::failed(STEP, Diagnosis::IssuerMismatch, "The discovery document names no issuer.")
                .because("expected a text `issuer` in it")
                .fix("Publish the API server's own `/.well-known/openid-configuration`."),
        );
    }
    let issuers = issuers(scenario);
    let (first, url) = issuers.first()?;
    let (other, different) = issuers.iter().find(|(_, other)| other != url)?;
    let is_slash = different.trim_end_matches('/') == url.trim_end_matches('/');
    let (mistake, says) = if is_slash {
        (Diagnosis::TrailingSlash, "The issuer is written with a trailing slash, and without.")
    } else {
        (Diagnosis::IssuerMismatch, "The issuer is written in two ways.")
    };
    Some(
        Step::failed(STEP, mistake, says)
            .because(format!("{first} says `{url}`, but {other} says `{different}`"))
            .fix("Make the API server's `--service-account-issuer`, the `issuer` of the discovery document and the URL of IAM's identity provider the same, character by character."),
    )
}

fn unreachable(url: &str) -> Option<Step> {
    if !url.starts_with(SCHEME) {
        return Some(
            Step::failed(STEP, Diagnosis::IssuerNotHttps, "The issuer is no `https://` URL.")
                .because(format!("expected a URL that begins with `https://`, but got `{url}`"))
                .fix("Give the API server an `https://` URL as `--service-account-issuer`, and publish its documents there."),
        );
    }
    unknown_to_aws(url).map(|host| {
        Step::failed(STEP, Diagnosis::IssuerNotPublic, "AWS cannot reach the issuer.")
            .because(format!("only the cluster or its network knows the host `{host}`"))
            .fix("Give the API server a public URL as `--service-account-issuer`, such as that of a bucket, and publish its discovery document and keys there.")
    })
}

/// The host of an `https://` URL, where AWS can't reach it.
fn unknown_to_aws(url: &str) -> Option<&str> {
    let (host, _) = host_and_port(url.strip_prefix(SCHEME)?);
    (is_of_cluster(host) || is_private(host)).then_some(host)
}

/// The host of a URL without its scheme, and the port, where there is one.
fn host_and_port(rest: &str) -> (&str, Option<&str>) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // An IPv6 address has colons of its own, and brackets around it.
    let after_address = authority.rfind(']').unwrap_or_default();
    match authority.rfind(':').filter(|colon| *colon >= after_address) {
        Some(colon) => {
            authority.split_at_checked(colon).map_or((authority, None), |(host, port)| (host, port.get(1..)))
        }
        None => (authority, None),
    }
}

/// A name that only the cluster's DNS has.
fn is_of_cluster(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    matches!(host.as_str(), "kubernetes" | "kubernetes.default" | "localhost")
        || [".svc", ".cluster.local"].iter().any(|end| host.ends_with(end))
}

/// An address of no public network.
fn is_private(host: &str) -> bool {
    let of_v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match (host.parse::<Ipv4Addr>(), of_v6.map(str::parse::<Ipv6Addr>)) {
        (Ok(address), _) => address.is_private() || address.is_loopback(),
        (_, Some(Ok(address))) => address.is_loopback() || address.is_unique_local(),
        _ => false,
    }
}

fn with_query(url: &str) -> Option<Step> {
    url.contains(['?', '#']).then(|| {
        Step::new(STEP, Outcome::Failed, "IAM takes no such issuer.")
            .because(format!("expected a URL without a query or a fragment, but got `{url}`"))
            .fix("Give the API server a URL without them as `--service-account-issuer`.")
    })
}

fn with_port(url: &str) -> Option<Step> {
    let (_, port) = host_and_port(url.strip_prefix(SCHEME)?);
    port.map(|port| {
        Step::unknown(STEP, "Whether AWS takes the issuer is not known.")
            .because(format!("the issuer names the port `{port}`, which IAM says that a provider's URL should not"))
            .fix("Publish the issuer's documents at a URL without a port.")
    })
}

/// What was given of the issuer and can't be read: whether it agrees is not known.
fn unreadable(scenario: &Scenario<'_>) -> Option<Step> {
    let documents = scenario.documents;
    let given = [(&documents.discovery, Input::Discovery), (&documents.jwks, Input::Jwks)];
    let lacks = given.into_iter().filter(|(given, _)| matches!(given, Given::Unreadable));
    let lacks: Vec<String> = lacks.map(|(given, input)| given.lack(input)).collect();
    (!lacks.is_empty())
        .then(|| Step::unknown(STEP, "Whether what was given of the issuer agrees is not known.").because_all(lacks))
}

fn jwks_uri(scenario: &Scenario<'_>) -> Option<Step> {
    let document = scenario.documents.discovery.get()?;
    let failed = |reason: String| {
        Some(
            Step::failed(STEP, Diagnosis::InvalidJwksUri, "AWS does not find the issuer's keys.")
                .because(reason)
                .fix("Have the discovery document name the `https://` URL of the keys as `jwks_uri` (the API server's `--service-account-jwks-uri`)."),
        )
    };
    match document.get("jwks_uri").and_then(Value::as_str) {
        None => failed("the discovery document has no text `jwks_uri`".to_owned()),
        Some(uri) if !uri.starts_with(SCHEME) => {
            failed(format!("expected a `jwks_uri` that begins with `https://`, but got `{uri}`"))
        }
        Some(uri) => {
            let host = unknown_to_aws(uri)?;
            failed(format!("only the cluster or its network knows the host `{host}` of the `jwks_uri`"))
        }
    }
}

/// What the keys say of the token's signature, where both were given.
fn verdict(scenario: &Scenario<'_>) -> Option<Verdict> {
    Some(jwks::verify(scenario.documents.token.get()?, scenario.documents.jwks.get()?))
}

fn unverified(scenario: &Scenario<'_>, verdict: Verdict) -> Option<Step> {
    let jwt = scenario.documents.token.get()?;
    let jwks = scenario.documents.jwks.get()?;
    let key = jwt.key_id.as_deref().unwrap_or("none");
    let step = match verdict {
        Verdict::Verified => return None,
        Verdict::Refuted => Step::failed(STEP, Diagnosis::BadSignature, "The issuer's key does not verify the token.")
            .because(format!("key `{key}` is another than the token was signed with, or the token was changed"))
            .fix(PUBLISH),
        Verdict::NoSuchKey => Step::failed(STEP, Diagnosis::UnknownKey, "The issuer does not publish the token's key.")
            .because(format!(
                "the token was signed with key `{key}`, but the keys are `{}`",
                jwks::ids(jwks).join("`, `")
            ))
            .fix(PUBLISH),
        Verdict::UnsupportedAlgorithm => Step::unknown(STEP, "Whether the token's signature is right is not known.")
            .because("only RS256 and ES256 are checked here"),
        Verdict::UnreadableKey => Step::unknown(STEP, "Whether the token's signature is right is not known.")
            .because(format!("key `{key}` can't be read")),
    };
    Some(step)
}

fn shown(scenario: &Scenario<'_>, mut step: Step, verdict: Option<Verdict>) -> Step {
    for (name, url) in issuers(scenario) {
        step = step.detail(format!("issuer, by {name}"), url, Outcome::Skipped);
    }
    let signature = match verdict {
        Some(Verdict::Verified) => ("verified", Outcome::Passed),
        Some(_) => ("not verified", step.outcome),
        None => ("not checked: that needs a token and the issuer's keys", Outcome::Skipped),
    };
    step.detail("signature", signature.0, signature.1)
}
