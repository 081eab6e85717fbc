//! The annotations `skip-containers` and `include-containers`: a CSV record of container names.
//!
//! As in the webhook, the format is one record of Go's `encoding/csv` with its default options:
//!
//! - Commas separate fields.
//! - A field that starts with `"` ends at the next `"` that is not doubled, and can contain line breaks.
//! - A `"` anywhere else is an error.
//! - Empty lines before the record are skipped, and lines after it are ignored.
//!
//! Names are then trimmed, unlike in the webhook.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Whether a record has a line break that is not at its start or end. [`read`] ignores the names after such a line
/// break, unless the line break is in quotes. Users can overlook this.
#[must_use]
pub fn has_line_break(record: &str) -> bool {
    record.trim_matches(['\r', '\n']).contains(['\r', '\n'])
}

/// Reads the names in a record. `None` if it is invalid.
///
/// ```
/// use irsa::internals::skip_containers;
///
/// assert_eq!(skip_containers::read(r#"istio-proxy, "log,shipper""#), None, "a quote after a space");
/// assert_eq!(skip_containers::read("istio-proxy, logs").unwrap(), ["istio-proxy", "logs"]);
/// ```
#[must_use]
pub fn read(record: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = skip_empty_lines(record);
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => read_quoted(quoted)?,
            None => read_plain(rest)?,
        };
        let name = field.trim();
        if !name.is_empty() {
            names.push(name.to_owned());
        }
        match after {
            Some(next) => rest = next,
            None => return Some(names),
        }
    }
}

fn skip_empty_lines(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')) {
        text = rest;
    }
    text
}

/// Reads a field without quotes, up to a comma or the end of the line. Also returns the text after the comma, if there
/// is one. `None` if the field contains a quote.
fn read_plain(text: &str) -> Option<(String, Option<&str>)> {
    let end = text.bytes().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(text.len());
    let (field, after) = text.split_at_checked(end)?;
    (!field.contains('"')).then(|| (field.to_owned(), after.strip_prefix(',')))
}

/// Reads a quoted field after its opening quote. Also returns the text after the comma, if there is one. `None` if the
/// closing quote is missing, or is not the end of the field.
fn read_quoted(text: &str) -> Option<(String, Option<&str>)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        // `\r\n` becomes `\n`, as in Go.
        for (index, line) in before.split('\n').enumerate() {
            if index > 0 {
                field.truncate(field.strip_suffix('\r').map_or(field.len(), str::len));
                field.push('\n');
            }
            field.push_str(line);
        }
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if let Some(next) = after.strip_prefix(',') {
            return Some((field, Some(next)));
        } else {
            return line(after).is_empty().then_some((field, None));
        }
    }
}

/// Returns the first line. A `\r` at the very end is treated as a line break.
fn line(text: &str) -> &str {
    let line = text.split('\n').next().unwrap_or_default();
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_records_as_go_does() {
        for (record, names) in [
            ("app", &["app"][..]),
            ("app,sidecar", &["app", "sidecar"]),
            ("sidecar, istio-proxy", &["sidecar", "istio-proxy"]),
            ("sidecar,", &["sidecar"]),
            ("\"app\",\"side\"\"car\"", &["app", "side\"car"]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\n\r\napp\nnext", &["app"]),
            ("app\r\n", &["app"]),
            ("app\r", &["app"]),
            ("\"two\nlines\",b", &["two\nlines", "b"]),
            ("", &[]),
        ] {
            assert_eq!(
                read(record).as_deref(),
                Some(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()[..]),
                "{record:?}"
            );
        }
    }

    #[test]
    fn finds_line_breaks_between_names() {
        for record in ["app\nproxy", "app\r\nproxy", "\"a\nb\""] {
            assert!(has_line_break(record), "{record:?}");
        }
        for record in ["app,proxy", "app,proxy\n", "\napp\r\n"] {
            assert!(!has_line_break(record), "{record:?}");
        }
    }

    #[test]
    fn rejects_stray_quotes() {
        for record in ["\"broken", "a\"b,sidecar", "\"a\"b", "a, \"b\""] {
            assert_eq!(read(record), None, "{record:?}");
        }
    }
}
