//! Reviews a pod. The steps: look up the service account, resolve the pod's identity, plan what to inject, and check
//! the result. A pod template goes through the same steps, but nothing is injected into it.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;

use super::accounts::Accounts;
use super::answer::{Review, conclude_pod};
use super::result::PodResult;
use crate::checks::foreign_token::check_tokens;
use crate::checks::token_file::TokenFiles;
use crate::checks::{containers, credentials, metadata, missing, mounts};
use crate::cluster::{Cluster, LookupError};
use crate::context::Checker;
use crate::findings::{Action, FindingKind, Item, Message, Subject};
use crate::identity::annotations::PodAnnotations;
use crate::identity::container_selection::ContainerSelection;
use crate::identity::resolve::Resolution;
use crate::identity::{CredentialMethod, RoleSource};
use crate::injection::effective::EffectiveContainer;
use crate::injection::patch::Patch;
use crate::injection::plan::Plan;
use crate::json::{self, Unreadable};
use crate::objects::annotation_keys::ROLE_ARN;
use crate::objects::metadata::{Metadata, SKIP_LABEL};
use crate::objects::pod::Pod;
use crate::objects::service_account::ServiceAccount;
use crate::request::Request;
use crate::settings::{Mode, Settings};
use crate::types::dns::is_dns_subdomain;
use crate::types::object_name::AccountName;

/// Reviews the creation of a pod.
pub(super) fn review_pod<'j>(
    request: &Request<'j>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review<'j>> {
    let document = request.required_object()?;
    let pod = document.pod().map_err(|error| error.within("object"))?;
    // Mirror pods can't have a service account: the API server forbids it.
    if pod.metadata.get().is_some_and(Metadata::is_mirror_pod) {
        return Ok(Review::skipped());
    }
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    let mut checker = Checker::new(settings, cluster, &namespace, &uid);
    let result = check_pod(&mut checker, &mut Accounts::default(), &pod).map_err(|error| error.within("object"))?;
    Ok(conclude_pod(result, document, checker.findings))
}

/// Checks a pod or a pod template, and plans what to inject.
///
/// # Errors
/// Fails if `serviceAccountName` is not a DNS subdomain. Such a name is never looked up.
pub(super) fn check_pod<'c>(
    checker: &mut Checker<'c>,
    accounts: &mut Accounts<'c>,
    pod: &Pod<'_>,
) -> Result<PodResult, Unreadable> {
    if pod.metadata.get().is_some_and(Metadata::opts_out) {
        let message = Message::new(Subject::Pod, format_args!("it opts out of injection")).on(Item::Label(SKIP_LABEL));
        checker.report(FindingKind::OptedOut, message);
        return Ok(PodResult { opted_out: true, ..PodResult::default() });
    }
    let name = &*pod.spec.service_account();
    if !is_dns_subdomain(name) {
        return Err(Unreadable::name("a DNS subdomain", name).within("serviceAccountName").within("spec"));
    }
    let own = PodAnnotations::read(checker, pod);
    metadata::check_pod(checker, pod, &own);
    credentials::check_roles(checker, pod);
    let account = match checker.lookups.service_account(name) {
        Ok(account) => account,
        Err(error) => {
            let kind = report_lookup(checker, name, &error);
            metadata::check_pod_spelling(checker, pod, true);
            check_unknown(checker, pod, kind);
            let service_account = Some(format!("{}/{name}", checker.namespace));
            return Ok(PodResult { service_account, ..PodResult::default() });
        }
    };
    let (is_new, resolved) = accounts.check(checker, account, own.token_lifetime);
    // The audit annotations list each account only once.
    let mut result = if is_new { resolved.result() } else { PodResult::default() };
    // An account whose role is unknown is treated as having a role.
    let has_role = !matches!(resolved.resolution, Resolution::NoRole);
    metadata::check_pod_spelling(checker, pod, has_role);
    match &resolved.resolution {
        Resolution::NoRole => check_without_role(checker, pod, &resolved.account),
        Resolution::Unknown(kind) => check_unknown(checker, pod, *kind),
        Resolution::Blocked { role } => {
            // Nothing is injected into this pod, but its other problems are reported too.
            let selection = own.selection();
            let selection = selection.as_ref().unwrap_or_else(|| resolved.selection.read(checker, &resolved.account));
            let method = CredentialMethod::WebIdentity { role: Cow::Borrowed(role) };
            credentials::check_containers(checker, pod, &method, selection);
            check_effective(checker, pod, None, false);
        }
        Resolution::Identity(identity) => {
            let selection = own.selection();
            let selection = selection.as_ref().unwrap_or_else(|| resolved.selection.read(checker, &resolved.account));
            check_selection(checker, pod, selection);
            credentials::check_containers(checker, pod, &identity.method, selection);
            let plan = Plan::new(checker, pod, identity, selection);
            check_effective(checker, pod, Some(&plan), false);
            result.patch = inject(checker, pod, &plan);
            if identity.source == RoleSource::ContainerCredentials {
                let name = &resolved.account.name;
                let reason = format_args!("service account `{name}` gets container credentials");
                check_tokens(checker, pod, reason);
            }
        }
    }
    Ok(result)
}

/// Checks a service account for pods whose containers are unknown: whether the account exists, whether it has a role,
/// and whether this role is allowed.
///
/// # Errors
/// Fails if the name is not a DNS subdomain. Such a name is never looked up. The caller adds the path of the name to
/// the error.
pub(super) fn check_account_only<'c>(
    checker: &mut Checker<'c>,
    accounts: &mut Accounts<'c>,
    name: &str,
) -> Result<PodResult, Unreadable> {
    if !is_dns_subdomain(name) {
        return Err(Unreadable::value("a DNS subdomain"));
    }
    let account = match checker.lookups.service_account(name) {
        Ok(account) => account,
        Err(error) => {
            report_lookup(checker, name, &error);
            let service_account = Some(format!("{}/{name}", checker.namespace));
            return Ok(PodResult { service_account, ..PodResult::default() });
        }
    };
    let (_, resolved) = accounts.check(checker, account, None);
    if let Resolution::NoRole = resolved.resolution {
        report_missing_role(checker, &resolved.account);
    }
    Ok(resolved.result())
}

/// Mode `Mutate`: returns the insertions. Mode `Validate`: reports what is missing.
fn inject(checker: &mut Checker<'_>, pod: &Pod<'_>, plan: &Plan<'_>) -> Option<Patch> {
    match checker.settings.mode {
        // A template is only checked. The policy injects into each pod that is created from it.
        _ if checker.findings.is_about_template() => None,
        // A rejected pod is not changed.
        Mode::Mutate if checker.findings.has_rejection() => None,
        Mode::Mutate => Some(Patch::new(pod, plan)).filter(|patch| !patch.is_empty()),
        Mode::Validate => {
            missing::check_injected(checker, pod, plan);
            None
        }
    }
}

/// Reports `skip-containers` and `include-containers` that select no container. Such a pod opts out.
fn check_selection(checker: &mut Checker<'_>, pod: &Pod<'_>, selection: &ContainerSelection) {
    let containers = &pod.spec.containers;
    if !containers.is_empty() && !containers.iter().any(|container| selection.covers(container)) {
        let text = format_args!("`skip-containers` and `include-containers` leave no container to inject into");
        checker.report(FindingKind::OptedOut, Message::new(Subject::Pod, text));
    }
}

/// Checks the containers with the environment and mounts that they have after injection. `needs_annotation` is true if
/// the service account has no role.
fn check_effective(checker: &mut Checker<'_>, pod: &Pod<'_>, plan: Option<&Plan<'_>>, needs_annotation: bool) {
    let token = plan.map(|plan| plan.token);
    let is_windows = pod.spec.is_windows();
    let files = TokenFiles { spec: &pod.spec, token, is_windows, is_complete: true, needs_annotation };
    for container in EffectiveContainer::all(&pod.spec.containers, plan) {
        files.check(checker, &container);
        if let Some(token) = token {
            mounts::check_parents(checker, &container, &pod.spec, token.mount_path);
        }
    }
    // Mode `Validate` injects nothing, so it checks a pod without the variables of the plan. Both modes check a
    // template with these variables.
    let is_injected = checker.settings.mode == Mode::Mutate || checker.findings.is_about_template();
    for container in EffectiveContainer::all(&pod.spec.containers, plan.filter(|_| is_injected)) {
        containers::check_container(checker, &container);
    }
}

/// Checks a pod whose identity is unknown. `kind` is the kind of the finding that says why.
fn check_unknown(checker: &mut Checker<'_>, pod: &Pod<'_>, kind: FindingKind) {
    let is_windows = pod.spec.is_windows();
    let files = TokenFiles { spec: &pod.spec, token: None, is_windows, is_complete: false, needs_annotation: false };
    for container in EffectiveContainer::all(&pod.spec.containers, None) {
        files.check(checker, &container);
    }
    // The tokens of a rejected pod are not checked, because the pod never uses them.
    if checker.findings.action(kind) != Action::Reject {
        check_tokens(checker, pod, format_args!("the role of the service account is unknown"));
    }
}

fn check_without_role(checker: &mut Checker<'_>, pod: &Pod<'_>, account: &ServiceAccount) {
    let settings = checker.settings;
    let has_credentials = |container| credentials::has_container_credentials(container, &pod.spec, settings);
    if !pod.spec.containers.iter().any(has_credentials) {
        report_missing_role(checker, account);
    }
    metadata::check_kiam_role(checker, pod);
    check_tokens(checker, pod, format_args!("service account `{}` has no role", account.name));
    check_effective(checker, pod, None, true);
}

fn report_missing_role(checker: &mut Checker<'_>, account: &ServiceAccount) {
    let text = format_args!("expected a role, but the annotation is missing or empty");
    let message = Message::new(Subject::ServiceAccount(&account.name), text);
    checker.report_annotation(FindingKind::MissingRole, ROLE_ARN, message);
}

/// Reports a failed lookup. Returns the kind of the finding.
fn report_lookup(checker: &mut Checker<'_>, name: &str, error: &LookupError) -> FindingKind {
    let account = AccountName { namespace: checker.namespace.to_owned(), name: name.to_owned() };
    let subject = Subject::ServiceAccount(&account);
    match error {
        LookupError::NotFound => {
            let message = Message::new(subject, format_args!("it does not exist")).on(Item::ServiceAccountName);
            checker.report(FindingKind::MissingServiceAccount, message);
            FindingKind::MissingServiceAccount
        }
        LookupError::Failed(reason) => {
            let text = format_args!("it could not be read: {reason}");
            let message = Message::new(subject, text).on(Item::ServiceAccountName);
            checker.report(FindingKind::LookupFailed, message);
            FindingKind::LookupFailed
        }
    }
}
