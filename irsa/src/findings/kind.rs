//! The table of findings: name, default action, meaning.
//!
//! To add a finding, add its line to the table, and report it in `checks/` (or in `identity/`, where the values of
//! annotations and role mappings are read). The setting `actions`, its schema and the reference in the docs follow from
//! the table.

/// The action for a kind of finding: a value of the setting `actions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Do nothing. The audit annotation `findings` still lists the name.
    Ignore,
    /// Accept the request with an admission warning, which kubectl prints.
    Warn,
    /// Reject the request.
    Reject,
}

impl Action {
    /// Every action, with its name in the settings.
    pub const NAMES: [(&'static str, Self); 3] =
        [("Ignore", Self::Ignore), ("Warn", Self::Warn), ("Reject", Self::Reject)];
}

/// Defines [`FindingKind`] from the table below.
macro_rules! findings {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $default:ident;)+) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum FindingKind {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl FindingKind {
            /// All kinds, in the order of the report.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The names of [`Self::ALL`], in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name in messages and in the settings.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The action if `actions` does not contain the kind.
            #[must_use]
            pub const fn default_action(self) -> Action {
                match self { $(Self::$variant => Action::$default,)+ }
            }

            /// The meaning, for the docs.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+),)+ }
            }
        }
    };
}

findings! {
    /// The service account could not be read. A pod that is admitted now would use the node's role. On workloads the
    /// default is `Warn`, because their pods are checked later.
    LookupFailed = "lookupFailed", Reject;
    /// The service account does not exist. On workloads the default is `Warn`, because it may be created later.
    MissingServiceAccount = "missingServiceAccount", Reject;
    /// The service account has no role, and the pod has no container credentials of its own.
    MissingRole = "missingRole", Ignore;
    /// The role is not an IAM role ARN. The message says which part is wrong.
    InvalidRoleArn = "invalidRoleArn", Reject;
    /// The role, or an `AWS_ROLE_ARN` that is set explicitly, is not among `allowedRoles` for the namespace.
    RoleNotAllowed = "roleNotAllowed", Reject;
    /// The audience is empty. The token would be valid for the API server, and SDKs would send it to AWS.
    InvalidAudience = "invalidAudience", Reject;
    /// The audience is probably a misspelled STS audience.
    UnlikelyAudience = "unlikelyAudience", Warn;
    /// The region in the service account or the `ConfigMap` is not the name of an AWS region, so it is not injected.
    InvalidRegion = "invalidRegion", Warn;
    /// The audience is not among `allowedAudiences`.
    AudienceNotAllowed = "audienceNotAllowed", Reject;
    /// The token's lifetime is not a number of seconds, or is out of range.
    InvalidTokenExpiration = "invalidTokenExpiration", Warn;
    /// `sts-regional-endpoints` is not a boolean.
    InvalidStsRegionalEndpoints = "invalidStsRegionalEndpoints", Warn;
    /// `skip-containers` or `include-containers` is not one CSV record.
    InvalidSkipContainers = "invalidSkipContainers", Warn;
    /// In mode `Validate`: the pod's own `skip-containers` or `include-containers` names a container that does not
    /// exist.
    UnknownSkipContainer = "unknownSkipContainer", Warn;
    /// The key of an annotation is probably misspelled: the policy reads a similar one.
    MisspelledAnnotation = "misspelledAnnotation", Warn;
    /// An annotation or label is on an object where it has no effect.
    IneffectiveAnnotation = "ineffectiveAnnotation", Warn;
    /// A volume has the name of the token's volume, but other content.
    ConflictingVolume = "conflictingVolume", Reject;
    /// A container mounts another volume or a device at the token's mount path.
    ConflictingMount = "conflictingMount", Reject;
    /// A container sets one of two variables that only work together, or sets a variable to an empty string. The policy
    /// injects nothing in their place. Only for pods with a role or container credentials.
    PartialCredentials = "partialCredentials", Warn;
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` is set to a file that does not exist in the container, or to the token for the API
    /// server.
    WrongTokenFile = "wrongTokenFile", Warn;
    /// A container has both web identity and container credentials. SDKs use web identity.
    AmbiguousCredentials = "ambiguousCredentials", Warn;
    /// The role and the region of a container are in different AWS partitions.
    PartitionMismatch = "partitionMismatch", Warn;
    /// A read-only volume is mounted at a parent of the token's mount path, so the container may not start.
    ReadOnlyParentMount = "readOnlyParentMount", Warn;
    /// A container sets `AWS_ROLE_ARN` to a role that is not the one of its service account.
    OverriddenRole = "overriddenRole", Warn;
    /// A container sets static credentials, which SDKs use first. Only for pods with a role or container credentials.
    StaticCredentials = "staticCredentials", Warn;
    /// The `ConfigMap` of role mappings is missing or invalid. For a pod, only the entry that matches its service
    /// account best is checked.
    InvalidRoleMapping = "invalidRoleMapping", Reject;
    /// The pod has the label that opts out of injection, or its annotations select no container.
    OptedOut = "optedOut", Ignore;
    /// The pod defines its own token volume for STS although its service account does not give it one. This bypasses
    /// the rules for roles and audiences.
    ForeignToken = "foreignToken", Warn;
    /// In mode `Validate`: a container lacks what `Mutate` would add. For example, a later webhook added the container.
    NotInjected = "notInjected", Warn;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_kind_once_in_order() {
        let names: std::collections::BTreeSet<&str> = FindingKind::ALL.into_iter().map(FindingKind::name).collect();
        assert_eq!(names.len(), FindingKind::ALL.len());
        assert!(FindingKind::ALL.is_sorted());
    }
}
