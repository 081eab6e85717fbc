//! Requests to assume a role, and the condition keys that each contains.
//!
//! Sources: the IAM User Guide, "IAM and AWS STS condition context keys", "Available keys for AWS OIDC federation" (the
//! keys are `PROVIDER:aud`, `PROVIDER:sub` and `PROVIDER:amr`, where the provider is the issuer's URL without
//! `https://`), and "AWS global condition context keys" (`aws:SourceArn` and its siblings are in a request only if an
//! AWS service makes it, `aws:MultiFactorAuthPresent` and its siblings only if temporary credentials sign it); the STS
//! API Reference, "`AssumeRoleWithWebIdentity`" (which "does not require the use of AWS security credentials"); the
//! Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags" (the session tags).

use super::policy::{Principal, Provider, Statement};
use super::ternary::Ternary;

/// The action that web identities need.
pub const WEB_IDENTITY_ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// The action that services and roles need.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

/// The action that session tags need.
pub const TAG_SESSION: &str = "sts:TagSession";

/// The service principal of EKS Pod Identity.
pub const PODS_EKS: &str = "pods.eks.amazonaws.com";

/// A request to assume a role.
#[derive(Debug, Clone)]
pub enum Request {
    /// `AssumeRoleWithWebIdentity`, with a token of a Kubernetes service account.
    WebIdentity(WebIdentity),
    /// `AssumeRole` by EKS Pod Identity.
    PodIdentity(PodIdentity),
    /// `AssumeRole` by another role: the role of an association assumes the target role.
    Chained(Chained),
}

/// A request with a token. A field is `None` if its value is not known.
#[derive(Debug, Clone, Default)]
pub struct WebIdentity {
    /// The issuer's URL without `https://`.
    pub provider: Option<String>,
    /// The AWS account of the role, which has to be the provider's account too.
    pub account: Option<String>,
    /// The AWS partition of the role.
    pub partition: Option<String>,
    /// The token's audiences.
    pub audiences: Option<Vec<String>>,
    /// The token's subject.
    pub subject: Option<String>,
}

/// A request that EKS Pod Identity makes. A field is `None` if its value is not known.
#[derive(Debug, Clone, Default)]
pub struct PodIdentity {
    /// The cluster's ARN.
    pub cluster_arn: Option<String>,
    /// The cluster's AWS account.
    pub account: Option<String>,
    /// The namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: Option<String>,
    /// Whether the association turns session tags off.
    pub disables_tags: bool,
}

/// A request that another role makes.
#[derive(Debug, Clone, Default)]
pub struct Chained {
    /// The ARN of the role that makes the request.
    pub role: String,
    /// The external ID, if the association has one.
    pub external_id: Option<String>,
    /// Whether the association turns session tags off.
    pub disables_tags: bool,
}

/// What is known of a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The request has the key, with these values.
    Values(Vec<String>),
    /// The request has the key, but the key's value is not known.
    Present,
    /// The request does not have the key.
    Absent,
    /// Whether the request has the key is not known.
    Unknown,
}

impl Known {
    fn of(value: Option<&String>) -> Self {
        value.map_or(Self::Present, |value| Self::Values(vec![value.clone()]))
    }
}

impl Request {
    /// Returns what is known of a key. The key's letter case is ignored.
    #[must_use]
    pub fn known(&self, key: &str) -> Known {
        match self {
            Self::WebIdentity(request) => request.known(key),
            Self::PodIdentity(request) => request.known(&key.to_ascii_lowercase()),
            Self::Chained(request) => request.known(&key.to_ascii_lowercase()),
        }
    }

    /// Returns the actions that the trust policy has to allow.
    #[must_use]
    pub fn actions(&self) -> &'static [&'static str] {
        match self {
            Self::WebIdentity(_) => &[WEB_IDENTITY_ACTION],
            Self::PodIdentity(PodIdentity { disables_tags: true, .. })
            | Self::Chained(Chained { disables_tags: true, .. }) => &[ASSUME_ROLE],
            Self::PodIdentity(_) | Self::Chained(_) => &[ASSUME_ROLE, TAG_SESSION],
        }
    }

    /// Whether a statement's principal includes the sender of the request.
    #[must_use]
    pub fn is_by(&self, statement: &Statement) -> Ternary {
        let named = match &statement.principal {
            Principal::Everybody => return Ternary::True,
            Principal::Except => return Ternary::Unknown,
            Principal::Named(named) => named,
        };
        match self {
            Self::WebIdentity(request) => Ternary::any(named.federated.iter().map(|arn| request.is_provider(arn))),
            Self::PodIdentity(_) => named.services.iter().any(|service| service == PODS_EKS).into(),
            Self::Chained(request) => named.aws.iter().any(|principal| request.is_role(principal)).into(),
        }
    }
}

impl WebIdentity {
    /// Whether the ARN is the ARN of the request's provider.
    fn is_provider(&self, arn: &str) -> Ternary {
        // IAM documents `*` alone and as a value of `AWS`, but not as a value of `Federated`.
        if arn == "*" {
            return Ternary::Unknown;
        }
        let Some(named) = Provider::of_arn(arn) else { return Ternary::False };
        let could_be = |ours: &Option<String>, named: &str| ours.as_ref().is_none_or(|ours| ours == named);
        if !could_be(&self.account, named.account) || !could_be(&self.partition, named.partition) {
            return Ternary::False;
        }
        match &self.provider {
            Some(ours) => (ours == named.url).into(),
            None if named.fault().is_some() => Ternary::False,
            None => Ternary::Unknown,
        }
    }

    fn known(&self, key: &str) -> Known {
        if let Some(known) = of_aws(&key.to_ascii_lowercase()) {
            return known;
        }
        let Some((provider, claim)) = split_key(key) else { return Known::Absent };
        match &self.provider {
            Some(ours) if !provider.eq_ignore_ascii_case(ours) => return Known::Absent,
            None if !is_host_and_path(provider) => return Known::Absent,
            _ => {}
        }
        let values = if claim.eq_ignore_ascii_case("aud") {
            self.audiences.clone()
        } else if claim.eq_ignore_ascii_case("sub") {
            self.subject.as_ref().map(|subject| vec![subject.clone()])
        } else {
            // STS reads no other claim from a token that Kubernetes issues.
            return Known::Absent;
        };
        match (&self.provider, values) {
            (Some(_), Some(values)) => Known::Values(values),
            _ => Known::Unknown,
        }
    }
}

/// Returns what is known about a key with the prefix `aws`, `sts` or `iam` in a request by web identity. The key is in
/// lower case. `None` if the key has another prefix.
fn of_aws(key: &str) -> Option<Known> {
    let (prefix, name) = key.split_once(':')?;
    match prefix {
        "aws" => Some(match name {
            // STS allows HTTPS only.
            "securetransport" => Known::Values(vec!["true".to_owned()]),
            // Only requests by AWS services or IAM users have these keys.
            "sourcearn" | "sourceaccount" | "sourceowner" | "sourceorgid" | "sourceorgpaths" | "username" => {
                Known::Absent
            }
            // Requests signed with temporary credentials have the first three keys, and this request is not signed. The
            // last one comes from the token's claim `https://aws.amazon.com/tags`, which Kubernetes does not set.
            "multifactorauthpresent" | "multifactorauthage" | "tokenissuetime" | "tagkeys" => Known::Absent,
            name if name.starts_with("requesttag/") => Known::Absent,
            _ => Known::Unknown,
        }),
        "sts" => Some(match name {
            "rolesessionname" => Known::Present,
            // These keys come from parameters of `AssumeRole`, or from claims that Kubernetes does not set.
            "externalid" | "sourceidentity" | "transitivetagkeys" => Known::Absent,
            _ => Known::Unknown,
        }),
        "iam" => Some(Known::Unknown),
        _ => None,
    }
}

/// Whether the string can be an issuer's URL without `https://`: a host with a dot and, optionally, a path.
pub fn is_host_and_path(text: &str) -> bool {
    let host = text.split(['/', ':']).next().unwrap_or_default();
    host.contains('.')
        && !text.contains("://")
        && !text.contains(|it: char| it.is_whitespace() || "${}<>*?\"'".contains(it))
}

impl PodIdentity {
    /// Returns the session tags, with their values if they are known.
    fn tags(&self) -> Vec<(&'static str, Known)> {
        if self.disables_tags {
            return Vec::new();
        }
        let name = self.cluster_arn.as_deref().and_then(|arn| arn.split_once(":cluster/")).map(|(_, it)| it.to_owned());
        vec![
            ("eks-cluster-arn", Known::of(self.cluster_arn.as_ref())),
            ("eks-cluster-name", Known::of(name.as_ref())),
            ("kubernetes-namespace", Known::of(Some(&self.namespace))),
            ("kubernetes-service-account", Known::of(self.service_account.as_ref())),
            ("kubernetes-pod-name", Known::Present),
            ("kubernetes-pod-uid", Known::Present),
        ]
    }

    /// Returns what is known about a key. The key is in lower case.
    fn known(&self, key: &str) -> Known {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            let tags = self.tags();
            return tags.into_iter().find(|(name, _)| *name == tag).map_or(Known::Absent, |(_, known)| known);
        }
        match key {
            "aws:tagkeys" if self.disables_tags => Known::Absent,
            "aws:tagkeys" => Known::Values(self.tags().into_iter().map(|(name, _)| name.to_owned()).collect()),
            "aws:sourcearn" => Known::of(self.cluster_arn.as_ref()),
            "aws:sourceaccount" => Known::of(self.account.as_ref()),
            "aws:securetransport" => Known::Values(vec!["true".to_owned()]),
            "sts:externalid" | "aws:username" => Known::Absent,
            "sts:rolesessionname" => Known::Present,
            _ => without_token(key),
        }
    }
}

impl Chained {
    /// Whether an `AWS` principal includes the role: the principal is the role's ARN, or the role's account.
    fn is_role(&self, principal: &str) -> bool {
        let mut parts = self.role.split(':');
        let (partition, account) = (parts.nth(1).unwrap_or_default(), parts.nth(2).unwrap_or_default());
        principal == self.role || principal == account || principal == format!("arn:{partition}:iam::{account}:root")
    }

    /// Returns what is known about a key. The key is in lower case.
    fn known(&self, key: &str) -> Known {
        match key {
            "sts:externalid" => match &self.external_id {
                Some(id) => Known::Values(vec![id.clone()]),
                None => Known::Absent,
            },
            "aws:principalarn" => Known::Values(vec![self.role.clone()]),
            "aws:username" | "aws:sourcearn" | "aws:sourceaccount" => Known::Absent,
            "aws:securetransport" => Known::Values(vec!["true".to_owned()]),
            "sts:rolesessionname" => Known::Present,
            _ => without_token(key),
        }
    }
}

/// Returns what is known about any other key in a request without a token. Keys of identity providers are absent.
fn without_token(key: &str) -> Known {
    let prefix = key.split(':').next().unwrap_or_default();
    if matches!(prefix, "aws" | "sts" | "iam") { Known::Unknown } else { Known::Absent }
}

/// Splits the condition key of a web identity into the provider, which may contain colons, and the claim.
#[must_use]
pub fn split_key(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(provider: Option<&str>) -> WebIdentity {
        WebIdentity {
            provider: provider.map(str::to_owned),
            audiences: Some(vec!["sts.amazonaws.com".into()]),
            ..WebIdentity::default()
        }
    }

    #[test]
    fn knows_the_claims_of_the_issuers_own_tokens() {
        let request = request(Some("oidc.example/id/A"));
        assert_eq!(request.known("OIDC.example/id/a:AUD"), Known::Values(vec!["sts.amazonaws.com".into()]));
        assert_eq!(request.known("oidc.example/id/A:sub"), Known::Unknown);
    }

    #[test]
    fn a_key_that_sts_never_sets_is_absent() {
        let request = request(Some("oidc.example/id/A"));
        for key in [
            "oidc.example/id/A:amr",
            "oidc.example/id/A:email",
            "oidc.example/id/A:subject",
            "oidc.example/id/A :sub",
            "oidc.example/id/B:aud",
            "https://oidc.example/id/A:aud",
            "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A:sub",
            "${var.provider}:sub",
            "sts:ExternalId",
            "aws:SourceArn",
            "aws:MultiFactorAuthPresent",
            "aws:RequestTag/team",
            "ec2:Region",
            "aud",
            "",
        ] {
            assert_eq!(request.known(key), Known::Absent, "{key}");
        }
    }

    #[test]
    fn a_key_that_only_aws_knows_is_unknown() {
        for key in ["aws:SourceIp", "aws:ResourceTag/team:owner", "sts:DurationSeconds", "iam:ResourceTag/a"] {
            assert_eq!(request(Some("oidc.example/id/A")).known(key), Known::Unknown, "{key}");
        }
    }

    #[test]
    fn a_key_is_unknown_if_the_issuer_is_unknown() {
        let request = request(None);
        assert_eq!(request.known("oidc.example/id/A:aud"), Known::Unknown);
        assert_eq!(request.known("oidc.example/id/A:email"), Known::Absent);
        assert_eq!(request.known("https://oidc.example/id/A:aud"), Known::Absent);
    }

    #[test]
    fn pod_identity_sets_session_tags() {
        let mut request = PodIdentity {
            cluster_arn: Some("arn:aws:eks:us-east-2:111122223333:cluster/prod".into()),
            account: Some("111122223333".into()),
            namespace: "shop".into(),
            service_account: Some("web".into()),
            disables_tags: false,
        };
        let values = |text: &str| Known::Values(vec![text.to_owned()]);
        assert_eq!(request.known("aws:requesttag/kubernetes-namespace"), values("shop"));
        assert_eq!(request.known("aws:requesttag/eks-cluster-name"), values("prod"));
        assert_eq!(request.known("aws:requesttag/kubernetes-pod-name"), Known::Present);
        assert_eq!(request.known("aws:requesttag/team"), Known::Absent);
        request.disables_tags = true;
        assert_eq!(request.known("aws:requesttag/kubernetes-namespace"), Known::Absent);
    }

    #[test]
    fn a_principal_includes_a_role_by_its_arn_or_by_its_account() {
        let request = Chained { role: "arn:aws:iam::111122223333:role/a".into(), ..Chained::default() };
        for principal in ["arn:aws:iam::111122223333:role/a", "111122223333", "arn:aws:iam::111122223333:root"] {
            assert!(request.is_role(principal), "{principal}");
        }
        assert!(!request.is_role("arn:aws:iam::111122223333:role/b"));
    }
}
