//! Patterns that select service accounts: `namespace/name` with globs.
//!
//! The setting `roles`, the ConfigMap of role mappings and `containerCredentials` use them.

use alloc::borrow::Cow;
use core::cmp::Reverse;
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
    /// Nothing stands before the `/`.
    NoNamespace,
    /// Nothing stands after the `/`.
    NoName,
}

/// How precisely a pattern selects an account. An exact namespace beats a glob; then an exact name beats a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness {
    exact_namespace: bool,
    exact_name: bool,
}

impl<'a> AccountPattern<'a> {
    /// What messages expect where there is no string at all.
    pub const EXPECTED: &'static str = "`namespace/name` (globs are allowed)";

    /// Parses `namespace/name`.
    ///
    /// # Errors
    /// Fails if there is not exactly one `/`, or if one side of it is empty.
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
        // An exact name is the cheapest to compare.
        (!self.name.is_exact() || self.name.as_str() == name)
            && self.namespace.matches(namespace)
            && self.name.matches(name)
    }

    /// The namespace, if the pattern names exactly one.
    pub(crate) fn exact_namespace(&self) -> Option<&str> {
        self.namespace.is_exact().then(|| self.namespace.as_str())
    }

    /// How closely the pattern names an account.
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

/// The entry whose pattern selects the account most precisely. Of several equally precise ones, the first.
pub fn closest<'e, 'a: 'e, T>(
    entries: impl IntoIterator<Item = &'e T>,
    pattern: impl Fn(&'e T) -> &'e AccountPattern<'a>,
    namespace: &str,
    name: &str,
) -> Option<&'e T> {
    entries
        .into_iter()
        .filter(|entry| pattern(entry).matches(namespace, name))
        .min_by_key(|entry| Reverse(pattern(entry).closeness()))
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
    fn prefers_exact_namespaces_then_exact_names_then_the_first() {
        let patterns = |texts: &[&'static str]| -> Vec<AccountPattern<'static>> {
            texts.iter().map(|text| AccountPattern::new(Cow::Borrowed(text)).unwrap()).collect()
        };
        let best = |texts: &[&'static str]| {
            let patterns = patterns(texts);
            let found = closest(&patterns, |pattern| pattern, "team-a", "web");
            found.and_then(|found| patterns.iter().position(|pattern| pattern == found))
        };
        assert_eq!(best(&["*/web", "team-a/*"]), Some(1));
        assert_eq!(best(&["team-a/*", "team-a/web"]), Some(1));
        assert_eq!(best(&["team-*/*", "*/web"]), Some(1));
        assert_eq!(best(&["*/*", "team-*/w*"]), Some(0));
        assert_eq!(best(&["team-b/web", "*/api"]), None);
    }

    #[test]
    fn rejects_other_strings_with_the_reason() {
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
