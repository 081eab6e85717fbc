//! What a pod brings by hand: credentials, roles and tokens that its author wrote into it.
//!
//! An environment variable's value may be a secret. It is compared, and never printed.

use std::borrow::Cow;
use std::fmt;

use crate::allowed;
use crate::container::{Container, VariableValue};
use crate::environment::{CONTAINER_CREDENTIALS, WEB_IDENTITY};
use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::identity::Method;
use crate::pod::Pod;
use crate::region::Region;
use crate::settings::{ContainerCredentials, Settings};
use crate::variable::{Variable, refers_to_another};
use crate::volume::TokenSource;

/// Reports each role written into a container's environment that the namespace may not use.
pub fn check_roles(pod: &Pod<'_>, namespace: &str, settings: &Settings<'_>, findings: &mut Findings<'_>) {
    for container in &pod.spec.containers {
        if literal_roles(container).any(|role| !is_allowed(&role, namespace, settings)) {
            let wording = format_args!(
                "container `{}`: namespace `{namespace}` may not use the role in `{}`",
                container.name(),
                Variable::RoleArn.name(),
            );
            findings.add(FindingKind::RoleNotAllowed, Wording::new(wording));
        }
    }
}

/// Reports what in a container is in the way of the identity that its pod is given.
pub fn check_credentials(container: &Container<'_>, method: &Method<'_>, findings: &mut Findings<'_>) {
    let mut report = |kind, problem: fmt::Arguments<'_>| {
        findings.add(kind, Wording::new(format_args!("container `{}`: {problem}", container.name())));
    };
    for [one, other] in [WEB_IDENTITY, CONTAINER_CREDENTIALS] {
        for (set, unset) in [(one, other), (other, one)] {
            if container.sets(set) && !container.sets(unset) {
                let problem = format_args!("`{}` is set, but not `{}`: neither is injected", set.name(), unset.name());
                report(FindingKind::PartialCredentials, problem);
            }
        }
    }
    if let Some(role) = method.role()
        && literal_roles(container).any(|other| other != role)
    {
        let problem = format_args!("`{}` is set to another role than the service account's", Variable::RoleArn.name());
        report(FindingKind::OverriddenRole, problem);
    }
    let keys = [Variable::AccessKeyId, Variable::SecretAccessKey];
    if let Some(key) = keys.into_iter().find(|key| container.sets(*key)) {
        report(FindingKind::StaticCredentials, format_args!("`{}` is set: it wins over what is injected", key.name()));
    }
}

/// Reports each token for STS on a pod whose service account has no role.
pub fn check_tokens(pod: &Pod<'_>, account: &dyn fmt::Display, settings: &Settings<'_>, findings: &mut Findings<'_>) {
    for volume in &pod.spec.volumes.elements {
        if let Some(token) = volume.tokens.iter().find(|token| is_for_sts(token, settings)) {
            let name = &volume.name;
            let wording = format_args!("volume `{name}`: {account} has no role, but this is a token for ");
            findings.add_about_pod(FindingKind::ForeignToken, Wording::new(wording).quoting(&token.audience.decode()));
        }
    }
}

/// Whether a pod has container credentials already: both variables, and the token, as EKS's own webhook gives them.
#[must_use]
pub fn has_container_credentials(pod: &Pod<'_>, settings: &Settings<'_>) -> bool {
    let audience = settings.container_credentials.as_ref().map_or(ContainerCredentials::AUDIENCE, |it| &it.audience);
    pod.spec.containers.iter().any(sets_container_credentials)
        && pod.spec.volumes.elements.iter().any(|volume| volume.tokens.iter().any(|token| token.audience == *audience))
}

/// Whether a container has both variables of container credentials.
#[must_use]
pub fn sets_container_credentials(container: &Container<'_>) -> bool {
    container.sets(Variable::ContainerCredentialsFullUri) && container.sets(Variable::ContainerAuthorizationTokenFile)
}

/// Whether a namespace may use a role that is written by hand. Where that refers to another variable, the text is not yet the role,
/// and a glob that matches it says nothing.
fn is_allowed(role: &str, namespace: &str, settings: &Settings<'_>) -> bool {
    // An empty text names no role.
    settings.allowed_roles.is_none()
        || role.is_empty()
        || (allowed::role(role, namespace, settings) && !refers_to_another(role))
}

fn literal_roles<'c>(container: &'c Container<'_>) -> impl Iterator<Item = Cow<'c, str>> {
    container.env.elements.iter().filter_map(|(variable, value)| match (variable, value) {
        (Variable::RoleArn, VariableValue::Literal(value)) => Some(value.decode()),
        _ => None,
    })
}

/// Whether STS takes the token: `sts.amazonaws.com`, `sts.<region>.amazonaws.com`, the same in China, or what the
/// settings name.
fn is_for_sts(token: &TokenSource<'_>, settings: &Settings<'_>) -> bool {
    let audience = &*token.audience.decode();
    if audience == settings.token_audience {
        return true;
    }
    let host = audience.strip_suffix(".cn").unwrap_or(audience);
    let Some(service) = host.strip_suffix(".amazonaws.com") else { return false };
    service == "sts" || service.strip_prefix("sts.").is_some_and(|region| Region::new(Cow::Borrowed(region)).is_ok())
}
