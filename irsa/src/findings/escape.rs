//! User input as part of one line of a message.
//!
//! Control characters, line separators and characters that turn the direction of writing are escaped, since they
//! could break the line, the terminal, or the order in which a line is read (Unicode, annex 9 and section 23.2).

use alloc::string::String;
use core::fmt::{self, Write};

/// Marks a cut.
const ELLIPSIS: &str = "\u{2026}";

/// A line under construction: escapes what it is given, and takes no more than about `limit` bytes.
pub(super) struct Line {
    text: String,
    limit: usize,
}

impl Line {
    /// An empty line of at most `limit` bytes, plus the length of one escape.
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit }
    }

    /// The number of bytes so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Writes formatted text.
    pub(super) fn push(&mut self, text: fmt::Arguments<'_>) {
        // INVARIANT: `write_str` below never fails, so an error could only come from a `Display` of this crate, and
        // none of them fails.
        let _ = self.write_fmt(text);
    }

    /// The finished line.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.text.len() >= self.limit {
                break;
            }
            if character.is_control() || is_layout(character) {
                self.text.extend(character.escape_default());
            } else {
                self.text.push(character);
            }
        }
        Ok(())
    }
}

/// A text as one line of at most `limit` bytes: escaped, and cut with an ellipsis.
#[must_use]
pub fn escaped_line(text: &str, limit: usize) -> String {
    // One byte more than fits, so that a text that is too long is seen to be.
    let mut line = Line::new(limit.saturating_add(1));
    line.push(format_args!("{text}"));
    let mut text = line.into_text();
    truncate(&mut text, limit);
    text
}

/// Cuts a text to `limit` bytes, ellipsis included.
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

/// Whether a character ends a line, or turns the direction of writing.
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
