//! Converts the report to JSON. Its schema is docs/check.schema.json.

use serde_json::{Value, json};

use super::{Finding, Report};

/// The version of the format. Raise it for a change that breaks programs that read the report.
const VERSION: u32 = 1;

/// Converts the report to JSON.
pub fn report(report: &Report) -> Value {
    json!({
        "version": VERSION,
        "summary": report.summary(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "unreadable": report.unreadable.iter().map(|unreadable| json!({
            "file": unreadable.file,
            "line": unreadable.at.map(|at| at.line),
            "column": unreadable.at.map(|at| at.column),
            "message": unreadable.message,
        })).collect::<Vec<_>>(),
        "restarts": report.restarts,
        "fleet": report.fleet,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "finding": finding.name,
        "level": finding.level,
        "message": finding.message,
        "fix": finding.fix.as_ref().map(|fix| &fix.text),
        "statements": finding.fix.as_ref().map(|fix| fix.statements.as_slice()).unwrap_or_default(),
        "link": finding.link(),
        "file": finding.file,
        "line": finding.at.map(|at| at.line),
        "column": finding.at.map(|at| at.column),
        "object": finding.object,
        "ignored": finding.ignored,
    })
}
