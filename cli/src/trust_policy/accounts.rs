//! The service accounts, by their roles.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use irsa::{RoleArn, Settings};
use serde_json::Value;

use super::Args;
use super::build::Account;
use crate::documents::sources;
use crate::output;

/// The accounts of each role, by the role's ARN.
pub fn collect(args: &Args) -> Result<BTreeMap<String, Vec<Account>>> {
    let settings_json = args.settings.read()?.unwrap_or_else(|| "{}".to_owned());
    let settings = Settings::parse(&settings_json)
        .map_err(|errors| anyhow::anyhow!("the policy's settings are invalid:\n{errors}"))?;
    let (paths, names) = args.paths_and_names();
    let audience =
        |annotated: Option<&str>| args.audience.as_deref().or(annotated).unwrap_or(&settings.token_audience).to_owned();
    let mut accounts: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for (namespace, name) in names {
        let arn = args.role.clone().context("expected `--role ARN` for service accounts that are given by name")?;
        accounts.entry(arn).or_default().push(Account { namespace, name, audience: audience(None) });
    }
    let walk = sources(&paths, &|_| false)?;
    if let Some((file, message)) = walk.unreadable.first() {
        bail!("cannot read `{file}`: {message}");
    }
    for source in &walk.sources {
        let parsed = source.parse(true);
        for skipped in &parsed.skipped {
            output::warning(format_args!("{}:{}: {}", source.name, skipped.at, skipped.message));
        }
        for object in parsed.objects.iter().filter(|it| it.head.kind == "ServiceAccount" && it.head.api_version == "v1")
        {
            let value: Value = serde_json::from_str(&object.json)?;
            let annotation = |key: &str| {
                value
                    .get("metadata")?
                    .get("annotations")?
                    .get(format!("{}/{key}", settings.annotation_prefix))?
                    .as_str()
            };
            let (namespace, name) = (object.head.namespace(&args.namespace).to_owned(), object.head.name());
            let Some(arn) = args.role.clone().or_else(|| annotation("role-arn").map(str::to_owned)) else {
                output::warning(format_args!("service account `{namespace}/{name}` has no role: it is left out"));
                continue;
            };
            let account = Account { namespace, name, audience: audience(annotation("audience")) };
            let of_role = accounts.entry(arn).or_default();
            if !of_role.contains(&account) {
                of_role.push(account);
            }
        }
    }
    ensure!(!accounts.is_empty(), "expected a service account with a role, but got none");
    for (arn, of_role) in &mut accounts {
        check_arn(arn)?;
        of_role.sort();
    }
    Ok(accounts)
}

fn check_arn(arn: &str) -> Result<()> {
    let valid = RoleArn::new(arn.into());
    valid.map(drop).with_context(|| format!("`{}` is not the ARN of an IAM role", irsa::escaped_line(arn, 200)))
}
