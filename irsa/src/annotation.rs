//! The annotations of pods and service accounts: what they mean, and what is wrong with them.
//!
//! The same code reads them when a service account is written and when a pod is given its role. Source: the webhook's
//! `pkg/cache/cache.go` and `pkg/handler/handler.go` (v0.6.17), and Go's `strconv`.

use std::fmt;

use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::json::RawStr;
use crate::metadata::Annotations;
use crate::nearest::edits;
use crate::service_account::ServiceAccount;
use crate::skip_containers;
use crate::token_lifetime::TokenLifetime;

/// `role-arn`: the role.
pub const ROLE_ARN: &str = "role-arn";
/// `audience`: whom tokens are for.
pub const AUDIENCE: &str = "audience";
/// `sts-regional-endpoints`: whether STS is asked in the region.
pub const STS_REGIONAL_ENDPOINTS: &str = "sts-regional-endpoints";
/// `token-expiration`: how long tokens are good for, in seconds.
pub const TOKEN_EXPIRATION: &str = "token-expiration";
/// `skip-containers`: the containers that are given nothing.
pub const SKIP_CONTAINERS: &str = "skip-containers";

/// The keys that are read on service accounts.
pub const ACCOUNT_KEYS: [&str; 5] = [ROLE_ARN, AUDIENCE, STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION, SKIP_CONTAINERS];

/// The keys that are read on pods.
pub const POD_KEYS: [&str; 2] = [TOKEN_EXPIRATION, SKIP_CONTAINERS];

/// Prefixes that people write in place of the right one. All are Amazon's or nobody's.
const MISTAKEN_PREFIXES: [&str; 8] = [
    "eks.amazon.com",
    "eks.aws.com",
    "eks.aws.amazon.com",
    "eks.amazonaws.co",
    "eks.amazonaws.org",
    "eks.amazonaws.io",
    "amazonaws.com",
    "aws.amazon.com",
];

/// Who carries annotations.
#[derive(Clone, Copy)]
pub enum Carrier<'a> {
    /// The pod, or the pod template.
    Pod,
    /// A service account.
    Account(&'a ServiceAccount),
}

/// Annotations under a prefix, and who carries them.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who carries them.
    pub carrier: Carrier<'a>,
    /// The prefix of their keys.
    pub prefix: &'a str,
}

impl Context<'_> {
    /// Reports something about the annotation of this key.
    pub fn report(self, findings: &mut Findings<'_>, kind: FindingKind, key: &str, wording: Wording<'_>) {
        self.report_key(findings, kind, format_args!("{}/{key}", self.prefix), wording);
    }

    fn report_key(self, findings: &mut Findings<'_>, kind: FindingKind, key: fmt::Arguments<'_>, wording: Wording<'_>) {
        wording.within(format_args!("annotation `{key}`: "), |wording| match self.carrier {
            Carrier::Pod => findings.add_about_pod(kind, wording),
            Carrier::Account(account) => {
                wording.within(format_args!("{account}: "), |wording| findings.add(kind, wording));
            }
        });
    }

    /// `token-expiration`: the lifetime, or `None` where the next source's counts.
    pub fn token_expiration(self, value: Option<&str>, findings: &mut Findings<'_>) -> Option<TokenLifetime> {
        let value = value?;
        let reading = TokenLifetime::read(value);
        if let Some(consequence) = reading.consequence() {
            self.report(
                findings,
                FindingKind::InvalidTokenExpiration,
                TOKEN_EXPIRATION,
                Wording::new(format_args!("expected {}, but got ", TokenLifetime::RANGE))
                    .quoting(value)
                    .then(format_args!(", {consequence}")),
            );
        }
        reading.lifetime()
    }

    /// `sts-regional-endpoints`: whether STS is asked in the region, or `None` where the next source's word counts.
    pub fn sts_regional_endpoints(self, value: Option<&str>, findings: &mut Findings<'_>) -> Option<bool> {
        let value = value?;
        let parsed = parse_bool(value);
        if parsed.is_none() {
            let wording = Wording::new(format_args!("expected a boolean, but got "));
            let wording = wording.quoting(value).then(format_args!(", ignored"));
            self.report(findings, FindingKind::InvalidStsRegionalEndpoints, STS_REGIONAL_ENDPOINTS, wording);
        }
        parsed
    }

    /// `skip-containers`: the names, or `None` where the next source's count.
    pub fn skip_containers(self, value: Option<&str>, findings: &mut Findings<'_>) -> Option<Vec<String>> {
        let value = value?;
        let names = skip_containers::read(value);
        if names.is_none() {
            let wording = Wording::new(format_args!("expected a CSV record of names, but got "));
            let wording = wording.quoting(value).then(format_args!(", ignored"));
            self.report(findings, FindingKind::InvalidSkipContainers, SKIP_CONTAINERS, wording);
        }
        names
    }

    /// Reports misspelled annotations.
    pub fn misspelled(self, misspelled: &[Misspelled], findings: &mut Findings<'_>) {
        for Misspelled { key, meant } in misspelled {
            let wording = format_args!("expected `{}/{meant}`", self.prefix);
            let kind = FindingKind::MisspelledAnnotation;
            self.report_key(findings, kind, format_args!("{key}"), Wording::new(wording));
        }
    }
}

/// An annotation that is nearly one of those that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misspelled {
    /// Its key.
    pub key: String,
    /// The key, without the prefix, that was meant.
    pub meant: &'static str,
}

/// Whether an annotation may be meant for us.
#[must_use]
pub fn is_relevant(key: &str, prefix: &str) -> bool {
    key.split_once('/').is_some_and(|(domain, _)| domain == prefix || MISTAKEN_PREFIXES.contains(&domain))
}

/// The misspelled annotations among these, in the order of their keys: under the prefix those within two edits of a
/// known key, and under one that people write in its place the known keys too.
#[must_use]
pub fn misspelled(annotations: &Annotations<'_>, prefix: &str, known: &[&'static str]) -> Vec<Misspelled> {
    const EDITS: usize = 2;
    let mut found: Vec<Misspelled> = Vec::new();
    for key in annotations.keys().map(RawStr::decode).filter(|key| is_relevant(key, prefix)) {
        let Some((domain, name)) = key.split_once('/') else { continue };
        if domain == prefix && ACCOUNT_KEYS.contains(&name) {
            continue;
        }
        let Some(meant) = known.iter().min_by_key(|known| edits(name, known)) else { continue };
        if edits(name, meant) <= EDITS {
            let at = found.partition_point(|other| *other.key <= *key);
            found.insert(at, Misspelled { key: key.into_owned(), meant });
        }
    }
    found
}

/// The words of Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Reader;
    use crate::metadata::Metadata;

    #[test]
    fn knows_the_booleans_that_go_knows() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert_eq!(parse_bool(text), Some(true), "{text}");
        }
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            assert_eq!(parse_bool(text), Some(false), "{text}");
        }
        for text in ["", "yes", "tRUE", " true", "2"] {
            assert_eq!(parse_bool(text), None, "{text}");
        }
    }

    #[test]
    fn finds_misspelled_annotations_but_never_anothers() {
        let metadata = r#"{"annotations": {
            "eks.amazonaws.com/role_arn": "", "eks.amazonaws.com/rolearn": "", "eks.amazon.com/role-arn": "",
            "eks.amazonaws.com/role-arn": "", "eks.amazonaws.com/compute-type": "", "iam.amazonaws.com/role": "",
            "eks.amazon.com/other": "", "example.com/role-arn": "", "role-arn": ""
        }}"#;
        let metadata = Metadata::read(&mut Reader::new(metadata)).unwrap();
        let found = |known| -> Vec<String> {
            misspelled(&metadata.annotations, "eks.amazonaws.com", known).into_iter().map(|found| found.key).collect()
        };
        assert_eq!(
            found(&ACCOUNT_KEYS),
            ["eks.amazon.com/role-arn", "eks.amazonaws.com/role_arn", "eks.amazonaws.com/rolearn"]
        );
        assert!(found(&POD_KEYS).is_empty());
    }
}
