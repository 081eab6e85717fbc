//! What a trust policy says to a service account, as `irsa explain` evaluates it, and how to change it.

use irsa_explain::explanation::{Explanation, Step, StepKind};
use irsa_explain::{Inputs, Outcome, explain};
use serde_json::Value;

use super::Role;
use super::fleet::Fleet;
use super::member::Member;
use crate::report::Fix;

/// What a trust policy says to a service account.
pub struct Trust {
    /// Whether it admits the account.
    pub outcome: Outcome,
    /// Why not.
    pub reason: String,
    /// What to do.
    pub fix: Option<String>,
}

/// What is known of a service account and its role, without the trust policy.
pub fn inputs(member: &Member<'_>, role: &Role, issuer: Option<&str>, fleet: &Fleet<'_>) -> Inputs {
    Inputs {
        service_account: Some(member.entry.json.clone()),
        settings: Some(fleet.settings_json.to_owned()),
        config_map: member.config_map.map(str::to_owned),
        role: role.arn().map(str::to_owned),
        issuer: issuer.map(str::to_owned),
        ..Inputs::default()
    }
}

fn explain_with(inputs: &Inputs, policy: &Value) -> Explanation {
    explain(&Inputs { trust_policy: Some(policy.to_string()), ..inputs.clone() })
}

impl Trust {
    /// Evaluates a trust policy.
    pub fn of(inputs: &Inputs, policy: &Value) -> Self {
        Self::in_explanation(&explain_with(inputs, policy))
    }

    fn in_explanation(explanation: &Explanation) -> Self {
        if let Some(problem) = explanation.problems.first() {
            return Self { outcome: Outcome::Unknown, reason: problem.message.clone(), fix: None };
        }
        let is_about_trust = |step: &&Step| matches!(step.step, StepKind::Provider | StepKind::Conditions);
        let steps: Vec<&Step> = explanation.steps.iter().filter(is_about_trust).collect();
        let worst = [Outcome::Failed, Outcome::Unknown]
            .into_iter()
            .find_map(|outcome| steps.iter().find(|step| step.outcome == outcome));
        let Some(step) = worst else {
            return Self { outcome: Outcome::Passed, reason: String::new(), fix: None };
        };
        let says = step.says.trim_end_matches('.');
        // The finding says already that the trust policy does not admit the account.
        let sentence =
            lower_case_start(says.strip_prefix("The role's trust policy rejects this pod: ").unwrap_or(says));
        let reasons = step.reasons.iter().map(|reason| reason.trim_end_matches('.').to_owned());
        let reasons = reasons.filter(|reason| !sentence.ends_with(reason.as_str()));
        let reason = std::iter::once(sentence.clone()).chain(reasons).collect::<Vec<_>>().join("; ");
        Self { outcome: step.outcome, reason, fix: step.fix.clone() }
    }

    /// The change of the trust policy that admits the account too. `fixed` is the policy with the earlier changes, and
    /// gets this one.
    pub fn fix_after(&self, inputs: &Inputs, fixed: &mut Value) -> Option<Fix> {
        let explanation = explain_with(inputs, fixed);
        if Self::in_explanation(&explanation).outcome == Outcome::Passed {
            return Some("apply the change of the trust policy that the other finding of this role names: it admits this account, too".into());
        }
        match explanation.trust_fix {
            Some(change) => {
                *fixed = change.policy;
                let text = lower_case_start(change.says.trim_end_matches('.'));
                Some(Fix { text, statements: change.statements })
            }
            None => self.fix.clone().map(Fix::from),
        }
    }
}

/// A sentence as a part of another one.
fn lower_case_start(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
