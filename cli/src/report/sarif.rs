//! Converts the report to SARIF 2.1.0, within the limits that GitHub documents for code scanning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Finding, Level, Report, Unreadable};

/// The maximum number of results that GitHub reads from one run.
const RESULT_LIMIT: usize = 25_000;

/// Converts the report to a SARIF log.
pub fn log(report: &Report) -> Value {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    // The most important findings come first, because results beyond the limit are dropped.
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.ignored.is_none(), finding.level)));
    let unreadable: Vec<&Unreadable> = report.unreadable.iter().take(RESULT_LIMIT).collect();
    findings.truncate(RESULT_LIMIT.saturating_sub(unreadable.len()));
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &findings {
        rules.entry(finding.name).or_insert(finding);
    }
    let indices: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, name)| (*name, index)).collect();
    let mut results: Vec<Value> = findings.iter().map(|finding| result(finding, &indices)).collect();
    let mut described: Vec<Value> = rules.values().map(|finding| rule(finding)).collect();
    if !unreadable.is_empty() {
        let index = described.len();
        described.push(json!({
            "id": "unreadable",
            "shortDescription": {"text": "The input can't be read"},
            "defaultConfiguration": {"level": "error"},
        }));
        results.extend(unreadable.into_iter().map(|unreadable| unreadable_result(unreadable, index)));
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "irsa",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/irsa-policy/irsa-policy",
                "rules": described,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    let text = meaning(finding.name);
    json!({
        "id": finding.name,
        "name": finding.name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": finding.link(), "markdown": format!("[{}]({})", finding.name, finding.link())},
        "helpUri": finding.link(),
        "defaultConfiguration": {"level": level(finding.level)},
    })
}

/// Returns what a finding of the policy or of this command means.
fn meaning(name: &str) -> &'static str {
    irsa::FindingKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .map_or_else(|| crate::check::names::meaning(name), irsa::FindingKind::meaning)
        .trim()
}

fn result(finding: &Finding, indices: &BTreeMap<&str, usize>) -> Value {
    let text = match &finding.fix {
        Some(fix) => format!("{}\nFix: {fix}", finding.message),
        None => finding.message.clone(),
    };
    let object = finding.object.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.name,
        "ruleIndex": indices.get(finding.name),
        "level": level(finding.level),
        "message": {"text": text},
        "locations": [location(&finding.file, finding.at)],
        "partialFingerprints": {"object/v1": fingerprint(&[finding.name, &finding.file, &object, &finding.message])},
    });
    if let (Some(reason), Some(members)) = (&finding.ignored, result.as_object_mut()) {
        let suppressions = json!([{"kind": "inSource", "justification": reason}]);
        members.insert("suppressions".to_owned(), suppressions);
    }
    result
}

fn unreadable_result(unreadable: &Unreadable, index: usize) -> Value {
    json!({
        "ruleId": "unreadable",
        "ruleIndex": index,
        "level": "error",
        "message": {"text": unreadable.message},
        "locations": [location(&unreadable.file, unreadable.at)],
    })
}

fn location(file: &str, at: Option<manifest_reader::Position>) -> Value {
    let artifact = json!({"uri": uri(file)});
    match at {
        Some(at) => json!({"physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": at.line, "startColumn": at.column},
        }}),
        // GitHub shows only results with a line, so line 1 is used if the line is unknown.
        None => json!({"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": 1}}}),
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Reject => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    }
}

/// Encodes a path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.extend(format!("%{byte:02X}").chars()),
        }
    }
    uri
}

/// Computes a hash (FNV-1a) that identifies a result even if its line changes.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
