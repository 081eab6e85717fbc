//! Shows a decision to people: the decision, the findings, and the changes as a diff of YAML.
//!
//! The text is styled. The writer must remove the styles if the output is not a terminal, as `anstream` does.
//!
//! User input in the text is escaped, so that it can't control the terminal or change the direction of text.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::admission::Request;
use crate::policy::PolicyResponse;
use crate::response::AdmissionResponse;
use crate::yaml;

/// The number of unchanged lines to show before and after a change.
const CONTEXT_LINES: usize = 3;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Writes the decision on a request.
///
/// # Errors
/// Fails if writing fails, or if an object is not JSON.
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
    writeln!(out, "{BOLD}{}{BOLD:#}: {style}{decision}{code}{style:#}", printable(&request.title()))
}

fn write_findings(out: &mut impl Write, response: &AdmissionResponse) -> io::Result<()> {
    let message = response.status.as_ref().and_then(|status| status.message.as_deref());
    for line in message.into_iter().flat_map(str::lines) {
        writeln!(out, "  {RED}error{RED:#}    {}", printable(line))?;
    }
    for warning in response.warnings.iter().flatten() {
        writeln!(out, "  {YELLOW}warning{YELLOW:#}  {}", printable(warning))?;
    }
    Ok(())
}

fn write_annotations(out: &mut impl Write, response: &AdmissionResponse) -> io::Result<()> {
    let annotations = response.audit_annotations.iter().flatten();
    let width = annotations.clone().map(|(key, _)| key.len()).max().unwrap_or_default();
    for (key, value) in annotations {
        let (key, value) = (printable(key), printable(value));
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
            let line = printable(change.value().trim_end_matches('\n'));
            writeln!(out, "  {style}{sign} {line}{style:#}")?;
        }
    }
    Ok(())
}

/// Escapes control characters and characters that change the direction of text.
fn printable(line: &str) -> String {
    irsa::escaped_line(line, usize::MAX)
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
    fn shows_changes_with_the_lines_around_them() {
        let response = accepting(|object| object["five"] = Value::from(5));

        assert_eq!(
            shown(&Ok(response)),
            "Pod a/web: accepted, with changes\n    two: 2\n    three: 3\n    four: 4\n  + five: 5\n"
        );
    }

    #[test]
    fn separates_distant_changes() {
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
    fn shows_findings_and_annotations_but_no_diff_if_the_object_is_rejected() {
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
    /// A terminal would obey an unescaped escape sequence, and show the text after U+202E from right to left.
    #[test]
    fn escapes_user_input_in_every_part_of_the_output() {
        const RAW: &str = "a\u{1b}[31m\u{202e}b\u{2028}\rc";
        const ESCAPED: &str = r"a\u{1b}[31m\u{202e}b\u{2028}\rc";
        let name = r"a\u001b[31m\u202eb\u2028\rc";
        let pod =
            format!(r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "{name}", "namespace": "a"}}}}"#);
        let request = admission::requests(&pod).unwrap().remove(0);
        let mut object: Value = serde_json::from_str(request.object().unwrap().get()).unwrap();
        object[RAW] = Value::from("new");
        let accepted = PolicyResponse {
            warnings: Some(vec![RAW.to_owned()]),
            audit_annotations: Some(BTreeMap::from([(RAW.to_owned(), RAW.to_owned())])),
            mutated_object: Some(RawValue::from_string(object.to_string()).unwrap()),
            ..accepting(|_| {})
        };
        let rejected = PolicyResponse { accepted: false, message: Some(RAW.to_owned()), ..accepting(|_| {}) };

        for (response, parts) in [
            (
                accepted,
                vec![
                    format!("Pod a/{ESCAPED}: accepted"),
                    format!("warning  {ESCAPED}\n"),
                    format!("{ESCAPED}  {ESCAPED}\n"),
                ],
            ),
            (rejected, vec![format!("error    {ESCAPED}\n")]),
        ] {
            let mut out = Vec::new();
            write(&mut StripStream::new(&mut out), &request, &Ok(response)).unwrap();
            let shown = String::from_utf8(out).unwrap();
            for part in parts {
                assert!(shown.contains(&part), "{part}\n{shown:?}");
            }
            let is_raw = |character: char| character != '\n' && character.is_control();
            assert!(!shown.contains(is_raw) && !shown.contains(['\u{202e}', '\u{2028}']), "{shown:?}");
        }
    }
}
