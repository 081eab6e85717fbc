//! The content of JSON strings.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::bytes::is_same;
use crate::invariant;

/// A string in a JSON text. Its escapes are decoded only on use.
#[derive(Debug, Clone, Copy, Eq)]
pub enum RawStr<'j> {
    /// A string without escapes: the JSON text is the value.
    Plain(&'j str),
    /// The JSON text between the quotes, with escapes.
    ///
    /// INVARIANT: the escapes are valid. Only the reader makes this variant, after it has checked them.
    #[non_exhaustive]
    Escaped(&'j str),
}

impl<'j> RawStr<'j> {
    /// Whether this is the empty string.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Plain(""))
    }

    /// Returns the string's value.
    #[must_use]
    pub fn decode(self) -> Cow<'j, str> {
        match self {
            Self::Plain(value) => Cow::Borrowed(value),
            Self::Escaped(text) => Cow::Owned(unescape(text)),
        }
    }
}

/// The empty string.
impl Default for RawStr<'_> {
    fn default() -> Self {
        Self::Plain("")
    }
}

impl PartialEq for RawStr<'_> {
    #[inline(never)]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Plain(value), Self::Plain(other)) => is_same(value.as_bytes(), other.as_bytes()),
            _ => *self == *other.decode(),
        }
    }
}

impl PartialEq<str> for RawStr<'_> {
    #[inline(never)]
    fn eq(&self, other: &str) -> bool {
        match self {
            Self::Plain(value) => is_same(value.as_bytes(), other.as_bytes()),
            Self::Escaped(_) => self.decode() == other,
        }
    }
}

impl PartialEq<&str> for RawStr<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for RawStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decode())
    }
}

/// Decodes the escapes of a string. `text` is the JSON between the quotes.
#[cold]
#[inline(never)]
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        // INVARIANT: the scanner accepted this string, so each of its escapes is valid.
        let Some((character, behind)) = decode_escape(escape) else { invariant::broken() };
        out.push(character);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Decodes one escape. `text` starts after the backslash.
///
/// Returns the character and the text after the escape. `None` if the escape is invalid.
pub(crate) fn decode_escape(text: &str) -> Option<(char, &str)> {
    let mut rest = text.chars();
    let character = match rest.next()? {
        same @ ('"' | '\\' | '/') => same,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return decode_unicode_escape(rest.as_str()),
        _ => return None,
    };
    Some((character, rest.as_str()))
}

/// Decodes the rest of an escape that starts with `\u`: 4 hexadecimal digits. If they are the first half of a surrogate
/// pair, another escape with the second half must follow. Returns the same as [`decode_escape`].
fn decode_unicode_escape(text: &str) -> Option<(char, &str)> {
    let (first, rest) = hexadecimal(text)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, rest));
    }
    let (second, rest) = hexadecimal(rest.strip_prefix("\\u")?)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, rest))
}

/// Reads 4 hexadecimal digits. Returns their value and the text after them.
fn hexadecimal(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = digits.chars().try_fold(0_u32, |value, digit| Some(value << 4 | digit.to_digit(16)?))?;
    Some((u16::try_from(value).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_kind_of_escape() {
        let string = RawStr::Escaped(r#"\"\\\/\b\f\n\r\t-\u00e4\ud83d\ude00\u0000-\\u0041"#);
        assert!(string == *string.decode());
        assert_eq!(string.decode(), "\"\\/\u{8}\u{c}\n\r\t-\u{e4}\u{1f600}\0-\\u0041");
    }

    #[test]
    #[should_panic(expected = "an invariant does not hold")]
    fn panics_on_an_escape_that_the_scanner_would_have_rejected() {
        let _ = RawStr::Escaped(r"\ud83d").decode();
    }

    #[test]
    fn compares_by_value() {
        let [plain, escaped, other] = [RawStr::Plain("Ab"), RawStr::Escaped(r"\u0041b"), RawStr::Plain("ab")];
        assert_eq!(plain, escaped);
        assert_eq!(escaped, plain);
        assert_eq!(escaped, escaped);
        assert_ne!(plain, other);
        assert_ne!(other, escaped);
        assert!(escaped == "Ab" && escaped != "ab" && plain == "Ab");
        assert!(RawStr::default().is_empty() && !plain.is_empty());
        assert_ne!(RawStr::Plain(r"\u0041b"), escaped, "in a plain string, a backslash is an ordinary character");
    }
}
