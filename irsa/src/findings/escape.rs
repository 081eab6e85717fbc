//! Escapes user input, so that it can't change how a message is displayed.
//!
//! Control characters, line separators and bidirectional formatting characters are escaped. Unescaped, they could break
//! a line, control a terminal, or reorder the text (Unicode, annex 9 and section 23.2).

use alloc::string::String;
use core::fmt::{self, Write};

use crate::json::printable_length;

/// Marks the end of a string that was cut.
const ELLIPSIS: &str = "\u{2026}";

/// The usual length of a line, in bytes. Most lines do not grow beyond it.
const USUAL_LENGTH: usize = 256;

/// Builds a line: escapes its input, and stops after about `limit` bytes.
pub(super) struct Line {
    text: String,
    limit: usize,
}

impl Line {
    /// Makes an empty line. The last character, or its escape, may exceed the limit.
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::with_capacity(limit.min(USUAL_LENGTH)), limit }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Writes formatted text.
    pub(super) fn push(&mut self, text: fmt::Arguments<'_>) {
        // INVARIANT: `write_str` below never fails, and no `Display` of this crate fails.
        let _ = self.write_fmt(text);
    }

    /// Writes strings.
    pub(super) fn push_all(&mut self, texts: &[&str]) {
        for text in texts {
            // INVARIANT: `write_str` below never fails.
            let _ = self.write_str(text);
        }
    }

    /// The finished line.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        loop {
            let room = self.limit.saturating_sub(self.text.len());
            // Most strings contain only plain characters, so one step copies the whole string.
            let length = printable_length(rest.as_bytes().get(..room).unwrap_or(rest.as_bytes()));
            // INVARIANT: the copied bytes are ASCII, so they end at a character boundary.
            let (plain, other) = rest.split_at_checked(length).unwrap_or((rest, ""));
            self.text.push_str(plain);
            if other.is_empty() {
                return Ok(());
            }
            let mut other = other.chars();
            let Some(character) = other.next().filter(|_| length < room) else { return Ok(()) };
            if character.is_control() || is_layout(character) {
                self.text.extend(character.escape_default());
            } else {
                self.text.push(character);
            }
            rest = other.as_str();
        }
    }
}

/// Returns user input as one line of at most `limit` bytes: escaped, and cut with an ellipsis.
#[must_use]
pub fn escaped_line(text: &str, limit: usize) -> String {
    // The line has room for one more byte. This byte shows `truncate` that the text is too long.
    let mut line = Line::new(limit.saturating_add(1));
    line.push_all(&[text]);
    let mut text = line.into_text();
    truncate(&mut text, limit);
    text
}

/// Cuts a string to `limit` bytes, including the ellipsis.
pub(super) fn truncate(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let mut end = limit.saturating_sub(ELLIPSIS.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    text.push_str(ELLIPSIS);
}

/// Whether a character ends a line, or changes the direction of text.
fn is_layout(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_control_and_bidi_characters() {
        assert_eq!(escaped_line("a\nb\u{1b}[31m", 100), "a\\nb\\u{1b}[31m");
        assert_eq!(escaped_line("a\u{202e}b\u{2028}c\u{2069}", 100), "a\\u{202e}b\\u{2028}c\\u{2069}");
    }

    #[test]
    fn cuts_between_characters() {
        for (text, limit, cut) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abc\u{2026}"),
            ("\u{e4}\u{e4}\u{e4}\u{e4}", 6, "\u{e4}\u{2026}"),
            ("\n\n\n\n", 6, "\\n\\\u{2026}"),
        ] {
            assert_eq!(escaped_line(text, limit), cut, "{text}");
        }
    }
}
