//! Reports the documents of the input that are not checked: as findings, or as errors.

use std::path::Path;

use irsa_explain::shell_word;
use manifest_reader::Position;

use super::names;
use crate::documents::{CHART_METADATA, Parsed, Skipped, SkippedKind, Source};
use crate::report::{Finding, Page, Report, Unreadable};

/// Adds a finding or an error to the report for each document that is not checked, and an error if the command line
/// names a file without a document.
pub fn take(report: &mut Report, source: &Source, parsed: &Parsed, is_strict: bool) {
    for skipped in &parsed.skipped {
        let Skipped { kind, at, message, chart } = skipped.clone();
        if let Some(chart) = chart {
            take_chart(report, &chart, source.is_named || (is_strict && kind == SkippedKind::Template));
            continue;
        }
        // If the command line names the file, the user expects that its documents are checked. So a skipped document
        // can be an error.
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

/// Counts a document of a Helm chart, and adds one finding or one error for the whole chart.
fn take_chart(report: &mut Report, chart: &str, is_error: bool) {
    let file = if chart == "." { CHART_METADATA.to_owned() } else { format!("{chart}/{CHART_METADATA}") };
    let message = format!(
        "this is a Helm chart that is not rendered: check what `helm template` prints, as in \
         `helm template {} | irsa check -`",
        shell_word(chart)
    );
    if report.unreadable.iter().any(|it| it.file == file && it.message == message) {
        return;
    }
    let is_note = |finding: &Finding| finding.file == file && finding.message == message;
    if is_error {
        report.findings.retain(|finding| !is_note(finding));
        report.unreadable.push(Unreadable { file, at: None, message });
        return;
    }
    report.skipped = report.skipped.saturating_add(1);
    if !report.findings.iter().any(is_note) {
        report.findings.push(own_finding(names::TEMPLATE, message, &file, None));
    }
}

/// Turns the notes about Helm charts into errors. Used if nothing in the input was checked, because the charts are then
/// the reason.
pub fn reject_charts(report: &mut Report) {
    let is_of_chart = |finding: &mut Finding| {
        finding.name == names::TEMPLATE.name && Path::new(&finding.file).ends_with(CHART_METADATA)
    };
    let of_charts = report.findings.extract_if(.., is_of_chart);
    report.unreadable.extend(of_charts.map(|Finding { file, message, .. }| Unreadable { file, at: None, message }));
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
