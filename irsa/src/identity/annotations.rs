//! Reads the annotations of pods and service accounts.
//!
//! A value that can't be read is reported and ignored. The next source then applies: the service account after the pod,
//! and the settings after the service account.
//!
//! Sources of the rules: the webhook's `pkg/cache/cache.go` and `pkg/handler/handler.go` (v0.6.17), and Go's `strconv`.
//! The webhook has no `include-containers` and no `region`.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use super::container_selection::ContainerSelection;
use crate::context::Checker;
use crate::findings::{FindingKind, Message, Subject};
use crate::json::RawStr;
use crate::objects::annotation_keys::{
    INCLUDE_CONTAINERS, REGION, SKIP_CONTAINERS, STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION,
};
use crate::objects::pod::Pod;
use crate::objects::service_account::ServiceAccount;
use crate::types::region::Region;
use crate::types::skip_containers;
use crate::types::token_lifetime::TokenLifetime;

/// The values of a pod's own annotations. They take precedence over the annotations of the pod's service account.
#[derive(Debug, Default)]
pub(crate) struct PodAnnotations {
    /// `token-expiration`.
    pub(crate) token_lifetime: Option<TokenLifetime>,
    /// `skip-containers`. If it is empty, no container is skipped, and the service account's lists are not read.
    pub(crate) skip_containers: Option<Vec<String>>,
    /// `include-containers`. `None` if it is absent or empty.
    pub(crate) include_containers: Option<Vec<String>>,
}

impl PodAnnotations {
    /// Reads the annotations of a pod.
    pub(crate) fn read(checker: &mut Checker<'_>, pod: &Pod<'_>) -> Self {
        let Some(metadata) = pod.metadata.get() else { return Self::default() };
        let prefix = &checker.settings.annotation_prefix;
        let value = |key| metadata.annotations.under(prefix, key).map(RawStr::decode);
        let lifetime = value(TOKEN_EXPIRATION);
        let lists = [value(SKIP_CONTAINERS), value(INCLUDE_CONTAINERS)];
        let (skip_containers, include_containers) = container_lists(checker, Subject::Pod, &lists);
        Self {
            token_lifetime: token_lifetime(checker, Subject::Pod, lifetime.as_deref()),
            skip_containers,
            include_containers,
        }
    }

    /// Returns the containers that get an identity. `None` if the pod has neither `skip-containers` nor
    /// `include-containers`: the annotations of its service account then apply.
    pub(crate) fn selection(self) -> Option<ContainerSelection> {
        let is_given = self.skip_containers.is_some() || self.include_containers.is_some();
        is_given.then(|| ContainerSelection::new(self.skip_containers, self.include_containers))
    }
}

/// Returns the containers that get an identity according to a service account's annotations.
pub(crate) fn account_selection(checker: &mut Checker<'_>, account: &ServiceAccount) -> ContainerSelection {
    let annotations = &account.annotations;
    let lists = [&annotations.skip_containers, &annotations.include_containers];
    let lists = lists.map(|list| list.as_deref().map(Cow::Borrowed));
    let (skip, include) = container_lists(checker, Subject::ServiceAccount(&account.name), &lists);
    ContainerSelection::new(skip, include)
}

/// Reads `skip-containers` and `include-containers`. An empty `include-containers` is treated as absent.
fn container_lists(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    [skip, include]: &[Option<Cow<'_, str>>; 2],
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let mut read = |key, value: &Option<Cow<'_, str>>| {
        let value = value.as_deref()?;
        let has_line_break = skip_containers::has_line_break(value);
        // If `skip-containers` has several lines, the first is used, as in the webhook.
        let names = skip_containers::read(value).filter(|_| !has_line_break || key == SKIP_CONTAINERS);
        let consequence = match &names {
            None => "ignored",
            Some(_) if has_line_break => "only the first line is used",
            Some(_) => return names,
        };
        let text = format_args!("expected container names separated by commas on one line, but got ");
        let rest = format_args!(", {consequence}");
        let message = Message::new(subject, text).quote(value).then(rest);
        checker.report_annotation(FindingKind::InvalidSkipContainers, key, message);
        names
    };
    let skip = read(SKIP_CONTAINERS, skip);
    (skip, read(INCLUDE_CONTAINERS, include).filter(|names| !names.is_empty()))
}

/// Reads `token-expiration`. `None` if it is absent or can't be read.
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

/// Reads `sts-regional-endpoints`: whether SDKs call STS in the region. `None` if it is absent or can't be read.
pub(crate) fn sts_regional_endpoints(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    value: Option<&str>,
) -> Option<bool> {
    let value = value?;
    let parsed = parse_bool(value);
    if parsed.is_none() {
        let message = Message::new(subject, format_args!("expected `true` or `false`, but got ")).quote(value);
        let message = message.then(format_args!(", ignored"));
        checker.report_annotation(FindingKind::InvalidStsRegionalEndpoints, STS_REGIONAL_ENDPOINTS, message);
    }
    parsed
}

/// Reads `region` of a service account. `None` if it is absent or not the name of a region.
pub(crate) fn region(checker: &mut Checker<'_>, account: &ServiceAccount) -> Option<Region<'static>> {
    let value = account.annotations.region.as_deref()?;
    let region = Region::new(Cow::Owned(value.to_owned())).ok();
    if region.is_none() {
        let text = format_args!("expected an AWS region, such as `us-east-2`, but got ");
        let message = Message::new(Subject::ServiceAccount(&account.name), text).quote(value);
        checker.report_annotation(FindingKind::InvalidRegion, REGION, message.then(format_args!(", ignored")));
    }
    region
}

/// Parses the words that Go's `strconv.ParseBool` accepts.
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
