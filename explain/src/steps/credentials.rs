//! Which credentials the SDKs take in the pod's containers.

use irsa::FindingKind;

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::explanation::{Detail, Outcome, Step, StepKind};
use crate::scenario::{Origin, Scenario};
use crate::sdk::{Place, SDKS, Taken, Unseen};

const STEP: StepKind = StepKind::Credentials;

/// Nothing else in the containers' environment wins over the role, for any AWS SDK.
pub fn win(scenario: &Scenario<'_>) -> Step {
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            return Step::unknown(STEP, format!("Which credentials win is not known: {}.", lack.unwrap_or_default()));
        }
    };
    if subject.policy_answer.unreadable.is_some() {
        return Step::skipped(STEP, "The pod can't be read.");
    }
    let has_identity = |it: &&Container| it.has_role() || it.has_container_credentials();
    let containers: Vec<&Container> = subject.containers.iter().filter(has_identity).collect();
    if containers.is_empty() {
        return Step::skipped(STEP, "No container has a role that something could win over.");
    }
    let mut step = Step::passed(STEP, "In every SDK, the role wins.");
    if containers.iter().all(|container| !container.has_role()) {
        "In every SDK, the container credentials win.".clone_into(&mut step.says);
    }
    for container in containers {
        for fault in look_at(container, &mut step.details) {
            step = worse(step, container, fault);
        }
    }
    if let Some(found) = subject.policy_answer.first(&[FindingKind::OverriddenRole])
        && step.outcome != Outcome::Failed
    {
        step = Step {
            details: step.details,
            ..Step::failed(STEP, Diagnosis::Finding(found.kind), "The pod asks for another role than its account's.")
        }
        .because_all(subject.policy_answer.lines(&[FindingKind::OverriddenRole]))
        .fix(match subject.origin {
            Origin::Stored => "Delete the pod, so that it is made anew with its account's role; where its template sets `AWS_ROLE_ARN`, remove it there.",
            _ => "Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the container's `env`.",
        });
    }
    step
}

/// What is wrong with what some SDK takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Taken(Place),
    Unseen(Unseen),
}

/// What each SDK takes in a container; what is not the identity that the container was given is a fault.
fn look_at(container: &Container, details: &mut Vec<Detail>) -> Vec<Fault> {
    let wanted = if container.has_role() { Place::WebIdentity } else { Place::Container };
    let mut by_value: Vec<(Taken, Vec<&str>)> = Vec::new();
    for sdk in SDKS {
        let taken = sdk.takes(container);
        match by_value.iter_mut().find(|(other, _)| *other == taken) {
            Some((_, names)) => names.push(sdk.name),
            None => by_value.push((taken, vec![sdk.name])),
        }
    }
    let mut faults = Vec::new();
    for (taken, names) in by_value {
        let (value, outcome) = match taken {
            Taken::From(place) if place == wanted => (place.words(), Outcome::Passed),
            Taken::From(place) => {
                faults.push(Fault::Taken(place));
                (place.words(), Outcome::Failed)
            }
            Taken::Depends(unseen) => {
                faults.push(Fault::Unseen(unseen));
                (words(unseen), Outcome::Unknown)
            }
            Taken::None => ("none", Outcome::Failed),
        };
        let sdks = if names.len() == SDKS.len() { "every SDK".to_owned() } else { names.join(", ") };
        let name = format!("container `{}`, {sdks}", container.name);
        details.push(Detail { name, value: value.to_owned(), outcome });
    }
    faults
}

fn words(unseen: Unseen) -> &'static str {
    match unseen {
        Unseen::EnvFrom => "what `envFrom` sets is not known",
        Unseen::Files => "what the profile or the shared files say is not known",
        Unseen::HalfAKey => "one key of the two is set: the SDK passes it over, or fails",
    }
}

/// The step with one more fault. What fails weighs more than what is unknown, and the first of either names the
/// mistake.
fn worse(step: Step, container: &Container, fault: Fault) -> Step {
    let name = &container.name;
    let is_failed = step.outcome == Outcome::Failed;
    match fault {
        Fault::Taken(place) => {
            let mistake = Diagnosis::Finding(FindingKind::StaticCredentials);
            let step = if is_failed {
                step
            } else {
                Step { details: step.details, ..Step::failed(STEP, mistake, "Something else wins over the role.") }
            };
            step.because(format!("container `{name}`: SDKs take {} before the role", place.words()))
                .fix("Remove `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` from the container's `env`.")
        }
        Fault::Unseen(_) if is_failed => step,
        Fault::Unseen(unseen) => {
            let mut step =
                Step { outcome: Outcome::Unknown, says: "Whether the role wins is not known.".to_owned(), ..step };
            let reason = format!("container `{name}`: {}", words(unseen));
            if !step.reasons.contains(&reason) {
                step.reasons.push(reason);
            }
            match unseen {
                Unseen::Files => step
                    .warn(Diagnosis::ProfileSet)
                    .fix("Look whether the profile has credentials or a role of its own; if not, remove `AWS_PROFILE` and the mount of `.aws`."),
                Unseen::HalfAKey => step.warn(Diagnosis::Finding(FindingKind::StaticCredentials)).fix("Remove the key."),
                Unseen::EnvFrom => step.fix("Look whether what `envFrom` names has keys that begin with `AWS_`."),
            }
        }
    }
}
