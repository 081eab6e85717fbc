//! kOps's role mappings: a JSON object in a ConfigMap that maps `namespace/name` to a role.
//!
//! Source: the webhook's `pkg/cache/cache.go` (`populateCacheFromCM`, v0.6.17), which documents globs, but only honours
//! a whole `*`. The keys of an entry match in any letter case, as in Go; unknown keys are skipped. A lifetime of 0
//! counts as absent.

use std::borrow::Cow;
use std::fmt;

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::json::{self, Field, Reader, Unreadable};
use crate::settings::RoleMapping;
use crate::types::account_pattern::AccountPattern;
use crate::types::object_name::AccountName;
use crate::types::role_arn::RoleArn;
use crate::types::token_lifetime::TokenLifetime;

/// The best match for an account among the mappings in the text. Each unreadable entry is reported; the others count.
///
/// # Errors
/// Fails if the text is not a JSON object: nobody knows then which accounts should have a role.
pub(crate) fn find(
    checker: &mut Checker<'_>,
    account: &AccountName,
    text: &str,
) -> json::Result<Option<RoleMapping<'static>>> {
    let mut best: Option<(String, RoleMapping<'static>)> = None;
    let mut reader = Reader::new(text);
    // Go decodes a `null` into a map without entries.
    if reader.is_null() {
        reader.skip()?;
        return reader.finish().map(|()| None);
    }
    reader.object(|reader, key| {
        let entry = reader.attempt(|reader| read_entry(reader, key))?;
        match entry.outcome {
            Err(unreadable) => {
                report_entry(checker, FindingKind::InvalidRoleMapping, key, format_args!("{unreadable}"));
            }
            Ok((mapping, lifetime)) if mapping.accounts.matches(&account.namespace, &account.name) => {
                let token_lifetime = read_lifetime(checker, key, lifetime);
                // Of equally close ones the first counts, and of a duplicate key the last, as in Go.
                let is_better = best.as_ref().is_none_or(|(other, so_far)| {
                    other == key || mapping.accounts.closeness() > so_far.accounts.closeness()
                });
                if is_better {
                    best = Some((key.to_owned(), RoleMapping { token_lifetime, ..mapping }));
                }
            }
            Ok(_) => {}
        }
        Ok(())
    })?;
    reader.finish()?;
    Ok(best.map(|(_, mapping)| mapping))
}

/// Reports a finding about the entry with this key.
fn report_entry(checker: &mut Checker<'_>, kind: FindingKind, key: &str, problem: fmt::Arguments<'_>) {
    if let Some(name) = &checker.settings.roles_config_map {
        checker.report(kind, Message::new(Subject::ConfigMap(name), problem).on(Item::Entry(key)));
    }
}

/// Reads an entry, and its lifetime as a number of seconds.
fn read_entry(reader: &mut Reader<'_>, key: &str) -> json::Result<(RoleMapping<'static>, i64)> {
    let accounts =
        AccountPattern::new(Cow::Owned(key.to_owned())).map_err(|_| Unreadable::value("`namespace/name`"))?;
    let mut role = Field::Missing;
    let mut audience = Field::Missing;
    let mut regional_sts_endpoints = Field::Missing;
    let mut lifetime = Field::Missing;
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
        _ => reader.skip(),
    })?;
    let mapping = RoleMapping {
        accounts,
        role: role.into_option().ok_or_else(|| Unreadable::missing("an IAM role ARN").within("RoleARN"))?,
        audience: audience.into_option(),
        regional_sts_endpoints: regional_sts_endpoints.into_option(),
        token_lifetime: None,
    };
    Ok((mapping, lifetime.into_value()))
}

/// Reads a value of an entry. Of a duplicate key, in any letter case, the last that is not `null` counts, as in Go.
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

fn read_lifetime(checker: &mut Checker<'_>, key: &str, seconds: i64) -> Option<TokenLifetime> {
    if seconds == 0 {
        return None;
    }
    let reading = TokenLifetime::of_seconds(seconds);
    if let Some(consequence) = reading.consequence() {
        let problem = format_args!("expected {}, but got {seconds}, {consequence}", TokenLifetime::RANGE);
        report_entry(checker, FindingKind::InvalidTokenExpiration, key, problem);
    }
    reading.lifetime()
}
