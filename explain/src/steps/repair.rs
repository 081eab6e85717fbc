//! The change of the trust policy that makes it accept the pod.

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::Step;
use crate::fix::{CommandTarget, TrustFix};
use crate::trust::repair;

use super::failed;
use super::trust_view::TrustView;

/// The fix, if the trust policy is what rejects the pod and everything that the fix is made of is known to be right.
pub fn trust_fix(view: &TrustView<'_, '_>, provider: &Step, conditions: &Step) -> Option<TrustFix> {
    let is_iam_side = matches!(provider.mistake, Some(Diagnosis::ProviderMissing | Diagnosis::AudienceNotRegistered));
    // The audience is what has to change, not the policy.
    let is_audience_wrong = conditions.mistake == Some(Diagnosis::WrongAudience) && !is_audience_right(view);
    let is_needed = failed(provider) && !is_iam_side || failed(conditions) && !is_audience_wrong;
    if !is_needed || view.scenario.has_container_credentials() || is_role_wrong(view) {
        return None;
    }
    if view.skipped(conditions.step).is_some() || view.skipped(provider.step).is_some() {
        return None;
    }
    let document = view.scenario.documents.trust_policy.get()?;
    // A policy that accepts the pod needs no change: the fault is IAM's provider.
    let repair = repair(document, &view.request).filter(|repair| !repair.changes.is_empty())?;
    let has_provider = matches!(&view.scenario.documents.provider, Given::Present(providers)
        if providers.has(view.url(), view.request.account.as_deref()) == Some(true));
    // Where only a condition is wrong, the provider was there when the policy was written.
    let may_lack_provider = !has_provider && failed(provider) && provider.mistake != Some(Diagnosis::OtherAction);
    let role = view.scenario.role();
    let target = CommandTarget {
        role: role.as_deref(),
        missing_provider: may_lack_provider.then(|| view.url()),
        audience: view.request.audiences.as_deref().and_then(|audiences| audiences.first()).map(String::as_str),
    };
    Some(TrustFix { alternative: alternative(provider), ..TrustFix::new(&repair, document, &target) })
}

/// Another way, if the role was made for something else.
fn alternative(provider: &Step) -> Option<String> {
    let text = match provider.mistake? {
        Diagnosis::TrustsPodIdentity => {
            "Or use EKS Pod Identity: create an association for the service account, remove its annotation `role-arn`, and recreate the pod."
        }
        Diagnosis::TrustsService => {
            "Or annotate the service account with a role of its own, if this one is for something else, such as the nodes."
        }
        Diagnosis::TrustsAwsPrincipal => {
            "Or annotate the service account with a role that may assume this one, and set this one as `role_arn` in the SDK's profile, with a `source_profile`."
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether the token's audience can stay: it is AWS's own, or not like it, and the policy does not expect AWS's own.
pub fn is_audience_right(view: &TrustView<'_, '_>) -> bool {
    const OWN: &str = "sts.amazonaws.com";
    let Some([audience]) = view.request.audiences.as_deref() else { return false };
    if audience == OWN {
        return true;
    }
    let policy = view.scenario.documents.trust_policy.get().map(|document| &document.policy);
    let expects_own = policy.is_some_and(|policy| {
        let mut clauses = policy.allows().flat_map(|statement| &statement.clauses);
        clauses
            .any(|clause| clause.key.to_ascii_lowercase().ends_with(":aud") && clause.values.iter().any(|it| it == OWN))
    });
    !expects_own && irsa::internals::edits(audience, OWN) > 5
}

/// Whether the trust policy is that of another role than the pod's.
fn is_role_wrong(view: &TrustView<'_, '_>) -> bool {
    view.scenario.expected_role.as_ref().is_some_and(|expected| view.scenario.role().as_ref() != Some(expected))
}
