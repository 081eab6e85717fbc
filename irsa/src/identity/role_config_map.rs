//! kOps's role mappings: a JSON object in a ConfigMap. Its keys are `namespace/name`, its values are roles.
//!
//! Source: the webhook's `pkg/cache/cache.go` (`populateCacheFromCM`, v0.6.17).
//!
//! As in the webhook:
//!
//! - Keys of an entry may have any letter case.
//! - Unknown keys are skipped.
//! - A lifetime of 0 is treated as absent.
//!
//! Unlike in the webhook:
//!
//! - The namespace and the name can be globs. The webhook documents globs, but supports only `*` as a whole namespace
//!   or name.
//! - An entry can have a `Region`.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::audience::{check_allowed_audience, check_likely_audience};
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::json::{self, Field, Reader, Unreadable};
use crate::settings::RoleMapping;
use crate::types::account_pattern::{AccountPattern, Closeness};
use crate::types::object_name::{AccountName, ConfigMapName};
use crate::types::region::Region;
use crate::types::role_arn::RoleArn;
use crate::types::token_lifetime::TokenLifetime;
use crate::util::names::Names;

/// The result of looking for an account in the mappings.
pub(crate) enum Match {
    /// No entry matches.
    None,
    /// The best match can't be read, so the account's role is unknown. A finding says why.
    Unreadable,
    /// The best match.
    Entry(Box<RoleMapping<'static>>),
}

/// Finds the best match for an account in the JSON of the mappings.
///
/// An unreadable entry still matches by its key. If the unreadable entry is the best match, the role is unknown: the
/// account never gets the role of a less specific entry instead. Entries for other accounts are not read.
///
/// # Errors
/// Fails if the mappings are not a JSON object. It is then unknown which accounts have a role.
pub(crate) fn find(
    checker: &mut Checker<'_>,
    config_map: &ConfigMapName<'_>,
    account: &AccountName,
    text: &str,
) -> json::Result<Match> {
    let mut best: Option<Candidate> = None;
    for_each_entry(text, |reader, key| {
        let pattern = AccountPattern::new(Cow::Borrowed(key)).ok();
        let Some(pattern) = pattern.filter(|pattern| pattern.matches(&account.namespace, &account.name)) else {
            return reader.skip();
        };
        let entry = reader.attempt(|reader| Entry::read(reader, key))?.outcome;
        let closeness = pattern.closeness();
        // If a key occurs twice, the last entry wins, as in Go. If several different keys match equally closely, the
        // first key wins.
        if best.as_ref().is_none_or(|best| closeness > best.closeness || key == best.key) {
            best = Some(Candidate { key: key.to_owned(), closeness, entry });
        }
        Ok(())
    })?;
    let Some(Candidate { key, entry, .. }) = best else { return Ok(Match::None) };
    let name = EntryName { config_map, key: &key };
    Ok(match entry {
        Ok(entry) => Match::Entry(Box::new(entry.into_mapping(checker, name))),
        Err(unreadable) => {
            let text = format_args!("{unreadable}; the pods of {account} get no role until the entry is corrected");
            checker.report(FindingKind::InvalidRoleMapping, name.message(text));
            Match::Unreadable
        }
    })
}

/// Returns the audiences in the mappings. Empty if the mappings are not a JSON object.
pub(crate) fn audiences(text: &str) -> Names<'static> {
    let mut audiences = Vec::new();
    let read = for_each_entry(text, |reader, key| {
        let entry = reader.attempt(|reader| Entry::read(reader, key))?.outcome;
        audiences.extend(entry.ok().and_then(|entry| entry.mapping.audience));
        Ok(())
    });
    if read.is_ok() { Names::new(audiences.into_iter()) } else { Names::default() }
}

/// Checks every entry of the mappings when the `ConfigMap` is written. `is_unchanged` gets the key and the value of an
/// entry. If it returns true, the findings about the entry are at most warnings.
///
/// # Errors
/// Fails if the mappings are not a JSON object.
pub(crate) fn check_entries(
    checker: &mut Checker<'_>,
    config_map: &ConfigMapName<'_>,
    text: &str,
    is_unchanged: &dyn Fn(&str, &str) -> bool,
) -> json::Result<()> {
    let read = for_each_entry(text, |reader, key| {
        let name = EntryName { config_map, key };
        let attempt = reader.attempt(|reader| Entry::read(reader, key))?;
        checker.findings.limit_to_warnings(is_unchanged(key, attempt.text));
        match (AccountPattern::new(Cow::Borrowed(key)), attempt.outcome) {
            (Err(error), _) => {
                checker.report(FindingKind::InvalidRoleMapping, name.message(format_args!("{error}")));
            }
            (Ok(_), Err(unreadable)) => {
                checker.report(FindingKind::InvalidRoleMapping, name.message(format_args!("{unreadable}")));
            }
            (Ok(pattern), Ok(entry)) => check_entry(checker, name, &pattern, entry),
        }
        Ok(())
    });
    // Removes the limit, also after an error. Otherwise the limit of the last entry would apply to later findings.
    checker.findings.limit_to_warnings(false);
    read
}

fn check_entry(checker: &mut Checker<'_>, name: EntryName<'_>, pattern: &AccountPattern<'_>, entry: Entry) {
    let mapping = entry.into_mapping(checker, name);
    let role = mapping.role.into_text();
    let settings = checker.settings;
    let is_allowed = |namespace: &str| {
        settings.roles_allowed_in(namespace).is_none_or(|globs| globs.iter().any(|glob| glob.matches(&role)))
    };
    if let Some(namespace) = pattern.exact_namespace().filter(|namespace| !is_allowed(namespace)) {
        let text = format_args!("namespace `{namespace}` may not use ");
        checker.report(FindingKind::RoleNotAllowed, name.message(text).quote(&role));
    }
    if let Some(audience) = &mapping.audience {
        check_allowed_audience(checker, Subject::ConfigMap(name.config_map), audience);
    }
}

/// The name of an entry in messages.
#[derive(Clone, Copy)]
struct EntryName<'e> {
    config_map: &'e ConfigMapName<'e>,
    key: &'e str,
}

impl<'e> EntryName<'e> {
    fn message(self, text: fmt::Arguments<'e>) -> Message<'e> {
        Message::new(Subject::ConfigMap(self.config_map), text).on(Item::Entry(self.key))
    }
}

/// The best match among the entries that were read.
struct Candidate {
    key: String,
    closeness: Closeness,
    entry: json::Result<Entry>,
}

/// An entry, before its lifetime and region are checked.
struct Entry {
    mapping: RoleMapping<'static>,
    /// In seconds. 0 if it is absent.
    lifetime: i64,
    region: Option<String>,
}

impl Entry {
    fn read(reader: &mut Reader<'_>, key: &str) -> json::Result<Self> {
        let accounts =
            AccountPattern::new(Cow::Owned(key.to_owned())).map_err(|_| Unreadable::value("`namespace/name`"))?;
        let mut role = Field::Missing;
        let mut audience = Field::Missing;
        let mut regional_sts_endpoints = Field::Missing;
        let mut lifetime = Field::Missing;
        let mut region = Field::Missing;
        reader.object(|reader, key| match key.to_ascii_lowercase().as_str() {
            "rolearn" => read_last(&mut role, reader, |reader| {
                let arn = reader.string()?.decode().into_owned();
                RoleArn::new(Cow::Owned(arn)).map_err(|_| Unreadable::value("an IAM role ARN"))
            }),
            "audience" => read_last(&mut audience, reader, |reader| {
                let audience = reader.string()?.decode().into_owned();
                if audience.is_empty() { Err(Unreadable::value("an audience")) } else { Ok(Cow::Owned(audience)) }
            }),
            "useregionalsts" => read_last(&mut regional_sts_endpoints, reader, Reader::boolean),
            "tokenexpiration" => read_last(&mut lifetime, reader, |reader| {
                reader.raw()?.0.parse::<i64>().map_err(|_| Unreadable::value("a whole number of seconds"))
            }),
            "region" => read_last(&mut region, reader, |reader| Ok(reader.string()?.decode().into_owned())),
            _ => reader.skip(),
        })?;
        let mapping = RoleMapping {
            accounts,
            role: role.into_option().ok_or_else(|| Unreadable::missing("an IAM role ARN").within("RoleARN"))?,
            audience: audience.into_option(),
            regional_sts_endpoints: regional_sts_endpoints.into_option(),
            token_lifetime: None,
            region: None,
        };
        Ok(Self { mapping, lifetime: lifetime.into_value(), region: region.into_option() })
    }

    /// Checks the lifetime, the region and the audience. A problem with one of them is reported as a finding, but the
    /// role of the entry is still used.
    fn into_mapping(self, checker: &mut Checker<'_>, name: EntryName<'_>) -> RoleMapping<'static> {
        let token_lifetime = read_lifetime(checker, name, self.lifetime);
        let region =
            self.region.filter(|region| !region.is_empty()).and_then(|region| read_region(checker, name, &region));
        if let Some(audience) = &self.mapping.audience {
            check_likely_audience(checker, Subject::ConfigMap(name.config_map), Item::Entry(name.key), audience);
        }
        RoleMapping { token_lifetime, region, ..self.mapping }
    }
}

/// Reads the mappings. `entry` is called with each key, and must read or skip the value.
fn for_each_entry<'j>(text: &'j str, entry: impl FnMut(&mut Reader<'j>, &str) -> json::Result<()>) -> json::Result<()> {
    let mut reader = Reader::new(text);
    // As in Go, `null` is an object without entries.
    if reader.is_null() {
        reader.skip()?;
    } else {
        reader.object(entry)?;
    }
    reader.finish()
}

/// Reads a value of an entry. If a key occurs twice, in any letter case, the last value that is not `null` wins, as in
/// Go.
fn read_last<'j, T>(
    field: &mut Field<T>,
    reader: &mut Reader<'j>,
    read: impl FnOnce(&mut Reader<'j>) -> json::Result<T>,
) -> json::Result<()> {
    let mut last = Field::Missing;
    last.read(reader, read)?;
    if last.get().is_some() {
        *field = last;
    }
    Ok(())
}

fn read_lifetime(checker: &mut Checker<'_>, name: EntryName<'_>, seconds: i64) -> Option<TokenLifetime> {
    if seconds == 0 {
        return None;
    }
    let reading = TokenLifetime::of_seconds(seconds);
    if let Some(consequence) = reading.consequence() {
        let text = format_args!("expected {}, but got {seconds}, {consequence}", TokenLifetime::RANGE);
        checker.report(FindingKind::InvalidTokenExpiration, name.message(text));
    }
    reading.lifetime()
}

fn read_region(checker: &mut Checker<'_>, name: EntryName<'_>, value: &str) -> Option<Region<'static>> {
    let region = Region::new(Cow::Owned(value.to_owned())).ok();
    if region.is_none() {
        let text = format_args!("expected an AWS region, such as `us-east-2`, but got ");
        let message = name.message(text).quote(value).then(format_args!(", ignored"));
        checker.report(FindingKind::InvalidRegion, message);
    }
    region
}
