//! The table of findings: name, default action, meaning.
//!
//! To add a finding, add its line to the table, and its rule to `checks/` (or to `identity/` for the value of an
//! annotation or a setting). The setting `actions`, its schema and the reference in the docs follow from the table.

/// What the operator wants done about a kind of finding: a value of the setting `actions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Do nothing. The audit annotation `findings` still has its name.
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
            /// All kinds, in the order in which they are reported.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The names of [`Self::ALL`], in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name in messages and in the settings.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The action if the setting `actions` does not name the finding.
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
    /// The service account could not be read; a pod let through now would fall back to the node's role. On workloads the
    /// default is `Warn`: their pods are checked.
    LookupFailed = "lookupFailed", Reject;
    /// The service account does not exist. On workloads the default is `Warn`: it may be created later.
    MissingServiceAccount = "missingServiceAccount", Reject;
    /// The service account has no role, and the pod no container credentials of its own.
    MissingRole = "missingRole", Ignore;
    /// The role is not an IAM role ARN; the message says which part is wrong.
    InvalidRoleArn = "invalidRoleArn", Reject;
    /// The role, or an `AWS_ROLE_ARN` that is set explicitly, is not among `allowedRoles` for the namespace.
    RoleNotAllowed = "roleNotAllowed", Reject;
    /// The audience is empty: the token would be for the API server, and would be sent to AWS.
    InvalidAudience = "invalidAudience", Reject;
    /// The audience is probably a misspelled STS audience.
    UnlikelyAudience = "unlikelyAudience", Warn;
    /// The region of the service account or the `ConfigMap` is not the name of an AWS region: it is not injected.
    InvalidRegion = "invalidRegion", Warn;
    /// The audience is not among `allowedAudiences`.
    AudienceNotAllowed = "audienceNotAllowed", Reject;
    /// The token's lifetime is not a number of seconds, or out of range.
    InvalidTokenExpiration = "invalidTokenExpiration", Warn;
    /// `sts-regional-endpoints` is not a boolean.
    InvalidStsRegionalEndpoints = "invalidStsRegionalEndpoints", Warn;
    /// `skip-containers` or `include-containers` is not one CSV record.
    InvalidSkipContainers = "invalidSkipContainers", Warn;
    /// In mode `Validate`: the pod's own `skip-containers` or `include-containers` names a container that does not exist.
    UnknownSkipContainer = "unknownSkipContainer", Warn;
    /// An annotation has nearly the name of one that is read.
    MisspelledAnnotation = "misspelledAnnotation", Warn;
    /// An annotation or label is on an object where it has no effect.
    IneffectiveAnnotation = "ineffectiveAnnotation", Warn;
    /// A volume has the name of the token's volume, but other content.
    ConflictingVolume = "conflictingVolume", Reject;
    /// A container mounts something else at the token's mount path.
    ConflictingMount = "conflictingMount", Reject;
    /// A container of a pod with a role or container credentials sets one of two variables that only work together, or
    /// sets a variable to an empty string: it is not injected.
    PartialCredentials = "partialCredentials", Warn;
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` is set to a file that does not exist in the container, or to the API server's token.
    WrongTokenFile = "wrongTokenFile", Warn;
    /// A container has both web identity and container credentials: SDKs use web identity.
    AmbiguousCredentials = "ambiguousCredentials", Warn;
    /// The role and the region of a container are in different AWS partitions.
    PartitionMismatch = "partitionMismatch", Warn;
    /// A read-only volume is mounted at a parent of the token's mount path: the container may not start.
    ReadOnlyParentMount = "readOnlyParentMount", Warn;
    /// A container sets `AWS_ROLE_ARN` to another role than its service account's.
    OverriddenRole = "overriddenRole", Warn;
    /// A container of a pod with a role or container credentials sets static credentials: SDKs use them first.
    StaticCredentials = "staticCredentials", Warn;
    /// The entry of the `ConfigMap` of role mappings that matches the service account best cannot be read.
    InvalidRoleMapping = "invalidRoleMapping", Reject;
    /// The pod carries the label that opts out of injection, or no container is left to inject into.
    OptedOut = "optedOut", Ignore;
    /// The pod defines its own token volume for STS, and its service account has no role: a way around the rules above.
    ForeignToken = "foreignToken", Warn;
    /// In mode `Validate`: a container lacks what `Mutate` would add, as one that a later webhook added does.
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
