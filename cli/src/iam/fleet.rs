//! Compares each service account of the input with the trust policy of its role.

use std::collections::BTreeMap;

use irsa::Settings;
use irsa_explain::check::Index;
use irsa_explain::{Outcome, shell_word};
use serde_json::Value;

use super::member::{Member, members};
use super::providers::provider_findings;
use super::roles::role_findings;
use super::trust::{Trust, inputs};
use super::{Iam, Role, account_of};
use crate::check::{Found, names};
use crate::report::{Finding, Fix, FleetRow, Level, Page};

/// The service accounts, settings and clusters that are compared with IAM.
pub struct Fleet<'a> {
    /// The service accounts of the input.
    pub index: &'a Index,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// The policy's settings, as JSON.
    pub settings_json: &'a str,
    /// The name and the issuer's URL of each cluster. Empty if no issuer is known.
    pub issuers: &'a [(String, String)],
    /// Whether the files must show everything: with `--strict`, what they do not show is a warning.
    pub is_strict: bool,
}

/// The result of the comparison.
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings in service accounts.
    pub in_accounts: Vec<Found>,
    /// Findings in the files about IAM.
    pub in_files: Vec<Finding>,
    /// A row for each service account and cluster.
    pub rows: Vec<FleetRow>,
}

/// Compares the service accounts of the input with the files about IAM.
pub fn check(iam: &Iam, fleet: &Fleet<'_>) -> Checked {
    let members = members(fleet.index, fleet.settings);
    let mut checked = Checked::default();
    let mut used: BTreeMap<usize, Vec<&Member<'_>>> = BTreeMap::new();
    for member in &members {
        match iam.roles.iter().position(|role| role.is(&member.arn)) {
            Some(role) => used.entry(role).or_default().push(member),
            None => without_role(member, iam, fleet, &mut checked),
        }
    }
    for (index, role) in iam.roles.iter().enumerate() {
        let users = used.get(&index).map(Vec::as_slice).unwrap_or_default();
        match &role.trust_policy {
            Some(policy) => {
                with_role(users, role, policy, fleet, &mut checked);
                checked.in_files.extend(role_findings(role, policy, !users.is_empty(), fleet));
            }
            None => users.iter().for_each(|member| without_policy(member, role, fleet, &mut checked)),
        }
    }
    checked.in_files.extend(provider_findings(iam, &members, fleet));
    checked.rows.sort_by(|a, b| (&a.service_account, &a.role).cmp(&(&b.service_account, &b.role)));
    checked
}

/// Reports a service account whose role is in no file.
fn without_role(member: &Member<'_>, iam: &Iam, fleet: &Fleet<'_>, checked: &mut Checked) {
    let aws_account = account_of(&member.arn).unwrap_or_default();
    let (status, reason) = if iam.complete_accounts.contains(aws_account) {
        let reason = format!("AWS account {aws_account} has no role `{}`", member.arn);
        let fix = Fix::from("create the role, or correct the annotation");
        checked.in_accounts.push(member.found(names::MISSING_IAM_ROLE, &reason, Some(fix)));
        ("missing", reason)
    } else {
        let reason = format!("the files of `--iam` do not contain role `{}`", member.arn);
        let fix = Fix::from(format!(
            "add a file with `--iam`: the output of `aws iam get-role --role-name {}`, in the AWS account {aws_account}",
            shell_word(member.arn.rsplit('/').next().unwrap_or_default())
        ));
        checked.in_accounts.push(member.found(fleet.unknown_trust(), &reason, Some(fix)));
        ("unknown", reason)
    };
    checked.rows.extend(fleet.clusters().iter().map(|(cluster, _)| member.row(cluster, status, &reason)));
}

/// Reports a service account if the file with its role does not show the role's trust policy.
fn without_policy(member: &Member<'_>, role: &Role, fleet: &Fleet<'_>, checked: &mut Checked) {
    let reason = format!("`{}` does not show the trust policy of role `{}`", role.file, role.title());
    checked.in_accounts.push(member.found(fleet.unknown_trust(), &reason, None));
    checked.rows.extend(fleet.clusters().iter().map(|(cluster, _)| member.row(cluster, "unknown", &reason)));
}

/// Reports whether a role's trust policy admits the service accounts that use the role.
fn with_role(members: &[&Member<'_>], role: &Role, policy: &Value, fleet: &Fleet<'_>, checked: &mut Checked) {
    // The policy after the fixes so far. Each fix is made for this policy, so that a user can apply all fixes in their
    // order.
    let mut fixed = policy.clone();
    for member in members {
        for (cluster, issuer) in fleet.clusters() {
            let inputs = inputs(member, role, issuer, fleet);
            let trust = Trust::of(&inputs, policy);
            let within = if fleet.issuers.is_empty() { String::new() } else { format!(" in cluster `{cluster}`") };
            let (status, finding) = match trust.outcome {
                Outcome::Passed => ("trusted", None),
                Outcome::Failed => {
                    let message =
                        format!("the trust policy of role `{}` does not admit the account{within}", role.title());
                    let fix = trust.fix_after(&inputs, &mut fixed);
                    ("refused", Some((names::UNTRUSTED_SERVICE_ACCOUNT, message, fix)))
                }
                Outcome::Unknown | Outcome::Skipped => {
                    let message = format!(
                        "unknown whether the trust policy of role `{}` admits the account{within}",
                        role.title()
                    );
                    ("unknown", Some((fleet.unknown_trust(), message, trust.fix.clone().map(Fix::from))))
                }
            };
            if let Some((own, message, fix)) = finding {
                let message = format!("{message}: {}", trust.reason);
                checked.in_accounts.push(member.found(own, &message, fix));
            }
            checked.rows.push(member.row(cluster, status, &trust.reason));
        }
    }
}

impl<'a> Fleet<'a> {
    /// Returns the finding for a trust policy that the files do not show.
    fn unknown_trust(&self) -> names::OwnFinding {
        let level = if self.is_strict { Level::Warn } else { names::UNKNOWN_TRUST.level };
        names::OwnFinding { level, ..names::UNKNOWN_TRUST }
    }

    /// Returns the name and the issuer of each cluster. If no issuer is known, returns one cluster `any`.
    pub fn clusters(&self) -> Vec<(&'a str, Option<&'a str>)> {
        if self.issuers.is_empty() {
            return vec![("any", None)];
        }
        self.issuers.iter().map(|(name, url)| (name.as_str(), Some(url.as_str()))).collect()
    }
}

/// Returns a finding in a file about IAM.
pub fn finding(own: names::OwnFinding, message: String, fix: &str, file: &str) -> Finding {
    Finding {
        name: own.name,
        level: own.level,
        message,
        fix: Some(fix.into()),
        page: Page::Check,
        file: file.to_owned(),
        at: None,
        object: None,
        ignored: None,
    }
}
