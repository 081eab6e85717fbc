//! The role mappings of kOps: a JSON object that maps `namespace/name` to a role, kept in a ConfigMap.
//!
//! Source: the webhook's `pkg/cache/cache.go` (`populateCacheFromCM`, v0.6.17), which documents globs, but only honours
//! a whole `*`. The keys of an entry are read in any letter case, as Go reads them; those that are not known are passed
//! over. A lifetime of 0 is none.

use std::borrow::Cow;
use std::fmt;

use crate::account_pattern::{AccountPattern, closest};
use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::json::{self, Field, Reader, Unreadable};
use crate::role_arn::RoleArn;
use crate::settings::{ConfigMapName, RoleMapping};
use crate::token_lifetime::TokenLifetime;

/// How many entries that cannot be read are reported one by one.
const SHOWN: usize = 8;

/// The mapping that names an account most closely, of those in the text of a ConfigMap's mappings. Each entry that
/// cannot be read is reported; the others count.
///
/// # Errors
/// Fails where the text is no JSON object: nobody knows then which accounts should have a role.
pub fn find(
    text: &str,
    namespace: &str,
    name: &str,
    config_map: &ConfigMapName<'_>,
    findings: &mut Findings<'_>,
) -> json::Result<Option<RoleMapping<'static>>> {
    let mut matching: Vec<(String, RoleMapping<'static>)> = Vec::new();
    let mut unreadable_entries = 0_usize;
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
                unreadable_entries = unreadable_entries.saturating_add(1);
                if unreadable_entries <= SHOWN {
                    let problem = format_args!(": {unreadable}");
                    report_entry(FindingKind::InvalidRoleMapping, key, problem, config_map, findings);
                }
            }
            Ok((mapping, lifetime)) if mapping.accounts.matches(namespace, name) => {
                let token_lifetime = read_lifetime(lifetime, key, config_map, findings);
                // Of a key that is there twice, the last counts, as for Go.
                matching.retain(|(other, _)| other != key);
                matching.push((key.to_owned(), RoleMapping { token_lifetime, ..mapping }));
            }
            Ok(_) => {}
        }
        Ok(())
    })?;
    reader.finish()?;
    if let Some(more) = unreadable_entries.checked_sub(SHOWN).filter(|more| *more > 0) {
        let wording = format_args!("{config_map}: {more} more entries cannot be read");
        findings.add(FindingKind::InvalidRoleMapping, Wording::new(wording));
    }
    Ok(closest(&matching, |(_, mapping)| &mapping.accounts, namespace, name).map(|(_, mapping)| mapping.clone()))
}

/// Reports something about the entry of this key.
fn report_entry(
    kind: FindingKind,
    key: &str,
    problem: fmt::Arguments<'_>,
    config_map: &ConfigMapName<'_>,
    findings: &mut Findings<'_>,
) {
    let wording = format_args!("{config_map}: entry ");
    findings.add(kind, Wording::new(wording).quoting(key).then(problem));
}

/// An entry, but for its lifetime, which is returned as the number that it is.
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

/// Reads a value of an entry. Of a key that is there twice, in whatever letter case, the last counts, as for Go, but for a `null`.
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

fn read_lifetime(
    seconds: i64,
    key: &str,
    config_map: &ConfigMapName<'_>,
    findings: &mut Findings<'_>,
) -> Option<TokenLifetime> {
    if seconds == 0 {
        return None;
    }
    let reading = TokenLifetime::of_seconds(seconds);
    if let Some(consequence) = reading.consequence() {
        let problem = format_args!(": expected {}, but got {seconds}, {consequence}", TokenLifetime::RANGE);
        report_entry(FindingKind::InvalidTokenExpiration, key, problem, config_map, findings);
    }
    reading.lifetime()
}
