//! Writes the report as JUnit XML: a file is a test suite, an object a test case, and each finding of an object a
//! failure.
//!
//! Notes and ignored findings are left out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Finding, Level, ObjectName, Report};
use crate::output::line;

/// A `testsuite` of JUnit: the findings of one file.
#[derive(Default)]
struct Suite<'r> {
    /// The messages about what can't be read: the file, or documents of the file.
    errors: Vec<String>,
    /// The objects of the file, each with its findings.
    cases: BTreeMap<String, Vec<&'r Finding>>,
}

/// Writes the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="irsa check">"#)?;
    for (file, suite) in suites(report) {
        suite.write(&escaped(&line(file)), out)?;
    }
    writeln!(out, "</testsuites>")
}

fn suites(report: &Report) -> BTreeMap<&str, Suite<'_>> {
    let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
    for (file, object) in &report.checked {
        suites.entry(file).or_default().cases.entry(object.to_string()).or_default();
    }
    for finding in report.reported().filter(|finding| finding.level > Level::Note) {
        let name = finding.object.as_ref().map_or_else(|| finding.name.to_owned(), ObjectName::to_string);
        suites.entry(&finding.file).or_default().cases.entry(name).or_default().push(finding);
    }
    for unreadable in &report.unreadable {
        let place = unreadable.at.map(|at| format!("{at}: ")).unwrap_or_default();
        let error = format!("{place}{}", unreadable.message);
        suites.entry(&unreadable.file).or_default().errors.push(error);
    }
    suites
}

impl Suite<'_> {
    /// Writes the suite. `file` is the name of the file, escaped for XML.
    fn write(&self, file: &str, out: &mut dyn Write) -> io::Result<()> {
        let failures = self.cases.values().filter(|findings| !findings.is_empty()).count();
        let errors = self.errors.len();
        let tests = self.cases.len().saturating_add(errors);
        writeln!(
            out,
            r#"  <testsuite name="{file}" tests="{tests}" failures="{failures}" errors="{errors}" skipped="0" time="0">"#
        )?;
        for message in &self.errors {
            writeln!(out, r#"    <testcase name="file" classname="{file}" time="0">"#)?;
            writeln!(out, r#"      <error message="{}" type="unreadable"/>"#, escaped(message))?;
            writeln!(out, "    </testcase>")?;
        }
        for (object, findings) in &self.cases {
            writeln!(out, r#"    <testcase name="{}" classname="{file}" time="0">"#, escaped(object))?;
            findings.iter().try_for_each(|finding| failure(finding, out))?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")
    }
}

fn failure(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let place = finding.at.map(|at| format!(":{at}")).unwrap_or_default();
    let fix = finding.fix.as_ref().map(|fix| format!("\nFix: {fix}")).unwrap_or_default();
    let text = format!("{}{place}: {}{fix}\n{}", line(&finding.file), finding.message, finding.link());
    let (message, text) = (escaped(&finding.message), escaped(&text));
    writeln!(out, r#"      <failure message="{message}" type="{}">{text}</failure>"#, finding.name)
}

/// Escapes a string for XML. Leaves out characters that XML does not allow.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}
