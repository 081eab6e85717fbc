//! Evaluates a trust policy for a service account, as `irsa explain` does, and proposes changes.

use irsa_explain::explanation::{Explanation, Step, StepKind};
use irsa_explain::{Inputs, Outcome, explain};
use serde_json::Value;

use super::Role;
use super::fleet::Fleet;
use super::member::Member;
use crate::report::Fix;

/// The result of evaluating a trust policy for a service account.
pub struct Trust {
    /// Whether the trust policy admits the account.
    pub outcome: Outcome,
    /// Why the account is not admitted, or why this is unknown. Empty if the account is admitted.
    pub reason: String,
    /// The fix that `irsa explain` proposes.
    pub fix: Option<String>,
}

/// Returns what is known about a service account and its role, without the trust policy.
pub fn inputs(member: &Member<'_>, role: &Role, issuer: Option<&str>, fleet: &Fleet<'_>) -> Inputs {
    Inputs {
        service_account: Some(member.entry.json.clone()),
        settings: Some(fleet.settings_json.to_owned()),
        config_map: member.config_map.as_ref().map(|entry| entry.json.clone()),
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
            // These steps are skipped if an earlier step failed, such as the step of the issuer.
            if steps.iter().any(|step| step.outcome == Outcome::Skipped)
                && let Some(cause) = explanation.cause_step()
            {
                let reason = lower_case_start(cause.says.trim_end_matches('.'));
                return Self { outcome: Outcome::Unknown, reason, fix: cause.fix.clone() };
            }
            return Self { outcome: Outcome::Passed, reason: String::new(), fix: None };
        };
        let says = step.says.trim_end_matches('.');
        // The finding's message already says that the policy rejects the account, so this prefix is removed.
        let sentence =
            lower_case_start(says.strip_prefix("The role's trust policy rejects this pod: ").unwrap_or(says));
        let reasons = step.reasons.iter().map(|reason| reason.trim_end_matches('.').to_owned());
        let reasons = reasons.filter(|reason| !sentence.ends_with(reason.as_str()));
        let reason = std::iter::once(sentence.clone()).chain(reasons).collect::<Vec<_>>().join("; ");
        Self { outcome: step.outcome, reason, fix: step.fix.clone() }
    }

    /// Returns the fix for this account. `None` if no fix is known. `fixed` is the trust policy after the fixes for
    /// earlier accounts. If the fix for this account changes the policy, `fixed` is changed, too.
    pub fn fix_after(&self, inputs: &Inputs, fixed: &mut Value) -> Option<Fix> {
        let explanation = explain_with(inputs, fixed);
        if Self::in_explanation(&explanation).outcome == Outcome::Passed {
            let text = "apply the change of the trust policy that an earlier finding about this role proposes: the change \
                        is enough for this account, too";
            return Some(text.into());
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

/// Changes the first letter of a sentence to lower case, so that the sentence can follow a colon.
fn lower_case_start(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
