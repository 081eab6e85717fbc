//! Which service accounts an entry of the settings, or of the ConfigMap of role mappings, is about.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::glob::Glob;
use crate::util::substring::split_at_byte;

/// A pattern `namespace/name`, each of them a [`Glob`].
///
/// ```
/// use irsa::internals::AccountPattern;
///
/// let pattern = AccountPattern::new("team-*/web".into()).unwrap();
/// assert!(pattern.matches("team-a", "web") && !pattern.matches("team-a", "api"));
/// assert!(AccountPattern::new("web".into()).is_none(), "the namespace is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPattern<'a> {
    namespace: Glob<'a>,
    name: Glob<'a>,
}

/// How closely a pattern names an account: an exact namespace beats a glob, then an exact name a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness {
    exact_namespace: bool,
    exact_name: bool,
}

impl<'a> AccountPattern<'a> {
    /// Reads `namespace/name`. `None` where there is not exactly one `/`, or nothing on one side of it.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        let (namespace, name) = match text {
            Cow::Borrowed(text) => split(text)?,
            Cow::Owned(text) => {
                let (namespace, name) = split(&text)?;
                (Cow::Owned(namespace.into_owned()), Cow::Owned(name.into_owned()))
            }
        };
        Some(Self { namespace: Glob::new(namespace)?, name: Glob::new(name)? })
    }

    /// Whether the pattern names this account.
    #[must_use]
    pub fn matches(&self, namespace: &str, name: &str) -> bool {
        self.namespace.matches(namespace) && self.name.matches(name)
    }

    fn closeness(&self) -> Closeness {
        Closeness { exact_namespace: self.namespace.is_exact(), exact_name: self.name.is_exact() }
    }
}

fn split(text: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (namespace, name) = split_at_byte(text, b'/')?;
    split_at_byte(name, b'/').is_none().then_some((Cow::Borrowed(namespace), Cow::Borrowed(name)))
}

/// Of the entries that name an account, the one that names it most closely; among equals the first.
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
    fn rejects_what_has_not_one_slash() {
        for text in ["web", "a/b/c", "/web", "team-a/", ""] {
            assert!(AccountPattern::new(Cow::Borrowed(text)).is_none(), "{text}");
        }
    }
}
