//! The answer to a request: the decision, the rejection, the warnings, the audit annotations and the changed pod.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::result::PodResult;
use crate::findings::{Action, Finding, FindingKind, Findings, LINE_LIMIT, escaped_line};
use crate::identity::RoleSource;
use crate::injection::patch::Patch;
use crate::json::Unreadable;
use crate::request::Document;
use crate::settings::SettingsErrors;

/// The maximum number of values in an audit annotation.
const VALUE_LIMIT: usize = 50;

/// The maximum length of a value in an audit annotation, in bytes: the longest ARN fits.
const VALUE_BYTES: usize = 2048;

/// The maximum number of audit annotations.
const ANNOTATIONS: usize = 5;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review<'j> {
    /// The decision.
    pub decision: Decision,
    /// Why the request is rejected. `None` if it is accepted.
    pub rejection: Option<Rejection>,
    /// The findings whose action is `Warn` or `Reject`, in the order of the report.
    pub findings: Vec<Finding>,
    /// Admission warnings, at most 256 bytes each.
    pub warnings: Vec<String>,
    /// The audit annotations: the decision, and the reasons for it.
    pub audit_annotations: Vec<(&'static str, String)>,
    /// The pod with the insertions. Only for [`Decision::Injected`].
    pub mutated_object: Option<MutatedObject<'j>>,
}

/// The decision about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The pod gets an identity.
    Injected,
    /// The object is accepted as it is.
    Unchanged,
    /// The policy does not check this request.
    Skipped,
    /// The request is rejected.
    Rejected,
}

impl Decision {
    /// The name in the audit annotation `decision`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status: 400 if something cannot be read, 500 if a lookup failed, else 403.
    pub code: u16,
    /// One line for each reason.
    pub message: String,
}

/// The object of the request, with insertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutatedObject<'j> {
    object: &'j str,
    /// The position of `object` in the request. The positions in the patch count from the start of the request too.
    start: usize,
    patch: Patch,
}

impl MutatedObject<'_> {
    /// An upper bound of the length of the object's JSON, in bytes.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.object.len().saturating_add(self.patch.added_bytes())
    }
}

impl fmt::Display for MutatedObject<'_> {
    /// Writes the object's JSON. Everything except the insertions is copied from the request, byte for byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patch.write(self.object, self.start, f)
    }
}

impl Review<'_> {
    /// Rejects a request that cannot be read.
    #[must_use]
    pub fn unreadable(unreadable: &Unreadable) -> Self {
        Self::rejected(400, escaped_line(&unreadable.to_string(), LINE_LIMIT))
    }

    /// Rejects a request, because the settings are invalid.
    #[must_use]
    pub fn misconfigured(errors: &SettingsErrors) -> Self {
        Self::rejected(500, format!("the policy's settings are wrong:\n{errors}"))
    }

    /// Accepts a request that the policy does not check.
    pub(super) fn skipped() -> Self {
        Self::plain(Decision::Skipped, None)
    }

    fn rejected(code: u16, message: String) -> Self {
        Self::plain(Decision::Rejected, Some(Rejection { code, message }))
    }

    fn plain(decision: Decision, rejection: Option<Rejection>) -> Self {
        Self {
            decision,
            rejection,
            findings: Vec::new(),
            warnings: Vec::new(),
            audit_annotations: vec![("decision", decision.name().to_owned())],
            mutated_object: None,
        }
    }
}

/// Makes the answer to a request about a pod, with the insertions of the pod's patch.
pub(super) fn conclude_pod<'j>(mut result: PodResult, document: &Document<'j>, findings: Findings<'_>) -> Review<'j> {
    let patch = result.patch.take();
    let mut review = conclude(&[result], findings, &[]);
    if let (Decision::Unchanged, Some(patch)) = (review.decision, patch) {
        review.decision = Decision::Injected;
        review.mutated_object = Some(MutatedObject { object: document.text, start: document.span.start, patch });
    }
    finish(review)
}

/// Makes the answer to a request about an object other than a pod. Each error in `unreadable` rejects the request.
pub(super) fn conclude_object<'j>(
    results: &[PodResult],
    findings: Findings<'_>,
    unreadable: &[Unreadable],
) -> Review<'j> {
    finish(conclude(results, findings, unreadable))
}

fn conclude<'j>(results: &[PodResult], findings: Findings<'_>, unreadable: &[Unreadable]) -> Review<'j> {
    let mut audit_annotations = Vec::with_capacity(ANNOTATIONS);
    let mut annotate = |key, values: &mut dyn Iterator<Item = &str>| match *distinct(values) {
        [] => {}
        // A pod has one role and one service account. Copying one value costs less than joining.
        [value] => audit_annotations.push((key, value.to_owned())),
        ref values => audit_annotations.push((key, values.join(","))),
    };
    annotate("role-arn", &mut results.iter().filter_map(|result| result.role.as_deref()));
    annotate("role-source", &mut results.iter().filter_map(|result| result.source.map(RoleSource::name)));
    annotate("service-account", &mut results.iter().filter_map(|result| result.service_account.as_deref()));
    annotate("findings", &mut findings.names());

    let findings = findings.into_reported();
    let mut warnings = Vec::new();
    let mut rejection: Option<Rejection> = None;
    let mut reject = |code, line: &str| {
        let rejection = rejection.get_or_insert(Rejection { code, message: String::new() });
        // If the lines have different codes, 400 has precedence over 500, and 500 has precedence over 403. All lines
        // with 400 are added first. So a later line can only replace the code 403.
        if rejection.code == 403 {
            rejection.code = code;
        }
        if !rejection.message.is_empty() {
            rejection.message.push('\n');
        }
        rejection.message.push_str(line);
    };
    for error in unreadable {
        reject(400, &escaped_line(&error.to_string(), LINE_LIMIT));
    }
    for finding in &findings {
        match finding.action {
            Action::Ignore => {}
            Action::Warn => warnings.push(finding.warning()),
            Action::Reject if finding.kind == FindingKind::LookupFailed => reject(500, &finding.line()),
            Action::Reject => reject(403, &finding.line()),
        }
    }
    let all_opted_out = !results.is_empty() && results.iter().all(|result| result.opted_out);
    let decision = match &rejection {
        Some(_) => Decision::Rejected,
        None if all_opted_out => Decision::Skipped,
        None => Decision::Unchanged,
    };
    Review { decision, rejection, findings, warnings, audit_annotations, mutated_object: None }
}

fn finish(mut review: Review<'_>) -> Review<'_> {
    review.audit_annotations.push(("decision", review.decision.name().to_owned()));
    review
}

/// Returns the distinct values in the order of their first occurrence. Returns at most [`VALUE_LIMIT`] values, and cuts
/// each value to [`VALUE_BYTES`]. A final `…` means that there are more.
fn distinct<'v>(values: &mut dyn Iterator<Item = &'v str>) -> Vec<&'v str> {
    let mut distinct = Vec::new();
    for value in values {
        let value = value.get(..value.floor_char_boundary(VALUE_BYTES)).unwrap_or(value);
        if distinct.contains(&value) {
            continue;
        }
        if distinct.len() >= VALUE_LIMIT {
            distinct.push("\u{2026}");
            break;
        }
        distinct.push(value);
    }
    distinct
}
