//! The inputs of an explanation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The inputs, each as a string. All are optional: a step that depends on a missing input is unknown.
///
/// Inputs can be deserialized but not serialized, because they contain the token.
///
/// ```compile_fail,E0277
/// let written = serde_json::to_string(&irsa_explain::Inputs::default());
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Inputs {
    /// The pod, as JSON. A pod with a `metadata.uid` was read from the cluster, so it is evidence of what was injected.
    /// A pod without a `metadata.uid` is not created yet.
    pub pod: Option<String>,
    /// The workload that creates the pod, as JSON. Ignored if a pod was given.
    pub workload: Option<String>,
    /// Which of the workload's pod templates to explain: its position, from 0. The first template, if this is not set.
    pub template: Option<usize>,
    /// The name of the only container to explain. All containers, if this is not set.
    pub container: Option<String>,
    /// The service account, as JSON.
    pub service_account: Option<String>,
    /// The policy's settings, as JSON.
    pub settings: Option<String>,
    /// The policy's own manifest (`policy.yaml`), as JSON: an object, a `List`, or an array of objects. Objects that
    /// are not Kubewarden policies are ignored.
    pub policies: Option<String>,
    /// The ConfigMap of role mappings that the settings name, as JSON.
    pub config_map: Option<String>,
    /// The trust policy of the role, as IAM's JSON.
    pub trust_policy: Option<String>,
    /// The cluster's issuer: its URL, or another text from which the URL can be read, such as the provider's ARN.
    pub issuer: Option<String>,
    /// The issuer's discovery document (`/.well-known/openid-configuration`), as JSON.
    pub discovery: Option<String>,
    /// The issuer's keys, as a JSON Web Key Set.
    pub jwks: Option<String>,
    /// A token of the pod: a JWT, which may be in quotes or follow `Bearer `; or a `TokenRequest` as JSON. The token is
    /// never printed or stored.
    pub token: Option<String>,
    /// The namespace. If this is not set, the namespace of the pod, the workload or the account is used, else
    /// `default`.
    pub namespace: Option<String>,
    /// The ARN of the role that the pod should have, which is the role of the trust policy.
    pub role: Option<String>,
    /// The time, in seconds since 1970 (UTC).
    pub now: Option<u64>,
    /// IAM's identity provider: the output of `aws iam get-open-id-connect-provider` or
    /// `list-open-id-connect-providers`.
    pub provider: Option<String>,
    /// The EKS Pod Identity association, as JSON: the output of `aws eks describe-pod-identity-association`, or an
    /// object of ACK, Crossplane or Terraform.
    pub association: Option<String>,
    /// Other service accounts from the files of the service account, as JSON, in case the pod names the wrong service
    /// account.
    pub other_service_accounts: Vec<String>,
    /// The inputs that were searched for in the cluster, but not found, such as the service account. An input that was
    /// given is used even if it is in this list.
    pub not_found: Vec<Input>,
    /// Whether the pod is one of several pods that are explained with the same inputs. The trust policy may then be
    /// meant for another pod.
    pub is_one_of_several: bool,
}

impl Inputs {
    /// Returns all strings of the inputs except the token.
    pub(crate) fn texts_without_token(&mut self) -> impl Iterator<Item = &mut String> {
        let Self {
            pod,
            workload,
            template: _,
            container,
            service_account,
            settings,
            policies,
            config_map,
            trust_policy,
            issuer,
            discovery,
            jwks,
            token: _,
            namespace,
            role,
            provider,
            association,
            other_service_accounts,
            now: _,
            not_found: _,
            is_one_of_several: _,
        } = self;
        let texts = [
            pod,
            workload,
            container,
            service_account,
            settings,
            policies,
            config_map,
            trust_policy,
            issuer,
            discovery,
            jwks,
            namespace,
            role,
            provider,
            association,
        ];
        texts.into_iter().flatten().chain(other_service_accounts)
    }
}

impl fmt::Debug for Inputs {
    /// Writes only which inputs were given, because a token may have been pasted into any input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = [
            (Input::Pod, &self.pod),
            (Input::Workload, &self.workload),
            (Input::Container, &self.container),
            (Input::ServiceAccount, &self.service_account),
            (Input::Settings, &self.settings),
            (Input::Policies, &self.policies),
            (Input::ConfigMap, &self.config_map),
            (Input::TrustPolicy, &self.trust_policy),
            (Input::Issuer, &self.issuer),
            (Input::Discovery, &self.discovery),
            (Input::Jwks, &self.jwks),
            (Input::Token, &self.token),
            (Input::Namespace, &self.namespace),
            (Input::Role, &self.role),
            (Input::Provider, &self.provider),
            (Input::Association, &self.association),
        ];
        f.write_str("Inputs ")?;
        f.debug_set().entries(given.into_iter().filter(|(_, text)| text.is_some()).map(|(input, _)| input)).finish()
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
    /// The name of the container to explain.
    Container,
    /// The service account.
    ServiceAccount,
    /// The settings.
    Settings,
    /// The policy's own manifest.
    Policies,
    /// The ConfigMap of role mappings.
    ConfigMap,
    /// The trust policy.
    TrustPolicy,
    /// The issuer.
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
    /// Returns the input's name in sentences.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Workload => "workload",
            Self::Container => "container",
            Self::ServiceAccount => "service account",
            Self::Settings => "settings",
            Self::Policies => "policy manifest",
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
