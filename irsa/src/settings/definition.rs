//! The settings' keys, and what is said of them in the docs.
//!
//! To add a setting, add its entry to the table below; the reading of it (`read.rs`) does not compile until it is there.

/// A key of the settings, as the docs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The key.
    pub key: &'static str,
    /// What values it takes.
    pub value: &'static str,
    /// What it is where the key is left out.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// The flags of AWS's webhook that it stands for.
    pub webhook_flags: &'static str,
}

macro_rules! settings {
    ($($variant:ident = $key:literal {
        value: $value:literal, default: $default:literal, meaning: $meaning:literal, webhook_flags: $flags:literal $(,)?
    })+) => {
        /// A key of the settings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Key {
            $($variant,)+
        }

        /// The keys, by name.
        pub(super) const KEYS: [(&str, Key); [$($key),+].len()] = [$(($key, Key::$variant)),+];

        /// The settings, in the order in which the docs show them.
        pub const DEFINITIONS: [Definition; KEYS.len()] = [
            $(Definition { key: $key, value: $value, default: $default, meaning: $meaning, webhook_flags: $flags }),+
        ];
    };
}

settings! {
    Mode = "mode" {
        value: "`Mutate` or `Validate`", default: "`Mutate`",
        meaning: "add what a pod lacks, or report it (`notInjected`) and add nothing",
        webhook_flags: "",
    }
    AnnotationPrefix = "annotationPrefix" {
        value: "a DNS subdomain", default: "`eks.amazonaws.com`",
        meaning: "the prefix of the annotations",
        webhook_flags: "`--annotation-prefix`",
    }
    TokenAudience = "tokenAudience" {
        value: "a string that is not empty", default: "`sts.amazonaws.com`",
        meaning: "whom tokens are for, where the role's source does not say",
        webhook_flags: "`--token-audience`",
    }
    TokenExpirationSeconds = "tokenExpirationSeconds" {
        value: "600 to 4294967296", default: "`86400`",
        meaning: "how many seconds tokens last, where nothing nearer says",
        webhook_flags: "`--token-expiration`",
    }
    TokenMountPath = "tokenMountPath" {
        value: "an absolute path without `:` and `..`",
        default: "`/var/run/secrets/eks.amazonaws.com/serviceaccount`",
        meaning: "where the token is mounted",
        webhook_flags: "`--token-mount-path`",
    }
    Region = "region" {
        value: "an AWS region's name", default: "none",
        meaning: "what `AWS_DEFAULT_REGION` and `AWS_REGION` are set to",
        webhook_flags: "`--aws-default-region`",
    }
    RegionalStsEndpoints = "regionalStsEndpoints" {
        value: "a boolean", default: "`false`",
        meaning: "sets `AWS_STS_REGIONAL_ENDPOINTS` to `regional`, where the role's source does not say",
        webhook_flags: "`--sts-regional-endpoint`",
    }
    ComposeRoleArn = "composeRoleArn" {
        value: "`{accountId, partition}`; `partition` may be left out where `region` gives it", default: "none",
        meaning: "makes a whole ARN of a `role-arn` annotation that is only a role's name",
        webhook_flags: "`--compose-role-arn`",
    }
    Roles = "roles" {
        value: "a list of `{serviceAccount, roleArn, audience, regionalStsEndpoints, tokenExpirationSeconds}`; \
                the last three may be left out",
        default: "`[]`",
        meaning: "the roles of service accounts that have none in an annotation; `serviceAccount` is `namespace/name`, of which each may have globs",
        webhook_flags: "",
    }
    RolesConfigMap = "rolesConfigMap" {
        value: "`{namespace, name}`", default: "none",
        meaning: "a ConfigMap with more of them, as kOps keeps it; read only for a service account without a role",
        webhook_flags: "`--watch-config-map`, `--namespace`",
    }
    ContainerCredentials = "containerCredentials" {
        value: "`{serviceAccounts, audience, mountPath, volumeName, tokenPath, fullUri}`; only the first is needed",
        default: "none",
        meaning: "the service accounts, as `namespace/name` globs, whose pods get container credentials (EKS Pod Identity) and no role",
        webhook_flags: "`--watch-container-credentials-config`, `--container-credentials-*`",
    }
    SessionName = "sessionName" {
        value: "`None` or `PodName`", default: "`None`",
        meaning: "sets `AWS_ROLE_SESSION_NAME` to the pod's name, so that CloudTrail names the pod",
        webhook_flags: "",
    }
    DisableInstanceMetadata = "disableInstanceMetadata" {
        value: "a boolean", default: "`false`",
        meaning: "sets `AWS_EC2_METADATA_DISABLED`, so that no SDK falls back to the node's role",
        webhook_flags: "",
    }
    CacheLookups = "cacheLookups" {
        value: "a boolean", default: "`false`",
        meaning: "a role from the host's cache, which may be 5 seconds old, is good enough; an answer without one is asked again",
        webhook_flags: "`--resync-period`, `--service-account-lookup-grace-period` (neither is needed)",
    }
    AllowedRoles = "allowedRoles" {
        value: "a list of `{namespaces, roles}`, each a list of globs", default: "any role",
        meaning: "which namespaces may use which roles; one that no entry names may use none. `*` crosses neither `:` nor `/`, `**` crosses `/`",
        webhook_flags: "",
    }
    AllowedAudiences = "allowedAudiences" {
        value: "a list of strings", default: "any audience",
        meaning: "the audiences that web identity tokens may have",
        webhook_flags: "",
    }
    CustomWorkloads = "customWorkloads" {
        value: "a list of `{apiVersion, kind, podTemplates}`", default: "`[]`",
        meaning: "kinds beside Kubernetes' own that make pods; `podTemplates` are JSONPaths of child names and wildcards",
        webhook_flags: "",
    }
    Actions = "actions" {
        value: "a map of finding to `Ignore`, `Warn` or `Reject`", default: "as the findings say",
        meaning: "what is done about each kind of finding",
        webhook_flags: "",
    }
}
