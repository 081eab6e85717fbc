//! The width of the terminal, and lines that fit it.

use std::io;

use terminal_size::{Width, terminal_size_of};

/// Returns the width of the terminal. `None` if the standard output is not a terminal.
pub fn width() -> Option<usize> {
    let (Width(width), _) = terminal_size_of(io::stdout())?;
    Some(width.into())
}

/// Breaks a string at spaces into lines of at most `width` columns. The first line starts at column `before`. Further
/// lines are indented by `indent`. Without a width, the string stays one line.
pub fn wrapped(text: &str, width: Option<usize>, before: usize, indent: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut wrapped = String::with_capacity(text.len());
    let mut column = before;
    for (index, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        let is_first = index == 0;
        if !is_first && column.saturating_add(length) >= width {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !is_first {
            wrapped.push(' ');
            column = column.saturating_add(1);
        }
        wrapped.push_str(word);
        column = column.saturating_add(length);
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_lines_at_spaces() {
        let text = "one two three a-word-that-is-longer-than-the-line four";
        assert_eq!(wrapped(text, None, 4, 2), text);
        assert_eq!(wrapped(text, Some(16), 4, 2), "one two\n  three\n  a-word-that-is-longer-than-the-line\n  four");
        assert_eq!(wrapped("one two three", Some(10), 4, 4), "one\n    two\n    three");
    }
}
