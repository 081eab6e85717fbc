//! Where a JSON text's parts begin and end (RFC 8259), and nothing about what they mean.
//!
//! Most of the policy's time is spent here, on text that is only passed over, so this is not a library's: of those that
//! tell positions, the best (`jiter`) takes, with its number and string types, more instructions for its pass alone than
//! the whole of a policy that finds the object with `serde_json` and returns it. What is done here and not there: a
//! string is looked through eight bytes at a time, and nothing is decoded on the way.
//!
//! Laws (`tests/laws.rs`) hold it to what `serde_json` takes and refuses.

use crate::string::{RawStr, plain_length, unicode_escape};

/// How deep lists and objects may stand in one another.
pub const DEPTH_LIMIT: u32 = 200;

/// What kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    List,
    Object,
}

impl Kind {
    /// The kind, as messages call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// A place in a JSON text.
///
/// What fails returns `None`, and stays where the text is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'j> {
    text: &'j str,
    /// In bytes.
    at: usize,
    /// How many lists and objects are open.
    depth: u32,
}

impl<'j> Scanner<'j> {
    pub(crate) fn new(text: &'j str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The place, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text from a place to here.
    pub(crate) fn text_since(&self, start: usize) -> &'j str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next byte that is no white space, to which this goes. `None` at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.byte(self.at) {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.peek_behind_white_space(),
        }
    }

    /// The kind of the value that comes next.
    pub(crate) fn kind(&mut self) -> Option<Kind> {
        match self.peek()? {
            b'"' => Some(Kind::String),
            b'{' => Some(Kind::Object),
            b'[' => Some(Kind::List),
            b'n' => Some(Kind::Null),
            b't' | b'f' => Some(Kind::Boolean),
            b'-' | b'0'..=b'9' => Some(Kind::Number),
            _ => None,
        }
    }

    /// Passes over a value.
    #[inline]
    pub(crate) fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.pass_string().map(drop),
            first => self.pass_other(first),
        }
    }

    /// Passes over a value that is no string, and begins here with this byte.
    #[inline(never)]
    fn pass_other(&mut self, first: u8) -> Option<()> {
        match first {
            b'{' => {
                let mut has_more = self.enter(b'}')?;
                while has_more {
                    self.pass_key()?;
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

    /// Enters the list or the object that begins here. Returns whether anything is in it; if not, it is left.
    #[inline]
    pub(crate) fn enter(&mut self, close: u8) -> Option<bool> {
        if self.depth == DEPTH_LIMIT {
            return None;
        }
        self.depth = self.depth.wrapping_add(1);
        self.advance();
        if self.peek()? != close {
            return Some(true);
        }
        self.leave();
        Some(false)
    }

    /// Goes on behind an element or a member. Returns whether another one comes; if not, the list or object is left.
    #[inline]
    pub(crate) fn step(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek()?;
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

    /// Reads a key, and passes over its colon.
    pub(crate) fn key(&mut self) -> Option<RawStr<'j>> {
        if self.peek()? != b'"' {
            return None;
        }
        let key = self.string()?;
        self.colon()?;
        Some(key)
    }

    /// Reads the string that begins here.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<RawStr<'j>> {
        let start = self.at;
        let quotes = usize::from(!self.pass_string()?);
        let text = self.text.get(start.wrapping_add(quotes)..self.at.wrapping_sub(quotes))?;
        Some(RawStr::of(text))
    }

    /// Nothing but white space may be left.
    pub(crate) fn finish(mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    #[cold]
    #[inline(never)]
    fn peek_behind_white_space(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(self.at) {
            self.advance();
        }
        self.byte(self.at)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Goes on by a byte. A place is never behind the text's end, so it cannot overflow.
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
    fn pass_key(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.pass_string()?;
        self.colon()
    }

    #[inline]
    fn colon(&mut self) -> Option<()> {
        if self.peek()? != b':' {
            return None;
        }
        self.advance();
        Some(())
    }

    /// Passes over the string that begins here. Returns whether it has escapes.
    #[inline(never)]
    fn pass_string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            self.advance();
            self.pass_plain();
            match self.byte(self.at)? {
                b'"' => break,
                b'\\' => self.pass_escape()?,
                _ => return None,
            }
            has_escapes = true;
        }
        self.advance();
        Some(has_escapes)
    }

    /// Passes over what may just stand in a string: goes to the next quote, backslash or control character, or to the
    /// text's end.
    #[inline]
    fn pass_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at = self.at.wrapping_add(plain_length(rest));
    }

    /// Goes to the last byte of the escape that begins here.
    #[cold]
    #[inline(never)]
    fn pass_escape(&mut self) -> Option<()> {
        self.advance();
        match self.byte(self.at)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let (_, length) = unicode_escape(self.text.get(self.at.wrapping_add(1)..)?)?;
                self.at = self.at.wrapping_add(length);
                Some(())
            }
            _ => None,
        }
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

    /// Passes over digits, of which there must be one.
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

    /// Where a text is wrong.
    fn scan(text: &str) -> Result<(), usize> {
        let mut scanner = Scanner::new(text);
        scanner.skip().ok_or(scanner.at())?;
        scanner.peek();
        scanner.finish().ok_or(scanner.at())
    }

    #[test]
    fn takes_json_and_nothing_else() {
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
    fn says_where_the_text_is_wrong() {
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
        // Only what is open counts.
        assert_eq!(scan(&format!("[{}]", vec![nested(199); 3].join(","))), Ok(()));
    }
}
