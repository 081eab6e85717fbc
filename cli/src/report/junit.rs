//! The report as JUnit XML: a file is a test suite, an object a test case, and each finding of an object a failure.
//!
//! Notes and ignored findings are no failures.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Finding, Level, ObjectName, Report};
use crate::output::line;

/// Writes the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, BTreeMap<String, Vec<&Finding>>> = BTreeMap::new();
    for (file, object) in &report.checked {
        suites.entry(file).or_default().entry(object.to_string()).or_default();
    }
    for finding in report.reported().filter(|finding| finding.level > Level::Note) {
        let name = finding.object.as_ref().map_or_else(|| finding.name.to_owned(), ObjectName::to_string);
        suites.entry(&finding.file).or_default().entry(name).or_default().push(finding);
    }
    let mut errors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for unreadable in &report.unreadable {
        let place = unreadable.at.map(|at| format!("{at}: ")).unwrap_or_default();
        errors.entry(&unreadable.file).or_default().push(format!("{place}{}", unreadable.message));
        suites.entry(&unreadable.file).or_default();
    }
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="irsa check">"#)?;
    for (file, cases) in &suites {
        let unreadable = errors.get(file).map(Vec::as_slice).unwrap_or_default();
        let failures = cases.values().filter(|findings| !findings.is_empty()).count();
        let tests = cases.len().saturating_add(unreadable.len());
        let name = escaped(&line(file));
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="{}" skipped="0" time="0">"#,
            unreadable.len()
        )?;
        for message in unreadable {
            writeln!(out, r#"    <testcase name="file" classname="{name}" time="0">"#)?;
            writeln!(out, r#"      <error message="{}" type="unreadable"/>"#, escaped(message))?;
            writeln!(out, "    </testcase>")?;
        }
        for (object, findings) in cases {
            writeln!(out, r#"    <testcase name="{}" classname="{name}" time="0">"#, escaped(object))?;
            for finding in findings {
                let place = finding.at.map(|at| format!(":{at}")).unwrap_or_default();
                let fix = finding.fix.as_ref().map(|fix| format!("\nFix: {fix}")).unwrap_or_default();
                let text = format!("{}{place}: {}{fix}\n{}", line(file), finding.message, finding.link());
                writeln!(
                    out,
                    r#"      <failure message="{}" type="{}">{}</failure>"#,
                    escaped(&finding.message),
                    finding.name,
                    escaped(&text)
                )?;
            }
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
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
