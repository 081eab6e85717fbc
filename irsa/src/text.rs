//! Looking for something in a short text, with few instructions.

/// Whether a text holds another.
///
/// It takes time proportional to the product of their lengths. That of the standard library is for long texts, and
/// adds 2.6 KB to the module.
#[must_use]
pub fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

/// What stands before and behind the first of these bytes, which must be ASCII. `None` where there is none.
#[must_use]
pub fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let (before, rest) = text.split_at_checked(text.bytes().position(|other| other == byte)?)?;
    Some((before, rest.get(1..)?))
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

    #[test]
    fn splits_as_the_standard_library_does() {
        for text in ["", "a", ":", "a:b", "a:b:c", "\u{e4}:\u{f6}", ":a", "a:"] {
            assert_eq!(split_at_byte(text, b':'), text.split_once(':'), "{text}");
        }
    }
}
