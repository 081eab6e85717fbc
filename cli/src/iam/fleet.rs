//! Evaluates what the files show: service accounts, roles and identity providers.
//!
//! The crate `irsa_explain` evaluates a trust policy; this module asks it, and reports the answers.

use std::collections::{BTreeMap, BTreeSet};

use irsa::json::Reader;
use irsa::{Request, Review, Settings};
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::{Inputs, Outcome, explain};
use serde_json::{Value, json};

use super::{Iam, Role, account_of, without_scheme};
use crate::check::names::{self, OwnFinding};
use crate::check::{Entry, Found, Index, Location, Lookup};
use crate::report::{Finding, FleetRow, ObjectName, Page};

/// IAM's default limit of a trust policy, in characters without white space.
const DEFAULT_LIMIT: usize = 2_048;

/// The most that IAM raises that limit to.
const RAISED_LIMIT: usize = 8_192;

/// A name that no service account has: it is longer than Kubernetes allows.
const NOBODY: &str = "nobody-has-this-name-because-it-is-longer-than-the-names-that-kubernetes-allows-for-a-namespace";

/// What the input says, and the clusters.
pub struct Fleet<'a> {
    /// The service accounts of the input.
    pub index: &'a Index,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// The same, as JSON.
    pub settings_json: &'a str,
    /// The clusters: a name and the URL of the issuer. Empty if no issuer is known.
    pub issuers: &'a [(String, String)],
}

/// What the files show.
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings in service accounts.
    pub in_accounts: Vec<Found>,
    /// Findings in the files about IAM.
    pub in_files: Vec<Finding>,
    /// A row for each service account and cluster.
    pub rows: Vec<FleetRow>,
}

/// Holds the service accounts of the input against IAM.
pub fn check(iam: &Iam, fleet: &Fleet<'_>) -> Checked {
    let mut checked = Checked::default();
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (namespace, name, entry) in fleet.index.accounts() {
        let Some(arn) = role_of(namespace, name, fleet) else { continue };
        let role = iam.roles.iter().find(|role| role.is(&arn));
        if let Some(role) = role {
            used.entry(role.title()).or_default().insert(format!("{namespace}:{name}"));
        }
        let prefix = &*fleet.settings.annotation_prefix;
        let account = Account { namespace, name, entry, arn: &arn, prefix };
        match role {
            Some(role) => account_and_role(&account, role, fleet, &mut checked),
            None => account_without_role(&account, iam, fleet, &mut checked),
        }
    }
    for role in &iam.roles {
        checked.in_files.extend(role_findings(role, used.get(role.title()), fleet));
    }
    checked.in_files.extend(provider_findings(iam, fleet));
    checked
}

/// A service account with a role.
struct Account<'a> {
    namespace: &'a str,
    name: &'a str,
    entry: &'a Entry,
    arn: &'a str,
    /// The prefix of the annotations.
    prefix: &'a str,
}

impl Account<'_> {
    fn found(&self, own: OwnFinding, message: &str, fix: Option<String>) -> Found {
        let pointer = format!("/metadata/annotations/{}~1role-arn", self.prefix);
        let value: Value = serde_json::from_str(&self.entry.json).unwrap_or_default();
        let mut location: Location = self.entry.location.clone();
        // The role may come from the settings.
        location.pointer.push_str(if value.pointer(&pointer).is_some() { &pointer } else { "/metadata" });
        Found {
            name: own.name,
            level: own.level,
            message: format!("service account `{}/{}`: {message}", self.namespace, self.name),
            fix,
            location,
            object: ObjectName {
                api_version: "v1".to_owned(),
                kind: "ServiceAccount".to_owned(),
                namespace: Some(self.namespace.to_owned()),
                name: self.name.to_owned(),
            },
            is_in_account: false,
        }
    }

    fn row(&self, cluster: &str, status: &str, reason: &str) -> FleetRow {
        FleetRow {
            service_account: format!("{}/{}", self.namespace, self.name),
            cluster: cluster.to_owned(),
            role: self.arn.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// The role that the policy gives the pods of a service account, if any.
fn role_of(namespace: &str, name: &str, fleet: &Fleet<'_>) -> Option<String> {
    let pod = json!({"spec": {"serviceAccountName": name, "containers": [{"name": "any"}]}});
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let request = json!({"uid": "check", "kind": kind, "namespace": namespace, "operation": "CREATE", "object": pod});
    let request = request.to_string();
    let request = Request::read(&mut Reader::new(&request)).ok()?;
    let review = Review::new(&request, fleet.settings, &mut Lookup::new(fleet.index, usize::MAX));
    review.audit_annotations.into_iter().find(|(key, _)| *key == "role-arn").map(|(_, arn)| arn)
}

/// A role that no file has.
fn account_without_role(account: &Account<'_>, iam: &Iam, fleet: &Fleet<'_>, checked: &mut Checked) {
    let aws_account = account_of(account.arn).unwrap_or_default();
    let is_missing = iam.complete_accounts.contains(aws_account);
    let (status, reason) = if is_missing {
        ("missing", format!("AWS account {aws_account} has no role `{}`", account.arn))
    } else {
        ("unknown", format!("the files of `--iam` do not have role `{}`", account.arn))
    };
    if is_missing {
        let fix = "create the role, or correct the annotation".to_owned();
        checked.in_accounts.push(account.found(names::MISSING_IAM_ROLE, &reason, Some(fix)));
    } else {
        checked.in_accounts.push(account.found(names::UNKNOWN_TRUST, &reason, None));
    }
    checked.rows.extend(cluster_names(fleet).iter().map(|cluster| account.row(cluster, status, &reason)));
}

fn account_and_role(account: &Account<'_>, role: &Role, fleet: &Fleet<'_>, checked: &mut Checked) {
    let Some(policy) = &role.trust_policy else {
        let reason = format!("`{}` does not show the trust policy of role `{}`", role.file, role.title());
        checked.in_accounts.push(account.found(names::UNKNOWN_TRUST, &reason, None));
        checked.rows.extend(cluster_names(fleet).iter().map(|cluster| account.row(cluster, "unknown", &reason)));
        return;
    };
    for (cluster, issuer) in clusters(fleet) {
        let inputs = inputs(&account.entry.json, policy, issuer, fleet);
        let trust = Trust::of(&Inputs { role: role.arn.clone(), ..inputs });
        let within = if fleet.issuers.is_empty() { String::new() } else { format!(" in cluster `{cluster}`") };
        let title = role.title();
        match trust.outcome {
            Outcome::Failed => {
                let message = format!("the trust policy of role `{title}` does not admit it{within}: {}", trust.reason);
                checked.in_accounts.push(account.found(names::UNTRUSTED_SERVICE_ACCOUNT, &message, trust.fix.clone()));
            }
            Outcome::Passed => {}
            Outcome::Unknown | Outcome::Skipped => {
                let message = format!(
                    "it is unknown whether the trust policy of role `{title}` admits it{within}: {}",
                    trust.reason
                );
                checked.in_accounts.push(account.found(names::UNKNOWN_TRUST, &message, trust.fix.clone()));
            }
        }
        let status = match trust.outcome {
            Outcome::Passed => "trusted",
            Outcome::Failed => "refused",
            Outcome::Unknown | Outcome::Skipped => "unknown",
        };
        checked.rows.push(account.row(cluster, status, &trust.reason));
    }
}

/// What a trust policy says to a service account.
struct Trust {
    outcome: Outcome,
    reason: String,
    fix: Option<String>,
}

impl Trust {
    fn of(inputs: &Inputs) -> Self {
        let explanation = explain(inputs);
        if let Some(problem) = explanation.problems.first() {
            return Self { outcome: Outcome::Unknown, reason: problem.message.clone(), fix: None };
        }
        let is_about_trust = |step: &&Step| matches!(step.step, StepKind::Provider | StepKind::Conditions);
        let steps: Vec<&Step> = explanation.steps.iter().filter(is_about_trust).collect();
        let worst = [Outcome::Failed, Outcome::Unknown]
            .into_iter()
            .find_map(|outcome| steps.iter().find(|step| step.outcome == outcome));
        match worst {
            Some(step) => {
                let is_subject =
                    step.mistake.is_some_and(|it| matches!(it.name(), "wrongNamespace" | "wrongServiceAccount"));
                let sentence = lower_case_start(step.says.trim_end_matches('.'));
                let reasons = step.reasons.iter().map(|reason| reason.trim_end_matches('.').to_owned());
                let reason = std::iter::once(sentence).chain(reasons).collect::<Vec<_>>().join("; ");
                // The other values may be those of accounts that need the role, too.
                let add = "add the subject of this service account to the condition on `sub`, beside the values that are there";
                let fix = if is_subject { Some(add.to_owned()) } else { step.fix.clone() };
                Self { outcome: step.outcome, reason, fix }
            }
            None => Self { outcome: Outcome::Passed, reason: String::new(), fix: None },
        }
    }
}

/// A sentence as a part of another one.
fn lower_case_start(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn inputs(account: &str, policy: &Value, issuer: Option<&str>, fleet: &Fleet<'_>) -> Inputs {
    Inputs {
        service_account: Some(account.to_owned()),
        settings: Some(fleet.settings_json.to_owned()),
        trust_policy: Some(policy.to_string()),
        issuer: issuer.map(str::to_owned),
        ..Inputs::default()
    }
}

/// The clusters: their names, and the issuer if it is known.
fn clusters<'f>(fleet: &'f Fleet<'_>) -> Vec<(&'f str, Option<&'f str>)> {
    if fleet.issuers.is_empty() {
        return vec![("any", None)];
    }
    fleet.issuers.iter().map(|(name, url)| (name.as_str(), Some(url.as_str()))).collect()
}

fn cluster_names<'f>(fleet: &'f Fleet<'_>) -> Vec<&'f str> {
    clusters(fleet).into_iter().map(|(name, _)| name).collect()
}

/// What is wrong with a role itself. `used_by` are the accounts of the input that have it, as `namespace:name`.
fn role_findings(role: &Role, used_by: Option<&BTreeSet<String>>, fleet: &Fleet<'_>) -> Vec<Finding> {
    let Some(policy) = &role.trust_policy else { return Vec::new() };
    let title = role.title();
    let mut findings = Vec::new();
    let mut add = |own: OwnFinding, message: String, fix: &str| findings.push(finding(own, message, fix, &role.file));
    let size = policy.to_string().chars().filter(|char| !char.is_whitespace()).count();
    // Nine tenths of a limit.
    let limit = if size > DEFAULT_LIMIT { RAISED_LIMIT } else { DEFAULT_LIMIT };
    if size.saturating_mul(10) > limit.saturating_mul(9) || size > DEFAULT_LIMIT {
        let message = format!("role `{title}`: its trust policy has {size} of at most {limit} characters");
        add(names::LONG_TRUST_POLICY, message, "split the role, or let a pattern name several service accounts");
    }
    let trusts = |namespace: &str, name: &str, issuer: &str| {
        let metadata = json!({"namespace": namespace, "name": name});
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string();
        Trust::of(&Inputs { role: role.arn.clone(), ..inputs(&account, policy, Some(issuer), fleet) }).outcome
            == Outcome::Passed
    };
    for (cluster, issuer) in fleet.issuers {
        let subjects = subjects(policy, without_scheme(issuer));
        if trusts("default", NOBODY, issuer) && trusts("kube-system", NOBODY, issuer) {
            let message =
                format!("role `{title}`: its trust policy lets in every service account of cluster `{cluster}`");
            add(names::BROAD_TRUST, message, "name the service accounts in a condition on `sub`");
        } else {
            let namespaces: BTreeSet<&str> =
                subjects.iter().filter_map(|subject| subject.split_once(':')).map(|(namespace, _)| namespace).collect();
            for namespace in namespaces {
                if !namespace.contains(['*', '?']) && trusts(namespace, NOBODY, issuer) {
                    let message = format!(
                        "role `{title}`: its trust policy lets in every service account of namespace `{namespace}` of cluster \
                         `{cluster}`"
                    );
                    add(names::BROAD_TRUST, message, "name the service accounts in a condition on `sub`");
                }
            }
        }
        let is_trusted = policy.to_string().contains(&format!("oidc-provider/{}", without_scheme(issuer)));
        if is_trusted && used_by.is_none_or(BTreeSet::is_empty) {
            let message =
                format!("role `{title}`: it trusts cluster `{cluster}`, but no service account of the input uses it");
            add(names::UNUSED_TRUST, message, "remove the role if no other input uses it");
        }
        for subject in subjects.iter().filter(|subject| !subject.contains(['*', '?'])) {
            let Some((namespace, name)) = subject.split_once(':') else { continue };
            let exists = fleet.index.find("ServiceAccount", namespace, name, usize::MAX).is_some();
            if !exists && name != "default" {
                let message = format!(
                    "role `{title}`: it trusts service account `{namespace}/{name}`, which is not in the input"
                );
                add(names::MISSING_SUBJECT, message, "remove it from the trust policy if it does not exist");
            }
        }
    }
    findings
}

/// The subjects that conditions on `sub` of this issuer name, as `namespace:name`, patterns included.
fn subjects(policy: &Value, issuer: &str) -> Vec<String> {
    let key = format!("{issuer}:sub").to_ascii_lowercase();
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    let conditions = statements.into_iter().filter_map(|statement| statement.get("Condition")?.as_object());
    let clauses = conditions.flatten().filter(|(operator, _)| {
        let operator = operator.to_ascii_lowercase();
        operator.contains("equals") || operator.contains("like")
    });
    let clauses = clauses.filter(|(operator, _)| !operator.to_ascii_lowercase().contains("not"));
    let keys = clauses.filter_map(|(_, keys)| keys.as_object()).flatten();
    let values = keys.filter(|(name, _)| name.to_ascii_lowercase() == key).flat_map(|(_, values)| match values {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    values.filter_map(|value| value.strip_prefix("system:serviceaccount:").map(str::to_owned)).collect()
}

fn provider_findings(iam: &Iam, fleet: &Fleet<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let audience = &*fleet.settings.token_audience;
    for (cluster, issuer) in fleet.issuers {
        let issuer = without_scheme(issuer);
        let is_it = |provider: &&super::Provider| provider.issuer == issuer;
        for account in &iam.complete_providers {
            let has_it =
                iam.providers.iter().filter(is_it).any(|it| it.account.as_ref().is_none_or(|it| it == account));
            if !has_it {
                let file = iam.providers.iter().find(|it| it.account.as_ref() == Some(account));
                let message =
                    format!("AWS account {account} has no identity provider for cluster `{cluster}` (`{issuer}`)");
                let fix = "create the provider, as with `aws iam create-open-id-connect-provider`";
                let file = file.map(|it| it.file.clone()).unwrap_or_default();
                findings.push(finding(names::MISSING_PROVIDER, message, fix, &file));
            }
        }
        for provider in iam.providers.iter().filter(is_it) {
            let Some(audiences) = &provider.audiences else { continue };
            if !audiences.iter().any(|own| own == audience) {
                let message = format!(
                    "the identity provider of cluster `{cluster}` does not list audience `{audience}`, but `{}`",
                    audiences.join("`, `")
                );
                let fix = "add the audience, as with `aws iam add-client-id-to-open-id-connect-provider`";
                findings.push(finding(names::PROVIDER_AUDIENCE, message, fix, &provider.file));
            }
        }
    }
    findings
}

fn finding(own: OwnFinding, message: String, fix: &str, file: &str) -> Finding {
    Finding {
        name: own.name,
        level: own.level,
        message,
        fix: Some(fix.to_owned()),
        page: Page::Check,
        file: file.to_owned(),
        at: None,
        object: None,
        ignored: None,
    }
}
