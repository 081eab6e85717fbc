//! Which STS is asked.
//!
//! Sources: the AWS SDKs and Tools Reference Guide, "AWS Region" and "AWS STS Regional endpoints".

use std::borrow::Cow;

use irsa::FindingKind;
use irsa::Region;

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::explanation::{Outcome, Step, StepKind};
use crate::scenario::Scenario;

const STEP: StepKind = StepKind::Region;

const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// SDKs know which STS to ask.
pub fn region(scenario: &Scenario<'_>) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(STEP, "STS is not asked.");
    }
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            return Step::unknown(STEP, format!("Which STS is asked is not known: {}.", lack.unwrap_or_default()));
        }
    };
    let with_role: Vec<&Container> = subject.containers.iter().filter(|container| container.has_role()).collect();
    if with_role.is_empty() {
        return Step::skipped(STEP, "No container has a role to ask STS for.");
    }
    let aside = subject.policy_answer.lines(&[FindingKind::InvalidStsRegionalEndpoints]);
    let partition = scenario.role().and_then(|role| role.split(':').nth(1).map(str::to_owned));
    let mut step = Step::passed(STEP, "The region says which STS to ask.");
    for container in with_role {
        step = look_at(container, partition.as_deref(), step);
    }
    step.because_all(aside)
}

fn look_at(container: &Container, partition: Option<&str>, step: Step) -> Step {
    let name = &container.name;
    let is_failed = step.outcome == Outcome::Failed;
    // Of the two, SDKs take the first that is set.
    let Some(variable) = VARIABLES.iter().find(|variable| container.sets(variable)) else {
        let reason = if container.has_env_from {
            format!("container `{name}`: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set, unless `envFrom` does")
        } else {
            format!(
                "container `{name}`: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set; unless the program sets its region, most SDKs fail"
            )
        };
        return unknown(step, "Which STS is asked is not known: no region is set.")
            .because(reason)
            .warn(Diagnosis::NoRegion)
            .fix("Set the setting `region`, with which the policy sets both variables, or set them in the container.")
            .detail(format!("container `{name}`"), "no region", Outcome::Unknown);
    };
    // Any other text may be a secret.
    let Some(known) = container.literal(variable).and_then(|region| Region::new(Cow::Borrowed(region))) else {
        return unknown(step, "Which STS is asked is not known: the region can't be told from the pod.")
            .because(format!("container `{name}`: expected the name of a region as `{variable}`, but it has another value, or one that does not stand in the pod"))
            .detail(format!("container `{name}`"), "a region that is not known", Outcome::Unknown);
    };
    let region = known.as_str();
    if let Some(partition) = partition
        && partition.starts_with("aws")
        && known.partition() != partition
    {
        let reason =
            format!("region `{region}` is of the partition `{}`, but the role is of `{partition}`", known.partition());
        let failed = Step::failed(
            STEP,
            Diagnosis::RegionInOtherPartition,
            "STS is asked in another AWS partition than the role's.",
        );
        let step = if is_failed { step } else { Step { details: step.details, reasons: step.reasons, ..failed } };
        return step
            .because(format!("container `{name}`: {reason}"))
            .fix("Set a region of the role's partition.")
            .detail(format!("container `{name}`"), region, Outcome::Failed);
    }
    let step = match VARIABLES.iter().find(|variable| !container.sets(variable)) {
        Some(missing) => {
            step.because(format!("container `{name}`: `{missing}` is not set, and some SDKs read no other"))
        }
        None => step,
    };
    step.detail(format!("container `{name}`"), region, Outcome::Passed)
}

/// The step, unknown for this unless it failed.
fn unknown(step: Step, says: &str) -> Step {
    match step.outcome {
        Outcome::Failed => step,
        _ => Step { outcome: Outcome::Unknown, says: says.to_owned(), ..step },
    }
}
