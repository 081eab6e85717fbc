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
    let mut fixes = Fixes::default();
    for container in containers {
        step = look_at(container, step, &mut fixes);
    }
    if let Some(fix) = fixes.into_fix(scenario) {
        step = step.fix(fix);
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

/// The fixes of all containers that were looked at.
#[derive(Default)]
struct Fixes {
    /// The sentences, each with the container's name.
    sentences: Vec<(String, String)>,
    /// The variables to remove: the names of the container and of the variable.
    removed: Vec<(String, &'static str)>,
}

impl Fixes {
    fn add(&mut self, container: &Container, sentence: impl Into<String>) {
        let sentence = (container.name.clone(), sentence.into());
        if !self.sentences.contains(&sentence) {
            self.sentences.push(sentence);
        }
    }

    /// Adds a fix that removes variables from a container.
    fn remove(&mut self, container: &Container, sentence: String, variables: impl IntoIterator<Item = &'static str>) {
        self.add(container, sentence);
        self.removed.extend(variables.into_iter().map(|variable| (container.name.clone(), variable)));
    }

    /// Adds a fix that removes the static keys from a container.
    fn remove_keys(&mut self, container: &Container) {
        let mut names: Vec<&'static str> = Vec::new();
        for name in SDKS.iter().flat_map(|sdk| sdk.keys).flat_map(|keys| keys.id.iter().chain(keys.secret)) {
            if container.sets(name) && !names.contains(name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return self.add(container, "Remove the other credentials from the container's `env`.");
        }
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.remove(container, format!("Remove {} from the container's `env`.", listed.join(" and ")), names);
    }

    /// Returns one fix with all sentences. If the containers need different fixes, each sentence names its container.
    fn into_fix(self, scenario: &Scenario<'_>) -> Option<Fix> {
        let (_, first) = self.sentences.first()?;
        let says = if self.sentences.iter().all(|(_, sentence)| sentence == first) {
            first.clone()
        } else {
            let named = self.sentences.iter().map(|(name, sentence)| format!("Container `{name}`: {sentence}"));
            named.collect::<Vec<_>>().join(" ")
        };
        Some(Fix::new(says).edit(edit::without_variables(scenario, |name, variable| {
            self.removed.iter().any(|removed| (removed.0.as_str(), removed.1) == (name, variable))
        })))
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

fn look_at(container: &Container, mut step: Step, fixes: &mut Fixes) -> Step {
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
        step = fault(container, step, (*taken, sdks), some_use_it, fixes);
    }
    if container.has_role() && container.has_container_credentials() {
        step = step.warn(Diagnosis::BothCredentials).because(format!(
            "container `{name}`: container credentials (EKS Pod Identity) are set too; in SDKs that use the role, the pod identity association has no effect"
        ));
    }
    step
}

/// Adds a fault to the step. If SDKs use other credentials, and no maintained SDK uses the expected credentials, the
/// step fails. In all other cases, the step becomes unknown. For example, some SDKs use the expected credentials, some
/// fail with an error, and for some it depends on values that are not known.
fn fault(
    container: &Container,
    step: Step,
    (taken, sdks): (Taken, &[&Sdk]),
    some_use_it: bool,
    fixes: &mut Fixes,
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
        Taken::Depends(Unseen::Files | Unseen::Profile) => {
            fixes.add(container, "Check whether the profile has credentials or a role of its own. If not, remove `AWS_PROFILE` and the mount of `.aws`.");
            unknown(step).warn(Diagnosis::ProfileSet)
        }
        Taken::Depends(Unseen::EnvFrom) => {
            fixes.add(
                container,
                "Check whether the Secrets and ConfigMaps of `envFrom` have keys that begin with `AWS_`.",
            );
            unknown(step)
        }
        // Common CSI drivers take optional keys from a Secret that usually does not exist. So this is not marked as the
        // likely cause.
        Taken::Depends(Unseen::OptionalKeys) => {
            fixes.add(container, "Check whether the Secret of the optional keys exists. If it does, and SDKs should use the role, delete the Secret.");
            unknown(step)
        }
        Taken::EmptyVariable(variable) => {
            fixes.remove(container, "Remove the empty variable from the container's `env`.".to_owned(), [variable]);
            unknown(step).warn(Diagnosis::EmptyVariable)
        }
        Taken::NoRoleArn => {
            fixes.remove(container, format!("Remove `{TOKEN_FILE}` from the container's `env`."), [TOKEN_FILE]);
            unknown(step)
        }
        Taken::HalfAKey => {
            fixes.remove_keys(container);
            unknown(step).warn(keys)
        }
        _ if some_use_it => {
            fixes.remove_keys(container);
            let says = format!("In container `{name}`, some SDKs use {} instead of the role.", words(taken));
            let step = unknown(step).warn(keys);
            if is_failed { step } else { Step { says, ..step } }
        }
        _ => {
            fixes.remove_keys(container);
            let step = if is_failed {
                step
            } else {
                let says = format!("In container `{name}`, SDKs use {} instead of the role.", words(taken));
                let failed = Step::failed(STEP, keys, says);
                Step { details: step.details, reasons: step.reasons, ..failed }
            };
            step.because(reason)
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
