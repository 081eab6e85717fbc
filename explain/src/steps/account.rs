//! Checks the service account, its role, and whether the settings allow the role.

use std::borrow::Cow;

use irsa::refers_to_another;
use irsa::{Action, FindingKind, RoleArn};
use serde_json::Value;

use crate::association::Association;
use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::edit::{self, Fix};
use crate::explanation::{Outcome, Step, StepKind};
use crate::fix::quoted;
use crate::inputs::Input;
use crate::pointer::child;
use crate::policy_answer::{PolicyAnswer, metadata};
use crate::scenario::{Origin, Scenario, Subject};
use crate::sdk::CONTAINER_URI;
use crate::trust::Statement;

use super::PAIR;

/// The addresses of the EKS Pod Identity agent: over IPv4, and over IPv6.
const AGENTS: [&str; 2] = ["http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"];

/// The name of the annotation that has the role.
const ROLE: &str = "role-arn";

/// Checks that the pod's service account exists.
pub fn exists(scenario: &Scenario<'_>) -> Step {
    const STEP: StepKind = StepKind::ServiceAccount;
    let documents = scenario.documents;
    let Some(subject) = &scenario.subject else {
        let lack = match (&documents.pod, &documents.workload) {
            (Given::Unreadable, _) => documents.pod.lack(Input::Pod),
            (_, Given::Unreadable) => documents.workload.lack(Input::Workload),
            _ => documents.service_account.lack(Input::ServiceAccount),
        };
        return Step::unknown(STEP, format!("The service account is not known: {lack}."));
    };
    let policy_answer = &subject.policy_answer;
    if let Some(unreadable) = &policy_answer.unreadable {
        return Step::new(STEP, Outcome::Failed, format!("The pod is not a valid Kubernetes object: {unreadable}."))
            .because(unreadable.clone())
            .fix("Correct the pod's manifest.");
    }
    if let Some(step) = static_pod(subject) {
        return step;
    }
    let Some(account) = &scenario.account else {
        return Step::unknown(STEP, "The name of the service account is not known.");
    };
    let full = format!("{}/{account}", scenario.namespace);
    let with_names = |step: Step| {
        let step = step.detail("namespace", scenario.namespace.clone(), Outcome::Skipped).detail(
            "service account",
            account.clone(),
            Outcome::Skipped,
        );
        match &subject.origin {
            Origin::Template { path, count: 1, .. } => {
                step.because(format!("the pod is made from the template `{path}`"))
            }
            Origin::Template { path, count, .. } => step.because(format!(
                "the pod is made from the template `{path}`, one of the workload's {count} templates"
            )),
            _ => step,
        }
    };
    if let Given::NotFound = documents.service_account {
        let says = format!("The pod's service account `{full}` does not exist.");
        let step = Step::failed(STEP, Diagnosis::Finding(FindingKind::MissingServiceAccount), says);
        let create = format!("kubectl create serviceaccount -n {} {}", quoted(&scenario.namespace), quoted(account));
        return with_names(step)
            .because("the cluster has no service account of this name")
            .fix(Fix::command("Create the service account with its annotation, then recreate the pod", create));
    }
    let Some(given) = documents.service_account.get() else {
        let lack = documents.service_account.lack(Input::ServiceAccount);
        let says = format!("The pod's service account is `{full}`; whether it exists is not known: {lack}.");
        return with_names(Step::unknown(STEP, says));
    };
    let name = metadata(given, "name").unwrap_or(account);
    let namespace = metadata(given, "namespace").unwrap_or(&scenario.namespace);
    if name != account || namespace != scenario.namespace {
        let says = format!("The pod's service account is `{full}`, not `{namespace}/{name}`.");
        let set = match (name == account, namespace == scenario.namespace) {
            (true, _) => format!("create the pod in the namespace `{namespace}`"),
            (false, true) => format!("set `serviceAccountName: {name}` in the pod's `spec`"),
            (false, false) => {
                format!(
                    "set `serviceAccountName: {name}` in the pod's `spec`, and create the pod in the namespace `{namespace}`"
                )
            }
        };
        let fix = Fix::new(format!(
            "If the pod should run as `{namespace}/{name}`, {set}. If not, add the pod's own service account to the inputs: `kubectl get serviceaccount -n {} {} -o yaml`.",
            quoted(&scenario.namespace),
            quoted(account)
        ));
        // No edit moves the pod to another namespace, because other objects may have to move with the pod.
        let edit = (namespace == scenario.namespace).then(|| edit::service_account_name(scenario, name)).flatten();
        return with_names(Step::failed(STEP, Diagnosis::OtherServiceAccount, says)).fix(fix.edit(edit));
    }
    if let Some(found) = policy_answer.first(&[FindingKind::LookupFailed, FindingKind::MissingServiceAccount])
        && policy_answer.lacking.is_none()
    {
        let says = format!("The service account `{full}` can't be used.");
        return with_names(Step::failed(STEP, Diagnosis::Finding(found.kind), says)).because(found.line.clone());
    }
    with_names(Step::passed(STEP, format!("The pod's service account `{full}` exists.")))
}

/// Returns the failed step if the pod is the mirror pod of a static pod. The API server refuses a mirror pod that has a
/// service account.
fn static_pod(subject: &Subject) -> Option<Step> {
    annotation(&subject.pod, "kubernetes.io/config.mirror").filter(|_| subject.origin == Origin::Stored)?;
    let says = "The pod is the mirror of a static pod: it has no service account, so it gets no role.";
    Some(
        Step::failed(StepKind::ServiceAccount, Diagnosis::StaticPod, says)
            .because_at(
                "kubelet creates static pods from files of the node, and admission webhooks can't change them",
                Input::Pod,
                "/metadata/annotations/kubernetes.io~1config.mirror",
            )
            .fix("Run the program in a DaemonSet instead, with a service account."),
    )
}

/// Checks that the service account has a role.
pub fn role(scenario: &Scenario<'_>, exists: &Step) -> Step {
    const STEP: StepKind = StepKind::Role;
    if super::failed(exists) {
        return Step::skipped(STEP, "Not checked: the service account has to be corrected first.");
    }
    let account = format!("`{}/{}`", scenario.namespace, scenario.account.as_deref().unwrap_or_default());
    if scenario.has_container_credentials() {
        return by_association(scenario, &account);
    }
    let Some(policy_answer) = known(scenario) else {
        return unknown(scenario, STEP, "Whether the service account has a role is not known");
    };
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
    let is_annotated = source == "its annotation";
    let at_annotation = |step: Step, reason: String| {
        if is_annotated {
            step.because_at(reason, Input::ServiceAccount, annotation_pointer(scenario))
        } else {
            step.because(reason)
        }
    };
    if let Some(found) = policy_answer.first(&[FindingKind::InvalidRoleArn]) {
        let says = format!("The role of service account {account} is not a valid IAM role ARN.");
        let step = at_annotation(Step::failed(STEP, Diagnosis::Finding(found.kind), says), found.line.clone());
        let fix = Fix::new(
            "Write the whole ARN: `arn:aws:iam::`, the account's 12 digits, `:role/`, and the role's path and name.",
        );
        return with_role(step, Outcome::Failed).fix(match corrected_role(scenario).filter(|_| is_annotated) {
            Some(role) => annotated(scenario, fix, &role).run(edit::recreate(scenario)),
            None => fix,
        });
    }
    if let Some(wanted) = scenario.expected_role.as_ref().filter(|wanted| *wanted != role) {
        let says = format!("Service account {account} does not have the expected role.");
        let reason = format!("expected `{wanted}`, but {source} has `{role}`");
        let step = with_role(at_annotation(Step::failed(STEP, Diagnosis::OtherRole, says), reason), Outcome::Failed);
        let is_of_association = scenario.association.is_some_and(|it| it.role.as_ref() == Some(wanted));
        return if is_of_association {
            let removal = edit::annotation(scenario, ROLE, None);
            let fix =
                Fix::command("To use the association, remove the annotation, then recreate the pods", removal.command);
            step.because("the pod identity association has the expected role, but SDKs use web identity (IRSA) first")
                .fix(fix.edit(removal.edits.into_iter().filter(|_| is_annotated)).run(edit::recreate(scenario)))
        } else {
            step.fix(annotate(scenario, wanted))
        };
    }
    if role.ends_with(PLACEHOLDER) && scenario.named_role().as_ref() != Some(role) {
        let says = format!("The role of service account {account} is not known: `{PLACEHOLDER}` is a placeholder.");
        let reason = format!("{source} has `{role}`, and `NAME` stands for the name of a role");
        let step = at_annotation(Step::unknown(STEP, says).warn(Diagnosis::Placeholder), reason);
        return with_role(step, Outcome::Unknown)
            .fix("Replace `NAME` by the name of your role. `aws iam list-roles` prints the ARN of each role.");
    }
    let step = with_role(
        Step::passed(STEP, format!("Service account {account} gets its role from {source}.")),
        Outcome::Passed,
    );
    both_kinds(scenario, step)
}

/// Adds a warning if the service account has two roles: one by web identity (IRSA), and one by a pod identity
/// association.
fn both_kinds(scenario: &Scenario<'_>, step: Step) -> Step {
    let Some(association) = scenario.association else { return step };
    let role = association.role.as_deref().unwrap_or("its role");
    let step = step.because_at(
        format!("the service account also has a pod identity association with `{role}`"),
        Input::Association,
        association.pointer.clone(),
    );
    step.because("SDKs use web identity (IRSA) first, so the association's role is not used")
        .warn(Diagnosis::AssociationLoses)
        .fix(format!(
            "To use the association, remove the annotation and recreate the pods: `{}`. To use IRSA, delete the association.",
            edit::annotation(scenario, ROLE, None).command
        ))
}

/// Checks the role of a pod that uses EKS Pod Identity.
fn by_association(scenario: &Scenario<'_>, account: &str) -> Step {
    const STEP: StepKind = StepKind::Role;
    if let Some((container, address)) = wrong_agent(scenario) {
        let says =
            format!("Container `{}` requests EKS Pod Identity credentials from the wrong address.", container.name);
        return Step::failed(STEP, Diagnosis::WrongAgentAddress, says)
            .because(format!(
                "`AWS_CONTAINER_CREDENTIALS_FULL_URI` is not an address of the EKS Pod Identity agent{address}"
            ))
            .fix(
                Fix::new(format!(
                    "Remove the variable from the container's `env`: EKS sets it to `{}`, or `{}` with IPv6.",
                    AGENTS[0], AGENTS[1]
                ))
                .edit(edit::without_variables(scenario, |name, variable| {
                    // Without an association, the pod would have no role after the removal.
                    scenario.association.is_some() && name == container.name && variable == CONTAINER_URI
                })),
            );
    }
    let Some(association) = scenario.association else { return of_unknown_association(scenario, account) };
    let target = association.target_role.as_ref();
    let Some(role) = target.or(association.role.as_ref()) else {
        return Step::passed(STEP, format!("Service account {account} has a pod identity association."))
            .because("the association that was given does not contain its role");
    };
    let with_roles = |step: Step, outcome| {
        let step =
            step.detail("role", role.clone(), outcome).detail("from", "its pod identity association", Outcome::Skipped);
        match (target, &association.role) {
            (Some(_), Some(source)) => step.detail("assumed by the role", source.clone(), Outcome::Skipped),
            _ => step,
        }
    };
    let expected = scenario.expected_role.as_ref();
    if let Some(wanted) = expected.filter(|wanted| *wanted != role && association.role.as_ref() != Some(wanted)) {
        let says = format!("The pod identity association of {account} does not have the expected role.");
        let step = Step::failed(STEP, Diagnosis::OtherRole, says)
            .because_at(
                format!("expected `{wanted}`, but the association has `{role}`"),
                Input::Association,
                association.pointer.clone(),
            )
            .fix("Update the association with the expected role: `aws eks update-pod-identity-association`.");
        return with_roles(step, Outcome::Failed);
    }
    if let Some(subject) = scenario.has_pod().filter(|subject| subject.origin == Origin::Stored)
        && !subject.containers.iter().any(Container::has_container_credentials)
    {
        let says =
            "The pod has no EKS Pod Identity credentials, although its service account has a pod identity association.";
        let step = Step::failed(STEP, Diagnosis::PodOlderThanAssociation, says)
            .because("no container has the variable `AWS_CONTAINER_CREDENTIALS_FULL_URI`, which EKS sets when it creates a pod")
            .fix("If the pod is older than the association, recreate it.");
        return with_roles(step, Outcome::Passed);
    }
    with_roles(
        Step::passed(STEP, format!("Service account {account} gets its role from its pod identity association.")),
        Outcome::Passed,
    )
}

/// Returns the step for a pod that has the variables of EKS Pod Identity, if the service account's association was not
/// given.
fn of_unknown_association(scenario: &Scenario<'_>, account: &str) -> Step {
    const STEP: StepKind = StepKind::Role;
    if let Some(step) = other_association(scenario, account) {
        return step;
    }
    Step::passed(STEP, format!("Service account {account} gets its role by EKS Pod Identity."))
        .because("the service account's pod identity association defines the role, but the association was not given")
}

/// Returns the failed step if associations were given, but no association for the service account. Otherwise `None`.
fn other_association(scenario: &Scenario<'_>, account: &str) -> Option<Step> {
    let Association { namespace, service_account, pointer, .. } =
        scenario.documents.associations.get().filter(|_| scenario.association.is_none())?.first()?;
    let says = format!("The pod identity association is for `{namespace}/{service_account}`, not for {account}.");
    let step = Step::failed(StepKind::Role, Diagnosis::AssociationForOtherAccount, says)
        .because_at("an association is for exactly one service account", Input::Association, pointer.clone())
        .fix(format!(
            "Create an association for {account}, or set `serviceAccountName: {service_account}` in the pod."
        ));
    Some(step)
}

/// Finds the first container with a wrong address of the EKS Pod Identity agent. Also returns the text to append to a
/// message: `: ` and the address, or nothing if the address may contain a password.
fn wrong_agent<'c>(scenario: &'c Scenario<'_>) -> Option<(&'c Container, String)> {
    let subject = scenario.has_pod()?;
    subject.containers.iter().find_map(|container| {
        let address = container.literal(CONTAINER_URI)?;
        // A URL may contain a password.
        let shown = if address.contains('@') { String::new() } else { format!(": `{address}`") };
        (!AGENTS.contains(&address) && !refers_to_another(address)).then_some((container, shown))
    })
}

fn without_role(scenario: &Scenario<'_>, policy_answer: &PolicyAnswer, account: &str) -> Step {
    const STEP: StepKind = StepKind::Role;
    let has_its_own = |subject: &&Subject| {
        subject.containers.iter().any(|container| container.has_role() || container.has_container_credentials())
    };
    let reasons =
        policy_answer.lines(&[FindingKind::MissingRole, FindingKind::ForeignToken, FindingKind::InvalidRoleMapping]);
    if let Some(subject) = scenario.has_pod().filter(has_its_own) {
        let has_token = subject.containers.iter().any(|container| container.token(&subject.pod).is_some());
        if subject.origin == Origin::Stored && has_token {
            let says = format!("Service account {account} has no role, but the pod runs with one.");
            let step = brought(scenario, subject, Step::passed(STEP, says)).because_all(reasons);
            let reason = format!(
                "service account {account} has no role, but the pod runs with one: either the pod's template sets it, or the account had a role when the pod was created. In the second case, a new pod gets no role"
            );
            return if step.outcome == Outcome::Passed {
                step.because(reason).warn(Diagnosis::OutdatedPod)
            } else {
                step
            };
        }
        let says = format!("Service account {account} has no role; the pod sets the role's variables itself.");
        return brought(scenario, subject, Step::passed(STEP, says)).because_all(reasons);
    }
    if let Some(step) = other_association(scenario, account) {
        return step;
    }
    let node = "without a role, SDKs use the node's role if the container can reach the instance metadata";
    let step = if let Some(found) = policy_answer.first(&[FindingKind::MisspelledAnnotation]) {
        let says = format!("Service account {account} has no role: its annotation is misspelled.");
        let step = Step::failed(STEP, Diagnosis::Finding(found.kind), says);
        step.because_at(found.line.clone(), Input::ServiceAccount, "/metadata/annotations")
    } else if let Some(step) = misplaced_role(scenario, account) {
        return step.because_all(reasons).because(node);
    } else {
        let says = format!("Service account {account} has no role.");
        Step::failed(STEP, Diagnosis::Finding(FindingKind::MissingRole), says)
    };
    // The value of a misspelled annotation may be the role. The fix then names that role.
    let annotations = scenario.documents.service_account.get().and_then(|it| it.get("metadata")?.get("annotations"));
    let values =
        annotations.and_then(Value::as_object).into_iter().flat_map(|it| it.values()).filter_map(Value::as_str);
    let annotated = values.into_iter().find(|value| RoleArn::new(Cow::Borrowed(value)).is_ok());
    let wanted = scenario.named_role().or_else(|| annotated.map(str::to_owned)).unwrap_or_else(|| open_role(scenario));
    step.because_all(reasons).because(node).fix(annotate(scenario, &wanted))
}

/// Returns the failed step if the annotation is empty, or is on the pod or on another service account instead.
fn misplaced_role(scenario: &Scenario<'_>, account: &str) -> Option<Step> {
    const STEP: StepKind = StepKind::Role;
    let key = role_annotation(scenario);
    let documents = scenario.documents;
    let given = documents.service_account.get();
    if let Some(empty) = given.and_then(|it| annotation(it, &key)).filter(|role| role.trim().is_empty()) {
        let wanted = scenario.named_role().unwrap_or_else(|| open_role(scenario));
        let what = if empty.is_empty() { "is empty" } else { "contains only spaces" };
        let says = format!("Service account {account} has no role: its annotation `{key}` {what}.");
        return Some(
            Step::failed(STEP, Diagnosis::EmptyRole, says)
                .because_at("an empty value counts as no role", Input::ServiceAccount, annotation_pointer(scenario))
                .fix(annotate(scenario, &wanted)),
        );
    }
    if let Some((role, input, pointer)) = role_of_pod(scenario, &key) {
        let says =
            format!("Service account {account} has no role: the annotation `{key}` is on the {}.", input.words());
        return Some(
            Step::failed(STEP, Diagnosis::RoleOnPod, says)
                .because_at("only the annotation of the service account counts", input, pointer)
                .fix(annotate(scenario, &role)),
        );
    }
    let other = documents.other_service_accounts.iter().find_map(|other| {
        let is_of_namespace = metadata(other, "namespace").is_none_or(|namespace| namespace == scenario.namespace);
        let role = annotation(other, &key).filter(|role| is_of_namespace && !role.is_empty())?;
        Some((metadata(other, "name")?.to_owned(), role))
    });
    let (name, role) = other?;
    let wants_it = scenario.named_role().is_none_or(|named| named == role);
    wants_it.then(|| {
        let says = format!("Service account {account} has no role, but `{}/{name}` has one.", scenario.namespace);
        Step::failed(STEP, Diagnosis::RoleOfOtherAccount, says)
            .because(format!("`{}/{name}` is annotated with `{role}`", scenario.namespace))
            .fix(
                Fix::new(format!(
                    "If the pod should run as that service account, set `serviceAccountName: {name}` in its `spec`."
                ))
                .edit(edit::service_account_name(scenario, &name)),
            )
    })
}

/// Looks for the role annotation on the pod, the pod template and the workload. Returns the role, the input, and the
/// JSON pointer of the annotation in this input.
fn role_of_pod(scenario: &Scenario<'_>, key: &str) -> Option<(String, Input, String)> {
    let subject = scenario.has_pod()?;
    let pointer = |start: &str| child(&format!("{start}/metadata/annotations"), key);
    if let Some(role) = annotation(&subject.pod, key) {
        return Some(match &subject.origin {
            Origin::Template { pointer: start, .. } => (role, Input::Workload, pointer(start)),
            _ => (role, Input::Pod, pointer("")),
        });
    }
    let (_, workload) = scenario.documents.workload.get()?;
    annotation(workload, key).map(|role| (role, Input::Workload, pointer("")))
}

fn annotation(object: &Value, key: &str) -> Option<String> {
    object.get("metadata")?.get("annotations")?.get(key)?.as_str().map(str::to_owned)
}

fn role_annotation(scenario: &Scenario<'_>) -> String {
    format!("{}/{ROLE}", scenario.settings.annotation_prefix)
}

fn annotation_pointer(scenario: &Scenario<'_>) -> String {
    child("/metadata/annotations", &role_annotation(scenario))
}

/// Compares the expected role with the role that each container sets in its own `env`. Returns the resulting step.
fn brought(scenario: &Scenario<'_>, subject: &Subject, mut step: Step) -> Step {
    const STEP: StepKind = StepKind::Role;
    let Some(wanted) = scenario.expected_role.as_deref() else { return step };
    for container in subject.containers.iter().filter(|container| container.has_role()) {
        let name = &container.name;
        // A value that is not a role's ARN may be a secret, so it is not shown.
        let shown = container.role().map_or_else(|| "not a role's ARN".to_owned(), |role| format!("`{role}`"));
        step = match literal_role(container) {
            Some(role) if role == wanted => step,
            Some(_) => Step {
                reasons: step.reasons,
                places: step.places,
                ..Step::failed(
                    STEP,
                    Diagnosis::OtherRole,
                    format!("Container `{name}` sets a role other than the expected one."),
                )
            }
            .because(format!("container `{name}`: expected `{wanted}`, but `AWS_ROLE_ARN` is {shown}"))
            .fix(own_role_removed(scenario, subject, wanted)),
            None if super::failed(&step) => step,
            None => Step {
                reasons: step.reasons,
                places: step.places,
                ..Step::unknown(STEP, "Whether the pod sets the expected role is not known.")
            }
            .because(format!("container `{name}`: the value of `AWS_ROLE_ARN` is not in the pod")),
        };
    }
    step
}

/// Returns the value of `AWS_ROLE_ARN`, unless it refers to another variable.
fn literal_role(container: &Container) -> Option<&str> {
    container.literal("AWS_ROLE_ARN").filter(|role| !refers_to_another(role))
}

/// Returns the fix that annotates the service account with the wanted role. In containers that set another role, the
/// fix also removes the role's variables.
fn own_role_removed(scenario: &Scenario<'_>, subject: &Subject, wanted: &str) -> Fix {
    let is_other = |name: &str| {
        let mut containers = subject.containers.iter().filter(|container| container.has_role());
        containers.any(|it| it.name == name && literal_role(it).is_some_and(|role| role != wanted))
    };
    let fix = Fix::new(
        "Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the container's `env`, and annotate the service account.",
    );
    let removals = edit::without_variables(scenario, |name, variable| is_other(name) && PAIR.contains(&variable));
    annotated(scenario, fix.edit(removals), wanted)
}

/// Makes a fix that annotates the service account with this role. If the role is only a placeholder, the command that
/// recreates the pods is left out, because the user has to replace the placeholder first.
fn annotate(scenario: &Scenario<'_>, role: &str) -> Fix {
    let change = edit::annotation(scenario, ROLE, Some(role));
    let recreate = edit::recreate(scenario).filter(|_| !role.ends_with(PLACEHOLDER));
    Fix::command("Annotate the service account, then recreate its pods", change.command)
        .edit(change.edits)
        .run(recreate)
}

/// Extends a fix: it also annotates the service account with this role.
pub fn annotated(scenario: &Scenario<'_>, fix: Fix, role: &str) -> Fix {
    let change = edit::annotation(scenario, ROLE, Some(role));
    fix.edit(change.edits).run([change.command])
}

/// Returns the role that an invalid annotation probably means: the expected role, else the annotation's value without
/// quotes, and without the spaces and hyphens in its account ID, else the role of the trust policy. `None` if all of
/// these are absent or are not roles.
fn corrected_role(scenario: &Scenario<'_>) -> Option<String> {
    if let Some(expected) = &scenario.expected_role {
        return Some(expected.clone());
    }
    let given = annotation(scenario.documents.service_account.get()?, &role_annotation(scenario))?;
    let parts: Vec<&str> = given.trim().trim_matches(['"', '\'']).splitn(6, ':').collect();
    let [arn, partition, service, region, account, role] = parts.as_slice() else { return scenario.named_role() };
    let account = account.replace(|character: char| character.is_whitespace() || character == '-', "");
    let role = [*arn, *partition, *service, *region, &account, *role].join(":");
    RoleArn::new(Cow::Borrowed(&role)).is_ok().then_some(role).or_else(|| scenario.named_role())
}

/// The end of a role's ARN in which the user has to replace `NAME`.
const PLACEHOLDER: &str = "role/NAME";

/// Returns a role's ARN with a placeholder as its name, for a service account whose role is not known. If all providers
/// in the given trust policy are in the same account, the ARN is in that account. Otherwise it is in the example
/// account.
fn open_role(scenario: &Scenario<'_>) -> String {
    let statements = scenario.documents.trust_policy.get().into_iter().flat_map(|document| document.policy.allows());
    let providers: Vec<_> = statements.flat_map(Statement::providers).filter_map(|(_, provider)| provider).collect();
    let of_first = providers.first().map(|first| (first.partition, first.account)).filter(|(partition, account)| {
        irsa::internals::check_partition(partition).is_ok()
            && irsa::internals::check_account_id(account).is_ok()
            && providers.iter().all(|it| (it.partition, it.account) == (*partition, *account))
    });
    let (partition, account) = of_first.unwrap_or(("aws", "111122223333"));
    format!("arn:{partition}:iam::{account}:{PLACEHOLDER}")
}

/// Checks that the settings allow the role in the namespace (`allowedRoles`), and the audience of the token
/// (`allowedAudiences`).
pub fn allowed(scenario: &Scenario<'_>, exists: &Step, role: &Step) -> Step {
    const STEP: StepKind = StepKind::Allowed;
    if super::failed(exists) || role.outcome == Outcome::Skipped {
        return Step::skipped(STEP, "Not checked: there is no role.");
    }
    if let Given::Unreadable = scenario.documents.settings {
        let lack = scenario.documents.settings.lack(Input::Settings);
        return Step::unknown(STEP, format!("Whether the settings allow the role is not known: {lack}."));
    }
    let Some(policy_answer) = known(scenario) else {
        return unknown(scenario, STEP, "Whether the settings allow the role is not known");
    };
    if policy_answer.role.is_none() && !scenario.has_container_credentials() && super::failed(role) {
        return Step::skipped(STEP, "Not checked: there is no role.");
    }
    let kinds = [FindingKind::RoleNotAllowed, FindingKind::AudienceNotAllowed];
    let reasons = policy_answer.lines(&kinds);
    match policy_answer.first(&kinds) {
        Some(found) if found.action == Action::Reject => {
            let what = if found.kind == FindingKind::RoleNotAllowed { "role" } else { "audience" };
            let says = format!("The policy's settings do not allow the {what} in namespace `{}`.", scenario.namespace);
            Step::failed(STEP, Diagnosis::Finding(found.kind), says)
                .because_all(reasons)
                .fix("Use a role and an audience that `allowedRoles` and `allowedAudiences` contain for this namespace, or add yours to these settings.")
        }
        Some(found) => Step::passed(
            STEP,
            "The policy's settings do not allow the role or the audience, but the policy does not reject the pod.",
        )
        .because_all(reasons)
        .warn(Diagnosis::Finding(found.kind)),
        None if scenario.settings.allowed_roles.is_some() || scenario.settings.allowed_audiences.is_some() => {
            Step::passed(STEP, "The policy's settings allow the role and the audience.")
        }
        None => Step::passed(STEP, "The policy's settings allow any role and any audience."),
    }
}

/// Returns the policy's answer. `None` if an input that the policy looks up was not given, or if the pod or the
/// settings can't be read.
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
