//! Substring search for short strings. The standard library's search adds 2.6 KB to the module.

/// Whether a string contains `part`. Takes time in proportion to the product of both lengths, so `part` must be short.
#[must_use]
pub fn contains(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

/// Splits at the first occurrence of an ASCII byte. `None` if the byte does not occur.
#[must_use]
pub(crate) fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let (before, rest) = text.split_at_checked(text.bytes().position(|other| other == byte)?)?;
    Some((before, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_same_substrings_as_the_standard_library() {
        for (text, part) in
            [("", ""), ("a", ""), ("", "a"), ("abc", "bc"), ("abc", "abcd"), ("a\u{e4}c", "\u{e4}"), ("aab", "ab")]
        {
            assert_eq!(contains(text, part), text.contains(part), "{text} {part}");
        }
    }

    #[test]
    fn splits_as_the_standard_library_does() {
        for text in ["", "a", ":", "a:b", "a:b:c", "\u{e4}:\u{f6}", ":a", "a:"] {
            assert_eq!(split_at_byte(text, b':'), text.split_once(':'), "{text}");
        }
    }
}
