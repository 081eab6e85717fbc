//! Reports the documents of the input that are not checked: as findings, or as errors.

use manifest_reader::Position;

use super::names;
use crate::documents::{Parsed, Skipped, SkippedKind, Source};
use crate::report::{Finding, Page, Report, Unreadable};

/// Adds a finding or an error to the report for each document that is not checked, and an error if the command line
/// names a file without a document.
pub fn take(report: &mut Report, source: &Source, parsed: &Parsed, is_strict: bool) {
    for skipped in &parsed.skipped {
        let Skipped { kind, at, message } = skipped.clone();
        // If the command line names the file, its documents are meant to be checked, so skipping one can be an error.
        let is_error = match kind {
            SkippedKind::Unreadable => true,
            SkippedKind::Template => source.is_named || is_strict,
            SkippedKind::Patch | SkippedKind::Fragment | SkippedKind::Kubeconfig => {
                source.is_named && parsed.objects.is_empty()
            }
            SkippedKind::DuplicateKey => false,
        };
        if is_error {
            report.unreadable.push(Unreadable { file: source.name.clone(), at: Some(at), message });
            continue;
        }
        let own = match kind {
            SkippedKind::Unreadable | SkippedKind::Template => names::TEMPLATE,
            SkippedKind::Patch => names::PATCH,
            SkippedKind::Fragment => names::FRAGMENT,
            SkippedKind::Kubeconfig => names::KUBECONFIG,
            SkippedKind::DuplicateKey => names::DUPLICATE_KEY,
        };
        if kind != SkippedKind::DuplicateKey {
            report.skipped = report.skipped.saturating_add(1);
        }
        report.findings.push(own_finding(own, message, &source.name, Some(at)));
    }
    if source.is_named && parsed.objects.is_empty() && parsed.skipped.is_empty() {
        let message = "contains no Kubernetes object".to_owned();
        report.unreadable.push(Unreadable { file: source.name.clone(), at: None, message });
    }
}

/// Returns a finding of this command that is about a file or a line, not about an object.
pub fn own_finding(own: names::OwnFinding, message: String, file: &str, at: Option<Position>) -> Finding {
    Finding {
        name: own.name,
        level: own.level,
        message,
        fix: None,
        page: Page::Check,
        file: file.to_owned(),
        at,
        object: None,
        ignored: None,
    }
}
