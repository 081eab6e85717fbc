//! Ignores findings: by comments `# irsa: ignore[finding] reason` in the input, and by the rules of `.irsa.yaml`.

use manifest_reader::{Comment, Position};

use super::config::{Config, IgnoreRule};
use super::names;
use crate::report::Finding;

/// A comment that ignores findings.
#[derive(Debug)]
pub struct IgnoreComment {
    /// The position of the comment.
    pub at: Position,
    /// The line whose findings the comment ignores.
    line: u32,
    names: Vec<String>,
    reason: String,
    is_used: bool,
}

/// Parses the comments of a file that start with `irsa:`. Returns the valid comments and, for each invalid comment, its
/// position and the reason.
pub fn comments(comments: &[Comment]) -> (Vec<IgnoreComment>, Vec<(Position, String)>) {
    let own_lines: Vec<u32> = comments.iter().filter(|it| !it.is_trailing).map(|it| it.at.line).collect();
    let mut ignores = Vec::new();
    let mut invalid = Vec::new();
    for comment in comments {
        let Some(text) = comment.text.strip_prefix("irsa:").map(str::trim) else { continue };
        match parse(text) {
            Ok((names, reason)) => {
                let mut line = comment.at.line;
                if !comment.is_trailing {
                    // A comment on a line of its own applies to the next line that is not a comment.
                    line = line.saturating_add(1);
                    while own_lines.contains(&line) {
                        line = line.saturating_add(1);
                    }
                }
                ignores.push(IgnoreComment { at: comment.at, line, names, reason, is_used: false });
            }
            Err(message) => invalid.push((comment.at, message)),
        }
    }
    (ignores, invalid)
}

/// Parses `ignore[finding, finding] reason` into the names of the findings and the reason.
fn parse(text: &str) -> Result<(Vec<String>, String), String> {
    let expected = "expected `irsa: ignore[FINDING] REASON`";
    let (names, reason) =
        text.strip_prefix("ignore[").and_then(|rest| rest.split_once(']')).ok_or_else(|| expected.to_owned())?;
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    if let Some(unknown) = names.iter().find(|name| !names::exists(name)) {
        return Err(format!("there is no finding `{}`", irsa::escaped_line(unknown, 100)));
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(format!("{expected}, but the reason is missing"));
    }
    Ok((names, reason.to_owned()))
}

/// Marks the findings of a file that its comments ignore. For each comment that ignores nothing, returns its
/// position and the names in its brackets.
pub fn apply_comments(comments: Vec<IgnoreComment>, findings: &mut [&mut Finding]) -> Vec<(Position, String)> {
    let mut comments = comments;
    for finding in findings {
        let line = finding.at.map(|at| at.line);
        let ignores =
            |it: &&mut IgnoreComment| Some(it.line) == line && it.names.iter().any(|name| name == finding.name);
        if let Some(comment) = comments.iter_mut().find(ignores) {
            comment.is_used = true;
            finding.ignored = Some(comment.reason.clone());
        }
    }
    let unused = comments.into_iter().filter(|comment| !comment.is_used);
    unused.map(|comment| (comment.at, comment.names.join(", "))).collect()
}

/// Marks the findings that the rules of `.irsa.yaml` ignore. Returns the rules that ignored nothing.
pub fn apply_rules<'c>(config: &'c Config, findings: &mut [Finding]) -> Vec<&'c IgnoreRule> {
    let mut unused = Vec::new();
    for rule in &config.ignore {
        let mut is_used = false;
        for finding in findings.iter_mut().filter(|finding| rule.matches(finding)) {
            is_used = true;
            finding.ignored.get_or_insert_with(|| rule.reason.clone());
        }
        if !is_used {
            unused.push(rule);
        }
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_comments() {
        assert_eq!(
            parse("ignore[missingRole, optedOut] no AWS here").unwrap(),
            (vec!["missingRole".to_owned(), "optedOut".to_owned()], "no AWS here".to_owned())
        );
        for text in ["ignore", "ignore[missingRole]", "ignore[other] x", "ignore[] x", "skip[missingRole] x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
