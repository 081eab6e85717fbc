//! Explains several pods with one trust policy. The trust policy belongs to one role, and the pods may have different
//! roles. So a pod that the trust policy rejects may only be a pod of another role.

use crate::chain::{explain, explain_with, role_of};
use crate::documents::{Documents, PolicyOwner};
use crate::explanation::Explanation;
use crate::inputs::Inputs;

/// Explains several pods, in their order.
///
/// If the pods have different roles, and the trust policy does not show which role it belongs to: it belongs to the
/// role of the pods that it accepts. If it accepts no pod, the steps of the trust policy are unknown.
#[must_use]
pub fn explain_all(pods: &[Inputs]) -> Vec<Explanation> {
    let mut explanations: Vec<Explanation> = pods.iter().map(explain).collect();
    if !pods.first().is_some_and(has_open_policy) {
        return explanations;
    }
    let roles: Vec<Option<String>> = pods.iter().map(role_of).collect();
    let mut known = roles.iter().flatten();
    let first = known.next();
    if known.all(|role| Some(role) == first) {
        return explanations;
    }
    let accepted: Vec<&String> = explanations
        .iter()
        .zip(&roles)
        .filter(|(it, _)| it.has_true_conditions())
        .filter_map(|(_, role)| role.as_ref())
        .collect();
    for ((pod, role), explanation) in pods.iter().zip(&roles).zip(&mut explanations) {
        if role.as_ref().is_none_or(|role| accepted.contains(&role)) {
            continue;
        }
        let owner = accepted.first().map_or(PolicyOwner::Unknown, |other| PolicyOwner::Other((*other).clone()));
        *explanation = explain_with(pod, &owner);
    }
    explanations
}

/// Whether a trust policy was given, and neither its input nor the input `role` contains its role's ARN.
fn has_open_policy(inputs: &Inputs) -> bool {
    let documents = Documents::read(inputs);
    documents.role.is_none() && documents.trust_policy.get().is_some_and(|policy| policy.role.is_none())
}
