//! Writes the report as annotations of GitHub Actions: one workflow command a line.

use std::io::{self, Write};

use super::{Level, Report, summary_line};
use crate::output::line;

/// Writes the report, followed by the summary as plain text.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for unreadable in &report.unreadable {
        let place = position(unreadable.at);
        let (file, message) = (property(&unreadable.file), data(&unreadable.message));
        writeln!(out, "::error file={file}{place},title=unreadable::{message}")?;
    }
    for finding in report.reported() {
        let command = match finding.level {
            Level::Reject => "error",
            Level::Warn => "warning",
            Level::Note => "notice",
        };
        let fix = finding.fix.as_ref().map(|fix| format!("\nFix: {fix}")).unwrap_or_default();
        let message = data(&format!("{}{fix}\n{}", finding.message, finding.link()));
        let (file, place) = (property(&finding.file), position(finding.at));
        writeln!(out, "::{command} file={file}{place},title={}::{message}", property(finding.name))?;
    }
    writeln!(out, "{}", summary_line(report))
}

fn position(at: Option<manifest_reader::Position>) -> String {
    at.map(|at| format!(",line={},col={}", at.line, at.column)).unwrap_or_default()
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(&line(text)).replace(':', "%3A").replace(',', "%2C")
}
