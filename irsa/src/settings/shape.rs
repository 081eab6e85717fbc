//! What shape a setting's value has, as data: what checks settings, and what the reference is made from.

use crate::json::Value;
use crate::types::token_lifetime::TokenLifetime;

/// What values are right.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A token's lifetime, in seconds.
    Lifetime,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A string.
    Text {
        /// What the string has to be.
        expected: &'static str,
        /// Whether it is that.
        is_right: fn(&str) -> bool,
    },
    /// A list.
    List {
        /// What the list is of.
        expected: &'static str,
        /// An empty list says something.
        may_be_empty: bool,
        /// The shape of each element.
        of: &'static Shape,
    },
    /// An object with some of these keys and no others.
    Object(&'static [Member]),
    /// An object with some of these keys and no others, and values of one shape.
    Map {
        /// The keys.
        keys: &'static [&'static str],
        /// The shape of each value.
        of: &'static Shape,
    },
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its key.
    pub key: &'static str,
    /// An object without it is wrong.
    pub is_needed: bool,
    /// What its value is.
    pub shape: Shape,
}

impl Shape {
    /// What is expected, as error messages and the reference put it.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Lifetime => {
                format!("seconds, from {} to {}", TokenLifetime::MIN.seconds(), TokenLifetime::MAX.seconds())
            }
            Self::Word(words) => format!("`{}`", words.join("` or `")),
            Self::Text { expected, .. } | Self::List { expected, .. } => (*expected).to_owned(),
            Self::Object(_) | Self::Map { .. } => "an object".to_owned(),
        }
    }
}

/// The lifetime that a number stands for.
pub(super) fn lifetime(value: &Value<'_>) -> Option<TokenLifetime> {
    value.text().parse::<u64>().ok().and_then(TokenLifetime::new)
}
