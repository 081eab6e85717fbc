//! The findings of this command, besides those of the policy.

use crate::report::Level;

/// A finding of this command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFinding {
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// What it means.
    pub meaning: &'static str,
}

/// Defines a constant for each finding, and [`ALL`].
macro_rules! findings {
    ($($constant:ident = $name:literal, $level:ident, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub const $constant: OwnFinding = OwnFinding { name: $name, level: Level::$level, meaning: $meaning };
        )+

        /// All of them.
        pub const ALL: [OwnFinding; [$($name),+].len()] = [$($constant),+];
    };
}

findings! {
    UNREADABLE_OBJECT = "unreadableObject", Reject, "A field has another type than Kubernetes gives it, or a required field is missing.";
    INVALID_SETTINGS = "invalidSettings", Reject, "The policy's settings are invalid, so the policy would refuse every request.";
    UNKNOWN_SERVICE_ACCOUNT = "unknownServiceAccount", Note, "The service account is not in the input, so its role is not known.";
    UNKNOWN_CONFIG_MAP = "unknownConfigMap", Note, "The ConfigMap of role mappings is not in the input.";
    PLACEHOLDER = "placeholder", Note, "A value is a placeholder, such as `${ROLE}`. It is not checked.";
    TEMPLATE = "template", Note, "A template before it is rendered. It is not checked.";
    PATCH = "patch", Note, "A part of an object, such as a Kustomize patch. It is not checked.";
    FRAGMENT = "fragment", Note, "A document that is not a Kubernetes object. It is not checked.";
    KUBECONFIG = "kubeconfig", Note, "A kubeconfig. It is not checked.";
    DUPLICATE_KEY = "duplicateKey", Note, "A key is there twice, and kubectl ignores the first value.";
    UNUSED_IGNORE = "unusedIgnore", Note, "A comment or an entry of `.irsa.yaml` ignores a finding that is not there.";
    INVALID_IGNORE = "invalidIgnore", Warn, "A comment for this command is invalid, so it ignores nothing.";
    STALE_POD = "stalePod", Warn, "A running pod does not have what its service account says now.";
    MISSING_IAM_ROLE = "missingIamRole", Reject, "The role does not exist in IAM.";
    UNTRUSTED_SERVICE_ACCOUNT = "untrustedServiceAccount", Reject, "The role's trust policy does not let the service account in.";
    UNKNOWN_TRUST = "unknownTrust", Note, "The files do not show whether the role's trust policy lets the service account in.";
    UNUSED_TRUST = "unusedTrust", Note, "A role trusts a cluster, but no service account of the input uses it.";
    BROAD_TRUST = "broadTrust", Warn, "A role's trust policy lets in every service account of a namespace or of a cluster.";
    MISSING_SUBJECT = "missingSubject", Note, "A trust policy names a service account that is not in the input.";
    LONG_TRUST_POLICY = "longTrustPolicy", Warn, "A trust policy is near the size limit of IAM.";
    MISSING_PROVIDER = "missingProvider", Reject, "The AWS account has no identity provider for the cluster's issuer.";
    PROVIDER_AUDIENCE = "providerAudience", Reject, "The identity provider does not list the token's audience.";
}

/// What a finding of this command means. Empty for any other name.
pub fn meaning(name: &str) -> &'static str {
    ALL.iter().find(|finding| finding.name == name).map_or("", |finding| finding.meaning)
}

/// Whether there is a finding of this name, here or in the policy.
pub fn exists(name: &str) -> bool {
    irsa::FindingKind::NAMES.contains(&name) || ALL.iter().any(|finding| finding.name == name)
}
