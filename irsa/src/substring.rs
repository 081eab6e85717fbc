//! Looking for a short text in another.

/// Whether a text holds another.
///
/// It takes time proportional to the product of their lengths. That of the standard library is for long texts, and
/// adds 2.6 KB to the module.
#[must_use]
pub fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_the_standard_library_finds() {
        for (text, part) in
            [("", ""), ("a", ""), ("", "a"), ("abc", "bc"), ("abc", "abcd"), ("a\u{e4}c", "\u{e4}"), ("aab", "ab")]
        {
            assert_eq!(holds(text, part), text.contains(part), "{text} {part}");
        }
    }
}
