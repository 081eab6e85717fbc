//! Checks the identity providers (OIDC) that the service accounts of the input need.

use std::collections::BTreeSet;

use super::fleet::{Fleet, finding};
use super::member::Member;
use super::{Iam, Provider, account_of, without_scheme};
use crate::check::names;
use crate::report::Finding;

/// Checks the identity providers. For each cluster, a role needs an identity provider in the role's own AWS account.
pub fn provider_findings(iam: &Iam, members: &[Member<'_>], fleet: &Fleet<'_>) -> Vec<Finding> {
    let needed: BTreeSet<&str> = members.iter().filter_map(|member| account_of(&member.arn)).collect();
    let mut findings = Vec::new();
    for (cluster, issuer) in fleet.issuers {
        let issuer = without_scheme(issuer);
        let providers: Vec<&Provider> = iam.providers.iter().filter(|provider| provider.issuer == issuer).collect();
        for account in needed.iter().filter(|account| iam.complete_providers.contains_key(**account)) {
            if !providers.iter().any(|it| it.account.as_deref().is_none_or(|own| own == *account)) {
                let message =
                    format!("AWS account {account} has no identity provider for cluster `{cluster}` (`{issuer}`)");
                let fix = "create the provider, for example with `aws iam create-open-id-connect-provider`";
                let file = iam.complete_providers.get(*account).map(String::as_str).unwrap_or_default();
                findings.push(finding(names::MISSING_PROVIDER, message, fix, file));
            }
        }
        for provider in providers {
            let Some(listed) = &provider.audiences else { continue };
            for audience in audiences(provider, members).into_iter().filter(|it| !listed.iter().any(|own| own == it)) {
                let message = format!(
                    "the identity provider of cluster `{cluster}` does not list audience `{audience}`, only `{}`",
                    listed.join("`, `")
                );
                let fix = "add the audience, for example with `aws iam add-client-id-to-open-id-connect-provider`";
                findings.push(finding(names::PROVIDER_AUDIENCE, message, fix, &provider.file));
            }
        }
    }
    findings
}

/// Returns the audiences of the service accounts whose role is in the provider's AWS account.
fn audiences<'m>(provider: &Provider, members: &'m [Member<'_>]) -> BTreeSet<&'m str> {
    let is_of_provider =
        |member: &&Member<'_>| provider.account.is_none() || provider.account.as_deref() == account_of(&member.arn);
    members.iter().filter(is_of_provider).filter_map(|member| member.audience.as_deref()).collect()
}
