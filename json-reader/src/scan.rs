//! The scanner: finds the start and the end of each value in a JSON text (RFC 8259). It does not interpret the values.
//!
//! The policy spends most of its time here, on text that is skipped. To be fast, the scanner searches strings eight
//! bytes at a time, and decodes nothing. `docs/decisions/0001-own-json-reader.md` says why this is not a library.
//!
//! Property tests (`tests/laws.rs`) check that the scanner accepts and rejects the same texts as `serde_json`.

use crate::bytes::{Special, byte_at, first_byte, length_before, special_or_not_ascii};
use crate::invariant;
use crate::string::{RawStr, decode_escape};

/// The maximum nesting of arrays and objects.
pub const DEPTH_LIMIT: u32 = 200;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// Returns the name of the type in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// JSON text, and a position in the text. The methods move the position forward.
///
/// If a method fails, it returns `None` and stays at the position of the error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'j> {
    text: &'j str,
    /// The byte offset. INVARIANT: at most the length of the text. Between tokens, it is on a character boundary.
    at: usize,
    /// The number of open arrays and objects.
    depth: u32,
}

impl<'j> Scanner<'j> {
    pub(crate) fn new(text: &'j str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Returns the position as a byte offset.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Returns the text between an earlier position and the current position.
    pub(crate) fn text_since(&self, start: usize) -> &'j str {
        // INVARIANT: both are positions between tokens, and the scanner only moves forward.
        let Some(text) = self.text.get(start..self.at) else { invariant::broken() };
        text
    }

    /// Skips white space and returns the next byte, or 0 at the end of the text. No token starts with 0.
    ///
    /// An `Option` would be returned in memory, which costs instructions in every caller.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        match self.byte(self.at).unwrap_or(0) {
            ..=b' ' => self.skip_white_space(),
            byte => byte,
        }
    }

    /// Returns the type of the next value.
    pub(crate) fn kind(&mut self) -> Option<Kind> {
        match self.peek() {
            b'"' => Some(Kind::String),
            b'{' => Some(Kind::Object),
            b'[' => Some(Kind::Array),
            b'n' => Some(Kind::Null),
            b't' | b'f' => Some(Kind::Boolean),
            b'-' | b'0'..=b'9' => Some(Kind::Number),
            _ => None,
        }
    }

    /// Skips a value.
    #[inline]
    pub(crate) fn skip(&mut self) -> Option<()> {
        match self.peek() {
            b'"' => self.skip_string().map(drop),
            first => self.skip_other(first),
        }
    }

    /// Skips a value that starts here with `first` and is not a string.
    #[inline(never)]
    fn skip_other(&mut self, first: u8) -> Option<()> {
        match first {
            b'{' => {
                let mut has_more = self.enter(b'}')?;
                while has_more {
                    self.skip_key()?;
                    self.skip()?;
                    has_more = self.step(b'}')?;
                }
                Some(())
            }
            b'[' => {
                let mut has_more = self.enter(b']')?;
                while has_more {
                    self.skip()?;
                    has_more = self.step(b']')?;
                }
                Some(())
            }
            b'n' => self.word(b"null"),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            _ => self.number(),
        }
    }

    /// Enters the array or object that starts here. If it is empty, also leaves it. Returns whether it has content.
    #[inline]
    pub(crate) fn enter(&mut self, close: u8) -> Option<bool> {
        if self.depth == DEPTH_LIMIT {
            return None;
        }
        self.depth = self.depth.wrapping_add(1);
        self.advance();
        match self.peek() {
            0 if self.at == self.text.len() => return None,
            byte if byte != close => return Some(true),
            _ => self.leave(),
        }
        Some(false)
    }

    /// Skips the comma after an element or member. After the last element or member, leaves the array or object
    /// instead. Returns whether another element or member follows.
    #[inline]
    pub(crate) fn step(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek();
        if byte == b',' {
            self.advance();
            return Some(true);
        }
        if byte != close {
            return None;
        }
        self.leave();
        Some(false)
    }

    /// Reads a key and skips its colon.
    pub(crate) fn key(&mut self) -> Option<RawStr<'j>> {
        if self.peek() != b'"' {
            return None;
        }
        let key = self.string()?;
        self.colon()?;
        Some(key)
    }

    /// Reads the string that starts here.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<RawStr<'j>> {
        let start = self.at;
        let has_escapes = self.skip_string()?;
        // The quotes are not part of the content.
        let text = self.text.get(start.wrapping_add(1)..self.at.wrapping_sub(1))?;
        Some(if has_escapes { RawStr::Escaped(text) } else { RawStr::Plain(text) })
    }

    /// Checks that only white space follows.
    pub(crate) fn finish(mut self) -> Option<()> {
        self.peek();
        (self.at == self.text.len()).then_some(())
    }

    #[cold]
    #[inline(never)]
    fn skip_white_space(&mut self) -> u8 {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(self.at) {
            self.advance();
        }
        self.byte(self.at).unwrap_or(0)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Moves forward by one byte. The position must be before the end of the text, so it can't overflow.
    #[inline]
    fn advance(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    #[inline]
    fn leave(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
        self.advance();
    }

    #[inline]
    fn skip_key(&mut self) -> Option<()> {
        if self.peek() != b'"' {
            return None;
        }
        self.skip_string()?;
        self.colon()
    }

    #[inline]
    fn colon(&mut self) -> Option<()> {
        if self.peek() != b':' {
            return None;
        }
        self.advance();
        Some(())
    }

    /// Skips the string that starts here. Returns whether it has escapes.
    ///
    /// Most strings are ASCII without escapes, so the loop only searches for their end. The position stays in local
    /// variables until then.
    #[inline(never)]
    fn skip_string(&mut self) -> Option<bool> {
        self.advance();
        let text = self.text.as_bytes();
        // INVARIANT: the position is within the text.
        let Some(mut rest) = text.get(self.at..) else { invariant::broken() };
        while let Some((word, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            let marked = special_or_not_ascii(word);
            if marked != 0 {
                let start = text.len().wrapping_sub(rest.len());
                self.at = start.wrapping_add(first_byte(marked));
                if byte_at(word, marked) == b'"' {
                    self.advance();
                    return Some(false);
                }
                return self.skip_rest_of_string();
            }
            rest = behind;
        }
        self.at = text.len().wrapping_sub(rest.len());
        self.skip_rest_of_string()
    }

    /// Skips the rest of a string, which may have escapes and characters that are not ASCII. Returns whether it has
    /// escapes.
    #[cold]
    #[inline(never)]
    fn skip_rest_of_string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            self.skip_plain();
            match self.byte(self.at)? {
                b'"' => break,
                b'\\' => self.skip_escape()?,
                _ => return None,
            }
            has_escapes = true;
            self.advance();
        }
        self.advance();
        Some(has_escapes)
    }

    /// Moves to the next quote, backslash or control character, or to the end of the text.
    #[inline]
    fn skip_plain(&mut self) {
        // INVARIANT: the position is within the text.
        let Some(rest) = self.text.as_bytes().get(self.at..) else { invariant::broken() };
        self.at = self.at.wrapping_add(length_before::<Special>(rest));
    }

    /// Moves from a backslash to the last byte of its escape.
    #[cold]
    #[inline(never)]
    fn skip_escape(&mut self) -> Option<()> {
        self.advance();
        // Most escapes are one character.
        if let b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' = self.byte(self.at)? {
            return Some(());
        }
        let (_, rest) = decode_escape(self.text.get(self.at..)?)?;
        // `rest` is the text after the escape, so the last byte of the escape is directly before `rest`.
        self.at = self.text.len().wrapping_sub(rest.len()).wrapping_sub(1);
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let end = self.at.wrapping_add(word.len());
        if self.text.as_bytes().get(self.at..end)? != word {
            return None;
        }
        self.at = end;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.byte(self.at) == Some(b'-') {
            self.advance();
        }
        if self.byte(self.at) == Some(b'0') {
            self.advance();
        } else {
            self.digits()?;
        }
        if self.byte(self.at) == Some(b'.') {
            self.advance();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte(self.at) {
            self.advance();
            if let Some(b'+' | b'-') = self.byte(self.at) {
                self.advance();
            }
            self.digits()?;
        }
        Some(())
    }

    /// Skips one or more digits.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte(self.at).is_some_and(|byte| byte.is_ascii_digit()) {
            self.advance();
        }
        (self.at != start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans the string `text`. If it is not JSON, returns the position of the error.
    fn scan(text: &str) -> Result<(), usize> {
        let mut scanner = Scanner::new(text);
        scanner.skip().ok_or(scanner.at())?;
        scanner.peek();
        scanner.finish().ok_or(scanner.at())
    }

    #[test]
    fn accepts_json_and_nothing_else() {
        for text in [
            "null",
            "true",
            "false",
            " \t\r\n0 ",
            "-0",
            "12.5e-3",
            "1E+2",
            "\"\"",
            "[]",
            "{}",
            "[ 1 , [ ] , { } ]",
            r#"{"a":{"b":[null,"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"]},"a":1}"#,
            "\"\u{7f}\u{e4}\u{1f600}\"",
        ] {
            assert_eq!(scan(text), Ok(()), "{text}");
        }
        for text in [
            "",
            " ",
            "nul",
            "nulll",
            "True",
            "+1",
            "01",
            "-",
            ".5",
            "1.",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "'a'",
            "\"",
            "\"a",
            "\"\u{1f}\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12g4""#,
            r#""\u123""#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\ud83d\n""#,
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "{1:2}",
            "[}",
            "{]",
            "1 2",
            "[]]",
            "\u{feff}1",
        ] {
            assert!(scan(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reports_the_position_of_an_error() {
        for (text, byte) in [("[1,x]", 3), ("{\"a\":\"b\nc\"}", 7), ("[1", 2), ("\"\\q\"", 2), ("1 2", 2)] {
            assert_eq!(scan(text), Err(byte), "{text}");
        }
    }

    #[test]
    fn limits_the_depth() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(scan(&nested(200)), Ok(()));
        assert!(scan(&nested(201)).is_err());
        assert!(scan(&"[".repeat(1_000_000)).is_err());
        // Only open arrays and objects are counted.
        assert_eq!(scan(&format!("[{}]", vec![nested(199); 3].join(","))), Ok(()));
    }
}
