//! Which identity a pod is given.
//!
//! Container credentials win over web identity. The source that gives the role gives the audience, the STS endpoint and
//! the token's lifetime too: the service account's annotations where they have a role, else `roles` in the settings,
//! else the ConfigMap of role mappings. What that source leaves out comes from the defaults in the settings, never from
//! another source. The pod's own lifetime wins over all.

use std::borrow::Cow;

use crate::account_pattern::closest;
use crate::allowed;
use crate::annotation::{AUDIENCE, Carrier, Context, ROLE_ARN};
use crate::cluster::LookupError;
use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::identity::{Identity, Method, Source, Token};
use crate::lookups::Lookups;
use crate::role_arn::RoleArn;
use crate::role_mapping;
use crate::service_account::ServiceAccount;
use crate::settings::{ContainerCredentials, RoleMapping, Settings};
use crate::text::holds;
use crate::token_lifetime::TokenLifetime;

/// What a pod says of itself that its identity depends on.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The lifetime that the pod's annotation asks for.
    pub lifetime: Option<TokenLifetime>,
    /// The uid of the request, from which lifetimes are spread.
    pub request_uid: &'a str,
}

/// What a pod's service account comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// The account has no role, and no container credentials.
    NoRole,
    /// Whether it has a role cannot be known: a finding says why.
    Unknown,
    /// It has a role, but nothing can be injected: a finding says why.
    Blocked {
        /// The role.
        role: Cow<'a, str>,
    },
    /// It has one.
    Identity(Identity<'a>),
}

/// What a service account comes to, for a pod that asks so.
pub fn resolve<'a>(
    account: &'a ServiceAccount,
    ask: Ask<'_>,
    settings: &'a Settings<'a>,
    lookups: &mut Lookups<'_>,
    findings: &mut Findings<'_>,
) -> Resolution<'a> {
    if let Some(credentials) = container_credentials(account, settings) {
        return Resolution::Identity(container_identity(account, credentials, ask, settings, findings));
    }
    if let Some(role) = annotated_role(account, settings, findings) {
        return annotated_identity(account, role, ask, settings, findings);
    }
    if let Some(mapping) = closest(&settings.roles, |mapping| &mapping.accounts, &account.namespace, &account.name) {
        return mapped_identity(mapping.clone(), Source::Settings, account, ask, settings, findings);
    }
    match mapping_in_config_map(account, settings, lookups, findings) {
        Ok(Some(mapping)) => mapped_identity(mapping, Source::ConfigMap, account, ask, settings, findings),
        Ok(None) => Resolution::NoRole,
        Err(Reported) => Resolution::Unknown,
    }
}

/// The container credentials that the settings give to an account.
#[must_use]
pub fn container_credentials<'a>(
    account: &ServiceAccount,
    settings: &'a Settings<'_>,
) -> Option<&'a ContainerCredentials<'a>> {
    let credentials = settings.container_credentials.as_ref()?;
    let names_it = credentials.accounts.iter().any(|pattern| pattern.matches(&account.namespace, &account.name));
    names_it.then_some(credentials)
}

/// The role in a service account's annotation, made whole where it is only a name.
///
/// One that can be no role is reported, and returned as it is written.
pub fn annotated_role<'a>(
    account: &'a ServiceAccount,
    settings: &Settings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let written = account.annotations.role()?;
    let role = match &settings.compose_role_arn {
        Some(compose) if !holds(written, "arn:") => {
            Cow::Owned(format!("arn:{}:iam::{}:role/{written}", compose.partition, compose.account_id))
        }
        _ => Cow::Borrowed(written),
    };
    let context = context(account, settings);
    if RoleArn::new(Cow::Borrowed(&*role)).is_err() {
        let wording = Wording::new(format_args!("expected an IAM role ARN, but got ")).quoting(written);
        context.report(findings, FindingKind::InvalidRoleArn, ROLE_ARN, wording);
    }
    if !allowed::role(&role, &account.namespace, settings) {
        let wording = format_args!("namespace `{}` may not use ", account.namespace);
        context.report(findings, FindingKind::RoleNotAllowed, ROLE_ARN, Wording::new(wording).quoting(&role));
    }
    Some(role)
}

/// The audience that a service account's annotation gives, or the default. `None` where it is empty.
pub fn annotated_audience<'a>(
    account: &'a ServiceAccount,
    settings: &'a Settings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let context = context(account, settings);
    let audience = account.annotations.audience.as_deref().unwrap_or(&settings.token_audience);
    if audience.is_empty() {
        let wording = Wording::new(format_args!("expected an audience, but got an empty string"));
        context.report(findings, FindingKind::InvalidAudience, AUDIENCE, wording);
        return None;
    }
    check_audience(audience, account, settings, findings);
    Some(Cow::Borrowed(audience))
}

fn check_audience(audience: &str, account: &ServiceAccount, settings: &Settings<'_>, findings: &mut Findings<'_>) {
    if !allowed::audience(audience, settings) {
        let wording = format_args!("{account}: `allowedAudiences` does not have ");
        findings.add(FindingKind::AudienceNotAllowed, Wording::new(wording).quoting(audience));
    }
}

/// The annotations of an account.
#[must_use]
pub fn context<'a>(account: &'a ServiceAccount, settings: &'a Settings<'_>) -> Context<'a> {
    Context { carrier: Carrier::Account(account), prefix: &settings.annotation_prefix }
}

fn annotated_identity<'a>(
    account: &'a ServiceAccount,
    role: Cow<'a, str>,
    ask: Ask<'_>,
    settings: &'a Settings<'a>,
    findings: &mut Findings<'_>,
) -> Resolution<'a> {
    let (lifetime, regional_sts_endpoints) = annotated_options(account, ask, settings, findings);
    let Some(audience) = annotated_audience(account, settings, findings) else {
        return Resolution::Blocked { role };
    };
    Resolution::Identity(Identity {
        method: Method::WebIdentity { role },
        source: Source::Annotation,
        token: web_identity_token(audience, lifetime, settings),
        regional_sts_endpoints,
    })
}

fn mapped_identity<'a>(
    mapping: RoleMapping<'a>,
    source: Source,
    account: &ServiceAccount,
    ask: Ask<'_>,
    settings: &'a Settings<'a>,
    findings: &mut Findings<'_>,
) -> Resolution<'a> {
    let role = mapping.role.into_text();
    if !allowed::role(&role, &account.namespace, settings) {
        let wording = format_args!("{account}: namespace `{}` may not use ", account.namespace);
        findings.add(FindingKind::RoleNotAllowed, Wording::new(wording).quoting(&role));
    }
    let audience = mapping.audience.unwrap_or(Cow::Borrowed(&settings.token_audience));
    check_audience(&audience, account, settings, findings);
    let lifetime = ask.lifetime.or(mapping.token_lifetime).unwrap_or(settings.token_lifetime);
    Resolution::Identity(Identity {
        method: Method::WebIdentity { role },
        source,
        token: web_identity_token(audience, lifetime, settings),
        regional_sts_endpoints: mapping.regional_sts_endpoints.unwrap_or(settings.regional_sts_endpoints),
    })
}

fn container_identity<'a>(
    account: &ServiceAccount,
    credentials: &'a ContainerCredentials<'a>,
    ask: Ask<'_>,
    settings: &Settings<'_>,
    findings: &mut Findings<'_>,
) -> Identity<'a> {
    let (lifetime, regional_sts_endpoints) = annotated_options(account, ask, settings, findings);
    Identity {
        method: Method::ContainerCredentials { full_uri: &credentials.full_uri },
        source: Source::ContainerCredentials,
        token: Token {
            volume_name: &credentials.volume_name,
            mount_path: &credentials.mount_path,
            path: &credentials.token_path,
            audience: Cow::Borrowed(&credentials.audience),
            lifetime: lifetime.spread(ask.request_uid),
        },
        regional_sts_endpoints,
    }
}

/// The lifetime and the STS endpoint that the pod and its account ask for.
fn annotated_options(
    account: &ServiceAccount,
    ask: Ask<'_>,
    settings: &Settings<'_>,
    findings: &mut Findings<'_>,
) -> (TokenLifetime, bool) {
    let context = context(account, settings);
    let annotations = &account.annotations;
    let lifetime = context.token_expiration(annotations.token_expiration.as_deref(), findings);
    let regional = context.sts_regional_endpoints(annotations.sts_regional_endpoints.as_deref(), findings);
    (ask.lifetime.or(lifetime).unwrap_or(settings.token_lifetime), regional.unwrap_or(settings.regional_sts_endpoints))
}

fn web_identity_token<'a>(audience: Cow<'a, str>, lifetime: TokenLifetime, settings: &'a Settings<'a>) -> Token<'a> {
    Token { volume_name: "aws-iam-token", mount_path: &settings.token_mount_path, path: "token", audience, lifetime }
}

/// What went wrong has been reported.
struct Reported;

fn mapping_in_config_map(
    account: &ServiceAccount,
    settings: &Settings<'_>,
    lookups: &mut Lookups<'_>,
    findings: &mut Findings<'_>,
) -> Result<Option<RoleMapping<'static>>, Reported> {
    let Some(name) = &settings.roles_config_map else { return Ok(None) };
    let invalid = FindingKind::InvalidRoleMapping;
    let reason = match lookups.role_mappings(name) {
        Ok(Some(text)) => match role_mapping::find(&text, &account.namespace, &account.name, name, findings) {
            Ok(mapping) => return Ok(mapping),
            Err(unreadable) => format!("its role mappings are no JSON object: {unreadable}"),
        },
        Ok(None) => {
            findings.add(invalid, Wording::new(format_args!("{name}: it has no key `config`")));
            return Ok(None);
        }
        Err(LookupError::NotFound) => {
            findings.add(invalid, Wording::new(format_args!("{name}: it does not exist")));
            return Ok(None);
        }
        Err(LookupError::Failed(reason)) => reason,
    };
    let wording = format_args!("{name}: it could not be read: ");
    findings.add(FindingKind::LookupFailed, Wording::new(wording).quoting(&reason));
    Err(Reported)
}
