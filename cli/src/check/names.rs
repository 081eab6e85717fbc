//! The findings that this command reports in addition to the policy's findings.

pub use irsa_explain::check::{
    MISSPELLED_SERVICE_ACCOUNT, OwnFinding, PLACEHOLDER, UNKNOWN_CONFIG_MAP, UNKNOWN_SERVICE_ACCOUNT, UNREADABLE_OBJECT,
};

use crate::report::Level;

/// Defines a constant for each finding that has a meaning here, and [`ALL`]. The others are those of
/// [`irsa_explain::check`].
macro_rules! findings {
    ($($constant:ident $(= $name:literal, $level:ident, $meaning:literal)?;)+) => {
        $($(
            #[doc = $meaning]
            pub const $constant: OwnFinding = OwnFinding { name: $name, level: Level::$level, meaning: $meaning };
        )?)+

        /// All findings of this command, in the order of the docs.
        pub const ALL: [OwnFinding; [$(stringify!($constant)),+].len()] = [$($constant),+];
    };
}

findings! {
    UNREADABLE_OBJECT;
    INVALID_SETTINGS = "invalidSettings", Reject, "The policy's settings are invalid, so the policy would refuse every request.";
    UNKNOWN_SERVICE_ACCOUNT;
    MISSPELLED_SERVICE_ACCOUNT;
    UNKNOWN_CONFIG_MAP;
    UNUSED_ROLE_MAPPINGS = "unusedRoleMappings", Note, "The ConfigMap of kOps has role mappings, but the settings do not name it.";
    PLACEHOLDER;
    TEMPLATE = "template", Note, "The document is a template that is not rendered, so it is not checked.";
    PATCH = "patch", Note, "The document is a part of an object, such as a Kustomize patch, so it is not checked.";
    FRAGMENT = "fragment", Note, "The document is not a Kubernetes object, so it is not checked.";
    KUBECONFIG = "kubeconfig", Note, "The document is a kubeconfig, so it is not checked.";
    DUPLICATE_KEY = "duplicateKey", Note, "A key occurs twice, and kubectl ignores its first value.";
    UNUSED_IGNORE = "unusedIgnore", Note, "A comment or an entry of `.irsa.yaml` ignores a finding that does not occur.";
    INVALID_IGNORE = "invalidIgnore", Warn, "A comment that starts with `irsa:` is invalid, so it ignores nothing.";
    STALE_POD = "stalePod", Warn, "A running pod does not have the role, region or token that a new pod would get.";
    MISSING_IAM_ROLE = "missingIamRole", Reject, "The role does not exist in IAM.";
    UNTRUSTED_SERVICE_ACCOUNT = "untrustedServiceAccount", Reject, "The role's trust policy does not admit the service account.";
    UNKNOWN_TRUST = "unknownTrust", Note, "The files do not show whether the role's trust policy admits the service account.";
    UNUSED_TRUST = "unusedTrust", Note, "A role trusts a cluster, but no service account of the input uses the role.";
    BROAD_TRUST = "broadTrust", Warn, "A role's trust policy admits every service account of a namespace or of a cluster.";
    MISSING_SUBJECT = "missingSubject", Note, "A trust policy names a service account that is not in the input.";
    LONG_TRUST_POLICY = "longTrustPolicy", Warn, "A trust policy is near or above the size limit of IAM.";
    MISSING_PROVIDER = "missingProvider", Reject, "The AWS account has no identity provider for the cluster's issuer.";
    PROVIDER_AUDIENCE = "providerAudience", Reject, "The identity provider does not list the token's audience.";
}

/// Returns what a finding of this command means. Empty for any other name.
pub fn meaning(name: &str) -> &'static str {
    ALL.iter().find(|finding| finding.name == name).map_or("", |finding| finding.meaning)
}

/// Whether this command or the policy has a finding with this name.
pub fn exists(name: &str) -> bool {
    irsa::FindingKind::NAMES.contains(&name) || ALL.iter().any(|finding| finding.name == name)
}
