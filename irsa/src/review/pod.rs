//! Reviews a pod or a pod template: the steps from its service account to what is injected.

use std::borrow::Cow;
use std::rc::Rc;

use super::answer::{Review, conclude_pod};
use super::result::PodResult;
use crate::checks::{annotations, credentials, missing};
use crate::cluster::{Cluster, LookupError};
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Recording, Subject};
use crate::identity::annotations::{PodAnnotations, skipped_by_account};
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
use crate::types::token_lifetime::TokenLifetime;
use crate::util::names::Names;

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
    let result = check_pod(&mut checker, &mut Accounts::default(), &pod).map_err(|error| error.within("object"))?;
    Ok(conclude_pod(result, document, checker.findings))
}

/// Checks a pod or a pod template, and plans what to inject.
///
/// # Errors
/// Fails if `serviceAccountName` is not a DNS subdomain: such a name is never looked up.
pub(super) fn check_pod<'c>(
    checker: &mut Checker<'c>,
    accounts: &mut Accounts<'c>,
    pod: &Pod<'_>,
) -> Result<PodResult, Unreadable> {
    if pod.metadata.get().is_some_and(Metadata::opts_out) {
        let message = Message::new(Subject::Pod, format_args!("it opts out of a role")).on(Item::Label(SKIP_LABEL));
        checker.report(FindingKind::OptedOut, message);
        return Ok(PodResult { opted_out: true, ..PodResult::default() });
    }
    let name = &*pod.spec.service_account();
    if !is_dns_subdomain(name) {
        return Err(Unreadable::value("a DNS subdomain").within("serviceAccountName").within("spec"));
    }
    let own = PodAnnotations::read(checker, pod);
    annotations::check_pod(checker, pod, &own);
    credentials::check_roles(checker, pod);
    let account = match checker.lookups.service_account(name) {
        Ok(account) => account,
        Err(error) => {
            report_lookup(checker, name, &error);
            let service_account = Some(format!("{}/{name}", checker.namespace));
            return Ok(PodResult { service_account, ..PodResult::default() });
        }
    };
    let (is_new, entry) = accounts.check(checker, account, own.token_lifetime);
    // For the audit annotations each account counts once.
    let mut result = PodResult::default();
    if is_new {
        result.service_account = Some(entry.account.name.to_string());
        (result.role, result.source) = match &entry.resolution {
            Resolution::Identity(identity) => (identity.method.role().map(str::to_owned), Some(identity.source)),
            Resolution::Blocked { role } => (Some(role.clone().into_owned()), Some(RoleSource::Annotation)),
            Resolution::NoRole | Resolution::Unknown => (None, None),
        };
    }
    if let Resolution::Identity(_) | Resolution::Blocked { .. } = entry.resolution
        && own.skipped.is_none()
    {
        entry.check_skipped(checker);
    }
    let nothing = Names::default();
    let skipped = own.skipped.as_ref().or(entry.skipped()).unwrap_or(&nothing);
    match &entry.resolution {
        Resolution::NoRole => check_without_role(checker, pod, &entry.account),
        Resolution::Unknown => {}
        Resolution::Blocked { role } => {
            // Nothing is injected, but everything else that is wrong is reported too.
            let method = CredentialMethod::WebIdentity { role: Cow::Borrowed(role) };
            credentials::check_containers(checker, pod, &method, skipped);
        }
        Resolution::Identity(identity) => {
            result.patch = inject(checker, pod, identity, skipped);
            if identity.source == RoleSource::ContainerCredentials && entry.account.annotations.role().is_none() {
                credentials::check_tokens(checker, pod, &entry.account);
            }
        }
    }
    Ok(result)
}

/// The service accounts that were checked for this request. Thousands of pod templates can name the same one.
#[derive(Default)]
pub(super) struct Accounts<'c>(Vec<CheckedAccount<'c>>);

/// A service account, and what its check gave.
struct CheckedAccount<'c> {
    account: Rc<ServiceAccount>,
    resolution: Resolution<'c>,
    findings: Recording,
    /// The containers that its annotation skips, and the findings about that annotation. `None` if no pod needed it.
    skipped: Option<(Names<'static>, Recording)>,
}

impl<'c> Accounts<'c> {
    /// Checks an account, and resolves its identity. The first time returns `true` as well; after that it only repeats the
    /// findings.
    ///
    /// `pod_lifetime` is only used the first time. That is enough, because only what is injected has a lifetime, and the
    /// policy does not inject into templates.
    fn check(
        &mut self,
        checker: &mut Checker<'c>,
        account: Rc<ServiceAccount>,
        pod_lifetime: Option<TokenLifetime>,
    ) -> (bool, &mut CheckedAccount<'c>) {
        let known = self.0.iter().position(|entry| Rc::ptr_eq(&entry.account, &account));
        if let Some(known) = known {
            let entry = self.0.swap_remove(known);
            checker.findings.replay(&entry.findings);
            return (false, self.0.push_mut(entry));
        }
        let before = checker.findings.counts();
        annotations::check_account_keys(checker, &account);
        let resolution = resolve(checker, &account, pod_lifetime);
        let findings = checker.findings.recording(&before);
        let entry = CheckedAccount { account, resolution, findings, skipped: None };
        (true, self.0.push_mut(entry))
    }
}

impl CheckedAccount<'_> {
    /// Reads the account's `skip-containers`. The first time reports what is wrong with it; after that repeats the findings.
    fn check_skipped(&mut self, checker: &mut Checker<'_>) {
        if let Some((_, findings)) = &self.skipped {
            checker.findings.replay(findings);
            return;
        }
        let before = checker.findings.counts();
        let names = skipped_by_account(checker, &self.account);
        self.skipped = Some((names, checker.findings.recording(&before)));
    }

    fn skipped(&self) -> Option<&Names<'static>> {
        self.skipped.as_ref().map(|(names, _)| names)
    }
}

/// Plans the identity of a pod. In mode `Mutate` returns what to insert; in mode `Validate` reports what is missing.
fn inject(checker: &mut Checker<'_>, pod: &Pod<'_>, identity: &Identity<'_>, skipped: &Names<'_>) -> Option<Patch> {
    credentials::check_containers(checker, pod, &identity.method, skipped);
    let plan = Plan::new(checker, pod, identity, skipped);
    match checker.settings.mode {
        // Templates are only checked: the policy injects into the pods that they make.
        _ if checker.findings.is_about_template() => None,
        // What is rejected is not changed.
        Mode::Mutate if checker.findings.has_rejection() => None,
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
            let message = Message::new(subject, format_args!("it could not be read: ")).quote(reason);
            checker.report(FindingKind::LookupFailed, message.on(Item::ServiceAccountName));
        }
    }
}
