//! Resolves a pod's identity from its service account.
//!
//! Container credentials take precedence over web identity. A role comes from the first source that has one: the
//! annotation of the service account, the setting `roles`, the ConfigMap of role mappings.
//!
//! The source of the role also defines the audience, the region, the STS endpoint and the token's lifetime. If the
//! source lacks one of these values, the default from the settings applies. The value of another source never applies.
//! A lifetime in the pod's own annotation overrides all sources. Mode `Validate` ignores the region of the source.

use alloc::borrow::Cow;
use alloc::format;

use super::annotations::{region, sts_regional_endpoints, token_lifetime};
use super::audience::{check_allowed_audience, check_likely_audience};
use super::role_config_map::{self, Match};
use super::{CredentialMethod, Identity, RoleSource, Token};
use crate::cluster::LookupError;
use crate::context::Checker;
use crate::findings::{Action, FindingKind, Item, Message, Subject};
use crate::objects::annotation_keys::{AUDIENCE, ECR_ROLE_ARN, ROLE_ARN};
use crate::objects::service_account::ServiceAccount;
use crate::settings::{ContainerCredentials, Mode, RoleMapping, Settings};
use crate::types::region::Region;
use crate::types::role_arn::{RoleArn, RoleArnError};
use crate::types::token_lifetime::TokenLifetime;
use crate::util::substring::contains;

/// The identity of a service account's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolution<'a> {
    /// The account has neither a role nor container credentials.
    NoRole,
    /// It is unknown whether the account has a role. A finding of this kind says why.
    Unknown(FindingKind),
    /// The account has a role, but nothing is injected. A finding says why.
    Blocked {
        /// The role.
        role: Cow<'a, str>,
    },
    /// The account has an identity.
    Identity(Identity<'a>),
}

/// Resolves a pod's identity. `pod_lifetime` is the token lifetime from the pod's own annotation.
///
/// The result does not borrow from `account`, so a review can use it for all pods of the account.
pub(crate) fn resolve<'c>(
    checker: &mut Checker<'c>,
    account: &ServiceAccount,
    pod_lifetime: Option<TokenLifetime>,
) -> Resolution<'c> {
    let (settings, name) = (checker.settings, &account.name);
    if let Some(credentials) = container_credentials(settings, account) {
        return Resolution::Identity(container_identity(checker, account, credentials, pod_lifetime));
    }
    if let Some(role) = annotated_role(checker, account) {
        let role = Cow::Owned(role.into_owned());
        return annotated_identity(checker, account, role, pod_lifetime);
    }
    if let Some(mapping) = settings.role_mapping(&name.namespace, &name.name) {
        return mapped_identity(checker, account, (RoleSource::Settings, mapping), pod_lifetime);
    }
    match mapping_in_config_map(checker, account) {
        Ok(Some(mapping)) => mapped_identity(checker, account, (RoleSource::ConfigMap, mapping), pod_lifetime),
        Ok(None) => Resolution::NoRole,
        Err(Reported(kind)) => Resolution::Unknown(kind),
    }
}

/// Returns the container credentials of an account. `None` if the setting `containerCredentials` does not select the
/// account.
pub(crate) fn container_credentials<'a>(
    settings: &'a Settings<'_>,
    account: &ServiceAccount,
) -> Option<&'a ContainerCredentials<'a>> {
    let credentials = settings.container_credentials.as_ref()?;
    let name = &account.name;
    let is_named = credentials.accounts.iter().any(|pattern| pattern.matches(&name.namespace, &name.name));
    is_named.then_some(credentials)
}

/// Returns the role in a service account's annotation. A plain name becomes an ARN if `composeRoleArn` is set.
///
/// An invalid ARN is reported and returned unchanged.
pub(crate) fn annotated_role<'a>(checker: &mut Checker<'_>, account: &'a ServiceAccount) -> Option<Cow<'a, str>> {
    let written = account.annotations.role()?;
    let role = match &checker.settings.compose_role_arn {
        Some(compose) if !contains(written, "arn:") => {
            Cow::Owned(format!("arn:{}:iam::{}:role/{written}", compose.partition, compose.account_id))
        }
        _ => Cow::Borrowed(written),
    };
    check_role(checker, account, (ROLE_ARN, written), &role);
    Some(role)
}

/// Checks the role of the ECR credential provider, which the policy never injects.
pub(crate) fn check_ecr_role(checker: &mut Checker<'_>, account: &ServiceAccount) {
    if let Some(role) = account.annotations.ecr_role_arn.as_deref().filter(|role| !role.is_empty()) {
        check_role(checker, account, (ECR_ROLE_ARN, role), role);
    }
}

/// Checks `role`, which comes from the annotation `key`. The message about an invalid ARN quotes `written`, the value
/// of the annotation.
fn check_role(checker: &mut Checker<'_>, account: &ServiceAccount, (key, written): (&str, &str), role: &str) {
    let subject = Subject::ServiceAccount(&account.name);
    if let Err(error) = RoleArn::new(Cow::Borrowed(role)) {
        let message = Message::new(subject, format_args!("expected an IAM role ARN, but got ")).quote(written);
        match error {
            // `Prefix` says that the value does not start with `arn:`. The quoted value already shows this, so the
            // message does not repeat it.
            RoleArnError::Prefix => checker.report_annotation(FindingKind::InvalidRoleArn, key, message),
            error => {
                checker.report_annotation(FindingKind::InvalidRoleArn, key, message.then(format_args!(": {error}")));
            }
        }
    }
    let namespace = &account.name.namespace;
    if !checker.allows_role(role) {
        let text = format_args!("namespace `{namespace}` may not use ");
        checker.report_annotation(FindingKind::RoleNotAllowed, key, Message::new(subject, text).quote(role));
    }
}

/// Returns the audience in a service account's annotation. If the annotation is missing, returns the default. If the
/// annotation is empty, reports this and returns `None`.
pub(crate) fn annotated_audience<'s, 'c: 's>(
    checker: &mut Checker<'c>,
    account: &'s ServiceAccount,
) -> Option<Cow<'s, str>> {
    let subject = Subject::ServiceAccount(&account.name);
    let Some(audience) = account.annotations.audience.as_deref() else {
        let default = &checker.settings.token_audience;
        check_allowed_audience(checker, subject, default);
        return Some(Cow::Borrowed(default));
    };
    if audience.is_empty() {
        let text = format_args!("expected an audience, but got an empty string: the token would be for the API server");
        checker.report_annotation(FindingKind::InvalidAudience, AUDIENCE, Message::new(subject, text));
        return None;
    }
    check_likely_audience(
        checker,
        subject,
        Item::Annotation { prefix: &checker.settings.annotation_prefix, key: AUDIENCE },
        audience,
    );
    check_allowed_audience(checker, subject, audience);
    Some(Cow::Borrowed(audience))
}

fn annotated_identity<'c>(
    checker: &mut Checker<'c>,
    account: &ServiceAccount,
    role: Cow<'c, str>,
    pod_lifetime: Option<TokenLifetime>,
) -> Resolution<'c> {
    let (lifetime, regional_sts_endpoints) = annotated_options(checker, account, pod_lifetime);
    let region = region(checker, account);
    let Some(audience) = annotated_audience(checker, account) else {
        return Resolution::Blocked { role };
    };
    let audience = Cow::Owned(audience.into_owned());
    Resolution::Identity(Identity {
        method: CredentialMethod::WebIdentity { role },
        source: RoleSource::Annotation,
        region: effective_region(checker.settings, region),
        token: web_identity_token(checker.settings, audience, lifetime),
        regional_sts_endpoints,
    })
}

fn mapped_identity<'c>(
    checker: &mut Checker<'c>,
    account: &ServiceAccount,
    (source, mapping): (RoleSource, RoleMapping<'c>),
    pod_lifetime: Option<TokenLifetime>,
) -> Resolution<'c> {
    let settings = checker.settings;
    let role = mapping.role.into_text();
    let namespace = &account.name.namespace;
    if !checker.allows_role(&role) {
        let text = format_args!("namespace `{namespace}` may not use ");
        let message = Message::new(Subject::ServiceAccount(&account.name), text).quote(&role);
        checker.report(FindingKind::RoleNotAllowed, message);
    }
    let audience = mapping.audience.unwrap_or(Cow::Borrowed(&settings.token_audience));
    check_allowed_audience(checker, Subject::ServiceAccount(&account.name), &audience);
    let lifetime = pod_lifetime.or(mapping.token_lifetime).unwrap_or(settings.token_lifetime);
    Resolution::Identity(Identity {
        method: CredentialMethod::WebIdentity { role },
        source,
        region: effective_region(settings, mapping.region),
        token: web_identity_token(settings, audience, lifetime),
        regional_sts_endpoints: mapping.regional_sts_endpoints.unwrap_or(settings.regional_sts_endpoints),
    })
}

fn container_identity<'c>(
    checker: &mut Checker<'c>,
    account: &ServiceAccount,
    credentials: &'c ContainerCredentials<'c>,
    pod_lifetime: Option<TokenLifetime>,
) -> Identity<'c> {
    let (lifetime, regional_sts_endpoints) = annotated_options(checker, account, pod_lifetime);
    let region = region(checker, account);
    Identity {
        method: CredentialMethod::ContainerCredentials { full_uri: &credentials.full_uri },
        source: RoleSource::ContainerCredentials,
        region: effective_region(checker.settings, region),
        token: Token {
            volume_name: &credentials.volume_name,
            mount_path: &credentials.mount_path,
            path: &credentials.token_path,
            audience: Cow::Borrowed(&credentials.audience),
            lifetime: lifetime.with_jitter(checker.request_uid),
        },
        regional_sts_endpoints,
    }
}

/// Returns the token lifetime and whether to use regional STS endpoints, from the annotations of the pod and its
/// service account.
fn annotated_options(
    checker: &mut Checker<'_>,
    account: &ServiceAccount,
    pod_lifetime: Option<TokenLifetime>,
) -> (TokenLifetime, bool) {
    let (subject, annotations) = (Subject::ServiceAccount(&account.name), &account.annotations);
    let lifetime = token_lifetime(checker, subject, annotations.token_expiration.as_deref());
    let regional = sts_regional_endpoints(checker, subject, annotations.sts_regional_endpoints.as_deref());
    let settings = checker.settings;
    (pod_lifetime.or(lifetime).unwrap_or(settings.token_lifetime), regional.unwrap_or(settings.regional_sts_endpoints))
}

/// Returns the region to inject: from the source of the role, or from the setting. Mode `Validate` uses only the
/// setting, because AWS's webhook does not read a region from an annotation or a role mapping.
fn effective_region<'a>(settings: &'a Settings<'a>, of_source: Option<Region<'a>>) -> Option<Region<'a>> {
    of_source.filter(|_| settings.mode == Mode::Mutate).or_else(|| settings.region.clone())
}

fn web_identity_token<'a>(settings: &'a Settings<'a>, audience: Cow<'a, str>, lifetime: TokenLifetime) -> Token<'a> {
    Token { volume_name: "aws-iam-token", mount_path: &settings.token_mount_path, path: "token", audience, lifetime }
}

/// A problem that was reported as a finding of this kind.
struct Reported(FindingKind);

fn mapping_in_config_map(
    checker: &mut Checker<'_>,
    account: &ServiceAccount,
) -> Result<Option<RoleMapping<'static>>, Reported> {
    let Some(name) = &checker.settings.roles_config_map else { return Ok(None) };
    let subject = Subject::ConfigMap(name);
    let invalid = FindingKind::InvalidRoleMapping;
    let reason = match checker.lookups.role_mappings(name) {
        Ok(Some(text)) => match role_config_map::find(checker, name, &account.name, &text) {
            Ok(Match::Entry(mapping)) => return Ok(Some(*mapping)),
            Ok(Match::None) => return Ok(None),
            Ok(Match::Unreadable) => return Err(Reported(invalid)),
            Err(unreadable) => format!("its role mappings are not a JSON object: {unreadable}"),
        },
        Ok(None) => {
            let message = Message::new(subject, format_args!("it has no key `config`"));
            checker.findings.add_at_most(invalid, Action::Warn, message);
            return Ok(None);
        }
        Err(LookupError::NotFound) => {
            let message = Message::new(subject, format_args!("it does not exist"));
            checker.findings.add_at_most(invalid, Action::Warn, message);
            return Ok(None);
        }
        Err(LookupError::Failed(reason)) => reason,
    };
    let text = format_args!("it could not be read: {reason}");
    checker.report(FindingKind::LookupFailed, Message::new(subject, text));
    Err(Reported(FindingKind::LookupFailed))
}
