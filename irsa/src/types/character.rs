//! How a message shows a character of user input.

use core::fmt;

/// A character as messages show it: in backticks if it is visible ASCII, else as its code point, such as `U+200B`.
///
/// Users can search for a code point, but not for an invisible character, or for a character that only looks like an
/// ASCII letter.
///
/// ```
/// use irsa::internals::Shown;
///
/// assert_eq!(Shown('*').to_string(), "`*`");
/// assert_eq!(Shown('\u{200b}').to_string(), "U+200B");
/// assert_eq!(Shown(' ').to_string(), "a space");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown(pub char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' ' => f.write_str("a space"),
            visible if visible.is_ascii_graphic() => write!(f, "`{visible}`"),
            other => write!(f, "U+{:04X}", u32::from(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_visible_ascii_as_it_is_and_all_else_as_a_code_point() {
        for (character, shown) in [
            ('a', "`a`"),
            ('~', "`~`"),
            (' ', "a space"),
            ('\n', "U+000A"),
            ('\u{e4}', "U+00E4"),
            ('\u{1f600}', "U+1F600"),
        ] {
            assert_eq!(Shown(character).to_string(), shown);
        }
    }
}
