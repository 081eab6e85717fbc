//! What could not be read, and where.

use std::fmt;

use crate::scan::Kind;

/// The result of reading.
pub type Result<T> = std::result::Result<T, Unreadable>;

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// To an element of a list.
    Index(usize),
    /// To a member of an object.
    Key(String),
}

/// The text of a path: `spec.containers[0].env`. Keys are as they are in the text that was read, and may hold anything.
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
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
        }
    }
    text
}

/// A text that could not be read: where, and what was expected there.
///
/// It never holds a value of the text, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(Box<Fault>);

/// It stands behind a pointer, so that the results of reading stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// The way to the value at fault, innermost step first.
    path: Vec<Segment>,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Type { expected: &'static str, got: &'static str },
    Value { expected: &'static str },
    Missing { expected: &'static str },
    Duplicate,
    Syntax { byte: usize },
}

impl Unreadable {
    /// A value of the right type that cannot be what it should be.
    #[must_use]
    pub fn value(expected: &'static str) -> Self {
        Self::from(Problem::Value { expected })
    }

    /// A value that has to be there and is not.
    #[must_use]
    pub fn missing(expected: &'static str) -> Self {
        Self::from(Problem::Missing { expected })
    }

    /// A member that is there twice: decoders differ in which of the two they take.
    #[must_use]
    pub fn duplicate() -> Self {
        Self::from(Problem::Duplicate)
    }

    /// The same error, seen from the object that holds it under `key`.
    #[must_use]
    #[cold]
    pub fn within(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Key(key.to_owned()));
        self
    }

    #[cold]
    pub(crate) fn within_list(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    #[cold]
    pub(crate) fn wrong_type(expected: Kind, got: Kind) -> Self {
        Self::from(Problem::Type { expected: expected.name(), got: got.name() })
    }

    /// A text that is no JSON, or nested too deeply.
    #[cold]
    pub(crate) fn syntax(byte: usize) -> Self {
        Self::from(Problem::Syntax { byte })
    }

    /// The path to the value at fault. Empty for the whole.
    #[must_use]
    pub fn path(&self) -> String {
        path_text(self.0.path.iter().rev())
    }
}

impl From<Problem> for Unreadable {
    #[cold]
    fn from(problem: Problem) -> Self {
        Self(Box::new(Fault { path: Vec::new(), problem }))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.path())?;
        }
        match &self.0.problem {
            Problem::Type { expected, got } => write!(f, "expected {expected}, but got {got}"),
            Problem::Value { expected } => write!(f, "expected {expected}, but got something else"),
            Problem::Missing { expected } => write!(f, "expected {expected}, but got none"),
            Problem::Duplicate => f.write_str("expected the key once, but got it twice"),
            Problem::Syntax { byte } => write!(f, "expected JSON, but got something else at byte {byte}"),
        }
    }
}

impl std::error::Error for Unreadable {}
