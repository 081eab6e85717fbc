//! What the policy adds to the pod's containers.

use irsa::SKIP_LABEL;
use irsa::{Action, FindingKind};

use crate::diagnosis::Diagnosis;
use crate::explanation::{Outcome, Step, StepKind};
use crate::scenario::{Origin, Scenario, Subject};

const STEP: StepKind = StepKind::Injected;

/// What keeps the policy from injecting, or containers from being given all of it.
const IN_THE_WAY: [FindingKind; 5] = [
    FindingKind::InvalidAudience,
    FindingKind::ConflictingVolume,
    FindingKind::ConflictingMount,
    FindingKind::PartialCredentials,
    FindingKind::NotInjected,
];

/// What is worth saying, though it is in nobody's way.
const ASIDE: [FindingKind; 2] = [FindingKind::InvalidSkipContainers, FindingKind::UnknownSkipContainer];

/// The pod's containers have the role's variables and the token's mount.
pub fn injected(scenario: &Scenario<'_>, before @ [exists, ..]: [&Step; 3]) -> Step {
    if super::failed(exists) {
        return Step::skipped(STEP, "Without its service account there is no role to inject.");
    }
    if let Some(found) = scenario.has_pod().and_then(|subject| subject.policy_answer.first(&[FindingKind::OptedOut])) {
        return Step::failed(STEP, Diagnosis::Finding(found.kind), "The pod opts out, so nothing is injected.")
            .because(found.line.clone())
            .fix(format!("Remove the label `{SKIP_LABEL}` from the pod's template, and create the pod anew."));
    }
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            let lack = lack.unwrap_or_default();
            return Step::unknown(STEP, format!("Whether the pod gets the role is not known: {lack}."));
        }
    };
    let policy_answer = &subject.policy_answer;
    if policy_answer.answer.as_ref().is_some_and(|answer| answer.decision == "skipped") {
        return Step::new(STEP, Outcome::Failed, "The policy leaves the pod alone.")
            .because("it is the API server's image of a static pod, which may not use a service account")
            .fix("Run it by a DaemonSet.");
    }
    let aside = policy_answer.lines(&ASIDE);
    if let Some(found) = policy_answer.first(&IN_THE_WAY) {
        return containers(
            subject,
            Step::failed(STEP, Diagnosis::Finding(found.kind), "The pod does not get its role."),
        )
        .because_all(policy_answer.lines(&IN_THE_WAY))
        .because_all(aside)
        .fix(fix(found.kind));
    }
    let with_role = subject.containers.iter().filter(|it| it.has_role() || it.has_container_credentials()).count();
    if before.iter().any(|step| super::failed(step)) && (subject.origin != Origin::Stored || with_role == 0) {
        let says = match &scenario.review {
            Some(review) if review.rejection.is_some() => "The policy refuses the pod for what is said above.",
            _ => "There is no role to inject.",
        };
        return Step::skipped(STEP, says);
    }
    if let Some(refused) =
        policy_answer.found.iter().find(|found| found.action == Action::Reject && !is_said_before(found.kind))
    {
        return Step::failed(STEP, Diagnosis::Finding(refused.kind), "The policy's settings have the pod refused.")
            .because(refused.line.clone())
            .fix("Mend what the line says, or have the setting `actions` made milder for it.");
    }
    if subject.origin == Origin::Stored && policy_answer.adds && !before.iter().any(|step| super::failed(step)) {
        let step = Step::failed(
            STEP,
            Diagnosis::Finding(FindingKind::NotInjected),
            "The pod runs without what the policy adds.",
        );
        return containers(subject, step)
            .because("the policy would add it now, so when the pod was made the account had no role yet, or the policy was not asked")
            .because_all(aside)
            .fix("Delete the pod, so that its controller makes it anew (`kubectl rollout restart` for a Deployment).");
    }
    if with_role == 0 {
        return containers(subject, Step::new(STEP, Outcome::Failed, "No container of the pod gets the role."))
            .because("`skip-containers` names all of them, or each has a region, an STS endpoint and half of the role's variables of its own")
            .because_all(aside)
            .fix("Take the names out of the annotation `skip-containers`, and the variables out of the containers.");
    }
    let says = if with_role == subject.containers.len() {
        "Every container has the role's variables."
    } else {
        "Some containers have the role's variables; the others are skipped."
    };
    containers(subject, Step::passed(STEP, says)).because_all(aside)
}

/// What other steps say.
fn is_said_before(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::LookupFailed
            | FindingKind::MissingServiceAccount
            | FindingKind::MissingRole
            | FindingKind::InvalidRoleArn
            | FindingKind::RoleNotAllowed
            | FindingKind::AudienceNotAllowed
            | FindingKind::OverriddenRole
            | FindingKind::StaticCredentials
    )
}

fn containers(subject: &Subject, step: Step) -> Step {
    subject.containers.iter().fold(step, |step, container| {
        let (value, outcome) = match (container.has_role(), container.has_container_credentials()) {
            (true, _) => {
                let role = container.role().unwrap_or("a role that is not known");
                match container.token(&subject.pod) {
                    Some(_) => (role.to_owned(), Outcome::Passed),
                    None => (format!("{role}, and no token that the pod projects"), Outcome::Unknown),
                }
            }
            (false, true) => ("container credentials".to_owned(), Outcome::Passed),
            (false, false) if super::failed(&step) => ("no role".to_owned(), Outcome::Failed),
            (false, false) => ("no role".to_owned(), Outcome::Skipped),
        };
        step.detail(format!("container `{}`", container.name), value, outcome)
    })
}

fn fix(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::InvalidAudience => "Remove the annotation `audience` from the account, or give it a value.",
        FindingKind::ConflictingVolume => "Give the pod's own volume another name.",
        FindingKind::ConflictingMount => "Mount what the container has there somewhere else.",
        FindingKind::PartialCredentials => "Remove the variable that is set by hand from the container.",
        _ => "Have the policy inject it: with the setting `mode: Mutate`, or by its other policy.",
    }
}
