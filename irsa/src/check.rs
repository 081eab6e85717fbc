//! A pod, or a pod template, checked: what is wrong with it, and what it is to be given.

use std::borrow::Cow;

use crate::annotation::{self, Carrier, Context, POD_KEYS, ROLE_ARN, SKIP_CONTAINERS, TOKEN_EXPIRATION};
use crate::by_hand;
use crate::cluster::LookupError;
use crate::edit::Edits;
use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::identity::{Identity, Method, Source};
use crate::json::{RawStr, Unreadable};
use crate::lookups::Lookups;
use crate::metadata::{Metadata, POD_IDENTITY_LABEL, SKIP_LABEL};
use crate::names::is_dns_subdomain;
use crate::plan::Plan;
use crate::pod::Pod;
use crate::resolve::{self, Ask, Resolution};
use crate::service_account::ServiceAccount;
use crate::settings::{Mode, Settings};
use crate::token_lifetime::TokenLifetime;

/// What came of a pod.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The pod opts out, so it was not looked at.
    pub opted_out: bool,
    /// Its service account, as `namespace/name`.
    pub service_account: Option<String>,
    /// The role that its account gives it.
    pub role: Option<String>,
    /// Where its identity comes from.
    pub source: Option<Source>,
    /// What is added to it.
    pub edits: Edits,
}

/// Checks a pod.
///
/// # Errors
/// Fails where the pod names a service account that can be none, and must never be asked for.
pub fn check_pod(
    pod: &Pod<'_>,
    request_uid: &str,
    settings: &Settings<'_>,
    lookups: &mut Lookups<'_>,
    findings: &mut Findings<'_>,
) -> Result<Outcome, Unreadable> {
    if pod.metadata.get().is_some_and(Metadata::opts_out) {
        let wording = format_args!("label `{SKIP_LABEL}`: it opts out of a role");
        findings.add_about_pod(FindingKind::OptedOut, Wording::new(wording));
        return Ok(Outcome { opted_out: true, ..Outcome::default() });
    }
    let name = &*pod.spec.service_account();
    if !is_dns_subdomain(name) {
        return Err(Unreadable::value("a DNS subdomain").within("serviceAccountName").within("spec"));
    }
    let own = PodAnnotations::read(pod, settings, findings);
    by_hand::check_roles(pod, lookups.namespace(), settings, findings);
    let mut outcome =
        Outcome { service_account: Some(format!("{}/{name}", lookups.namespace())), ..Outcome::default() };
    let account = match lookups.service_account(name) {
        Ok(account) => account,
        Err(error) => {
            report_lookup(&error, lookups.namespace(), name, findings);
            return Ok(outcome);
        }
    };
    resolve::context(&account, settings).misspelled(&account.annotations.misspelled, findings);
    let ask = Ask { lifetime: own.lifetime, request_uid };
    match resolve::resolve(&account, ask, settings, lookups, findings) {
        Resolution::NoRole => check_without_role(pod, &account, settings, findings),
        Resolution::Unknown => {}
        Resolution::Blocked { role } => {
            // Nothing is injected, but all that is wrong is said.
            let skipped = own.skipped_containers(&account, settings, findings);
            outcome.role = Some(role.clone().into_owned());
            check_containers(pod, &Method::WebIdentity { role }, &skipped, findings);
            outcome.source = Some(Source::Annotation);
        }
        Resolution::Identity(identity) => {
            let skipped = own.skipped_containers(&account, settings, findings);
            outcome.edits = check_with_identity(pod, &identity, &skipped, settings, findings);
            if identity.source == Source::ContainerCredentials && account.annotations.role().is_none() {
                by_hand::check_tokens(pod, &account, settings, findings);
            }
            outcome.role = identity.method.role().map(str::to_owned);
            outcome.source = Some(identity.source);
        }
    }
    Ok(outcome)
}

/// What a pod's own annotations ask for.
struct PodAnnotations {
    lifetime: Option<TokenLifetime>,
    skipped: Option<Vec<String>>,
}

impl PodAnnotations {
    fn read(pod: &Pod<'_>, settings: &Settings<'_>, findings: &mut Findings<'_>) -> Self {
        let Some(metadata) = pod.metadata.get() else { return Self { lifetime: None, skipped: None } };
        let annotations = &metadata.annotations;
        let prefix = &settings.annotation_prefix;
        let context = Context { carrier: Carrier::Pod, prefix };
        let value = |key| -> Option<Cow<'_, str>> { annotations.under(prefix, key).map(RawStr::decode) };
        let lifetime = context.token_expiration(value(TOKEN_EXPIRATION).as_deref(), findings);
        let skipped = context.skip_containers(value(SKIP_CONTAINERS).as_deref(), findings);
        let is_container = |name: &String| pod.spec.containers.iter().any(|container| container.name() == **name);
        for unknown in skipped.iter().flatten().filter(|name| !is_container(name)) {
            let wording = Wording::new(format_args!("no container is named ")).quoting(unknown);
            context.report(findings, FindingKind::UnknownSkipContainer, SKIP_CONTAINERS, wording);
        }
        context.misspelled(&annotation::misspelled(annotations, prefix, &POD_KEYS), findings);
        Self { lifetime, skipped }
    }

    fn skipped_containers(
        self,
        account: &ServiceAccount,
        settings: &Settings<'_>,
        findings: &mut Findings<'_>,
    ) -> Vec<String> {
        let of_account = account.annotations.skip_containers.as_deref();
        self.skipped
            .or_else(|| resolve::context(account, settings).skip_containers(of_account, findings))
            .unwrap_or_default()
    }
}

fn report_lookup(error: &LookupError, namespace: &str, name: &str, findings: &mut Findings<'_>) {
    let (kind, wording) = match error {
        LookupError::NotFound => (FindingKind::MissingServiceAccount, Wording::new(format_args!("it does not exist"))),
        LookupError::Failed(reason) => {
            (FindingKind::LookupFailed, Wording::new(format_args!("it could not be read: ")).quoting(reason))
        }
    };
    wording.within(format_args!("service account `{namespace}/{name}`: "), |wording| findings.add(kind, wording));
}

fn check_without_role(pod: &Pod<'_>, account: &ServiceAccount, settings: &Settings<'_>, findings: &mut Findings<'_>) {
    if !by_hand::has_container_credentials(pod, settings) {
        let wording = Wording::new(format_args!("expected a role, but got none"));
        resolve::context(account, settings).report(findings, FindingKind::MissingRole, ROLE_ARN, wording);
    }
    by_hand::check_tokens(pod, account, settings, findings);
}

fn check_with_identity(
    pod: &Pod<'_>,
    identity: &Identity<'_>,
    skipped: &[String],
    settings: &Settings<'_>,
    findings: &mut Findings<'_>,
) -> Edits {
    check_containers(pod, &identity.method, skipped, findings);
    let plan = Plan::new(pod, identity, skipped, settings, findings);
    match settings.mode {
        // Templates are checked only: what their pods lack, the pods will be given.
        _ if findings.is_about_template() => Edits::default(),
        Mode::Mutate => Edits::new(pod, &plan),
        Mode::Validate => {
            report_missing(pod, &plan, findings);
            Edits::default()
        }
    }
}

/// Reports what the containers bring by hand, but for those that are to be skipped.
fn check_containers(pod: &Pod<'_>, method: &Method<'_>, skipped: &[String], findings: &mut Findings<'_>) {
    for container in pod.spec.containers.iter().filter(|container| !container.is_among(skipped)) {
        by_hand::check_credentials(container, method, findings);
    }
}

/// Reports what a plan would add. A container with both variables of container credentials has its identity from EKS's
/// own webhook, and lacks nothing.
fn report_missing(pod: &Pod<'_>, plan: &Plan<'_>, findings: &mut Findings<'_>) {
    let volume = plan.token.volume_name;
    let mut is_wanted = false;
    for (container, additions) in pod.spec.containers.iter().zip(&plan.containers) {
        if additions.is_empty() || by_hand::sets_container_credentials(container) {
            continue;
        }
        is_wanted = true;
        let mut missing = String::new();
        for (variable, _) in plan.variables(*additions) {
            missing.push_str(if missing.is_empty() { "`" } else { ", `" });
            missing.push_str(variable.name());
            missing.push('`');
        }
        if additions.mount {
            missing.push_str(if missing.is_empty() { "the token's mount" } else { ", the token's mount" });
        }
        let wording = format_args!("container `{}`: it lacks {missing}", container.name());
        findings.add(FindingKind::NotInjected, Wording::new(wording));
    }
    let is_mounted = pod.spec.containers.iter().any(|container| container.mounts(volume));
    if plan.volume && !is_wanted && is_mounted {
        findings.add_about_pod(FindingKind::NotInjected, Wording::new(format_args!("it lacks volume `{volume}`")));
    }
    if plan.label && !is_wanted && !pod.spec.containers.iter().any(by_hand::sets_container_credentials) {
        let wording = format_args!("it lacks label `{POD_IDENTITY_LABEL}`");
        findings.add_about_pod(FindingKind::NotInjected, Wording::new(wording));
    }
}

/// Checks a service account by itself: its annotations, all of which are read whether or not there is a role.
///
/// Where its pods get container credentials, its role and its audience are not used, so not checked.
pub fn check_account(account: &ServiceAccount, settings: &Settings<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let annotations = &account.annotations;
    let context = resolve::context(account, settings);
    context.misspelled(&annotations.misspelled, findings);
    context.token_expiration(annotations.token_expiration.as_deref(), findings);
    context.sts_regional_endpoints(annotations.sts_regional_endpoints.as_deref(), findings);
    context.skip_containers(annotations.skip_containers.as_deref(), findings);
    if resolve::container_credentials(account, settings).is_some() {
        return None;
    }
    if annotations.audience.is_some() {
        resolve::annotated_audience(account, settings, findings);
    }
    resolve::annotated_role(account, settings, findings).map(Cow::into_owned)
}
