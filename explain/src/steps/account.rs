//! The service account, its role, and whether the settings allow it.

use irsa::finding::{Action, FindingKind};
use irsa::variable::refers_to_another;

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::{Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::policy_answer::{PolicyAnswer, metadata};
use crate::scenario::{Origin, Scenario, Subject};

/// The pod runs as a service account, and that exists.
pub fn exists(scenario: &Scenario<'_>) -> Step {
    const STEP: StepKind = StepKind::ServiceAccount;
    let documents = scenario.documents;
    let Some(subject) = &scenario.subject else {
        let lack = match (&documents.pod, &documents.workload) {
            (Given::Unreadable, _) => documents.pod.lack(Input::Pod),
            (_, Given::Unreadable) => documents.workload.lack(Input::Workload),
            _ => documents.service_account.lack(Input::ServiceAccount),
        };
        return Step::unknown(STEP, format!("Whose role it is about is not known: {lack}."));
    };
    let policy_answer = &subject.policy_answer;
    if let Some(unreadable) = &policy_answer.unreadable {
        return Step::new(STEP, Outcome::Failed, "The API server or the policy refuses the pod: it can't be read.")
            .because(unreadable.clone())
            .fix("Write the pod as Kubernetes has it.");
    }
    let Some(account) = &scenario.account else { return Step::unknown(STEP, "The account's name is not known.") };
    let full = format!("{}/{account}", scenario.namespace);
    let with_names = |step: Step| {
        let step = step.detail("namespace", scenario.namespace.clone(), Outcome::Skipped).detail(
            "service account",
            account.clone(),
            Outcome::Skipped,
        );
        match &subject.origin {
            Origin::Template(path, 1) => step.because(format!("the pod is the one that the template `{path}` makes")),
            Origin::Template(path, count) => {
                step.because(format!("the pod is the one that the template `{path}` makes, the first of {count}"))
            }
            _ => step,
        }
    };
    if let Given::NotFound = documents.service_account {
        return with_names(Step::failed(
            STEP,
            Diagnosis::Finding(FindingKind::MissingServiceAccount),
            format!("The pod runs as `{full}`, and the cluster does not have that account."),
        ))
        .fix(format!("Create the account, with its annotation, then the pod anew: `kubectl create serviceaccount -n {} {account}`.", scenario.namespace));
    }
    let Some(given) = documents.service_account.get() else {
        let lack = documents.service_account.lack(Input::ServiceAccount);
        return with_names(Step::unknown(STEP, format!("The pod runs as `{full}`, but {lack}.")));
    };
    let name = metadata(given, "name").unwrap_or(account);
    let namespace = metadata(given, "namespace").unwrap_or(&scenario.namespace);
    if name != account || namespace != scenario.namespace {
        return with_names(Step::failed(
            STEP,
            Diagnosis::OtherServiceAccount,
            format!("The pod runs as `{full}`, not as `{namespace}/{name}`."),
        ))
        .fix(format!("Set `serviceAccountName: {name}` in the pod's `spec`, and create the pod in `{namespace}`."));
    }
    if let Some(found) = policy_answer.first(&[FindingKind::LookupFailed, FindingKind::MissingServiceAccount])
        && policy_answer.lacking.is_none()
    {
        return with_names(Step::failed(STEP, Diagnosis::Finding(found.kind), "The service account can't be used."))
            .because(found.line.clone());
    }
    with_names(Step::passed(STEP, format!("The pod runs as `{full}`.")))
}

/// The account has a role.
pub fn role(scenario: &Scenario<'_>, exists: &Step) -> Step {
    const STEP: StepKind = StepKind::Role;
    if super::failed(exists) {
        return Step::skipped(STEP, "Without its service account it has no role.");
    }
    let Some(policy_answer) = known(scenario) else {
        return unknown(scenario, STEP, "Whether the account has a role is not known");
    };
    let account = format!("`{}/{}`", scenario.namespace, scenario.account.as_deref().unwrap_or_default());
    if scenario.has_container_credentials() {
        return Step::passed(STEP, format!("{account} gets container credentials (EKS Pod Identity)."))
            .because("the role is that of the account's pod identity association, which is not known here");
    }
    let Some(role) = &policy_answer.role else { return without_role(scenario, policy_answer, &account) };
    let source = match policy_answer.source.as_deref() {
        Some("settings") => "`roles` in the settings",
        Some("config-map") => "the ConfigMap",
        _ => "its annotation",
    };
    let with_role = |step: Step, outcome| {
        step.detail("role", role.clone(), outcome)
            .detail("from", source, Outcome::Skipped)
            .because_all(policy_answer.lines(&[FindingKind::MisspelledAnnotation, FindingKind::InvalidRoleMapping]))
    };
    if let Some(found) = policy_answer.first(&[FindingKind::InvalidRoleArn]) {
        let step = Step::failed(STEP, Diagnosis::Finding(found.kind), format!("The role of {account} can be none."));
        return with_role(step.because(found.line.clone()), Outcome::Failed)
            .fix("Write the whole ARN: `arn:aws:iam::` and the account's 12 digits, then `:role/` and the role's path and name.");
    }
    if let Some(wanted) = scenario.documents.role.filter(|wanted| *wanted != role.as_str()) {
        let step =
            Step::failed(STEP, Diagnosis::OtherRole, format!("{account} has another role than the pod should have."));
        return with_role(step, Outcome::Failed)
            .because(format!("expected `{wanted}`, but {source} gives `{role}`"))
            .fix(annotate(scenario, wanted));
    }
    with_role(Step::passed(STEP, format!("{account} has a role, by {source}.")), Outcome::Passed)
}

fn without_role(scenario: &Scenario<'_>, policy_answer: &PolicyAnswer, account: &str) -> Step {
    const STEP: StepKind = StepKind::Role;
    let has_its_own = |subject: &&Subject| {
        subject.containers.iter().any(|container| container.has_role() || container.has_container_credentials())
    };
    let reasons =
        policy_answer.lines(&[FindingKind::MissingRole, FindingKind::ForeignToken, FindingKind::InvalidRoleMapping]);
    if let Some(subject) = scenario.has_pod().filter(has_its_own) {
        let says = format!("{account} has no role, but the pod brings its own variables.");
        return brought(scenario, subject, Step::passed(STEP, says)).because_all(reasons);
    }
    let wanted = scenario.documents.role.unwrap_or("arn:aws:iam::111122223333:role/NAME");
    let step = match policy_answer.first(&[FindingKind::MisspelledAnnotation]) {
        Some(found) => Step::failed(
            STEP,
            Diagnosis::Finding(found.kind),
            format!("{account} has no role: its annotation is misspelled."),
        )
        .because(found.line.clone()),
        None => Step::failed(STEP, Diagnosis::Finding(FindingKind::MissingRole), format!("{account} has no role.")),
    };
    step.because_all(reasons)
        .because("without one, SDKs take the node's role, where they can reach it")
        .fix(annotate(scenario, wanted))
}

/// The step, with the roles that the containers bring held against the one that the pod should have.
fn brought(scenario: &Scenario<'_>, subject: &Subject, mut step: Step) -> Step {
    const STEP: StepKind = StepKind::Role;
    let Some(wanted) = scenario.documents.role else { return step };
    for container in subject.containers.iter().filter(|container| container.has_role()) {
        let name = &container.name;
        // What is no role's ARN may be a secret.
        let shown = container.role().map_or_else(|| "what is no role's ARN".to_owned(), |role| format!("`{role}`"));
        step = match literal_role(container) {
            Some(role) if role == wanted => step,
            Some(_) => Step {
                reasons: step.reasons,
                ..Step::failed(STEP, Diagnosis::OtherRole, "The pod brings another role than it should have.")
            }
            .because(format!("container `{name}`: expected `{wanted}`, but `AWS_ROLE_ARN` is {shown}"))
            .fix("Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the container's `env`, and annotate the account."),
            None if super::failed(&step) => step,
            None => Step {
                reasons: step.reasons,
                ..Step::unknown(STEP, "Whether the pod brings the role that it should have is not known.")
            }
            .because(format!("container `{name}`: the value of `AWS_ROLE_ARN` does not stand in the pod")),
        };
    }
    step
}

/// The value of `AWS_ROLE_ARN`, where it refers to no other variable.
fn literal_role(container: &Container) -> Option<&str> {
    container.literal("AWS_ROLE_ARN").filter(|role| !refers_to_another(role))
}

fn annotate(scenario: &Scenario<'_>, role: &str) -> String {
    let prefix = &scenario.settings.annotation_prefix;
    format!(
        "Annotate the account, then create its pods anew: `kubectl annotate --overwrite serviceaccount -n {} {} {prefix}/role-arn={role}`.",
        scenario.namespace,
        scenario.account.as_deref().unwrap_or("NAME"),
    )
}

/// The settings let the namespace use the role, and the token its audience.
pub fn allowed(scenario: &Scenario<'_>, exists: &Step, role: &Step) -> Step {
    const STEP: StepKind = StepKind::Allowed;
    if super::failed(exists) || role.outcome == Outcome::Skipped {
        return Step::skipped(STEP, "There is no role to allow.");
    }
    if let Given::Unreadable = scenario.documents.settings {
        return Step::unknown(
            STEP,
            format!("What is allowed is not known: {}.", scenario.documents.settings.lack(Input::Settings)),
        );
    }
    let Some(policy_answer) = known(scenario) else {
        return unknown(scenario, STEP, "Whether the role is allowed is not known");
    };
    if policy_answer.role.is_none() && !scenario.has_container_credentials() && super::failed(role) {
        return Step::skipped(STEP, "There is no role to allow.");
    }
    let kinds = [FindingKind::RoleNotAllowed, FindingKind::AudienceNotAllowed];
    let reasons = policy_answer.lines(&kinds);
    match policy_answer.first(&kinds) {
        Some(found) if found.action == Action::Reject => {
            Step::failed(STEP, Diagnosis::Finding(found.kind), "The policy's settings do not allow it.")
                .because_all(reasons)
                .fix("Use a role and an audience that `allowedRoles` and `allowedAudiences` have for this namespace, or have them added there.")
        }
        Some(found) => Step::passed(STEP, "The policy's settings do not allow it, but do not refuse it either.")
            .because_all(reasons)
            .warn(Diagnosis::Finding(found.kind)),
        None if scenario.settings.allowed_roles.is_some() || scenario.settings.allowed_audiences.is_some() => {
            Step::passed(STEP, "The policy's settings allow it.")
        }
        None => Step::passed(STEP, "The policy's settings allow any role and any audience."),
    }
}

/// What the policy makes of the account, where it could ask for all that it needs.
fn known<'c>(scenario: &'c Scenario<'_>) -> Option<&'c PolicyAnswer> {
    let is_known =
        |policy_answer: &&PolicyAnswer| policy_answer.lacking.is_none() && policy_answer.unreadable.is_none();
    scenario.of_account().filter(is_known).filter(|_| !matches!(scenario.documents.settings, Given::Unreadable))
}

fn unknown(scenario: &Scenario<'_>, step: StepKind, says: &str) -> Step {
    let lack = match scenario.of_account().and_then(|policy_answer| policy_answer.lacking) {
        None if matches!(scenario.documents.settings, Given::Unreadable) => {
            scenario.documents.settings.lack(Input::Settings)
        }
        Some(Input::ConfigMap) => scenario.documents.config_map.lack(Input::ConfigMap),
        _ => scenario.documents.service_account.lack(Input::ServiceAccount),
    };
    Step::unknown(step, format!("{says}: {lack}."))
}
