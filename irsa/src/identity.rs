//! The identity of a pod: how its containers get AWS credentials, and by which token.

use std::borrow::Cow;

use crate::mount_path::MountPath;
use crate::token_lifetime::TokenLifetime;

/// What the containers of a pod are to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    /// How SDKs get credentials.
    pub method: Method<'a>,
    /// Where the identity comes from.
    pub source: Source,
    /// The token that proves it.
    pub token: Token<'a>,
    /// STS is asked in the region.
    pub regional_sts_endpoints: bool,
}

/// How SDKs get credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method<'a> {
    /// They trade the token at STS for those of a role (IRSA).
    WebIdentity {
        /// The role's ARN, as it is injected.
        role: Cow<'a, str>,
    },
    /// They hand the token to an agent on the node (EKS Pod Identity).
    ContainerCredentials {
        /// Where the agent listens.
        full_uri: &'a str,
    },
}

impl Method<'_> {
    /// The role that SDKs ask for, if they ask for one.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::WebIdentity { role } => Some(role),
            Self::ContainerCredentials { .. } => None,
        }
    }
}

/// Where an identity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The service account's annotations.
    Annotation,
    /// `roles` in the settings.
    Settings,
    /// kOps's ConfigMap of role mappings.
    ConfigMap,
    /// `containerCredentials` in the settings.
    ContainerCredentials,
}

impl Source {
    /// The source's name, in audit annotations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Settings => "settings",
            Self::ConfigMap => "config-map",
            Self::ContainerCredentials => "container-credentials",
        }
    }
}

/// The projected service account token, and the volume that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// The volume's name.
    pub volume_name: &'a str,
    /// Where the volume is mounted.
    pub mount_path: &'a MountPath<'a>,
    /// The path of the token's file within the volume.
    pub path: &'a str,
    /// Whom the token is for. Empty would be the API server, which AWS must never be sent a token for.
    pub audience: Cow<'a, str>,
    /// How long the token is good for.
    pub lifetime: TokenLifetime,
}
