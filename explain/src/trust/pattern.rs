//! Matches values of a policy, which may have wildcards and policy variables.
//!
//! Sources: the IAM User Guide, "IAM JSON policy elements: Condition operators" (`StringLike`: `*` matches any number
//! of characters, including none, and `?` matches one; both match `:` and `/`), and "IAM policy elements: Variables and
//! tags" (`${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the literal characters).

use super::request::{Known, Request};
use super::ternary::Ternary;

/// One position of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This character.
    Is(char),
    /// Any one character.
    One,
    /// Any number of characters.
    Any,
}

/// A value of a policy, with its variables replaced.
#[derive(Debug, Clone)]
pub struct Pattern {
    pieces: Vec<Piece>,
    /// Whether the value of a variable is not known. The variable is then a [`Piece::Any`], and a match is only a
    /// possible match.
    is_open: bool,
}

/// A value of a policy, read for one request.
#[derive(Debug, Clone)]
pub enum Value {
    /// A pattern.
    Pattern(Pattern),
    /// The value contains a variable without a value, so nothing matches it.
    Nothing,
    /// The value contains a malformed variable. IAM does not document what such a variable does.
    Malformed,
}

impl Value {
    /// Reads a value. If `has_wildcards` is `false`, `*` and `?` are plain characters. If `request` is `None`, `${` is
    /// plain text.
    pub fn read(text: &str, has_wildcards: bool, request: Option<&Request>) -> Self {
        let mut pieces = Vec::new();
        let mut is_open = false;
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let after = rest.get(character.len_utf8()..).unwrap_or_default();
            match (character, request, rest.strip_prefix("${")) {
                ('$', Some(request), Some(inner)) => {
                    let Some((name, after)) = inner.split_once('}') else { return Self::Malformed };
                    match variable(name, request) {
                        Variable::Text(text) => pieces.extend(text.chars().map(Piece::Is)),
                        Variable::Open => {
                            is_open = true;
                            pieces.push(Piece::Any);
                        }
                        Variable::Nothing => return Self::Nothing,
                        Variable::Malformed => return Self::Malformed,
                    }
                    rest = after;
                    continue;
                }
                ('*', ..) if has_wildcards => pieces.push(Piece::Any),
                ('?', ..) if has_wildcards => pieces.push(Piece::One),
                _ => pieces.push(Piece::Is(character)),
            }
            rest = after;
        }
        Self::Pattern(Pattern { pieces, is_open })
    }
}

enum Variable {
    Text(String),
    Open,
    Nothing,
    Malformed,
}

/// Returns the value of `${name}`.
fn variable(name: &str, request: &Request) -> Variable {
    if matches!(name, "*" | "?" | "$") {
        return Variable::Text(name.to_owned());
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            match default {
                Some(default) => (key.trim(), Some(default)),
                None => return Variable::Malformed,
            }
        }
        None => (name.trim(), None),
    };
    if key.is_empty() || key.contains("${") {
        return Variable::Malformed;
    }
    match request.known(key) {
        Known::Values(values) => match values.as_slice() {
            [value] => Variable::Text(value.clone()),
            _ => Variable::Open,
        },
        Known::Absent => default.map_or(Variable::Nothing, |default| Variable::Text(default.to_owned())),
        Known::Present | Known::Unknown => Variable::Open,
    }
}

impl Pattern {
    /// Whether the whole string matches the pattern.
    pub fn matches(&self, text: &str, ignores_case: bool) -> Ternary {
        match is_match(&self.pieces, text, ignores_case) {
            true if self.is_open => Ternary::Unknown,
            holds => holds.into(),
        }
    }

    /// Whether every string matches the pattern.
    pub fn matches_everything(&self) -> bool {
        !self.is_open && !self.pieces.is_empty() && self.pieces.iter().all(|piece| *piece == Piece::Any)
    }
}

/// Whether the whole string matches a pattern. Letter case counts, and `${` is plain text.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    match Value::read(pattern, true, None) {
        Value::Pattern(pattern) => is_match(&pattern.pieces, text, false),
        Value::Nothing | Value::Malformed => false,
    }
}

/// Whether the string contains `*` or `?`.
#[must_use]
pub fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn is_match(pattern: &[Piece], text: &str, ignores_case: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    let is =
        |expected: char, got: char| expected == got || ignores_case && expected.to_lowercase().eq(got.to_lowercase());
    let (mut at_pattern, mut at_text) = (0_usize, 0_usize);
    // The position of the last `*`, and the end of the text that this `*` matches so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some(Piece::Any) => {
                star = Some((at_pattern, at_text));
                at_pattern = at_pattern.saturating_add(1);
            }
            Some(Piece::One) => {
                at_pattern = at_pattern.saturating_add(1);
                at_text = at_text.saturating_add(1);
            }
            Some(Piece::Is(expected)) if is(*expected, *character) => {
                at_pattern = at_pattern.saturating_add(1);
                at_text = at_text.saturating_add(1);
            }
            _ => {
                let Some((star_at, end)) = star else { return false };
                let end = end.saturating_add(1);
                star = Some((star_at, end));
                at_pattern = star_at.saturating_add(1);
                at_text = end;
            }
        }
    }
    pattern.get(at_pattern..).unwrap_or_default().iter().all(|rest| *rest == Piece::Any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::request::WebIdentity;

    #[test]
    fn matches_the_whole_text() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a:b/c"),
            ("a*", "a"),
            ("a*c*e", "abcde"),
            ("a?c", "abc"),
            ("?", "\u{e4}"),
            ("*:*", ":"),
            ("*ab", "aab"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a?", "a"), ("a*b", "abc"), ("A", "a"), ("?", ""), ("*a", "b")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    fn with_variables(value: &str, has_wildcards: bool, text: &str) -> Ternary {
        let request = Request::WebIdentity(WebIdentity {
            provider: Some("idp.example/A".to_owned()),
            subject: Some("system:serviceaccount:shop:web".to_owned()),
            ..WebIdentity::default()
        });
        match Value::read(value, has_wildcards, Some(&request)) {
            Value::Pattern(pattern) => pattern.matches(text, false),
            Value::Nothing => Ternary::False,
            Value::Malformed => Ternary::Unknown,
        }
    }

    #[test]
    fn replaces_variables() {
        let cases = [
            ("${idp.example/A:sub}", false, "system:serviceaccount:shop:web", Ternary::True),
            ("a${*}c", true, "a*c", Ternary::True),
            ("a${*}c", true, "abc", Ternary::False),
            ("a${?}${$}", true, "a?$", Ternary::True),
            ("${aws:username}", true, "x", Ternary::False),
            ("${aws:username, 'x'}", true, "x", Ternary::True),
            ("${aws:SourceIp}", true, "x", Ternary::Unknown),
            ("a${aws:SourceIp}", true, "x", Ternary::False),
            ("${aws:username", true, "x", Ternary::Unknown),
            ("${}", true, "x", Ternary::Unknown),
            ("${aws:username, x}", true, "x", Ternary::Unknown),
        ];
        for (value, has_wildcards, text, expected) in cases {
            assert_eq!(with_variables(value, has_wildcards, text), expected, "{value}");
        }
    }
}
