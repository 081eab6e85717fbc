//! Reads the annotations of pods and service accounts.
//!
//! A value that cannot be read is a finding, and the next source's value counts. Sources of the rules: the webhook's
//! `pkg/cache/cache.go` and `pkg/handler/handler.go` (v0.6.17), and Go's `strconv`.

use std::borrow::Cow;

use crate::context::Checker;
use crate::findings::{FindingKind, Message, Subject};
use crate::json::RawStr;
use crate::objects::pod::Pod;
use crate::objects::service_account::{SKIP_CONTAINERS, STS_REGIONAL_ENDPOINTS, ServiceAccount, TOKEN_EXPIRATION};
use crate::types::skip_containers;
use crate::types::token_lifetime::TokenLifetime;
use crate::util::names::Names;

/// The values of a pod's own annotations. They win over its service account's.
#[derive(Debug, Default)]
pub(crate) struct PodAnnotations {
    /// `token-expiration`.
    pub(crate) token_lifetime: Option<TokenLifetime>,
    /// `skip-containers`.
    pub(crate) skipped: Option<Names<'static>>,
}

impl PodAnnotations {
    /// Reads the annotations of a pod.
    pub(crate) fn read(checker: &mut Checker<'_>, pod: &Pod<'_>) -> Self {
        let Some(metadata) = pod.metadata.get() else { return Self::default() };
        let prefix = &checker.settings.annotation_prefix;
        let value = |key| metadata.annotations.under(prefix, key).map(RawStr::decode);
        let (lifetime, skipped) = (value(TOKEN_EXPIRATION), value(SKIP_CONTAINERS));
        Self {
            token_lifetime: token_lifetime(checker, Subject::Pod, lifetime.as_deref()),
            skipped: skip_containers(checker, Subject::Pod, skipped.as_deref()),
        }
    }
}

/// The containers that the annotation of a service account skips.
pub(crate) fn skipped_by_account(checker: &mut Checker<'_>, account: &ServiceAccount) -> Names<'static> {
    let value = account.annotations.skip_containers.as_deref();
    skip_containers(checker, Subject::ServiceAccount(&account.name), value).unwrap_or_default()
}

/// `token-expiration`: the lifetime. `None` if it is absent or cannot be read.
pub(crate) fn token_lifetime(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    value: Option<&str>,
) -> Option<TokenLifetime> {
    let value = value?;
    let reading = TokenLifetime::read(value);
    if let Some(consequence) = reading.consequence() {
        let (text, rest) =
            (format_args!("expected {}, but got ", TokenLifetime::RANGE), format_args!(", {consequence}"));
        let message = Message::new(subject, text).quote(value).then(rest);
        checker.report_annotation(FindingKind::InvalidTokenExpiration, TOKEN_EXPIRATION, message);
    }
    reading.lifetime()
}

/// `sts-regional-endpoints`: whether SDKs call STS in the region. `None` if it is absent or cannot be read.
pub(crate) fn sts_regional_endpoints(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    value: Option<&str>,
) -> Option<bool> {
    let value = value?;
    let parsed = parse_bool(value);
    if parsed.is_none() {
        let message = Message::new(subject, format_args!("expected a boolean, but got ")).quote(value);
        let message = message.then(format_args!(", ignored"));
        checker.report_annotation(FindingKind::InvalidStsRegionalEndpoints, STS_REGIONAL_ENDPOINTS, message);
    }
    parsed
}

/// `skip-containers`: the names. `None` if it is absent or cannot be read.
pub(crate) fn skip_containers(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    value: Option<&str>,
) -> Option<Names<'static>> {
    let value = value?;
    let names = skip_containers::read(value);
    if names.is_none() {
        let message = Message::new(subject, format_args!("expected a CSV record of names, but got ")).quote(value);
        let message = message.then(format_args!(", ignored"));
        checker.report_annotation(FindingKind::InvalidSkipContainers, SKIP_CONTAINERS, message);
    }
    Some(Names::new(names?.into_iter().map(Cow::Owned)))
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

    #[test]
    fn parses_booleans_as_go_does() {
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
}
