//! Checks whether the pod's containers have the role's variables and the token, and why not.
//!
//! A pod that the cluster stores is evidence of what was injected, whatever the policy would do now. If the pod differs
//! from what the policy would do, then something changed after the pod was created, or the policy was not asked. The
//! explanation only names the cause that the inputs show.

use irsa::internals::{AUDIENCE, skip_containers};
use irsa::{Action, FindingKind, SKIP_LABEL};
use serde_json::Value;

use crate::container::{Container, containers};
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::edit::{self, Fix};
use crate::explanation::{Outcome, Step, StepKind};
use crate::fix::quoted;
use crate::inputs::Input;
use crate::policies::Coverage;
use crate::policy_answer::metadata;
use crate::scenario::{Origin, Scenario, Subject};

use super::{PAIR, STS};

const STEP: StepKind = StepKind::Injected;

/// The name of the token's volume, which the policy adds.
const VOLUME: &str = "aws-iam-token";

/// Findings that keep the policy from injecting everything.
const IN_THE_WAY: [FindingKind; 5] = [
    FindingKind::InvalidAudience,
    FindingKind::ConflictingVolume,
    FindingKind::ConflictingMount,
    FindingKind::PartialCredentials,
    FindingKind::NotInjected,
];

/// Findings that the explanation mentions, although they do not keep the policy from injecting.
const ASIDE: [FindingKind; 2] = [FindingKind::InvalidSkipContainers, FindingKind::UnknownSkipContainer];

/// Checks that the pod's containers have the role's variables and the token's mount.
pub fn injected(scenario: &Scenario<'_>, before @ [exists, ..]: [&Step; 3]) -> Step {
    if super::failed(exists) {
        return Step::skipped(STEP, "Without its service account, there is no role to inject.");
    }
    let step = match scenario.has_pod() {
        Some(subject) if subject.origin == Origin::Stored => stored(scenario, subject, before),
        _ => planned(scenario, before),
    };
    with_asides(scenario, step)
}

/// Adds the warnings that do not depend on the step's outcome.
fn with_asides(scenario: &Scenario<'_>, step: Step) -> Step {
    let Some(subject) = scenario.has_pod().filter(|_| step.outcome != Outcome::Skipped) else { return step };
    let mut step = step.because_all(subject.policy_answer.lines(&ASIDE));
    // If a running pod has its role, the injection worked. So there is no warning about a policy that is only assumed.
    let is_assumed = scenario.documents.policies.is_missing();
    let is_injected = subject.origin == Origin::Stored && step.outcome == Outcome::Passed;
    if let Coverage::AskedIfReachable(policy) = &scenario.coverage
        && !(is_assumed && is_injected)
    {
        let assumed = if is_assumed { "in the project's `policy.yaml`, " } else { "" };
        step = step.warn(Diagnosis::IgnoredFailures).because(format!(
            "{assumed}policy `{policy}` has `failurePolicy: Ignore`: pods that are created while the policy can't be reached get no role"
        ));
    }
    if let (Coverage::ByOther(reason), Outcome::Passed) = (&scenario.coverage, step.outcome)
        && subject.origin != Origin::Stored
    {
        step = step.because(*reason);
    }
    for container in &subject.containers {
        if let Some(path) = container.read_only_mount_above_token(&subject.pod) {
            step = step.warn(Diagnosis::ReadOnlyMountAbove).because(format!(
                "container `{}`: `{path}` is mounted read-only above the token's mount, so the container may not start (kubernetes/kubernetes#65835)",
                container.name
            ));
        }
    }
    for name in &subject.ephemeral {
        step = step
            .warn(Diagnosis::EphemeralContainer)
            .because(format!(
                "ephemeral container `{name}` has no variables and no token: it was added to a running pod, and acts as the node"
            ))
            .detail(format!("ephemeral container `{name}`"), "not injected", Outcome::Skipped);
    }
    step
}

/// Returns the step for a pod that the cluster stores.
fn stored(scenario: &Scenario<'_>, subject: &Subject, before: [&Step; 3]) -> Step {
    let (with, without): (Vec<&Container>, Vec<&Container>) =
        subject.containers.iter().partition(|it| has_identity(it));
    if subject.containers.is_empty() {
        let names: Vec<&str> = subject.ephemeral.iter().map(String::as_str).collect();
        let says = format!("Ephemeral container {} has no role.", listed(&names));
        return Step::failed(STEP, Diagnosis::EphemeralContainer, says)
            .fix("Run the command in a container that has the role (`kubectl exec -c NAME`), or in a copy of the pod (`kubectl debug --copy-to`).");
    }
    if with.is_empty() {
        return stored_without(scenario, subject, before);
    }
    if let Some(step) = late(scenario, subject, &without) {
        return shown(subject, step);
    }
    if let Some(step) = outdated_audience(subject) {
        return shown(subject, step);
    }
    let mut step = Step::passed(
        STEP,
        if without.is_empty() {
            "Every container has the role's variables."
        } else {
            "Some containers have the role's variables; the others are skipped."
        },
    );
    if let Some(ChangedAudience { reason, .. }) = changed_audience(scenario, subject) {
        step = step.warn(Diagnosis::OutdatedPod).because(reason);
    }
    for container in &with {
        let missing = missing(subject, container);
        if !missing.is_empty() {
            step = step.warn(Diagnosis::OutdatedPod).because(format!(
                "container `{}` has no {}, which the policy sets now: the settings or the account changed after the pod was created",
                container.name,
                listed(&missing)
            ));
        }
    }
    shown(subject, step)
}

/// Returns the step for a stored pod in which no container has a role.
fn stored_without(scenario: &Scenario<'_>, subject: &Subject, before: [&Step; 3]) -> Step {
    if let Some(step) = opted_out(scenario, subject) {
        return step;
    }
    let documents = scenario.documents;
    let answer = &subject.policy_answer;
    let unknown = |lack: String, fix: Fix| {
        let says =
            format!("No container has the role's variables. Whether the account has a role is not known: {lack}.");
        shown(subject, Step::unknown(STEP, says)).fix(fix)
    };
    match answer.lacking {
        Some(Input::ConfigMap) => {
            let lack = documents.config_map.lack(Input::ConfigMap);
            return unknown(lack, Fix::new("Add the ConfigMap that the setting `rolesConfigMap` names to the inputs."));
        }
        Some(_) => {
            let lack = documents.service_account.lack(Input::ServiceAccount);
            let account = scenario.account.as_deref().unwrap_or("default");
            let command =
                format!("kubectl get serviceaccount -n {} {} -o yaml", quoted(&scenario.namespace), quoted(account));
            return unknown(lack, Fix::command("Add the service account to the inputs", command));
        }
        None => {}
    }
    if let Given::Unreadable = documents.settings {
        return unknown(documents.settings.lack(Input::Settings), Fix::new("Correct the settings."));
    }
    if before.iter().any(|step| super::failed(step)) {
        return Step::skipped(STEP, "There is no role to inject.");
    }
    if let Some(step) = empty_variable(scenario, subject) {
        return step;
    }
    let in_the_way: Vec<FindingKind> =
        IN_THE_WAY.into_iter().filter(|kind| *kind != FindingKind::NotInjected).collect();
    if let Some(found) = answer.first_about_role(&in_the_way) {
        return blocked(scenario, subject, found.kind);
    }
    if !subject.would_add {
        return nobody(scenario, subject);
    }
    let not_injected = Diagnosis::Finding(FindingKind::NotInjected);
    let says = "The pod runs without the role that its account has now.";
    let recreate = Fix::new("Recreate the pod: `kubectl rollout restart` for a Deployment, StatefulSet or DaemonSet. Otherwise delete the pod, so that its controller creates it again.").run(edit::recreate(scenario));
    if let Some(reason) = not_asked(scenario) {
        let says = "The pod runs without a role, and the policy may not be asked about it.";
        return shown(subject, Step::failed(STEP, Diagnosis::ExemptNamespace, says)).because(reason).fix(EXEMPT_FIX);
    }
    let step = shown(subject, Step::failed(STEP, not_injected, says));
    match changed_later(scenario, subject) {
        Some(reason) => step.because(reason),
        None => step.because("a pod that is created now gets the role: the service account or the webhook changed after this pod was created, or the webhook could not be reached at that time, or AWS's webhook did not know the account yet"),
    }
    .fix(recreate)
}

/// The fix for a namespace that the policy is not asked about.
const EXEMPT_FIX: &str = "Remove the exemption of the namespace from the `namespaceSelector` of the policies, or run the workload in another namespace. If AWS's webhook runs too, as on EKS, it serves this namespace.";

/// Returns the reason why the API server does not ask the policy about the pod, or possibly does not ask it. `None` if
/// the API server asks the policy.
fn not_asked(scenario: &Scenario<'_>) -> Option<String> {
    match &scenario.coverage {
        Coverage::NotAsked(reason) | Coverage::Unknown(reason) => Some(reason.clone()),
        Coverage::Asked | Coverage::AskedIfReachable(_) | Coverage::ByOther(_) => None,
    }
}

/// Returns what happened to the account after the pod was created: the account was created, or its annotations were
/// changed. `None` if the times in the inputs show neither.
fn changed_later(scenario: &Scenario<'_>, subject: &Subject) -> Option<String> {
    let account = scenario.documents.service_account.get()?;
    // Kubernetes writes times in one form, in UTC, so they sort as strings.
    let of_pod = metadata(&subject.pod, "creationTimestamp").filter(|time| !time.is_empty())?;
    let created = metadata(account, "creationTimestamp").filter(|time| *time > of_pod);
    if let Some(created) = created {
        return Some(format!("the account was created at {created}, after the pod ({of_pod})"));
    }
    let field = format!("f:{}/role-arn", scenario.settings.annotation_prefix);
    let entries = account.pointer("/metadata/managedFields").and_then(Value::as_array)?;
    let of_annotation =
        |entry: &&Value| entry.pointer("/fieldsV1/f:metadata/f:annotations").and_then(|it| it.get(&field)).is_some();
    let times = entries.iter().filter(of_annotation).filter_map(|entry| entry.get("time").and_then(Value::as_str));
    let changed = times.max().filter(|time| *time > of_pod)?;
    Some(format!("the account's annotations were last changed at {changed}, after the pod was created ({of_pod})"))
}

/// Returns the step for a stored pod in which some containers lack the role, although the policy would give these
/// containers the role. Otherwise `None`.
fn late(scenario: &Scenario<'_>, subject: &Subject, without: &[&Container]) -> Option<Step> {
    const FIX: &str = "Let the webhook that adds the container run before the webhook that injects the role (docs/operating.md, \"Order among webhooks\"). Or set the role's variables and the token's mount in the configuration of the webhook that adds the container. If the container needs no role, add its name to the annotation `skip-containers`.";
    if without.is_empty() || scenario.has_container_credentials() {
        return None;
    }
    let names = |containers: &[&Container]| listed(&containers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
    if subject.policy_answer.lacking.is_some() {
        let skipped = skipped_by_pod(scenario, subject);
        let unexplained: Vec<&Container> = without.iter().copied().filter(|it| !skipped.contains(&it.name)).collect();
        if unexplained.is_empty() {
            return None;
        }
        return Some(
            Step::unknown(
                STEP,
                format!("Container {} has no role, and other containers have one.", names(&unexplained)),
            )
                .because(format!(
                    "container {}: the account's annotation `skip-containers` may name it, or another webhook added it after the policy",
                    names(&unexplained)
                ))
                .warn(Diagnosis::LateContainer)
                .fix("Add the service account to the inputs: its annotation `skip-containers` shows which of the two causes it is."),
        );
    }
    let expected = containers(&subject.expected);
    let would_get = |it: &&Container| expected.iter().any(|other| other.name == it.name && has_identity(other));
    let late: Vec<&Container> = without.iter().copied().filter(would_get).collect();
    if late.is_empty() {
        return None;
    }
    let empty: Vec<&Container> = late.iter().copied().filter(|it| sets_empty_pair(it)).collect();
    if !empty.is_empty() {
        return None;
    }
    Some(
        Step::failed(
            STEP,
            Diagnosis::LateContainer,
            format!("Container {} has no role, because another webhook added it after the injection.", names(&late)),
        )
            .because(format!(
                "the policy gives the role to all containers that the pod has at the time of the injection. {} has no role, unlike the pod's other containers, so it was added later",
                names(&late)
            ))
            .because("a new pod has the same problem")
            .fix(FIX),
    )
}

/// Returns the container names in the pod's own annotation `skip-containers`.
fn skipped_by_pod(scenario: &Scenario<'_>, subject: &Subject) -> Vec<String> {
    let record = annotation(&subject.pod, &scenario.settings.annotation_prefix, "skip-containers");
    record.and_then(skip_containers::read).unwrap_or_default()
}

fn annotation<'v>(object: &'v Value, prefix: &str, name: &str) -> Option<&'v str> {
    object.get("metadata")?.get("annotations")?.get(format!("{prefix}/{name}"))?.as_str()
}

/// Returns the audience of the injected token in a pod. `None` if the pod has no such token.
fn injected_audience(pod: &Value) -> Option<&str> {
    let volumes = pod.pointer("/spec/volumes")?.as_array()?;
    let volume = volumes.iter().find(|volume| volume.get("name").and_then(Value::as_str) == Some(VOLUME))?;
    let sources = volume.pointer("/projected/sources")?.as_array()?;
    let token = sources.iter().find_map(|source| source.get("serviceAccountToken"))?;
    Some(token.get("audience").and_then(Value::as_str).unwrap_or_default())
}

/// The audience of a stored pod's token differs from the audience of a new pod's token.
struct ChangedAudience {
    /// The audience for a new pod.
    next: String,
    /// The reason of the step.
    reason: String,
}

/// Returns the audience of a new pod's token, if it differs from that of the stored pod: the service account's
/// annotation `audience`, or else the setting `tokenAudience`, if the settings were given. `None` if the audience did
/// not change, or if it is from another source.
fn changed_audience(scenario: &Scenario<'_>, subject: &Subject) -> Option<ChangedAudience> {
    let now = injected_audience(&subject.pod)?;
    let account = scenario.documents.service_account.get()?;
    let annotated = annotation(account, &scenario.settings.annotation_prefix, AUDIENCE);
    let (next, source) = if let Some(annotated) = annotated {
        (annotated.to_owned(), "the annotation `audience` of the account")
    } else {
        let source = scenario.of_account()?.source.as_deref()?;
        let settings = scenario.documents.settings.get().filter(|_| source == "annotation")?;
        (settings.token_audience.to_string(), "the setting `tokenAudience`")
    };
    (next != now).then(|| ChangedAudience {
        reason: format!(
            "volume `{VOLUME}` requests the audience `{now}`, but a new pod gets a token for `{next}`: {source} changed after the pod was created, or another webhook injected the volume"
        ),
        next,
    })
}

/// If IAM rejects the audience of a stored pod's token, and a new pod gets a token for another audience, fails the
/// step: the pod has to be recreated before anything in IAM is changed. `iam` are the steps about the provider and the
/// trust policy. Their fixes for the audience are replaced.
pub fn with_rejected_audience(scenario: &Scenario<'_>, injected: Step, iam: [&mut Step; 2]) -> Step {
    let mut rejected: Vec<&mut Step> = iam.into_iter().filter(|step| rejects_audience(step)).collect();
    if rejected.is_empty() {
        return injected;
    }
    let injected = outdated_token(scenario, injected);
    if injected.outcome == Outcome::Failed && injected.mistake == Some(Diagnosis::OutdatedPod) {
        for step in &mut rejected {
            step.edits.clear();
            step.commands.clear();
            step.fix = Some(
                "Recreate the pod first. Do not change IAM before: a new pod's token has another audience.".to_owned(),
            );
        }
    }
    injected
}

/// Whether IAM rejects the audience of the token.
fn rejects_audience(step: &Step) -> bool {
    let is_audience = matches!(step.mistake, Some(Diagnosis::WrongAudience | Diagnosis::AudienceNotRegistered));
    step.outcome == Outcome::Failed && is_audience
}

/// Fails a passed step if a new pod gets a token for another audience than the stored pod has.
fn outdated_token(scenario: &Scenario<'_>, injected: Step) -> Step {
    let subject = scenario.has_pod().filter(|subject| subject.origin == Origin::Stored);
    let Some(subject) = subject.filter(|_| injected.outcome == Outcome::Passed) else { return injected };
    let Some(ChangedAudience { next, reason }) = changed_audience(scenario, subject) else { return injected };
    let says = "The pod's token is for another audience than a new pod's token.";
    Step { details: injected.details, ..Step::failed(STEP, Diagnosis::OutdatedPod, says) }
        .because(reason)
        .fix(format!("Recreate the pod. A new pod gets a token for `{next}`."))
}

/// Returns the failed step if a stored pod's token has another audience than the policy would set now.
fn outdated_audience(subject: &Subject) -> Option<Step> {
    subject.policy_answer.first(&[FindingKind::ConflictingVolume])?;
    let now = injected_audience(&subject.pod)?;
    let uses_it = subject.containers.iter().any(|it| it.token(&subject.pod).is_some_and(|token| token.audience == now));
    uses_it.then(|| {
        Step::failed(STEP, Diagnosis::OutdatedPod, "The pod's token is for another audience than the account and the settings now define.")
            .because(format!("volume `{VOLUME}` requests the audience `{now}`: the account or the settings changed after the pod was created"))
            .fix("Recreate the pod, or change the audience back.")
    })
}

/// Returns the variables that the policy would add to the container now, and that the container lacks.
fn missing(subject: &Subject, container: &Container) -> Vec<&'static str> {
    const VARIABLES: [&str; 5] = [
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ROLE_SESSION_NAME",
        "AWS_EC2_METADATA_DISABLED",
    ];
    // In mode `Validate`, another webhook injects, with its own settings. Which variables it sets is not known.
    if subject.policy_answer.adds != subject.would_add {
        return Vec::new();
    }
    let expected = containers(&subject.expected).into_iter().find(|other| other.name == container.name);
    let Some(expected) = expected else { return Vec::new() };
    VARIABLES.into_iter().filter(|name| expected.names(name) && !container.names(name)).collect()
}

/// Returns the step for a pod that is not created yet.
fn planned(scenario: &Scenario<'_>, before: [&Step; 3]) -> Step {
    if let Some(step) = scenario.has_pod().and_then(|subject| opted_out(scenario, subject)) {
        return step;
    }
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            let lack = lack.unwrap_or_default();
            return Step::unknown(STEP, format!("Whether the pod gets the role is not known: {lack}."));
        }
    };
    let answer = &subject.policy_answer;
    if answer.answer.as_ref().is_some_and(|answer| answer.decision == "skipped") {
        return Step::new(STEP, Outcome::Failed, "The policy leaves the pod unchanged.")
            .because("the pod is the mirror pod of a static pod, and a static pod can't use a service account")
            .fix("Run the program in a DaemonSet instead.");
    }
    let has_failed = before.iter().any(|step| super::failed(step));
    if !has_failed && let Some(step) = empty_variable(scenario, subject) {
        return step;
    }
    if let Some(found) = answer.first_about_role(&IN_THE_WAY) {
        return blocked(scenario, subject, found.kind);
    }
    if has_failed {
        let says = match &scenario.review {
            Some(review) if review.rejection.is_some() => "The policy rejects the pod, for the reason above.",
            _ => "There is no role to inject.",
        };
        return Step::skipped(STEP, says);
    }
    let refused = answer.found.iter().find(|found| found.action == Action::Reject && !is_said_before(found.kind));
    if let Some(refused) = refused {
        return Step::failed(STEP, Diagnosis::Finding(refused.kind), "The policy rejects the pod.")
            .because(refused.line.clone())
            .fix("Correct what the reason names, or set a milder action for this finding in the setting `actions`.");
    }
    let with_role = subject.containers.iter().filter(|it| has_identity(it)).count();
    match &scenario.coverage {
        Coverage::NotAsked(reason) if answer.adds => {
            let says = "The pod gets no role, because the policy is not asked about it.";
            let step = Step::failed(STEP, Diagnosis::ExemptNamespace, says).because(reason.clone());
            return shown(subject, step).fix(EXEMPT_FIX);
        }
        Coverage::Unknown(reason) if answer.adds => {
            let says = format!(
                "Whether the pod gets the role is not known: the policy may not be asked about namespace `{}`.",
                scenario.namespace
            );
            return shown(subject, Step::unknown(STEP, says))
                .because(reason.clone())
                .warn(Diagnosis::ExemptNamespace)
                .fix(EXEMPT_FIX);
        }
        // The cluster may have other policies. The inputs also do not show whether the policy can be reached when the
        // pod is created.
        Coverage::AskedIfReachable(policy) if answer.adds && scenario.documents.policies.is_missing() => {
            let namespace = &scenario.namespace;
            let says = format!(
                "Whether the pod gets the role is not known: the project's `policy.yaml` exempts namespace `{namespace}` from `irsa-policy`."
            );
            return shown(subject, Step::unknown(STEP, says))
                .because(format!("only `{policy}` injects in `{namespace}`"))
                .warn(Diagnosis::ExemptNamespace)
                .fix(format!(
                    "Add the policies of your cluster to the inputs: `kubectl get clusteradmissionpolicies -o yaml`. Or add the running pod: `kubectl get pod NAME -n {namespace} -o yaml`."
                ));
        }
        _ => {}
    }
    if with_role == 0 {
        return nobody(scenario, subject);
    }
    let says = if with_role == subject.containers.len() {
        "Every container gets the role's variables."
    } else {
        "Some containers get the role's variables; the others are skipped."
    };
    shown(subject, Step::passed(STEP, says))
}

/// Returns the failed step if the pod opts out: by its label, or because its lists of containers skip all containers.
fn opted_out(scenario: &Scenario<'_>, subject: &Subject) -> Option<Step> {
    let found = subject.policy_answer.first(&[FindingKind::OptedOut])?;
    let step = Step::failed(STEP, Diagnosis::Finding(found.kind), "The pod opts out, so nothing is injected.");
    let has_label = subject.pod.pointer("/metadata/labels").and_then(|labels| labels.get(SKIP_LABEL)).is_some();
    Some(step.because(found.line.clone()).fix(if has_label {
        Fix::new(format!("Remove the label `{SKIP_LABEL}` from the pod's template, and recreate the pod."))
            .edit(edit::without_label(scenario, SKIP_LABEL))
    } else {
        Fix::new("Change the annotations `skip-containers` and `include-containers` so that they do not skip every container, and recreate the pod.")
    }))
}

/// Returns the failed step if a container sets a variable of the role to an empty string.
fn empty_variable(scenario: &Scenario<'_>, subject: &Subject) -> Option<Step> {
    let empty: Vec<(&Container, Vec<&str>)> = subject
        .containers
        .iter()
        .filter(|container| !has_identity(container))
        .map(|container| (container, PAIR.into_iter().filter(|name| container.sets_empty(name)).collect()))
        .filter(|(_, names): &(_, Vec<&str>)| !names.is_empty())
        .collect();
    let (first, names) = empty.first()?;
    // Without the empty variable, the policy would report the other variable of the pair.
    let removed: Vec<&str> = PAIR.into_iter().filter(|name| first.names(name)).collect();
    let fix = Fix::new(format!(
        "Remove {} from the container's `env`. Charts often set them to an empty default.",
        listed(&removed)
    ))
    .edit(edit::without_variables(scenario, |name, variable| {
        PAIR.contains(&variable) && empty.iter().any(|(container, _)| container.name == name)
    }));
    let says = format!("The pod gets no role, because {} {} set to an empty string.", listed(names), are(names));
    let mut step = Step::failed(STEP, Diagnosis::EmptyVariable, says);
    for (container, names) in &empty {
        step = step.because(format!(
            "container `{}`: {} {} set to an empty string, so the policy sets neither variable, and SDKs find no role",
            container.name,
            listed(names),
            are(names)
        ));
    }
    Some(shown(subject, step).fix(fix))
}

fn sets_empty_pair(container: &Container) -> bool {
    PAIR.iter().any(|name| container.sets_empty(name))
}

/// Returns the failed step for a finding of this kind, which keeps the policy from injecting.
fn blocked(scenario: &Scenario<'_>, subject: &Subject, kind: FindingKind) -> Step {
    // The finding's line ends with the finding's name in brackets. The first line of the explanation adds the same
    // name, so it is removed here.
    let name = format!(" [{}]", kind.name());
    let finding = subject.policy_answer.first(&[kind]).map(|found| found.line.as_str()).unwrap_or_default();
    let finding = finding.strip_suffix(&name).unwrap_or(finding);
    let says = format!("The pod does not get its role: {finding}.");
    shown(subject, Step::failed(STEP, Diagnosis::Finding(kind), says))
        .because_all(subject.policy_answer.lines(&IN_THE_WAY))
        .fix(fix(scenario, subject, kind))
}

/// Returns the failed step for a pod in which no container gets the role, with the reason for each container.
fn nobody(scenario: &Scenario<'_>, subject: &Subject) -> Step {
    let prefix = &scenario.settings.annotation_prefix;
    let account = scenario.documents.service_account.get();
    let lists: Vec<String> = ["skip-containers", "include-containers"]
        .into_iter()
        .filter(|name| {
            annotation(&subject.pod, prefix, name).is_some()
                || account.is_some_and(|account| annotation(account, prefix, name).is_some())
        })
        .map(|name| format!("`{prefix}/{name}`"))
        .collect();
    let mut step = Step::new(STEP, Outcome::Failed, "No container of the pod gets the role.");
    for container in &subject.containers {
        let name = &container.name;
        let set: Vec<&str> = PAIR.into_iter().filter(|variable| container.names(variable)).collect();
        step = step.because(if !set.is_empty() {
            format!(
                "container `{name}`: {} {} set already, so the policy sets neither variable",
                listed(&set),
                are(&set)
            )
        } else if !lists.is_empty() {
            format!("container `{name}`: the annotation {} excludes it", lists.join(" or "))
        } else {
            format!("container `{name}`: the policy leaves it unchanged")
        });
    }
    shown(subject, step).fix(if lists.is_empty() {
        Fix::new("Remove the role's variables from the container's `env`.")
            .edit(edit::without_variables(scenario, |_, variable| PAIR.contains(&variable)))
    } else {
        Fix::new(format!("Change the annotation {}, and recreate the pod.", lists.join(" or ")))
    })
}

/// Whether another step reports findings of this kind.
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

/// Whether the container has the role's variables or container credentials.
fn has_identity(container: &Container) -> bool {
    container.has_role() || container.has_container_credentials()
}

/// Adds each container to the step as a detail.
fn shown(subject: &Subject, step: Step) -> Step {
    subject.containers.iter().fold(step, |step, container| {
        let (value, outcome) = match (container.has_role(), container.has_container_credentials()) {
            (true, _) => {
                let role = container.role().unwrap_or("a role that is not known");
                match container.token(&subject.pod) {
                    Some(_) => (role.to_owned(), Outcome::Passed),
                    None => (format!("{role}, without a projected token"), Outcome::Unknown),
                }
            }
            (false, true) => ("container credentials".to_owned(), Outcome::Passed),
            (false, false) if super::failed(&step) => ("no role".to_owned(), Outcome::Failed),
            (false, false) => ("no role".to_owned(), Outcome::Skipped),
        };
        step.detail(format!("container `{}`", container.name), value, outcome)
    })
}

/// The verb after a list of names: `is` or `are`.
const fn are(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

/// The names in backticks, with `and` before the last.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Returns the fix for a finding of this kind, which keeps the policy from injecting.
fn fix(scenario: &Scenario<'_>, subject: &Subject, kind: FindingKind) -> Fix {
    match kind {
        FindingKind::InvalidAudience => {
            let fix = Fix::new(
                "Give the token an audience. If the account's annotation `audience` is empty, set a value or remove the annotation. If the pod defines the token itself, set the token's `audience`.",
            );
            let account = scenario.documents.service_account.get();
            let annotated = account.and_then(|it| annotation(it, &scenario.settings.annotation_prefix, AUDIENCE));
            if annotated.is_some_and(|audience| audience.trim().is_empty()) {
                let change = edit::annotation(scenario, AUDIENCE, None);
                fix.edit(change.edits).run([change.command])
            } else {
                fix.edit(edit::audience_of_volume(scenario, STS))
            }
        }
        FindingKind::ConflictingVolume => Fix::new("Give the pod's own volume another name."),
        FindingKind::ConflictingMount => Fix::new("Mount the container's own volume at another path than the token's."),
        FindingKind::PartialCredentials => {
            let is_found = |container: &str, is_it: &dyn Fn(&str) -> bool| {
                let mut found = subject.policy_answer.all_about_role(&[FindingKind::PartialCredentials]);
                found.any(|it| it.place.container.as_deref() == Some(container) && is_it(&it.place.name))
            };
            // If one variable of the pair is empty, the other one must be removed too.
            let is_in_pair = |name: &str| PAIR.contains(&name);
            let is_removed = |container: &str, variable: &str| {
                is_found(container, &|name| name == variable)
                    || is_in_pair(variable) && is_found(container, &is_in_pair)
            };
            let is_set = |name: &&str| subject.containers.iter().any(|it| it.names(name) && is_removed(&it.name, name));
            let removed: Vec<&str> = PAIR.into_iter().filter(is_set).collect();
            let what =
                if removed.is_empty() { "the variable that the reason names".to_owned() } else { listed(&removed) };
            Fix::new(format!("Remove {what} from the container's `env`."))
                .edit(edit::without_variables(scenario, is_removed))
        }
        _ => Fix::new("Correct what the reason names."),
    }
}
