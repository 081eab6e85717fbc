//! Reviews a pod or a pod template: the steps from its service account to what is injected.

use super::answer::{Review, conclude_pod};
use super::result::PodResult;
use crate::checks::{annotations, credentials, missing};
use crate::cluster::{Cluster, LookupError};
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::annotations::PodAnnotations;
use crate::identity::resolve::{Resolution, resolve};
use crate::identity::{CredentialMethod, Identity, RoleSource};
use crate::injection::patch::Patch;
use crate::injection::plan::Plan;
use crate::json::{self, Unreadable};
use crate::objects::metadata::{Metadata, SKIP_LABEL};
use crate::objects::pod::Pod;
use crate::objects::service_account::{ROLE_ARN, ServiceAccount};
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
    // The API server forbids service accounts on mirror pods.
    if pod.metadata.get().is_some_and(Metadata::is_mirror_pod) {
        return Ok(Review::skipped());
    }
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    let mut checker = Checker::new(settings, cluster, &namespace, &uid);
    let result = check_pod(&mut checker, &pod).map_err(|error| error.within("object"))?;
    Ok(conclude_pod(result, document, checker.findings))
}

/// Checks a pod or a pod template, and plans what to inject.
///
/// # Errors
/// Fails if `serviceAccountName` is not a DNS subdomain: such a name is never looked up.
pub(super) fn check_pod(checker: &mut Checker<'_>, pod: &Pod<'_>) -> Result<PodResult, Unreadable> {
    if pod.metadata.get().is_some_and(Metadata::opts_out) {
        let message = Message::new(Subject::Pod, format_args!("it opts out of a role")).on(Item::Label(SKIP_LABEL));
        checker.report(FindingKind::OptedOut, message);
        return Ok(PodResult { opted_out: true, ..PodResult::default() });
    }
    let name = &*pod.spec.service_account();
    if !is_dns_subdomain(name) {
        return Err(Unreadable::name("a DNS subdomain", name).within("serviceAccountName").within("spec"));
    }
    let own = PodAnnotations::read(checker, pod);
    annotations::check_pod(checker, pod, &own);
    credentials::check_roles(checker, pod);
    let mut result =
        PodResult { service_account: Some(format!("{}/{name}", checker.namespace)), ..PodResult::default() };
    let account = match checker.lookups.service_account(name) {
        Ok(account) => account,
        Err(error) => {
            report_lookup(checker, name, &error);
            return Ok(result);
        }
    };
    annotations::check_account_keys(checker, &account);
    match resolve(checker, &account, own.token_lifetime) {
        Resolution::NoRole => check_without_role(checker, pod, &account),
        Resolution::Unknown => {}
        Resolution::Blocked { role } => {
            // Nothing is injected, but everything else that is wrong is reported too.
            let skipped = own.skipped_containers(checker, &account);
            result.role = Some(role.clone().into_owned());
            result.source = Some(RoleSource::Annotation);
            credentials::check_containers(checker, pod, &CredentialMethod::WebIdentity { role }, &skipped);
        }
        Resolution::Identity(identity) => {
            let skipped = own.skipped_containers(checker, &account);
            result.patch = inject(checker, pod, &identity, &skipped);
            result.role = identity.method.role().map(str::to_owned);
            result.source = Some(identity.source);
            if identity.source == RoleSource::ContainerCredentials && account.annotations.role().is_none() {
                credentials::check_tokens(checker, pod, &account);
            }
        }
    }
    Ok(result)
}

/// Plans the identity of a pod. In mode `Mutate` returns what to insert; in mode `Validate` reports what is missing.
fn inject(checker: &mut Checker<'_>, pod: &Pod<'_>, identity: &Identity<'_>, skipped: &[String]) -> Option<Patch> {
    credentials::check_containers(checker, pod, &identity.method, skipped);
    let plan = Plan::new(checker, pod, identity, skipped);
    match checker.settings.mode {
        // Templates are only checked: the policy injects into the pods that they make.
        _ if checker.findings.is_about_template() => None,
        Mode::Mutate => Some(Patch::new(pod, &plan)).filter(|patch| !patch.is_empty()),
        Mode::Validate => {
            missing::check_injected(checker, pod, &plan);
            None
        }
    }
}

fn check_without_role(checker: &mut Checker<'_>, pod: &Pod<'_>, account: &ServiceAccount) {
    if !credentials::has_container_credentials(pod, checker.settings) {
        let text = format_args!("expected a role, but got none");
        let message = Message::new(Subject::ServiceAccount(&account.name), text);
        checker.report_annotation(FindingKind::MissingRole, ROLE_ARN, message);
    }
    credentials::check_tokens(checker, pod, account);
}

fn report_lookup(checker: &mut Checker<'_>, name: &str, error: &LookupError) {
    let account = AccountName { namespace: checker.namespace.to_owned(), name: name.to_owned() };
    let subject = Subject::ServiceAccount(&account);
    match error {
        LookupError::NotFound => {
            let message = Message::new(subject, format_args!("it does not exist")).on(Item::ServiceAccountName);
            checker.report(FindingKind::MissingServiceAccount, message);
        }
        LookupError::Failed(reason) => {
            let text = format_args!("it could not be read: {reason}");
            let message = Message::new(subject, text).on(Item::ServiceAccountName);
            checker.report(FindingKind::LookupFailed, message);
        }
    }
}
