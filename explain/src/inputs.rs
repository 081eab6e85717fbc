//! What is known of the scenario.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known, each as a text. All of it may be left out: what is not known is said to be unknown.
///
/// It can be read, but not written: it holds the token.
///
/// ```compile_fail,E0277
/// let written = serde_json::to_string(&irsa_explain::Inputs::default());
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Inputs {
    /// The pod, JSON: as it is written, or, where it has a `metadata.uid`, as the cluster stores it.
    pub pod: Option<String>,
    /// The workload that makes the pod, JSON. Its first pod template counts, where there is no pod.
    pub workload: Option<String>,
    /// The service account, JSON.
    pub service_account: Option<String>,
    /// The policy's settings, JSON.
    pub settings: Option<String>,
    /// The ConfigMap of role mappings that the settings name, JSON.
    pub config_map: Option<String>,
    /// The trust policy of the role, IAM's JSON.
    pub trust_policy: Option<String>,
    /// The URL of the cluster's issuer.
    pub issuer: Option<String>,
    /// The issuer's discovery document (`/.well-known/openid-configuration`), JSON.
    pub discovery: Option<String>,
    /// The issuer's keys, a JSON Web Key Set.
    pub jwks: Option<String>,
    /// A token of the pod's, a JWT. It is never printed, nor kept.
    pub token: Option<String>,
    /// The namespace, else that of the pod or the account, else `default`.
    pub namespace: Option<String>,
    /// The ARN of the role that the pod should have: that of the trust policy.
    pub role: Option<String>,
    /// The time, in seconds since 1970 (UTC).
    pub now: Option<u64>,
    /// IAM's identity provider: the output of `aws iam get-open-id-connect-provider` or `list-open-id-connect-providers`.
    pub provider: Option<String>,
    /// The EKS Pod Identity association: the output of `aws eks describe-pod-identity-association`, or an object of ACK,
    /// Crossplane or Terraform, JSON.
    pub association: Option<String>,
    /// Other service accounts of the same source, JSON, in case the pod names the wrong one.
    pub other_service_accounts: Vec<String>,
    /// What the cluster was asked for and does not have: the service account, the ConfigMap. What was given counts all the same.
    pub not_found: Vec<Input>,
}

impl fmt::Debug for Inputs {
    /// Never the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("pod", &self.pod)
            .field("workload", &self.workload)
            .field("service_account", &self.service_account)
            .field("settings", &self.settings)
            .field("config_map", &self.config_map)
            .field("trust_policy", &self.trust_policy)
            .field("issuer", &self.issuer)
            .field("discovery", &self.discovery)
            .field("jwks", &self.jwks)
            .field("token", &self.token.as_ref().map(|_| "not shown"))
            .field("namespace", &self.namespace)
            .field("role", &self.role)
            .field("now", &self.now)
            .field("provider", &self.provider)
            .field("association", &self.association)
            .field("other_service_accounts", &self.other_service_accounts)
            .field("not_found", &self.not_found)
            .finish()
    }
}

/// One of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    /// The pod.
    Pod,
    /// The workload.
    Workload,
    /// The service account.
    ServiceAccount,
    /// The settings.
    Settings,
    /// The ConfigMap of role mappings.
    ConfigMap,
    /// The trust policy.
    TrustPolicy,
    /// The issuer's URL.
    Issuer,
    /// The discovery document.
    Discovery,
    /// The issuer's keys.
    Jwks,
    /// The token.
    Token,
    /// The namespace.
    Namespace,
    /// The role.
    Role,
    /// IAM's identity provider.
    Provider,
    /// The EKS Pod Identity association.
    Association,
}

impl Input {
    /// The input, as sentences call it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Workload => "workload",
            Self::ServiceAccount => "service account",
            Self::Settings => "settings",
            Self::ConfigMap => "ConfigMap",
            Self::TrustPolicy => "trust policy",
            Self::Issuer => "issuer",
            Self::Discovery => "discovery document",
            Self::Jwks => "JWKS",
            Self::Token => "token",
            Self::Namespace => "namespace",
            Self::Role => "role",
            Self::Provider => "IAM identity provider",
            Self::Association => "pod identity association",
        }
    }
}
