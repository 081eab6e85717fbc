//! Checks the credentials and roles that a pod sets explicitly.
//!
//! The value of an environment variable may be a secret: these checks compare values, but never print them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::context::Checker;
use crate::findings::{Action, FindingKind, Item, Message, Subject};
use crate::identity::CredentialMethod;
use crate::identity::container_selection::ContainerSelection;
use crate::injection::environment::{CONTAINER_CREDENTIALS, REGION, WEB_IDENTITY, credentials_pair};
use crate::objects::container::{Container, EnvVarValue};
use crate::objects::env_var::{EnvVar, refers_to_another};
use crate::objects::pod::{Pod, PodSpec};
use crate::settings::{ContainerCredentials, Settings};

/// The variables for the id of an access key, in all SDKs.
const ACCESS_KEY_IDS: [EnvVar; 3] = [EnvVar::AccessKeyId, EnvVar::AccessKey, EnvVar::AmazonAccessKeyId];

/// The variables for the secret of an access key.
const SECRET_KEYS: [EnvVar; 3] = [EnvVar::SecretAccessKey, EnvVar::SecretKey, EnvVar::AmazonSecretAccessKey];

/// The maximum number of different roles per pod to compare with `allowedRoles`.
const ROLE_LIMIT: usize = 50;

/// Reports each `AWS_ROLE_ARN` whose role is not allowed in the namespace. Compares at most [`ROLE_LIMIT`] different
/// roles, and reports every further role.
pub(crate) fn check_roles(checker: &mut Checker<'_>, pod: &Pod<'_>) {
    let (settings, namespace) = (checker.settings, checker.namespace);
    if settings.allowed_roles.is_none() {
        return;
    }
    let variable = EnvVar::RoleArn;
    // Thousands of containers can set the same role, so each role is compared only once.
    let mut compared: Vec<(EnvVarValue<'_>, bool)> = Vec::new();
    for container in &pod.spec.containers {
        let mut is_rejected = false;
        for (_, role) in container.env.elements.iter().filter(|(name, _)| *name == variable) {
            let known = compared.iter().find(|(known, _)| known == role).map(|(_, is_allowed)| *is_allowed);
            // Roles beyond the limit are treated as not allowed, without a comparison.
            let is_new = known.is_none() && compared.len() < ROLE_LIMIT;
            let is_allowed = known.unwrap_or_else(|| is_new && is_allowed(checker, *role));
            if is_new {
                compared.push((*role, is_allowed));
            }
            is_rejected |= !is_allowed;
        }
        if is_rejected {
            let text = format_args!(
                "is set to a role that namespace `{namespace}` may not use, or that is unknown at admission"
            );
            let message = Message::new(Subject::Container(container.name()), text).on(Item::Variable(variable.name()));
            checker.report(FindingKind::RoleNotAllowed, message);
        }
    }
}

/// Reports variables that prevent the selected containers from using the identity.
pub(crate) fn check_containers(
    checker: &mut Checker<'_>,
    pod: &Pod<'_>,
    method: &CredentialMethod<'_>,
    selection: &ContainerSelection,
) {
    // Containers without AWS variables are skipped, because these checks read only variables.
    let has_variables = |container: &&Container<'_>| !container.env.elements.is_empty();
    for container in pod.spec.containers.iter().filter(has_variables).filter(|container| selection.covers(container)) {
        check_pairs(checker, container, method);
        check_overridden_role(checker, container, method);
        check_static_credentials(checker, container);
    }
}

fn report(checker: &mut Checker<'_>, container: &Container<'_>, kind: FindingKind, (variable, text): (EnvVar, &str)) {
    let text = format_args!("{text}");
    let message = Message::new(Subject::Container(container.name()), text).on(Item::Variable(variable.name()));
    checker.report(kind, message);
}

/// Reports a variable that is empty, or that is set without the other variable of its pair. Reports an empty region
/// too.
fn check_pairs(checker: &mut Checker<'_>, container: &Container<'_>, method: &CredentialMethod<'_>) {
    let kind = FindingKind::PartialCredentials;
    for pair in [WEB_IDENTITY, CONTAINER_CREDENTIALS] {
        let (before, after, alone) = if pair == credentials_pair(method) {
            (", so neither it nor `", "` is injected: ", "`, so neither is injected: remove it or set both")
        } else {
            (", but SDKs need it and `", "`: ", "`, and SDKs need both: remove it or set both")
        };
        let [one, other] = pair;
        for (variable, partner) in [(one, other), (other, one)] {
            if is_empty(container, variable) {
                let has_partner = container.sets(partner) && !is_empty(container, partner);
                // The fix is for both variables: if the user removed only this one, the next check would report the
                // other.
                let fix = if has_partner { "remove both, or give it a value" } else { "remove it" };
                let text = ["is set to an empty string", before, partner.name(), after, fix].concat();
                report(checker, container, kind, (variable, &text));
            } else if container.sets(variable) && !container.sets(partner) {
                let text = ["is set, but not `", partner.name(), alone].concat();
                report(checker, container, kind, (variable, &text));
            }
        }
    }
    for variable in REGION.into_iter().filter(|variable| is_empty(container, *variable)) {
        report(checker, container, kind, (variable, "is set to an empty string, so no region is injected: remove it"));
    }
}

fn is_empty(container: &Container<'_>, variable: EnvVar) -> bool {
    matches!(container.value(variable), Some(EnvVarValue::Literal(value)) if value.is_empty())
}

fn check_overridden_role(checker: &mut Checker<'_>, container: &Container<'_>, method: &CredentialMethod<'_>) {
    let Some(role) = method.role() else { return };
    if literal_roles(container).any(|other| !other.is_empty() && other != role) {
        let text =
            "is not the role of the service account: it was set explicitly, or injected before the account changed";
        report(checker, container, FindingKind::OverriddenRole, (EnvVar::RoleArn, text));
    }
}

fn check_static_credentials(checker: &mut Checker<'_>, container: &Container<'_>) {
    let kind = FindingKind::StaticCredentials;
    // It is unknown whether an optional reference has a value. If the action is `Reject`, the variable is treated as
    // set.
    let counts_optional = || checker.findings.action(kind) == Action::Reject;
    let is_set = |variable: &EnvVar| match container.value(*variable) {
        Some(EnvVarValue::Literal(value)) => !value.is_empty(),
        Some(EnvVarValue::Reference { is_optional }) => !is_optional || counts_optional(),
        None => false,
    };
    let id = ACCESS_KEY_IDS.into_iter().find(is_set);
    let secret = SECRET_KEYS.into_iter().find(is_set);
    let may_be_unset =
        |variable: EnvVar| matches!(container.value(variable), Some(EnvVarValue::Reference { is_optional: true }));
    let finding = match (id, secret) {
        (Some(id), Some(secret)) if may_be_unset(id) || may_be_unset(secret) => {
            (id, "may be set with its secret, so SDKs may use it instead of the role: remove both")
        }
        (Some(id), Some(_)) => (id, "is set with its secret, so SDKs use it instead of the role: remove both"),
        (Some(id), None) => (id, "is set without its secret, so SDKs ignore it or fail: remove it"),
        (None, Some(secret)) => (secret, "is set without an access key id, so SDKs ignore it: remove it"),
        (None, None) => return,
    };
    report(checker, container, kind, finding);
}

/// Whether a container has container credentials, such as those of EKS's own webhook: both variables have a value, and
/// the token is mounted.
pub(crate) fn has_container_credentials(
    container: &Container<'_>,
    spec: &PodSpec<'_>,
    settings: &Settings<'_>,
) -> bool {
    let has_value =
        |variable: EnvVar| matches!(container.value(variable), Some(EnvVarValue::Literal(value)) if !value.is_empty());
    let audience = settings.container_credentials.as_ref().map_or(ContainerCredentials::AUDIENCE, |it| &it.audience);
    CONTAINER_CREDENTIALS.into_iter().all(has_value)
        && container.mounts.elements.iter().any(|mount| {
            let volume = spec.volume(&mount.volume.decode());
            volume.is_some_and(|volume| volume.tokens.iter().any(|token| token.audience == *audience))
        })
}

/// Whether a namespace may use the role in a variable. False for a reference (`valueFrom`), and for a value that refers
/// to another variable (`$(NAME)`), because the role at run time is unknown.
fn is_allowed(checker: &Checker<'_>, role: EnvVarValue<'_>) -> bool {
    match role {
        EnvVarValue::Reference { .. } => false,
        EnvVarValue::Literal(role) => {
            let role = role.decode();
            // An empty value is not a role, so nothing is reported.
            role.is_empty() || (!refers_to_another(&role) && checker.allows_role(&role))
        }
    }
}

fn literal_roles<'c>(container: &'c Container<'_>) -> impl Iterator<Item = Cow<'c, str>> {
    container.env.elements.iter().filter_map(|(variable, value)| match (variable, value) {
        (EnvVar::RoleArn, EnvVarValue::Literal(value)) => Some(value.decode()),
        _ => None,
    })
}
