//! Errors: the path of a value that can't be read, and what was expected.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::scan::Kind;

/// The result of reading.
pub type Result<T> = core::result::Result<T, Unreadable>;

/// The maximum length of a key in a path, in bytes. A longer key is cut and ends with `…`.
///
/// Keys are user input of any length, and many errors can contain the same key. Without a limit, the messages could
/// grow with the square of the input.
pub const KEY_LIMIT: usize = 128;

/// The maximum length of a name in an error, in bytes. A longer name is cut and ends with `…`.
pub const NAME_LIMIT: usize = 64;

/// One step of a JSON path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// An index into an array.
    Index(usize),
    /// A key of an object.
    Key(String),
}

/// Formats a path: `spec.containers[0].env`. Keys are user input. They are cut to [`KEY_LIMIT`], but not escaped.
#[must_use]
pub fn path_text<'p>(path: impl IntoIterator<Item = &'p Segment>) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&shorten(key, KEY_LIMIT));
            }
        }
    }
    text
}

/// Cuts a key or a name to at most `limit` bytes, including the `…`.
fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    const ELLIPSIS: char = '…';
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let limit = limit.saturating_sub(ELLIPSIS.len_utf8());
    let fits = |(at, character): &(usize, char)| at.saturating_add(character.len_utf8()) <= limit;
    Cow::Owned(text.char_indices().take_while(fits).map(|(_, character)| character).chain([ELLIPSIS]).collect())
}

/// Writes a name. Escapes all characters except printable ASCII and the `…` of a cut. An escape looks like `\u{200b}`.
///
/// Valid names are ASCII. So an escape shows a character that is invisible, or that looks like another character.
fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    name.chars().try_for_each(|character| match character {
        ' '..='~' | '…' => f.write_char(character),
        _ => write!(f, "\\u{{{:x}}}", u32::from(character)),
    })
}

/// The error for a value that can't be read: the path of the value, and what was expected.
///
/// The error never contains the value, which may be a secret. The only exception is a name ([`Unreadable::name`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(Box<Fault>);

/// The content of the error. It is boxed, so that a [`Result`] stays small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// The path to the value, innermost segment first.
    path: Vec<Segment>,
    problem: Problem,
    /// The subject of the value, for the start of the message.
    subject: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Type { expected: &'static str, got: &'static str },
    Value { expected: &'static str },
    Name { expected: &'static str, got: String },
    Missing { expected: &'static str },
    Duplicate,
    Syntax { byte: usize },
}

impl Unreadable {
    /// Creates the error for a value that has the right type but is invalid.
    #[must_use]
    pub fn value(expected: &'static str) -> Self {
        Self::from(Problem::Value { expected })
    }

    /// Creates the error for an invalid name. The message shows `got`, so `got` must never be a secret.
    ///
    /// The error keeps at most [`NAME_LIMIT`] bytes, and shows characters that are not printable ASCII as escapes.
    #[must_use]
    #[cold]
    pub fn name(expected: &'static str, got: &str) -> Self {
        Self::from(Problem::Name { expected, got: shorten(got, NAME_LIMIT).into_owned() })
    }

    /// Creates the error for a required value that is missing.
    #[must_use]
    pub fn missing(expected: &'static str) -> Self {
        Self::from(Problem::Missing { expected })
    }

    /// Creates the error for a key that occurs twice. Decoders disagree on which value to use.
    #[must_use]
    pub fn duplicate() -> Self {
        Self::from(Problem::Duplicate)
    }

    /// Prepends a key to the error's path, cut to [`KEY_LIMIT`].
    #[must_use]
    #[cold]
    pub fn within(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Key(shorten(key, KEY_LIMIT).into_owned()));
        self
    }

    /// Prepends the segments of a path, outermost first, to the error's path. Each key is cut to [`KEY_LIMIT`].
    #[must_use]
    #[cold]
    pub fn within_path(self, path: &[Segment]) -> Self {
        path.iter().rev().fold(self, |error, segment| match segment {
            Segment::Index(index) => error.within_array(*index),
            Segment::Key(key) => error.within(key),
        })
    }

    /// Returns the byte offset of the error if the text is not JSON, or is nested too deeply. Otherwise `None`.
    #[must_use]
    pub fn syntax_error(&self) -> Option<usize> {
        match self.0.problem {
            Problem::Syntax { byte } => Some(byte),
            _ => None,
        }
    }

    /// Prepends an index to the error's path.
    #[cold]
    pub(crate) fn within_array(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// Sets the subject of the value, which starts the message.
    #[must_use]
    #[cold]
    pub fn about(mut self, subject: String) -> Self {
        self.0.subject = Some(subject);
        self
    }

    /// Creates the error for a value that does not have the expected type.
    #[cold]
    pub(crate) fn wrong_type(expected: Kind, got: Kind) -> Self {
        Self::from(Problem::Type { expected: expected.name(), got: got.name() })
    }

    /// Creates the error for input that is not JSON, or is nested too deeply. `byte` is the offset of the error.
    #[cold]
    pub(crate) fn syntax(byte: usize) -> Self {
        Self::from(Problem::Syntax { byte })
    }

    /// Returns the path to the value. Empty for the whole text.
    #[must_use]
    pub fn path(&self) -> String {
        path_text(self.0.path.iter().rev())
    }
}

impl From<Problem> for Unreadable {
    #[cold]
    fn from(problem: Problem) -> Self {
        Self(Box::new(Fault { path: Vec::new(), problem, subject: None }))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subject) = &self.0.subject {
            write!(f, "{subject}: ")?;
        }
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.path())?;
        }
        match &self.0.problem {
            Problem::Type { expected, got } => write!(f, "expected {expected}, but got {got}"),
            Problem::Value { expected } => write!(f, "expected {expected}, but got something else"),
            Problem::Name { expected, got } => {
                write!(f, "expected {expected}, but got `")?;
                write_name(f, got)?;
                f.write_char('`')
            }
            Problem::Missing { expected } => write!(f, "expected {expected}, but got none"),
            Problem::Duplicate => f.write_str("expected the key once, but got it twice"),
            Problem::Syntax { byte } => write!(f, "expected JSON, but got something else at byte {byte}"),
        }
    }
}

impl core::error::Error for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_path_and_what_was_expected() {
        let error = Unreadable::value("a name").within("a").within_array(3).within("spec");
        assert_eq!(error.to_string(), "`spec[3].a`: expected a name, but got something else");
        let error = error.about("setting `x`".to_owned());
        assert_eq!(error.to_string(), "setting `x`: `spec[3].a`: expected a name, but got something else");
        assert_eq!(Unreadable::syntax(7).to_string(), "expected JSON, but got something else at byte 7");
    }

    #[test]
    fn shows_an_invalid_name_cut_and_escaped() {
        let text = |name: &str| Unreadable::name("a DNS label", name).within("namespace").to_string();
        for (name, shown) in [
            ("../web", "../web".to_owned()),
            ("", String::new()),
            ("a\u{202e}b\n\u{200b}", "a\\u{202e}b\\u{a}\\u{200b}".to_owned()),
            (&"x".repeat(64), "x".repeat(64)),
            (&"x".repeat(65), "x".repeat(61) + "…"),
            (&"\u{e4}".repeat(1_000_000), "\\u{e4}".repeat(30) + "…"),
        ] {
            assert_eq!(text(name), format!("`namespace`: expected a DNS label, but got `{shown}`"));
        }
    }

    #[test]
    fn prepends_a_path_and_cuts_each_key_alone() {
        let long = "x".repeat(KEY_LIMIT);
        let path = [Segment::Key("spec".to_owned()), Segment::Key(long.clone()), Segment::Index(3)];
        let error = Unreadable::duplicate().within("template").within_path(&path).within("object");
        assert_eq!(error.path(), format!("object.spec.{long}[3].template"));
        assert_eq!(Unreadable::duplicate().within("a").within_path(&[]).path(), "a");
    }

    #[test]
    fn cuts_long_keys() {
        let key = |length: usize| "ä".repeat(length / 2);
        let whole = key(KEY_LIMIT);
        assert_eq!(Unreadable::duplicate().within(&whole).path(), whole);
        assert_eq!(path_text(&[Segment::Key(whole.clone())]), whole);
        let cut = format!("{}…", key(124));
        assert_eq!(Unreadable::duplicate().within(&key(1_000_000)).path(), cut);
        assert_eq!(path_text(&[Segment::Key(key(130)), Segment::Index(0)]), format!("{cut}[0]"));
        assert!(cut.len() <= KEY_LIMIT);
    }
}
