//! Finds the change of the trust policy that makes it accept the pod.

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::Step;
use crate::fix::{CommandTarget, TrustFix};
use crate::trust::{IamProviders, repair};

use super::provider::check_issuer;
use super::trust_view::TrustView;
use super::{STS, failed};

/// Returns the fix if the trust policy rejects the pod, and if the issuer, the token and the role are known to be
/// right. Otherwise `None`.
pub fn trust_fix(view: &TrustView<'_, '_>, provider: &Step, conditions: &Step) -> Option<TrustFix> {
    let is_iam_side = matches!(provider.mistake, Some(Diagnosis::ProviderMissing | Diagnosis::AudienceNotRegistered));
    // If the token's audience is wrong, the audience has to change, and not the trust policy.
    let is_audience_wrong = conditions.mistake == Some(Diagnosis::WrongAudience) && !is_audience_right(view);
    let is_needed = failed(provider) && !is_iam_side || failed(conditions) && !is_audience_wrong;
    if !is_needed || view.scenario.has_container_credentials() || is_role_wrong(view) {
        return None;
    }
    if view.skipped(conditions.step).is_some() || view.skipped(provider.step).is_some() {
        return None;
    }
    let document = view.scenario.documents.trust_policy.get()?;
    // If the trust policy needs no change, the fault is in IAM's provider.
    let repair = repair(document, &view.request).filter(|repair| !repair.changes.is_empty())?;
    let has_provider = view.scenario.has_provider(view.url(), view.request.account.as_deref());
    // If only a condition is wrong, the policy names the right provider, so the provider is assumed to exist.
    let may_lack_provider = match has_provider {
        Some(has_provider) => !has_provider,
        None => failed(provider) && provider.mistake != Some(Diagnosis::OtherAction),
    };
    let role = view.scenario.role();
    let target = CommandTarget {
        role: role.as_deref(),
        missing_provider: may_lack_provider.then(|| view.url()),
        is_missing_for_sure: has_provider == Some(false),
        audience: view.request.audiences.as_deref().and_then(|audiences| audiences.first()).map(String::as_str),
    };
    let mut fix = TrustFix {
        alternative: alternative(provider).or_else(|| misspelled_subject(view)),
        ..TrustFix::new(&repair, document, &target)
    };
    if let Some(check) = provider.mistake.and_then(|mistake| check_issuer(view, mistake)) {
        fix.says.insert_str(0, check);
    }
    Some(fix)
}

/// Returns another way to give the pod a role, if the role seems to be meant for something else.
fn alternative(provider: &Step) -> Option<String> {
    let text = match provider.mistake? {
        Diagnosis::TrustsPodIdentity => {
            "Or use EKS Pod Identity: create an association for the service account, remove its annotation `role-arn`, and recreate the pod."
        }
        Diagnosis::TrustsService => {
            "Or annotate the service account with another role, if the current role is for something else, such as the nodes."
        }
        Diagnosis::TrustsAwsPrincipal => {
            "Or annotate the service account with a second role that may assume the current role. Then set the current role as `role_arn` in the SDK's profile, with a `source_profile`."
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Returns the other correction, if the trust policy accepts a service account whose name is similar: the name in the
/// trust policy may be a misspelling.
fn misspelled_subject(view: &TrustView<'_, '_>) -> Option<String> {
    let subject = view.request.subject.as_deref()?;
    let policy = &view.scenario.documents.trust_policy.get()?.policy;
    let key = format!("{}:sub", view.url());
    policy.allows().find_map(|statement| {
        let clauses = statement.clauses.iter().filter(|clause| clause.key.eq_ignore_ascii_case(&key));
        let mut values = clauses.flat_map(|clause| &clause.values);
        let similar = values.find(|value| *value != subject && irsa::internals::edits(value, subject) <= 2)?;
        Some(format!(
            "If `{similar}` is a misspelling, replace it with `{subject}` in {} instead. Otherwise, every user who can create that service account gets the role.",
            statement.name
        ))
    })
}

/// Whether the token has exactly one audience, and the audience can stay. `sts.amazonaws.com` can stay. Another
/// audience can stay if IAM's identity provider lists it. If the provider was not given, it can stay if it is not a
/// misspelling of `sts.amazonaws.com`, and if the trust policy does not expect `sts.amazonaws.com`.
pub fn is_audience_right(view: &TrustView<'_, '_>) -> bool {
    let Some([audience]) = view.request.audiences.as_deref() else { return false };
    if audience == STS {
        return true;
    }
    // IAM's identity provider decides which audiences STS accepts. On kOps, that is `amazonaws.com`.
    if let Given::Present(IamProviders::One { client_ids, .. }) = &view.scenario.documents.provider
        && !client_ids.is_empty()
    {
        return client_ids.contains(audience);
    }
    let policy = view.scenario.documents.trust_policy.get().map(|document| &document.policy);
    let expects_own = policy.is_some_and(|policy| {
        let mut clauses = policy.allows().flat_map(|statement| &statement.clauses);
        clauses
            .any(|clause| clause.key.to_ascii_lowercase().ends_with(":aud") && clause.values.iter().any(|it| it == STS))
    });
    !expects_own && irsa::internals::edits(audience, STS) > 5
}

/// Whether the trust policy belongs to another role than the pod's role, or the pod does not have the expected role.
fn is_role_wrong(view: &TrustView<'_, '_>) -> bool {
    view.scenario.role_of_other_policy().is_some()
        || view.scenario.expected_role.as_ref().is_some_and(|expected| view.scenario.role().as_ref() != Some(expected))
}
