//! Checks which credentials the SDKs use in the pod's containers.

use irsa::FindingKind;

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::edit::{self, Fix};
use crate::explanation::{Detail, Outcome, Step, StepKind};
use crate::scenario::{Origin, Scenario};
use crate::sdk::{Place, SDKS, Sdk, TOKEN_FILE, Taken, Unseen};

use super::PAIR;

const STEP: StepKind = StepKind::Credentials;

/// Checks that every AWS SDK uses the role, and not other credentials of the container.
pub fn win(scenario: &Scenario<'_>) -> Step {
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            return Step::unknown(
                STEP,
                format!("Which credentials the SDKs use is not known: {}.", lack.unwrap_or_default()),
            );
        }
    };
    if subject.policy_answer.unreadable.is_some() {
        return Step::skipped(STEP, "Not checked: the pod can't be read.");
    }
    let has_identity = |it: &&Container| it.has_role() || it.has_container_credentials();
    let containers: Vec<&Container> = subject.containers.iter().filter(has_identity).collect();
    if containers.is_empty() {
        return Step::skipped(STEP, "Not checked: no container has a role.");
    }
    let has_role = containers.iter().any(|container| container.has_role());
    let mut step = Step::passed(
        STEP,
        if has_role { "Every SDK uses the role." } else { "Every SDK uses the container credentials." },
    );
    let mut removals = Removals { scenario, variables: Vec::new() };
    for container in containers {
        step = look_at(container, step, &mut removals);
    }
    if let Some(found) = subject.policy_answer.first(&[FindingKind::OverriddenRole])
        && step.outcome != Outcome::Failed
    {
        step = Step {
            details: step.details,
            ..Step::failed(STEP, Diagnosis::Finding(found.kind), "The pod sets a role other than its service account's.")
        }
        .because_all(subject.policy_answer.lines(&[FindingKind::OverriddenRole]))
        .fix(match subject.origin {
            Origin::Stored => Fix::new("If the account's role changed after the pod was created, recreate the pod. If the pod's template sets `AWS_ROLE_ARN`, remove the variable from the template."),
            _ => Fix::new("Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the container's `env`.")
                .edit(edit::without_variables(scenario, |name, variable| {
                    let mut found = subject.policy_answer.found.iter().filter(|it| it.kind == FindingKind::OverriddenRole);
                    PAIR.contains(&variable) && found.any(|it| it.place.container.as_deref() == Some(name))
                })),
        });
    }
    step
}

/// The variables that keep SDKs from using the role, of all containers that were looked at.
struct Removals<'s> {
    scenario: &'s Scenario<'s>,
    /// The names of the container and of the variable.
    variables: Vec<(String, &'static str)>,
}

impl Removals<'_> {
    /// Makes a fix that removes these variables of the container, and those of the containers before it.
    fn fix(&mut self, says: String, container: &Container, variables: impl IntoIterator<Item = &'static str>) -> Fix {
        self.variables.extend(variables.into_iter().map(|variable| (container.name.clone(), variable)));
        Fix::new(says).edit(edit::without_variables(self.scenario, |name, variable| {
            self.variables.iter().any(|removed| (removed.0.as_str(), removed.1) == (name, variable))
        }))
    }

    /// Makes a fix that removes the static keys of the container.
    fn keys(&mut self, container: &Container) -> Fix {
        let mut names: Vec<&'static str> = Vec::new();
        for name in SDKS.iter().flat_map(|sdk| sdk.keys).flat_map(|keys| keys.id.iter().chain(keys.secret)) {
            if container.sets(name) && !names.contains(name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Fix::new("Remove the other credentials from the container's `env`.");
        }
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.fix(format!("Remove {} from the container's `env`.", listed.join(" and ")), container, names)
    }

    /// Makes a fix that removes an empty variable of the container.
    fn empty(&mut self, container: &Container, variable: &'static str) -> Fix {
        self.fix("Remove the empty variable from the container's `env`.".to_owned(), container, [variable])
    }

    /// Makes a fix that removes the variable of the token file, which needs the variable of the role.
    fn token_file(&mut self, container: &Container) -> Fix {
        self.fix(format!("Remove `{TOKEN_FILE}` from the container's `env`."), container, [TOKEN_FILE])
    }
}

/// The results of checking which credentials the SDKs use in a container, each with its SDKs.
type Groups = Vec<(Taken, Vec<&'static Sdk>)>;

fn groups(container: &Container) -> Groups {
    let mut groups = Groups::new();
    for sdk in &SDKS {
        let taken = sdk.takes(container);
        match groups.iter_mut().find(|(other, _)| *other == taken) {
            Some((_, sdks)) => sdks.push(sdk),
            None => groups.push((taken, vec![sdk])),
        }
    }
    groups
}

fn look_at(container: &Container, mut step: Step, removals: &mut Removals<'_>) -> Step {
    let name = &container.name;
    let wanted = Taken::From(if container.has_role() { Place::WebIdentity } else { Place::Container });
    let groups = groups(container);
    for (taken, sdks) in &groups {
        let (value, outcome) = match taken {
            _ if *taken == wanted => (words(*taken), Outcome::Passed),
            Taken::Depends(_) => (words(*taken), Outcome::Unknown),
            _ => (words(*taken), Outcome::Failed),
        };
        let name = format!("container `{name}`, {}", names(sdks));
        step.details.push(Detail { name, value, outcome });
    }
    // SDKs that AWS no longer maintains are mentioned in a reason, but do not change the outcome of the step.
    let maintained: Groups = groups
        .iter()
        .map(|(taken, sdks)| (*taken, sdks.iter().copied().filter(|sdk| sdk.is_maintained).collect::<Vec<_>>()))
        .filter(|(_, sdks)| !sdks.is_empty())
        .collect();
    for (taken, sdks) in groups.iter().filter(|(taken, _)| *taken != wanted) {
        let old: Vec<&Sdk> = sdks.iter().copied().filter(|sdk| !sdk.is_maintained).collect();
        let is_said = maintained.iter().any(|(other, _)| other == taken);
        if !old.is_empty() && !is_said {
            step =
                step.because(format!("container `{name}`: {} (no longer maintained): {}", names(&old), words(*taken)));
        }
    }
    let some_use_it = maintained.iter().any(|(taken, _)| *taken == wanted);
    for (taken, sdks) in maintained.iter().filter(|(taken, _)| *taken != wanted) {
        step = fault(container, step, (*taken, sdks), some_use_it, removals);
    }
    if container.has_role() && container.has_container_credentials() {
        step = step.warn(Diagnosis::BothCredentials).because(format!(
            "container `{name}`: container credentials (EKS Pod Identity) are set too; in SDKs that use the role, the pod identity association has no effect"
        ));
    }
    step
}

/// Adds a fault to the step. A fault in all maintained SDKs makes the step fail. A fault that depends on the SDK makes
/// it unknown.
fn fault(
    container: &Container,
    step: Step,
    (taken, sdks): (Taken, &[&Sdk]),
    some_use_it: bool,
    removals: &mut Removals<'_>,
) -> Step {
    let name = &container.name;
    let is_failed = step.outcome == Outcome::Failed;
    let keys = Diagnosis::Finding(FindingKind::StaticCredentials);
    let reason = format!("container `{name}`: {}: {}", names(sdks), words(taken));
    let unknown = |step: Step| {
        let step = match step.outcome {
            Outcome::Passed => Step {
                outcome: Outcome::Unknown,
                says: format!("In container `{name}`, SDKs may not use the role: {}.", words(taken)),
                ..step
            },
            _ => step,
        };
        if step.reasons.contains(&reason) { step } else { step.because(reason.clone()) }
    };
    match taken {
        Taken::Depends(_) if is_failed => step,
        Taken::Depends(Unseen::Files | Unseen::Profile) => unknown(step)
            .warn(Diagnosis::ProfileSet)
            .fix("Check whether the profile has credentials or a role of its own. If not, remove `AWS_PROFILE` and the mount of `.aws`."),
        Taken::Depends(Unseen::EnvFrom) => unknown(step).fix(
            "Check whether the Secrets and ConfigMaps of `envFrom` have keys that begin with `AWS_`.",
        ),
        // Common CSI drivers have optional keys without a Secret, so this is not marked as the likely cause.
        Taken::Depends(Unseen::OptionalKeys) => unknown(step)
            .fix("Check whether the Secret of the optional keys exists. If it does, and SDKs should use the role, delete the Secret."),
        Taken::EmptyVariable(variable) => {
            unknown(step).warn(Diagnosis::EmptyVariable).fix(removals.empty(container, variable))
        }
        Taken::NoRoleArn => unknown(step).fix(removals.token_file(container)),
        Taken::HalfAKey => unknown(step).warn(keys).fix(removals.keys(container)),
        _ if some_use_it => {
            let says = format!("In container `{name}`, some SDKs use {} instead of the role.", words(taken));
            let step = unknown(step).warn(keys);
            let step = if is_failed { step } else { Step { says, ..step } };
            step.fix(removals.keys(container))
        }
        _ => {
            let step = if is_failed {
                step
            } else {
                let says = format!("In container `{name}`, SDKs use {} instead of the role.", words(taken));
                let failed = Step::failed(STEP, keys, says);
                Step { details: step.details, reasons: step.reasons, ..failed }
            };
            step.because(reason).fix(removals.keys(container))
        }
    }
}

fn names(sdks: &[&Sdk]) -> String {
    if sdks.len() == SDKS.len() {
        return "every SDK".to_owned();
    }
    sdks.iter().map(|sdk| sdk.name).collect::<Vec<_>>().join(", ")
}

fn words(taken: Taken) -> String {
    let words = match taken {
        Taken::From(place) => place.words(),
        Taken::Depends(unseen) => unseen.words(),
        Taken::EmptyVariable(variable) => {
            return format!("the SDK fails, because `{variable}` is set to an empty string");
        }
        Taken::NoRoleArn => "the SDK fails, because `AWS_WEB_IDENTITY_TOKEN_FILE` is set, and `AWS_ROLE_ARN` is not",
        Taken::HalfAKey => "the SDK fails, because one of the two static keys is missing",
        Taken::None => "no credentials",
    };
    words.to_owned()
}
