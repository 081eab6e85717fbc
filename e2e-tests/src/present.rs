//! A decision, for people to read: what was decided, what was found, and what changes in the object's YAML.
//!
//! The text is styled; what it is written to has to strip the styles where nobody sees them, as `anstream` does.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::admission::Request;
use crate::policy::PolicyResponse;
use crate::response::AdmissionResponse;
use crate::yaml;

/// Lines that are shown around a change.
const CONTEXT_LINES: usize = 3;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Writes the decision on a request.
///
/// # Errors
/// Where it can't be written, or an object can't be shown as YAML.
pub fn write(out: &mut impl Write, request: &Request, answer: &Result<PolicyResponse>) -> Result<()> {
    let response = AdmissionResponse::of(request, answer);
    let diff = match (request.object(), answer) {
        (Some(before), Ok(PolicyResponse { mutated_object: Some(after), accepted: true, .. })) => {
            Some((yaml_of(before.get())?, yaml_of(after.get())?))
        }
        _ => None,
    };
    write_heading(out, request, &response)?;
    write_findings(out, &response)?;
    write_annotations(out, &response)?;
    if let Some((before, after)) = diff {
        write_diff(out, &before, &after)?;
    }
    Ok(())
}

fn write_heading(out: &mut impl Write, request: &Request, response: &AdmissionResponse) -> io::Result<()> {
    let (style, decision) = match response {
        AdmissionResponse { allowed: false, .. } => (RED, "rejected"),
        AdmissionResponse { patch: Some(_), .. } => (GREEN, "accepted, with changes"),
        _ => (GREEN, "accepted, unchanged"),
    };
    let code = response.status.as_ref().and_then(|status| status.code);
    let code = code.map_or_else(String::new, |code| format!(" ({code})"));
    writeln!(out, "{BOLD}{}{BOLD:#}: {style}{decision}{code}{style:#}", request.title())
}

fn write_findings(out: &mut impl Write, response: &AdmissionResponse) -> io::Result<()> {
    let message = response.status.as_ref().and_then(|status| status.message.as_deref());
    for line in message.into_iter().flat_map(str::lines) {
        writeln!(out, "  {RED}error{RED:#}    {line}")?;
    }
    for warning in response.warnings.iter().flatten() {
        writeln!(out, "  {YELLOW}warning{YELLOW:#}  {warning}")?;
    }
    Ok(())
}

fn write_annotations(out: &mut impl Write, response: &AdmissionResponse) -> io::Result<()> {
    let annotations = response.audit_annotations.iter().flatten();
    let width = annotations.clone().map(|(key, _)| key.len()).max().unwrap_or_default();
    for (key, value) in annotations {
        writeln!(out, "  {DIM}audit{DIM:#}    {key:width$}  {value}")?;
    }
    Ok(())
}

fn write_diff(out: &mut impl Write, before: &str, after: &str) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    for (index, group) in diff.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if index > 0 {
            writeln!(out, "  {DIM}⋮{DIM:#}")?;
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (style, sign) = match change.tag() {
                ChangeTag::Delete => (RED, '-'),
                ChangeTag::Insert => (GREEN, '+'),
                ChangeTag::Equal => (DIM, ' '),
            };
            let line = change.value().trim_end_matches('\n');
            writeln!(out, "  {style}{sign} {line}{style:#}")?;
        }
    }
    Ok(())
}

fn yaml_of(json: &str) -> Result<String> {
    let value: Value = serde_json::from_str(json).context("cannot parse the object")?;
    yaml::to_string(&value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use anstream::StripStream;
    use anyhow::anyhow;
    use serde_json::value::RawValue;

    use super::*;
    use crate::admission;

    fn request() -> Request {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: a}, one: 1, two: 2, three: 3, four: 4}";
        admission::requests(pod).unwrap().remove(0)
    }

    fn accepting(change: impl Fn(&mut Value)) -> PolicyResponse {
        let mut object: Value = serde_json::from_str(request().object().unwrap().get()).unwrap();
        change(&mut object);
        PolicyResponse {
            raw: String::new(),
            accepted: true,
            message: None,
            code: None,
            mutated_object: Some(RawValue::from_string(object.to_string()).unwrap()),
            audit_annotations: None,
            warnings: None,
        }
    }

    fn shown(answer: &Result<PolicyResponse>) -> String {
        let mut out = StripStream::new(Vec::new());
        write(&mut out, &request(), answer).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn shows_what_changes_and_what_is_around_it() {
        let response = accepting(|object| object["five"] = Value::from(5));

        assert_eq!(
            shown(&Ok(response)),
            "Pod a/web: accepted, with changes\n    two: 2\n    three: 3\n    four: 4\n  + five: 5\n"
        );
    }

    #[test]
    fn shows_distant_changes_apart() {
        let response = accepting(|object| {
            object["apiVersion"] = Value::from("v2");
            object["four"] = Value::from(44);
        });

        let shown = shown(&Ok(response));

        assert!(shown.contains("  - apiVersion: v1\n  + apiVersion: v2\n"), "{shown}");
        assert!(shown.contains("  ⋮\n"), "{shown}");
        assert!(shown.contains("  - four: 4\n  + four: 44\n"), "{shown}");
    }

    #[test]
    fn shows_findings_and_annotations_and_no_diff_of_a_rejected_object() {
        let response = PolicyResponse {
            accepted: false,
            message: Some("first [a]\nsecond [b]".to_owned()),
            code: Some(403),
            warnings: Some(vec!["third [c]".to_owned()]),
            audit_annotations: Some(BTreeMap::from([
                ("decision".to_owned(), "rejected".to_owned()),
                ("findings".to_owned(), "a,b,c".to_owned()),
            ])),
            ..accepting(|object| object["five"] = Value::from(5))
        };

        assert_eq!(
            shown(&Ok(response)),
            "Pod a/web: rejected (403)\n  error    first [a]\n  error    second [b]\n  warning  third [c]\n  \
             audit    decision  rejected\n  audit    findings  a,b,c\n"
        );
    }

    #[test]
    fn shows_a_failure_of_the_policy() {
        assert_eq!(
            shown(&Err(anyhow!("Guest call failure: boom"))),
            "Pod a/web: rejected (500)\n  error    internal server error: Guest call failure: boom\n"
        );
    }
}
