//! Patterns with `*` and `?`.
//!
//! Source: the IAM User Guide, "IAM JSON policy elements: Condition operators", `StringLike`: `*` stands for any number
//! of characters, none too, and `?` for one. Both cross `:` and `/`.

/// Whether a text matches a pattern as a whole. Letter case counts.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at_pattern, mut at_text) = (0_usize, 0_usize);
    // The last `*`, and where in the text what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some('*') => {
                star = Some((at_pattern, at_text));
                at_pattern = at_pattern.saturating_add(1);
            }
            Some(expected) if expected == character || *expected == '?' => {
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
    pattern.get(at_pattern..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

/// Whether a text has one of the two.
#[must_use]
pub fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
