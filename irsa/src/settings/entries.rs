//! The settings `roles` and `allowedRoles`, which can have thousands of entries.
//!
//! The policy reads its settings for each request, and the review of a request needs few entries of the two arrays. So
//! the arrays are kept as text. A review searches the text in one pass, and checks only the entries that it needs. If
//! such an entry is invalid, the request is rejected. The other entries can stay unchecked: before the policy gets a
//! request, Kubewarden calls `validate_settings`, which checks every entry.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::read::{allowed_roles, role_mapping};
use super::reader::{Result, Setting, read_entry};
use super::{AllowedRoles, RoleMapping, Settings, SettingsErrors};
use crate::json::{Attempt, RawStr, Reader};
use crate::types::account_pattern::{AccountPattern, Closeness};
use crate::types::glob::Glob;

/// An array in the settings, as JSON. Its entries are not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entries<'a>(&'a str);

impl<'a> Entries<'a> {
    /// No entries.
    pub(super) const EMPTY: Self = Self("[]");

    /// The entries in a JSON array.
    pub(super) fn new(json: &'a str) -> Self {
        Self(json)
    }
}

impl<'a> Settings<'a> {
    /// Returns the entry of `roles` whose pattern selects the account most precisely. If several entries are equally
    /// precise, returns the first one. `None` if no entry selects the account. Also `None` if the pattern of any entry
    /// can't be read, or if the entry to return is invalid: `errors_in_entries` then returns the error.
    pub(crate) fn role_mapping(&self, namespace: &str, name: &str) -> Option<RoleMapping<'a>> {
        let mut best: Option<(Closeness, usize, &'a str)> = None;
        let mut unreadable = None;
        let read = Reader::new(self.roles.0).array(|reader, index| {
            let Attempt { outcome, text, .. } =
                reader.attempt(|it| it.only_member("serviceAccount", Reader::string))?;
            let accounts = outcome.unwrap_or_default().into_value();
            let Ok(pattern) = AccountPattern::new(accounts.decode()) else {
                unreadable.get_or_insert((index, text));
                return Ok(());
            };
            let is_closer = |closeness| best.as_ref().is_none_or(|(closest, ..)| closeness > *closest);
            if pattern.matches(namespace, name) && is_closer(pattern.closeness()) {
                best = Some((pattern.closeness(), index, text));
            }
            Ok(())
        });
        // INVARIANT: this text was scanned as part of the settings, so it is JSON.
        debug_assert!(read.is_ok(), "{read:?}");
        let (index, text) = unreadable.or(best.map(|(_, index, text)| (index, text)))?;
        self.read_entry(("roles", index, text), role_mapping)
    }

    /// Returns the roles that `allowedRoles` allows a namespace to use: the roles of each entry that selects the
    /// namespace. `None` if the setting is absent. Any role is then allowed.
    pub(crate) fn roles_allowed_in(&self, namespace: &str) -> Option<Vec<Glob<'a>>> {
        let mut allowed = Vec::new();
        let read = Reader::new(self.allowed_roles?.0).array(|reader, index| {
            // First read only `namespaces`. Most entries are for other namespaces. Their roles, which may be many, are
            // not needed.
            let mut is_for_namespace = false;
            let attempt = reader.attempt(|reader| {
                reader.members(&mut [("namespaces", &mut |reader: &mut Reader<'a>| {
                    reader.array(|reader, _| {
                        let glob = reader.string()?;
                        is_for_namespace = is_for_namespace || matches(glob, namespace);
                        Ok(())
                    })?;
                    Ok(())
                })])
            })?;
            if is_for_namespace || attempt.outcome.is_err() {
                let entry: Option<AllowedRoles<'a>> =
                    self.read_entry(("allowedRoles", index, attempt.text), allowed_roles);
                allowed.extend(entry.into_iter().flat_map(|entry| entry.roles));
            }
            Ok(())
        });
        // INVARIANT: this text was scanned as part of the settings, so it is JSON.
        debug_assert!(read.is_ok(), "{read:?}");
        Some(allowed)
    }

    /// Returns the audiences in `roles`.
    pub(crate) fn audiences_of_roles(&self) -> Vec<Cow<'a, str>> {
        let mut audiences = Vec::new();
        let read = Reader::new(self.roles.0).array(|reader, _| {
            let audience = reader.attempt(|it| it.only_member("audience", Reader::string))?.outcome;
            audiences.extend(audience.unwrap_or_default().into_option().map(RawStr::decode));
            Ok(())
        });
        // INVARIANT: this text was scanned as part of the settings, so it is JSON.
        debug_assert!(read.is_ok(), "{read:?}");
        audiences
    }

    /// Returns the errors in the entries that the review has read. If there are errors, the result of the review must
    /// not be used.
    pub(crate) fn errors_in_entries(&self) -> Option<SettingsErrors> {
        let errors = self.entry_errors.borrow();
        if errors.0.is_empty() { None } else { Some(errors.clone()) }
    }

    fn read_entry<T>(
        &self,
        (key, index, text): (&'static str, usize, &'a str),
        read: fn(Setting<'_, 'a>) -> Result<T>,
    ) -> Option<T> {
        read_entry((key, index), text, &mut self.entry_errors.borrow_mut(), read)
    }
}

fn matches(glob: RawStr<'_>, text: &str) -> bool {
    Glob::new(glob.decode()).is_ok_and(|glob| glob.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(accounts: &[&str]) -> String {
        let role = |(index, account): (usize, &&str)| {
            format!(r#"{{"serviceAccount": "{account}", "roleArn": "arn:aws:iam::111122223333:role/r{index}"}}"#)
        };
        format!(r#"{{"roles": [{}]}}"#, accounts.iter().enumerate().map(role).collect::<Vec<_>>().join(", "))
    }

    /// Reads settings in the same way as for a request.
    fn read(text: &str) -> Settings<'_> {
        Settings::read(&mut Reader::new(text)).unwrap().unwrap()
    }

    #[test]
    fn prefers_exact_namespaces_then_exact_names_then_the_first_entry() {
        let best = |accounts: &[&str]| {
            let text = roles(accounts);
            let mapping = read(&text).role_mapping("team-a", "web");
            mapping.map(|mapping| mapping.role.into_text().into_owned())
        };
        let role = |index: usize| Some(format!("arn:aws:iam::111122223333:role/r{index}"));
        assert_eq!(best(&["*/web", "team-a/*"]), role(1));
        assert_eq!(best(&["team-a/*", "team-a/web"]), role(1));
        assert_eq!(best(&["team-*/*", "*/web"]), role(1));
        assert_eq!(best(&["*/*", "team-*/w*"]), role(0));
        assert_eq!(best(&["team-b/web", "*/api"]), None);
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn allows_the_roles_of_each_entry_that_selects_the_namespace() {
        let text = r#"{"allowedRoles": [
            {"roles": ["arn:aws:iam::*:role/a"], "namespaces": ["team-a", "x"]},
            {"namespaces": ["team-*"], "roles": ["arn:aws:iam::*:role/b", "arn:aws:iam::*:role/c*"]}
        ]}"#;
        let settings = read(text);
        let allows = |namespace, name| {
            let role = format!("arn:aws:iam::111122223333:role/{name}");
            settings.roles_allowed_in(namespace).unwrap().iter().any(|glob| glob.matches(&role))
        };
        assert!(allows("team-a", "a") && allows("x", "a") && allows("team-a", "b") && allows("team-b", "cd"));
        assert!(!allows("team-b", "a") && !allows("x", "b") && !allows("y", "a"));
        assert_eq!(Settings::default().roles_allowed_in("y"), None);
        assert_eq!(settings.errors_in_entries(), None);
    }

    #[test]
    fn finds_the_audiences_of_roles() {
        let text = r#"{"roles": [{"audience": "one"}, {"audience": "two"}, {}, 7]}"#;
        assert_eq!(read(text).audiences_of_roles(), ["one", "two"]);
    }

    #[test]
    fn checks_only_the_entry_that_a_review_needs() {
        let text = r#"{"roles": [{"serviceAccount": "a/web", "roleArn": "arn"}, {"serviceAccount": "b/web"}]}"#;
        let errors = |namespace| {
            let settings = read(text);
            assert_eq!(settings.role_mapping(namespace, "web"), None);
            settings.errors_in_entries().map(|errors| errors.to_string())
        };
        let expected = "`roles[0].roleArn`: expected an ARN that starts with `arn:`, but the value does not: `arn`";
        assert_eq!(errors("a").as_deref(), Some(expected));
        assert!(errors("b").is_some_and(|errors| errors.starts_with("`roles[1].roleArn`: expected an IAM role ARN")));
        assert_eq!(errors("c"), None);
        assert_eq!(Settings::parse(text).unwrap_err().0.len(), 2, "`parse` checks every entry");
    }

    #[test]
    fn reports_an_entry_that_cannot_be_read() {
        for (text, expected) in [
            (r#"{"roles": [{"serviceAccount": "a/web"}, 7]}"#, "`roles[1]`: expected an object, but got `7`"),
            (r#"{"allowedRoles": [{"namespaces": "a"}]}"#, "`allowedRoles[0].namespaces`: expected an array"),
        ] {
            let settings = read(text);
            assert_eq!(settings.role_mapping("a", "web"), None);
            settings.roles_allowed_in("a");
            let errors = settings.errors_in_entries().map(|errors| errors.to_string());
            assert!(errors.as_ref().is_some_and(|errors| errors.starts_with(expected)), "{errors:?}");
        }
    }
}
