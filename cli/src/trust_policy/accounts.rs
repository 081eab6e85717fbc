//! Collects the service accounts by their roles.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use irsa::internals::{is_dns_label, is_dns_subdomain};
use irsa::{RoleArn, Settings};
use irsa_explain::check::Index;
use serde_json::Value;

use super::Args;
use super::build::Account;
use crate::documents::sources;
use crate::iam::members;
use crate::output;

/// Collects the accounts of each role. The keys are the ARNs of the roles.
pub fn collect(args: &Args) -> Result<BTreeMap<String, Vec<Account>>> {
    let settings_json = args.settings.read()?.unwrap_or_else(|| "{}".to_owned());
    let settings = Settings::parse(&settings_json)
        .map_err(|errors| anyhow::anyhow!("the policy's settings are invalid:\n{errors}"))?;
    let (paths, names) = args.paths_and_names();
    let audience =
        |own: Option<String>| args.audience.clone().or(own).unwrap_or_else(|| settings.token_audience.to_string());
    let mut accounts: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for (namespace, name) in names {
        let arn = args.role.clone().context("expected `--role ARN` for service accounts that are given by name")?;
        accounts.entry(arn).or_default().push(Account { namespace, name, audience: audience(None) });
    }
    let index = read(&paths, args)?;
    let members = members(&index, &settings);
    for (namespace, name, entry) in index.accounts() {
        let member = members.iter().find(|member| member.namespace == namespace && member.name == name);
        let annotated = annotation(&entry.json, "role-arn", &settings);
        let arn = args.role.clone().or_else(|| member.map(|member| member.arn.clone())).or(annotated);
        let Some(arn) = arn else {
            output::warning(format_args!("service account `{namespace}/{name}` has no role: it is left out"));
            continue;
        };
        let own = member.and_then(|member| member.audience.clone());
        let audience = audience(own.or_else(|| annotation(&entry.json, "audience", &settings)));
        let account = Account { namespace: namespace.to_owned(), name: name.to_owned(), audience };
        accounts.entry(arn).or_default().push(account);
    }
    ensure!(!accounts.is_empty(), "expected a service account with a role, but the input contains no such account");
    for (arn, of_role) in &mut accounts {
        let user = of_role.first().map(|it| irsa::escaped_line(&format!("{}/{}", it.namespace, it.name), 200));
        let user = user.unwrap_or_default();
        check_arn(arn).with_context(|| format!("the role of service account `{user}` is invalid"))?;
        of_role.iter().try_for_each(check_name)?;
        of_role.sort();
        of_role.dedup();
    }
    Ok(accounts)
}

/// Reads the service accounts of the manifests, and the `ConfigMap`s, which can define roles.
fn read(paths: &[PathBuf], args: &Args) -> Result<Index> {
    let walk = sources(paths, &|_| false)?;
    if let Some((file, message)) = walk.unreadable.first() {
        bail!("cannot read `{file}`: {message}");
    }
    let mut index = Index::default();
    for (file, source) in walk.sources.iter().enumerate() {
        let parsed = source.parse(true);
        for skipped in &parsed.skipped {
            output::warning(format_args!("{}:{}: {}", source.name, skipped.at, skipped.message));
        }
        for object in &parsed.objects {
            index.add(&object.at(&object.location(file), &args.namespace));
        }
    }
    Ok(index)
}

/// Returns the value of an annotation of a service account. `None` if the annotation is missing or empty.
fn annotation(account: &str, key: &str, settings: &Settings<'_>) -> Option<String> {
    let value: Value = serde_json::from_str(account).ok()?;
    let key = format!("{}/{key}", settings.annotation_prefix);
    let text = value.get("metadata")?.get("annotations")?.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Rejects a name that no service account can have, because the name becomes a part of the policy and of commands.
fn check_name(Account { namespace, name, .. }: &Account) -> Result<()> {
    let is_valid = is_dns_label(namespace) && is_dns_subdomain(name);
    let shown = irsa::escaped_line(&format!("{namespace}/{name}"), 200);
    ensure!(is_valid, "`{shown}` can't be the name of a service account");
    Ok(())
}

fn check_arn(arn: &str) -> Result<()> {
    let valid = RoleArn::new(arn.into());
    valid.map(drop).with_context(|| format!("`{}` is not the ARN of an IAM role", irsa::escaped_line(arn, 200)))
}
