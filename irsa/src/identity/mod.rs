//! The identity of a pod: how its containers get AWS credentials, and with which token.
//!
//! Reads the annotations of pods and service accounts, and finds the role of an account.

pub(crate) mod allowed_audiences;
pub(crate) mod annotations;
pub(crate) mod audience;
pub(crate) mod container_selection;
pub(crate) mod resolve;
pub(crate) mod role_config_map;

use alloc::borrow::Cow;

use crate::types::mount_path::MountPath;
use crate::types::region::Region;
use crate::types::token_lifetime::TokenLifetime;

/// The identity that a pod's containers get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    /// How SDKs get credentials.
    pub(crate) method: CredentialMethod<'a>,
    /// The source of the identity.
    pub(crate) source: RoleSource,
    /// The token that proves the identity.
    pub(crate) token: Token<'a>,
    /// The region to inject: from the source of the identity, or from the setting.
    pub(crate) region: Option<Region<'a>>,
    /// Whether to set `AWS_STS_REGIONAL_ENDPOINTS=regional`.
    pub(crate) regional_sts_endpoints: bool,
}

/// How SDKs get credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CredentialMethod<'a> {
    /// Web identity (IRSA): SDKs exchange the token at STS for the role's credentials.
    WebIdentity {
        /// The role's ARN.
        role: Cow<'a, str>,
    },
    /// Container credentials (EKS Pod Identity): SDKs send the token to an agent on the node.
    ContainerCredentials {
        /// The agent's URL.
        full_uri: &'a str,
    },
}

impl CredentialMethod<'_> {
    /// The role that SDKs assume. `None` for container credentials.
    pub(crate) fn role(&self) -> Option<&str> {
        match self {
            Self::WebIdentity { role } => Some(role),
            Self::ContainerCredentials { .. } => None,
        }
    }
}

/// The source of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleSource {
    /// The service account's annotations.
    Annotation,
    /// The setting `roles`.
    Settings,
    /// kOps's ConfigMap of role mappings.
    ConfigMap,
    /// The setting `containerCredentials`.
    ContainerCredentials,
}

impl RoleSource {
    /// The name in the audit annotation `role-source`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Settings => "settings",
            Self::ConfigMap => "config-map",
            Self::ContainerCredentials => "container-credentials",
        }
    }
}

/// The projected service account token, and its volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// The volume's name.
    pub(crate) volume_name: &'a str,
    /// The volume's mount path.
    pub(crate) mount_path: &'a MountPath<'a>,
    /// The path of the token's file in the volume.
    pub(crate) path: &'a str,
    /// The audience. Never empty: for an empty audience, Kubernetes would issue a token for the API server, and SDKs
    /// would send that token to AWS.
    pub(crate) audience: Cow<'a, str>,
    /// The lifetime.
    pub(crate) lifetime: TokenLifetime,
}
