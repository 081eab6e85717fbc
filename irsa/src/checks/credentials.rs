//! Checks the credentials, roles and tokens that a pod sets explicitly.
//!
//! The value of an environment variable may be a secret: it is compared, and never printed.

use std::borrow::Cow;

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::CredentialMethod;
use crate::identity::allow_list::allows_role;
use crate::injection::environment::{CONTAINER_CREDENTIALS, WEB_IDENTITY};
use crate::objects::container::{Container, EnvVarValue};
use crate::objects::env_var::{EnvVar, refers_to_another};
use crate::objects::pod::Pod;
use crate::objects::service_account::ServiceAccount;
use crate::objects::volume::TokenSource;
use crate::settings::{ContainerCredentials, Settings};
use crate::types::region::Region;
use crate::util::names::Names;

/// The largest number of different roles in a pod that are compared with `allowedRoles`.
const ROLE_LIMIT: usize = 50;

/// Reports each `AWS_ROLE_ARN` that the namespace may not use. Of more than 50 different roles, the rest are not compared
/// and not allowed.
pub(crate) fn check_roles(checker: &mut Checker<'_>, pod: &Pod<'_>) {
    let (settings, namespace) = (checker.settings, checker.namespace);
    if settings.allowed_roles.is_none() {
        return;
    }
    let mut compared: Vec<(Cow<'_, str>, bool)> = Vec::new();
    for container in &pod.spec.containers {
        let mut is_beyond_limit = false;
        let is_rejected = |role: Cow<'_, str>| {
            if let Some((_, is_allowed)) = compared.iter().find(|(known, _)| *known == role) {
                return !is_allowed;
            }
            is_beyond_limit = compared.len() >= ROLE_LIMIT;
            if is_beyond_limit {
                return true;
            }
            let is_allowed = is_allowed(settings, namespace, &role);
            compared.push((Cow::Owned(role.into_owned()), is_allowed));
            !is_allowed
        };
        if literal_roles(container).any(is_rejected) {
            let variable = EnvVar::RoleArn.name();
            let reason =
                if is_beyond_limit { ": at most 50 different roles are compared with `allowedRoles`" } else { "" };
            let text = format_args!("namespace `{namespace}` may not use the role in `{variable}`{reason}");
            checker.report(FindingKind::RoleNotAllowed, Message::new(Subject::Container(container.name()), text));
        }
    }
}

/// Reports what keeps the containers from using the identity. `skipped` containers are left out.
pub(crate) fn check_containers(
    checker: &mut Checker<'_>,
    pod: &Pod<'_>,
    method: &CredentialMethod<'_>,
    skipped: &Names<'_>,
) {
    for container in pod.spec.containers.iter().filter(|container| !container.is_among(skipped)) {
        check_container(checker, container, method);
    }
}

fn check_container(checker: &mut Checker<'_>, container: &Container<'_>, method: &CredentialMethod<'_>) {
    let subject = Subject::Container(container.name());
    for [one, other] in [WEB_IDENTITY, CONTAINER_CREDENTIALS] {
        for (set, unset) in [(one, other), (other, one)] {
            if container.sets(set) && !container.sets(unset) {
                let text = format_args!("is set, but not `{}`: neither is injected", unset.name());
                let message = Message::new(subject, text).on(Item::Variable(set.name()));
                checker.report(FindingKind::PartialCredentials, message);
            }
        }
    }
    if let Some(role) = method.role()
        && literal_roles(container).any(|other| other != role)
    {
        let text = format_args!("is set to another role than the service account's");
        let message = Message::new(subject, text).on(Item::Variable(EnvVar::RoleArn.name()));
        checker.report(FindingKind::OverriddenRole, message);
    }
    let keys = [EnvVar::AccessKeyId, EnvVar::SecretAccessKey];
    if let Some(key) = keys.into_iter().find(|key| container.sets(*key)) {
        let text = format_args!("is set: it wins over what is injected");
        checker.report(FindingKind::StaticCredentials, Message::new(subject, text).on(Item::Variable(key.name())));
    }
}

/// Reports each token for STS on a pod whose service account has no role.
pub(crate) fn check_tokens(checker: &mut Checker<'_>, pod: &Pod<'_>, account: &ServiceAccount) {
    for volume in &pod.spec.volumes.elements {
        if let Some(token) = volume.tokens.iter().find(|token| is_for_sts(checker.settings, token)) {
            let (name, audience) = (volume.name.decode(), token.audience.decode());
            let text = format_args!("service account `{}` has no role, but this is a token for ", account.name);
            let message = Message::new(Subject::Pod, text).on(Item::Volume(&name)).quote(&audience);
            checker.report(FindingKind::ForeignToken, message);
        }
    }
}

/// Whether a pod already has container credentials, as EKS's own webhook gives them: both variables, and the token.
pub(crate) fn has_container_credentials(pod: &Pod<'_>, settings: &Settings<'_>) -> bool {
    let audience = settings.container_credentials.as_ref().map_or(ContainerCredentials::AUDIENCE, |it| &it.audience);
    pod.spec.containers.iter().any(sets_container_credentials)
        && pod.spec.volumes.elements.iter().any(|volume| volume.tokens.iter().any(|token| token.audience == *audience))
}

/// Whether a container sets both variables of container credentials.
pub(crate) fn sets_container_credentials(container: &Container<'_>) -> bool {
    container.sets(EnvVar::ContainerCredentialsFullUri) && container.sets(EnvVar::ContainerAuthorizationTokenFile)
}

/// Whether a namespace may use the role in a variable. A value that refers to another variable is not yet the role, so
/// a glob that matches it proves nothing.
fn is_allowed(settings: &Settings<'_>, namespace: &str, role: &str) -> bool {
    // An empty value names no role.
    settings.allowed_roles.is_none()
        || role.is_empty()
        || (allows_role(settings, namespace, role) && !refers_to_another(role))
}

fn literal_roles<'c>(container: &'c Container<'_>) -> impl Iterator<Item = Cow<'c, str>> {
    container.env.elements.iter().filter_map(|(variable, value)| match (variable, value) {
        (EnvVar::RoleArn, EnvVarValue::Literal(value)) => Some(value.decode()),
        _ => None,
    })
}

/// Whether STS accepts the token: its audience is `sts.amazonaws.com`, `sts.<region>.amazonaws.com`, one of those in
/// China, or the setting's.
fn is_for_sts(settings: &Settings<'_>, token: &TokenSource<'_>) -> bool {
    let audience = &*token.audience.decode();
    if audience == settings.token_audience {
        return true;
    }
    let host = audience.strip_suffix(".cn").unwrap_or(audience);
    let Some(service) = host.strip_suffix(".amazonaws.com") else { return false };
    service == "sts" || service.strip_prefix("sts.").is_some_and(|region| Region::new(Cow::Borrowed(region)).is_ok())
}
