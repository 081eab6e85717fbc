//! Runs the steps from a pod to its role, in order.

use irsa::FindingKind;
use serde_json::Value;

use crate::diagnosis::Diagnosis;
use crate::documents::{Documents, PolicyOwner};
use crate::explanation::{Cause, Explanation, Outcome, Step, StepKind};
use crate::inputs::{Input, Inputs};
use crate::redact::{Redactor, redact_inputs};
use crate::scenario::Scenario;
use crate::steps::trust_view::TrustView;
use crate::steps::{
    account, conditions, credentials, fallback, injected, issuer, pod_identity, provider, region, repair, token,
};

/// Explains why a pod has its role, or does not have it.
///
/// This function never fails: an input that cannot be read is a [problem](Explanation::problems), and the steps that
/// depend on it are unknown. The result contains no part of the token.
#[must_use]
pub fn explain(inputs: &Inputs) -> Explanation {
    explain_with(inputs, &PolicyOwner::Pod)
}

/// Like [`explain`], for a trust policy that may belong to another role than the pod's role.
pub(crate) fn explain_with(inputs: &Inputs, owner: &PolicyOwner) -> Explanation {
    let redactor = Redactor::new(inputs.token.as_deref());
    let mut explanation = explain_steps(&redact_inputs(inputs, &redactor), owner);
    redactor.explanation(&mut explanation);
    explanation
}

/// Returns the ARN of the role that the pod's containers request. `None` if the role is not known or does not exist.
/// Tokens in the ARN are redacted, because a user may paste a token anywhere.
#[must_use]
pub fn role_of(inputs: &Inputs) -> Option<String> {
    let inputs = redacted(inputs);
    Scenario::new(&Documents::read(&inputs), &mut Vec::new()).own_role()
}

fn explain_steps(inputs: &Inputs, owner: &PolicyOwner) -> Explanation {
    let documents = Documents { policy_owner: owner.clone(), ..documents(inputs) };
    let mut problems = documents.problems.clone();
    let scenario = Scenario::new(&documents, &mut problems);
    let exists = account::exists(&scenario);
    let role = account::role(&scenario, &exists);
    let allowed = account::allowed(&scenario, &exists, &role);
    let injected = pod_identity::injected(&scenario, &role)
        .unwrap_or_else(|| injected::injected(&scenario, [&exists, &role, &allowed]));
    let credentials = credentials::win(&scenario);
    let token = token::token(&scenario);
    let issuer = issuer::issuer(&scenario);
    let view = TrustView::new(&scenario, &token, &issuer);
    let mut provider = provider::provider(&view);
    let mut conditions = conditions::conditions(&view, &provider);
    let fix = repair::trust_fix(&view, &provider, &conditions);
    let injected = injected::with_rejected_audience(&scenario, injected, [&mut provider, &mut conditions]);
    let region = region::region(&scenario);
    let fallback = fallback::fallback(&scenario, [&token, &issuer, &provider, &conditions, &region]);
    let mut steps =
        vec![exists, role, allowed, injected, credentials, token, issuer, provider, conditions, region, fallback];
    let cause = cause(&steps);
    // If an earlier step failed, the pod or its token has to change first. A trust policy for the pod as it is now
    // would then give access to the wrong identity.
    let trust_fix = fix.filter(|_| !steps.iter().any(changes_identity));
    if let (Some(fix), Some(document)) = (&trust_fix, documents.trust_policy.get())
        && let Some(step) = steps.iter_mut().find(|step| step.is_of_trust_policy() && step.outcome == Outcome::Failed)
    {
        step.edits = vec![fix.edit(document)];
    }
    let missing = missing(&scenario, &steps);
    Explanation { outcome: outcome(&steps), cause, steps, missing, problems, trust_fix, review: scenario.review }
}

/// Returns the trust policy of the pod's role, without the role around it. `None` if it was not given or can't be read.
#[must_use]
pub fn trust_policy(inputs: &Inputs) -> Option<Value> {
    documents(&redacted(inputs)).trust_policy.get().map(|document| document.value.clone())
}

fn redacted(inputs: &Inputs) -> Inputs {
    redact_inputs(inputs, &Redactor::new(inputs.token.as_deref()))
}

/// Reads the inputs. If they contain the trust policies of several roles, reads the trust policy of the pod's role.
fn documents(inputs: &Inputs) -> Documents<'_> {
    let documents = Documents::read(inputs);
    if !documents.has_several_roles {
        return documents;
    }
    let role = Scenario::new(&documents, &mut Vec::new()).own_role();
    role.map(|role| Documents::read_for_role(inputs, &role)).unwrap_or(documents)
}

/// Returns the audience of the pod's token, for a `TokenRequest`. `None` if the audience is not known, or if the pod
/// does not use STS.
#[must_use]
pub fn token_audience(inputs: &Inputs) -> Option<String> {
    let documents = Documents::read(inputs);
    let scenario = Scenario::new(&documents, &mut Vec::new());
    scenario.audience().filter(|audience| !audience.is_empty() && !scenario.has_container_credentials())
}

/// Returns the inputs that were not given, if a step is unknown.
fn missing(scenario: &Scenario<'_>, steps: &[Step]) -> Vec<Input> {
    if steps.iter().all(|step| step.outcome != Outcome::Unknown) {
        return Vec::new();
    }
    let documents = scenario.documents;
    let needs_settings = scenario.has_pod().is_some_and(|subject| region::needs_settings(scenario, subject));
    let is_missing = [
        (Input::Pod, documents.pod.is_missing() && documents.workload.is_missing()),
        (Input::ServiceAccount, documents.service_account.is_missing()),
        (Input::Issuer, documents.issuer.is_none() && documents.discovery.is_missing() && documents.token.is_missing()),
        (Input::TrustPolicy, documents.trust_policy.is_missing()),
        (Input::Settings, needs_settings && documents.settings.is_missing()),
    ];
    is_missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(input, _)| input).collect()
}

fn outcome(steps: &[Step]) -> Outcome {
    let any = |outcome| steps.iter().any(|step| step.outcome == outcome);
    match (any(Outcome::Failed), any(Outcome::Unknown)) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Unknown,
        (false, false) => Outcome::Passed,
    }
}

/// Whether the step failed, comes before the steps of the trust policy, and has a correction that may change the pod's
/// identity: the role, the issuer, or the token's subject or audience.
fn changes_identity(step: &Step) -> bool {
    let is_before = step.step < StepKind::Provider;
    let keeps_identity = matches!(
        step.mistake,
        Some(
            Diagnosis::Finding(FindingKind::StaticCredentials)
                | Diagnosis::InvalidJwksUri
                | Diagnosis::TokenExpired
                | Diagnosis::TokenNotYetValid
        )
    );
    is_before && step.outcome == Outcome::Failed && !keeps_identity
}

/// Returns the cause: the first step that failed. If no step failed, returns the first unknown step with a diagnosis.
/// If a step of the trust policy failed too, a wrong `jwks_uri` is not the cause: the given discovery document may come
/// from the API server, and the issuer may publish another one.
fn cause(steps: &[Step]) -> Option<Cause> {
    let mut failures = steps.iter().filter(|step| step.outcome == Outcome::Failed);
    let failed = failures.next().map(|first| match first.mistake {
        Some(Diagnosis::InvalidJwksUri) => failures.find(|step| step.is_of_trust_policy()).unwrap_or(first),
        _ => first,
    });
    let likely = || steps.iter().find(|step| step.outcome == Outcome::Unknown && step.mistake.is_some());
    failed.or_else(likely).map(|step| Cause { step: step.step, mistake: step.mistake })
}
