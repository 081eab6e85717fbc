//! What stands in a JSON string.

use std::borrow::Cow;
use std::fmt;

/// A string of a JSON text, of which the escapes are decoded only when it is looked at.
///
/// Known to be valid. With its quotes where it has escapes, else without: so its first byte tells.
#[derive(Debug, Clone, Copy, Default, Eq)]
pub struct RawStr<'j>(&'j str);

impl<'j> RawStr<'j> {
    /// A string without anything that JSON escapes. `None` where there is such a thing in it.
    #[must_use]
    pub fn plain(text: &'j str) -> Option<Self> {
        (plain_length(text.as_bytes()) == text.len()).then_some(Self(text))
    }

    /// A valid string: with its quotes where it has escapes, else without.
    pub(crate) fn of(text: &'j str) -> Self {
        Self(text)
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The string's value.
    #[must_use]
    pub fn decode(self) -> Cow<'j, str> {
        if self.0.as_bytes().first() == Some(&b'"') { Cow::Owned(unescape(self.0)) } else { Cow::Borrowed(self.0) }
    }
}

impl PartialEq for RawStr<'_> {
    #[inline(never)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || *self == *other.decode()
    }
}

impl PartialEq<str> for RawStr<'_> {
    #[inline(never)]
    fn eq(&self, other: &str) -> bool {
        self.decode() == other
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

/// How many bytes there are before the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            let plain = (special.trailing_zeros() / u8::BITS) as usize;
            return bytes.len().wrapping_sub(rest.len()).wrapping_add(plain);
        }
        rest = behind;
    }
    let plain = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')).count();
    bytes.len().wrapping_sub(rest.len()).wrapping_add(plain)
}

/// Marks bytes of a word that may not just stand in a string, by their highest bit. Of those that are marked, the first
/// (the least significant) is always rightly so; what comes behind it may be wrong.
///
/// After "Bit Twiddling Hacks", "Determine if a word has a byte less than n". Exchanging 0x20 and 0x22 (by the xor with
/// 2) makes "a control character or a quote" one such question.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 0xff;
    const BACKSLASHES: u64 = EACH * b'\\' as u64;
    let quote_or_control = (word ^ (EACH * 2)).wrapping_sub(EACH * 0x21);
    let backslash = (word ^ BACKSLASHES).wrapping_sub(EACH);
    (quote_or_control | backslash) & !word & (EACH * 0x80)
}

/// What stands for itself in a valid string, and the escapes, as what they stand for.
#[cold]
#[inline(never)]
fn unescape(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut rest = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut after = escape.chars();
        let (character, length) = match after.next() {
            Some('b') => ('\u{8}', 0),
            Some('f') => ('\u{c}', 0),
            Some('n') => ('\n', 0),
            Some('r') => ('\r', 0),
            Some('t') => ('\t', 0),
            Some('u') => unicode_escape(after.as_str()).unwrap_or_default(),
            other => (other.unwrap_or_default(), 0),
        };
        out.push(character);
        rest = after.as_str().get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character that stands behind `\u`, and how many bytes it takes: 4 hexadecimal digits, or 10 for a pair of
/// surrogates. `None` for a surrogate without the other.
pub(crate) fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let first = hexadecimal(text.get(..4)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 4));
    }
    let second = hexadecimal(text.get(4..10)?.strip_prefix("\\u")?)?;
    let pair = char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok()?;
    Some((pair, 10))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    digits.chars().try_fold(0_u32, |number, digit| Some(number << 4 | digit.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_special_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for plain in [b' ', b'!', b'#', b'a', 0x7f, 0x80, 0xff, 0xa2, 0xdc] {
                for place in 0..8 {
                    let mut bytes = [plain; 8];
                    bytes[place] = special;
                    // What comes behind does not matter.
                    bytes[7] = if place == 7 { special } else { b'"' };
                    let found = special_bytes(u64::from_le_bytes(bytes)).trailing_zeros() / 8;
                    assert_eq!(found as usize, place, "{bytes:?}");
                }
            }
        }
        assert_eq!(special_bytes(u64::from_le_bytes(*b" !#[]~ \x7f")), 0);
    }

    #[test]
    fn decodes_escapes() {
        let string = RawStr::of(r#""\"\\\/\b\f\n\r\t-\u00e4\ud83d\ude00\u0000-\\u0041""#);
        assert!(string == *string.decode());
        assert_eq!(string.decode(), "\"\\/\u{8}\u{c}\n\r\t-\u{e4}\u{1f600}\0-\\u0041");
    }

    #[test]
    fn takes_as_plain_what_has_nothing_to_escape() {
        assert!(RawStr::plain("a \u{e4}").is_some_and(|text| text == "a \u{e4}"));
        for text in ["\"", "a\\", "a\nb"] {
            assert_eq!(RawStr::plain(text), None, "{text}");
        }
    }

    #[test]
    fn compares_by_value() {
        let [plain, escaped, other] = [RawStr::of("Ab"), RawStr::of(r#""\u0041b""#), RawStr::of("ab")];
        assert_eq!(plain, escaped);
        assert_eq!(escaped, plain);
        assert_ne!(plain, other);
        assert_ne!(other, escaped);
        assert!(escaped == "Ab" && escaped != "ab" && plain == "Ab");
        assert!(RawStr::of("").is_empty() && RawStr::default().is_empty() && !plain.is_empty());
    }
}
