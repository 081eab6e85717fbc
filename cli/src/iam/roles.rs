//! Checks a role itself: the size and the breadth of its trust policy, its use, and subjects that do not exist.

use std::collections::BTreeSet;

use irsa_explain::{Inputs, Outcome};
use serde_json::{Value, json};

use super::fleet::{Fleet, finding};
use super::trust::Trust;
use super::{Role, without_scheme};
use crate::check::names::{self, OwnFinding};
use crate::report::Finding;
use crate::trust_policy::{LIMIT, RAISED_LIMIT, size};

/// A name that no service account should have. A trust policy that admits this name admits any name.
const NOBODY: &str = "nobody-has-this-name-because-it-is-longer-than-the-names-that-kubernetes-allows-for-a-namespace";

/// Checks a role and its trust policy. `is_used`: whether a service account of the input has the role.
pub fn role_findings(role: &Role, policy: &Value, is_used: bool, fleet: &Fleet<'_>) -> Vec<Finding> {
    let mut context = Context { role, policy, fleet, findings: Vec::new() };
    context.check_size();
    for (cluster, issuer) in fleet.issuers {
        let subjects = subjects(policy, without_scheme(issuer));
        context.check_breadth(cluster, issuer, &subjects);
        if !is_used {
            context.check_use(cluster, issuer);
        }
        context.check_subjects(&subjects);
    }
    context.findings
}

/// The role to check, and its findings so far.
struct Context<'c> {
    role: &'c Role,
    policy: &'c Value,
    fleet: &'c Fleet<'c>,
    findings: Vec<Finding>,
}

impl Context<'_> {
    fn add(&mut self, own: OwnFinding, message: &str, fix: &str) {
        let message = format!("role `{}`: {message}", self.role.title());
        let finding = finding(own, message, fix, &self.role.file);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn check_size(&mut self) {
        let size = size(self.policy);
        let limit = if size > LIMIT { RAISED_LIMIT } else { LIMIT };
        // Reports a policy above nine tenths of the limit, or above the default limit.
        if size.saturating_mul(10) > limit.saturating_mul(9) || size > LIMIT {
            let message = format!("its trust policy has {size} of at most {limit} characters");
            let fix = "split the role, or match several service accounts with one wildcard in a condition on `sub`";
            self.add(names::LONG_TRUST_POLICY, &message, fix);
        }
    }

    fn check_breadth(&mut self, cluster: &str, issuer: &str, subjects: &[String]) {
        let fix = "name the service accounts in a condition on `sub`";
        if self.trusts("default", issuer) && self.trusts("kube-system", issuer) {
            let message = format!("its trust policy admits every service account of cluster `{cluster}`");
            return self.add(names::BROAD_TRUST, &message, fix);
        }
        let namespaces: BTreeSet<&str> =
            subjects.iter().filter_map(|subject| subject.split_once(':')).map(|(namespace, _)| namespace).collect();
        for namespace in namespaces {
            if !namespace.contains(['*', '?']) && self.trusts(namespace, issuer) {
                let message = format!(
                    "its trust policy admits every service account of namespace `{namespace}` of cluster `{cluster}`"
                );
                self.add(names::BROAD_TRUST, &message, fix);
            }
        }
    }

    /// Whether the trust policy admits every service account of the namespace, even [`NOBODY`].
    fn trusts(&self, namespace: &str, issuer: &str) -> bool {
        let metadata = json!({"namespace": namespace, "name": NOBODY});
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
        let inputs = Inputs {
            service_account: Some(account.to_string()),
            settings: Some(self.fleet.settings_json.to_owned()),
            role: self.role.arn().map(str::to_owned),
            issuer: Some(issuer.to_owned()),
            ..Inputs::default()
        };
        Trust::of(&inputs, self.policy).outcome == Outcome::Passed
    }

    fn check_use(&mut self, cluster: &str, issuer: &str) {
        // If the file does not identify the role, the service accounts that use the role can't be recognized.
        let is_known = self.role.is_known();
        let is_trusted = self.policy.to_string().contains(&format!("oidc-provider/{}\"", without_scheme(issuer)));
        if is_known && is_trusted {
            let message = format!("it trusts cluster `{cluster}`, but no service account of the input uses the role");
            self.add(names::UNUSED_TRUST, &message, "remove the role if no other input uses it");
        }
    }

    fn check_subjects(&mut self, subjects: &[String]) {
        for subject in subjects.iter().filter(|subject| !subject.contains(['*', '?'])) {
            let Some((namespace, name)) = subject.split_once(':') else { continue };
            let exists = self.fleet.index.find("ServiceAccount", namespace, name, usize::MAX).is_some();
            // Every namespace has the account `default`.
            if !exists && name != "default" {
                let message = format!("it trusts service account `{namespace}/{name}`, which is not in the input");
                let fix = "remove the account from the trust policy if it does not exist";
                self.add(names::MISSING_SUBJECT, &message, fix);
            }
        }
    }
}

/// Returns the subjects in the conditions on this issuer's `sub`, as `namespace:name`. Includes patterns, but not
/// negated conditions.
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
