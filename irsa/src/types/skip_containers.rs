//! The annotations `skip-containers` and `include-containers`: a CSV record of container names.
//!
//! The webhook reads `skip-containers` with Go's `encoding/csv`, one record, with its default options; so does this. Its
//! rules: commas separate fields; a field that starts with `"` ends at the next `"` that is not doubled; a `"` anywhere
//! else is an error; empty lines before the record are skipped. Two differences: names are trimmed, and a record with a
//! line break is an error, because the webhook reads the first line only and ignores the others.

/// Reads the names in a record. `None` if it cannot be read.
///
/// ```
/// use irsa::internals::skip_containers;
///
/// assert_eq!(skip_containers::read(r#"istio-proxy, "log,shipper""#), None, "a quote after a space");
/// assert_eq!(skip_containers::read("istio-proxy, logs").unwrap(), ["istio-proxy", "logs"]);
/// ```
#[must_use]
pub fn read(record: &str) -> Option<Vec<String>> {
    let record = record.trim_matches(['\r', '\n']);
    if record.contains(['\r', '\n']) {
        return None;
    }
    let mut names = Vec::new();
    let mut rest = record;
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

/// Reads the names in the first line of a record that has more than one. `None` if the record has one line, or its first
/// line cannot be read.
#[must_use]
pub fn read_first_line(record: &str) -> Option<Vec<String>> {
    let (line, _) = record.trim_matches(['\r', '\n']).split_once('\n')?;
    read(line)
}

/// A field without quotes: up to a comma or the end. Returns what follows the comma.
fn read_plain(text: &str) -> Option<(String, Option<&str>)> {
    let (field, after) = match text.split_once(',') {
        Some((field, after)) => (field, Some(after)),
        None => (text, None),
    };
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

/// A quoted field, without its opening quote.
fn read_quoted(text: &str) -> Option<(String, Option<&str>)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if let Some(next) = after.strip_prefix(',') {
            return Some((field, Some(next)));
        } else {
            return after.is_empty().then_some((field, None));
        }
    }
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
            ("\n\r\napp", &["app"]),
            ("app\r\n", &["app"]),
            ("app\r", &["app"]),
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
    fn reads_the_first_line_as_go_does() {
        assert_eq!(read_first_line("\napp,log\r\nproxy").unwrap(), ["app", "log"]);
        for record in ["app", "app\n", "\"a\nb\"", "app\rproxy"] {
            assert_eq!(read_first_line(record), None, "{record:?}");
        }
    }

    #[test]
    fn rejects_stray_quotes_and_line_breaks() {
        for record in ["\"broken", "a\"b,sidecar", "\"a\"b", "a, \"b\"", "app\nproxy", "app\rproxy", "\"a\nb\""] {
            assert_eq!(read(record), None, "{record:?}");
        }
    }
}
