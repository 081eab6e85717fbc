//! Patterns that select service accounts: `namespace/name` with globs.
//!
//! Used by the setting `roles`, the setting `containerCredentials`, and the ConfigMap of role mappings.

use alloc::borrow::Cow;
use core::fmt;

use crate::types::glob::{Glob, GlobError};
use crate::util::substring::split_at_byte;

/// A pattern `namespace/name`. Each part is a [`Glob`].
///
/// ```
/// use irsa::internals::{AccountPattern, AccountPatternError};
///
/// let pattern = AccountPattern::new("team-*/web".into())?;
/// assert!(pattern.matches("team-a", "web") && !pattern.matches("team-a", "api"));
/// assert_eq!(AccountPattern::new("web".into()), Err(AccountPatternError::NoSlash));
/// # Ok::<(), AccountPatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPattern<'a> {
    namespace: Glob<'a>,
    name: Glob<'a>,
}

/// Why a string is not a pattern of service accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountPatternError {
    /// It has no `/`.
    NoSlash,
    /// It has more than one `/`.
    ManySlashes,
    /// There is nothing before the `/`.
    NoNamespace,
    /// There is nothing after the `/`.
    NoName,
}

/// How precisely a pattern selects an account. An exact namespace beats a glob. If both namespaces are exact or both
/// are globs, an exact name beats a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness {
    exact_namespace: bool,
    exact_name: bool,
}

impl<'a> AccountPattern<'a> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "`namespace/name` (globs are allowed)";

    /// Parses `namespace/name`.
    ///
    /// # Errors
    /// Fails if there is no `/` or more than one `/`, or if one side is empty.
    pub fn new(text: Cow<'a, str>) -> Result<Self, AccountPatternError> {
        let (namespace, name) = match text {
            Cow::Borrowed(text) => split(text)?,
            Cow::Owned(text) => {
                let (namespace, name) = split(&text)?;
                (Cow::Owned(namespace.into_owned()), Cow::Owned(name.into_owned()))
            }
        };
        Ok(Self {
            namespace: Glob::new(namespace).map_err(|GlobError::Empty| AccountPatternError::NoNamespace)?,
            name: Glob::new(name).map_err(|GlobError::Empty| AccountPatternError::NoName)?,
        })
    }

    /// Whether the pattern selects this account.
    #[must_use]
    pub fn matches(&self, namespace: &str, name: &str) -> bool {
        // Comparing an exact name costs least, so it comes first.
        (!self.name.is_exact() || self.name.as_str() == name)
            && self.namespace.matches(namespace)
            && self.name.matches(name)
    }

    /// The namespace. `None` if it is a glob.
    pub(crate) fn exact_namespace(&self) -> Option<&str> {
        self.namespace.is_exact().then(|| self.namespace.as_str())
    }

    /// How precisely the pattern selects an account.
    pub(crate) fn closeness(&self) -> Closeness {
        Closeness { exact_namespace: self.namespace.is_exact(), exact_name: self.name.is_exact() }
    }
}

fn split(text: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), AccountPatternError> {
    let (namespace, name) = split_at_byte(text, b'/').ok_or(AccountPatternError::NoSlash)?;
    match split_at_byte(name, b'/') {
        Some(_) => Err(AccountPatternError::ManySlashes),
        None => Ok((Cow::Borrowed(namespace), Cow::Borrowed(name))),
    }
}

impl fmt::Display for AccountPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `namespace/name`, but got ")?;
        f.write_str(match self {
            Self::NoSlash => "no `/`",
            Self::ManySlashes => "more than one `/`",
            Self::NoNamespace => "nothing before the `/`",
            Self::NoName => "nothing after the `/`",
        })
    }
}

impl core::error::Error for AccountPatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_invalid_patterns_with_the_reason() {
        use AccountPatternError::{ManySlashes, NoName, NoNamespace, NoSlash};
        for (text, expected, message) in [
            ("", NoSlash, "expected `namespace/name`, but got no `/`"),
            ("web", NoSlash, "expected `namespace/name`, but got no `/`"),
            ("a/b/c", ManySlashes, "expected `namespace/name`, but got more than one `/`"),
            ("/web", NoNamespace, "expected `namespace/name`, but got nothing before the `/`"),
            ("team-a/", NoName, "expected `namespace/name`, but got nothing after the `/`"),
        ] {
            for given in [Cow::Borrowed(text), Cow::Owned(text.to_owned())] {
                let error = AccountPattern::new(given).unwrap_err();
                assert_eq!(error, expected, "{text}");
                assert_eq!(error.to_string(), message, "{text}");
            }
        }
    }
}
