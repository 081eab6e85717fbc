//! The table of settings: keys, values, defaults and meanings.
//!
//! `make docs` generates the reference, the schema and Rancher's form from the table. The code in `read.rs` uses its
//! keys and expected values. Tests check that every key is read as the table says.
//!
//! To add a setting, add an entry here, a field in [`Settings`](super::Settings), and the line in `read.rs` that reads
//! it. The lines must be in the order of the entries. Otherwise an assertion fails in tests.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::custom_workload::ObjectPath;
use super::reader::{BOOLEAN, LIFETIME, OBJECT, one_of_text};
use super::{Mode, SessionName};
use crate::findings::{Action, FindingKind};
use crate::types::account_pattern::AccountPattern;
use crate::types::glob::Glob;
use crate::types::mount_path::MountPath;
use crate::types::region::Region;
use crate::types::role_arn::RoleArn;

/// A key of the settings, or of an object in them.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The key.
    pub key: &'static str,
    /// Whether the key is required.
    pub is_required: bool,
    /// The type of the value.
    pub value: ValueType,
    /// The default, in the words of the docs.
    pub default: &'static str,
    /// The meaning, in the words of the docs.
    pub meaning: &'static str,
    /// A valid value, as JSON.
    pub example: &'static str,
    /// A regular expression for editors. It matches all valid strings, and may match invalid ones. For an array, it
    /// applies to the elements. Empty if there is no expression.
    pub pattern: &'static str,
    /// The flags of AWS's webhook that the setting replaces. Empty if there are no such flags.
    pub webhook_flags: &'static str,
}

/// The type of a setting's value.
#[derive(Debug, Clone, Copy)]
pub enum ValueType {
    /// `true` or `false`.
    Boolean,
    /// A token's lifetime in seconds.
    Lifetime,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A string that is parsed.
    String {
        /// The expected string, for messages.
        expected: &'static str,
    },
    /// An array.
    Array {
        /// The expected elements, for messages.
        expected: &'static str,
        /// Whether an empty array is valid.
        may_be_empty: bool,
        /// The type of each element.
        of: &'static ValueType,
    },
    /// An object. [`OBJECTS`] lists its members.
    Object,
    /// An object whose members are optional and have the same type.
    Map {
        /// The keys.
        keys: &'static [&'static str],
        /// The type of each value.
        of: &'static ValueType,
    },
}

impl ValueType {
    /// The expected value, for messages and the reference.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Boolean => BOOLEAN.to_owned(),
            Self::Lifetime => LIFETIME.to_owned(),
            Self::OneOf(words) => one_of_text(words),
            Self::String { expected } | Self::Array { expected, .. } => (*expected).to_owned(),
            Self::Object | Self::Map { .. } => OBJECT.to_owned(),
        }
    }
}

/// Every object in the settings: its path, and the definitions of its members. The settings themselves come first.
pub const OBJECTS: [(&str, &[Definition]); 7] = [
    ("", &SETTINGS),
    ("composeRoleArn", &COMPOSE_ROLE_ARN),
    ("roles[]", &ROLE_MAPPING),
    ("rolesConfigMap", &CONFIG_MAP_NAME),
    ("containerCredentials", &CONTAINER_CREDENTIALS),
    ("allowedRoles[]", &ALLOWED_ROLES),
    ("customWorkloads[]", &CUSTOM_WORKLOAD),
];

/// The expected values for messages about strings and arrays. Some types have their own constant `EXPECTED`.
pub(super) mod expected {
    pub(in super::super) const ACCOUNT_ID: &str = "an AWS account id, a string of 12 digits";
    pub(in super::super) const ALLOWED_AUDIENCES: &str = "an array of audiences (remove the key to allow any)";
    pub(in super::super) const ALLOWED_ROLES: &str = "an array of allowed roles (remove the key to allow any)";
    pub(in super::super) const API_VERSION: &str = "an API version, such as `batch/v1`";
    pub(in super::super) const AUDIENCE: &str = "an audience that is not empty";
    pub(in super::super) const CONFIG_MAP: &str = "the name of a ConfigMap";
    pub(in super::super) const DNS_SUBDOMAIN: &str = "a DNS subdomain";
    pub(in super::super) const GLOBS: &str = "an array of one glob or more";
    pub(in super::super) const KIND: &str = "a kind, such as `JobSet`";
    pub(in super::super) const NAMESPACE: &str = "the name of a namespace";
    pub(in super::super) const PARTITION: &str = "an AWS partition, such as `aws`";
    pub(in super::super) const PATHS: &str = "an array of one path or more";
    pub(in super::super) const ROLES: &str = "an array of roles";
    pub(in super::super) const SERVICE_ACCOUNTS: &str = "an array of one service account or more";
    pub(in super::super) const TOKEN_PATH: &str = "a relative path without `..`";
    pub(in super::super) const URI: &str = "an `http` or `https` URI";
    pub(in super::super) const VOLUME: &str = "the name of a volume, a DNS label";
    pub(in super::super) const WORKLOADS: &str = "an array of workloads";
}

const OPTIONAL: Definition = Definition {
    key: "",
    is_required: false,
    value: ValueType::Object,
    default: "",
    meaning: "",
    example: "",
    pattern: "",
    webhook_flags: "",
};
const REQUIRED: Definition = Definition { is_required: true, ..OPTIONAL };

const DNS_LABEL_PATTERN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const DNS_SUBDOMAIN_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const MOUNT_PATH_PATTERN: &str = "^/[^:]*$";
const ACCOUNT_PATTERN_PATTERN: &str = "^[^/]+/[^/]+$";
const PATH_PATTERN: &str = r"^\$([.\[]|$)";
const NO_PATHS: &str = "none; at least one of the three keys with paths is required";

const AUDIENCE: ValueType = string(expected::AUDIENCE);
const ACCOUNT_PATTERN: ValueType = string(AccountPattern::EXPECTED);
const PATHS: ValueType = non_empty_array(expected::PATHS, &string(ObjectPath::EXPECTED));
const GLOBS: ValueType = non_empty_array(expected::GLOBS, &string(Glob::EXPECTED));

pub(super) const SETTINGS: [Definition; 18] = [
    Definition {
        key: "mode",
        value: ValueType::OneOf(&names(&Mode::NAMES)),
        default: "`Mutate`",
        meaning: "`Mutate` adds what a pod lacks; `Validate` only reports it (`notInjected`)",
        example: r#""Validate""#,
        ..OPTIONAL
    },
    Definition {
        key: "annotationPrefix",
        value: string(expected::DNS_SUBDOMAIN),
        default: "`eks.amazonaws.com`",
        meaning: "the prefix of the annotations",
        example: r#""iam.example.com""#,
        pattern: DNS_SUBDOMAIN_PATTERN,
        webhook_flags: "`--annotation-prefix`",
        ..OPTIONAL
    },
    Definition {
        key: "tokenAudience",
        value: AUDIENCE,
        default: "`sts.amazonaws.com`",
        meaning: "the audience of tokens, unless the source of the role defines one",
        example: r#""sts.amazonaws.com.cn""#,
        webhook_flags: "`--token-audience`",
        ..OPTIONAL
    },
    Definition {
        key: "tokenExpirationSeconds",
        value: ValueType::Lifetime,
        default: "`86400`",
        meaning: "the lifetime of tokens, unless the pod or the source of the role defines one",
        example: "3600",
        webhook_flags: "`--token-expiration`",
        ..OPTIONAL
    },
    Definition {
        key: "tokenMountPath",
        value: string(MountPath::EXPECTED),
        default: "`/var/run/secrets/eks.amazonaws.com/serviceaccount`",
        meaning: "the path at which the token is mounted",
        example: r#""/var/run/secrets/tokens""#,
        pattern: MOUNT_PATH_PATTERN,
        webhook_flags: "`--token-mount-path`",
        ..OPTIONAL
    },
    Definition {
        key: "region",
        value: string(Region::EXPECTED),
        default: "none",
        meaning: "the value of `AWS_DEFAULT_REGION` and `AWS_REGION`",
        example: r#""us-east-2""#,
        pattern: "^[a-z]{2,}(-[a-z]{2,})+-[0-9]{1,2}$",
        webhook_flags: "`--aws-default-region`",
        ..OPTIONAL
    },
    Definition {
        key: "regionalStsEndpoints",
        value: ValueType::Boolean,
        default: "`false`",
        meaning: "sets `AWS_STS_REGIONAL_ENDPOINTS` to `regional`, unless the source of the role defines it",
        example: "true",
        webhook_flags: "`--sts-regional-endpoint`",
        ..OPTIONAL
    },
    Definition {
        key: "composeRoleArn",
        default: "none",
        meaning: "completes a `role-arn` annotation that is only the name of a role",
        example: r#"{"accountId": "111122223333", "partition": "aws"}"#,
        webhook_flags: "`--compose-role-arn`",
        ..OPTIONAL
    },
    Definition {
        key: "roles",
        value: array(expected::ROLES, &ValueType::Object),
        default: "`[]`",
        meaning: "the roles of service accounts that have no role in an annotation",
        example: r#"[{"serviceAccount": "team-a/*", "roleArn": "arn:aws:iam::111122223333:role/team-a"}]"#,
        ..OPTIONAL
    },
    Definition {
        key: "rolesConfigMap",
        default: "none",
        meaning: "a ConfigMap with more roles, in kOps's format; read only for a service account without a role",
        example: r#"{"namespace": "kube-system", "name": "pod-identity-webhook"}"#,
        webhook_flags: "`--watch-config-map`, `--namespace`",
        ..OPTIONAL
    },
    Definition {
        key: "containerCredentials",
        default: "none",
        meaning: "the service accounts whose pods get container credentials (EKS Pod Identity) instead of a role",
        example: r#"{"serviceAccounts": ["team-b/*"]}"#,
        webhook_flags: "`--watch-container-credentials-config`, `--container-credentials-*`",
        ..OPTIONAL
    },
    Definition {
        key: "sessionName",
        value: ValueType::OneOf(&names(&SessionName::NAMES)),
        default: "`None`",
        meaning: "`PodName` sets `AWS_ROLE_SESSION_NAME` to the name of the pod, so that CloudTrail shows it",
        example: r#""PodName""#,
        ..OPTIONAL
    },
    Definition {
        key: "disableInstanceMetadata",
        value: ValueType::Boolean,
        default: "`false`",
        meaning: "sets `AWS_EC2_METADATA_DISABLED`, so that no SDK falls back to the role of the node",
        example: "true",
        ..OPTIONAL
    },
    Definition {
        key: "cacheLookups",
        value: ValueType::Boolean,
        default: "`false`",
        meaning: "uses a role from the host's cache, which may be 5 seconds old. If the cache has no role for the \
                  account, the policy asks the API server",
        example: "true",
        webhook_flags: "`--resync-period` and `--service-account-lookup-grace-period` (you can omit both)",
        ..OPTIONAL
    },
    Definition {
        key: "allowedRoles",
        value: non_empty_array(expected::ALLOWED_ROLES, &ValueType::Object),
        default: "any role",
        meaning: "the roles that each namespace may use; a namespace that no entry matches may use no role. `*` \
                  matches neither `:` nor `/`, `**` matches `/`",
        example: r#"[{"namespaces": ["team-a"], "roles": ["arn:aws:iam::111122223333:role/team-a/**"]}]"#,
        ..OPTIONAL
    },
    Definition {
        key: "allowedAudiences",
        value: non_empty_array(expected::ALLOWED_AUDIENCES, &AUDIENCE),
        default: "any audience",
        meaning: "the audiences that web identity tokens may have",
        example: r#"["sts.amazonaws.com"]"#,
        ..OPTIONAL
    },
    Definition {
        key: "customWorkloads",
        value: array(expected::WORKLOADS, &ValueType::Object),
        default: "`[]`",
        meaning: "custom kinds that create pods, see [Custom workloads](custom-workloads.md) for entries that you can \
                  copy",
        example: r#"[{"apiVersion": "batch.example.com/v1", "kind": "JobSet", "podTemplates": ["$.spec.jobs[*].template"]}]"#,
        ..OPTIONAL
    },
    Definition {
        key: "actions",
        value: ValueType::Map { keys: &FindingKind::NAMES, of: &ValueType::OneOf(&names(&Action::NAMES)) },
        default: "the default of each finding",
        meaning: "the action for each kind of finding",
        example: r#"{"missingRole": "Warn", "optedOut": "Reject"}"#,
        ..OPTIONAL
    },
];

pub(super) const COMPOSE_ROLE_ARN: [Definition; 2] = [
    Definition {
        key: "accountId",
        value: string(expected::ACCOUNT_ID),
        meaning: "the account of the roles",
        example: r#""111122223333""#,
        pattern: "^[0-9]{12}$",
        ..REQUIRED
    },
    Definition {
        key: "partition",
        value: string(expected::PARTITION),
        default: "the partition of `region`",
        meaning: "the partition of the roles",
        example: r#""aws-cn""#,
        pattern: "^aws[-a-z0-9]*$",
        ..OPTIONAL
    },
];

pub(super) const ROLE_MAPPING: [Definition; 6] = [
    Definition {
        key: "serviceAccount",
        value: ACCOUNT_PATTERN,
        meaning: "the service accounts that have the role",
        example: r#""team-*/web""#,
        pattern: ACCOUNT_PATTERN_PATTERN,
        ..REQUIRED
    },
    Definition {
        key: "roleArn",
        value: string(RoleArn::EXPECTED),
        meaning: "the role",
        example: r#""arn:aws:iam::111122223333:role/app""#,
        pattern: "^arn:aws[-a-z0-9]*:iam::[0-9]{12}:role/[-A-Za-z0-9_+=,.@/]+$",
        ..REQUIRED
    },
    Definition {
        key: "audience",
        value: AUDIENCE,
        default: "`tokenAudience`",
        meaning: "the audience of the token",
        example: r#""sts.amazonaws.com""#,
        ..OPTIONAL
    },
    Definition {
        key: "regionalStsEndpoints",
        value: ValueType::Boolean,
        default: "the setting with the same name",
        meaning: "whether to set `AWS_STS_REGIONAL_ENDPOINTS` to `regional`",
        example: "true",
        ..OPTIONAL
    },
    Definition {
        key: "tokenExpirationSeconds",
        value: ValueType::Lifetime,
        default: "the setting with the same name",
        meaning: "the lifetime of the token",
        example: "3600",
        ..OPTIONAL
    },
    Definition {
        key: "region",
        value: string(Region::EXPECTED),
        default: "the setting with the same name",
        meaning: "the region of the service account's pods",
        example: r#""us-east-2""#,
        pattern: "^[a-z]{2,}(-[a-z]{2,})+-[0-9]{1,2}$",
        ..OPTIONAL
    },
];

pub(super) const CONFIG_MAP_NAME: [Definition; 2] = [
    Definition {
        key: "namespace",
        value: string(expected::NAMESPACE),
        meaning: "the namespace of the ConfigMap",
        example: r#""kube-system""#,
        pattern: DNS_LABEL_PATTERN,
        ..REQUIRED
    },
    Definition {
        key: "name",
        value: string(expected::CONFIG_MAP),
        meaning: "the name of the ConfigMap, which has the roles under its key `config`",
        example: r#""pod-identity-webhook""#,
        pattern: DNS_SUBDOMAIN_PATTERN,
        ..REQUIRED
    },
];

pub(super) const CONTAINER_CREDENTIALS: [Definition; 6] = [
    Definition {
        key: "serviceAccounts",
        value: non_empty_array(expected::SERVICE_ACCOUNTS, &ACCOUNT_PATTERN),
        meaning: "the service accounts whose pods get container credentials",
        example: r#"["team-b/*", "*/reporter"]"#,
        pattern: ACCOUNT_PATTERN_PATTERN,
        ..REQUIRED
    },
    Definition {
        key: "audience",
        value: AUDIENCE,
        default: "`pods.eks.amazonaws.com`",
        meaning: "the audience of the token",
        example: r#""pods.eks.amazonaws.com""#,
        ..OPTIONAL
    },
    Definition {
        key: "mountPath",
        value: string(MountPath::EXPECTED),
        default: "`/var/run/secrets/pods.eks.amazonaws.com/serviceaccount`",
        meaning: "the path at which the token is mounted",
        example: r#""/var/run/secrets/pod-identity""#,
        pattern: MOUNT_PATH_PATTERN,
        ..OPTIONAL
    },
    Definition {
        key: "volumeName",
        value: string(expected::VOLUME),
        default: "`eks-pod-identity-token`",
        meaning: "the name of the token's volume",
        example: r#""pod-identity-token""#,
        pattern: DNS_LABEL_PATTERN,
        ..OPTIONAL
    },
    Definition {
        key: "tokenPath",
        value: string(expected::TOKEN_PATH),
        default: "`eks-pod-identity-token`",
        meaning: "the path of the token in the volume",
        example: r#""token""#,
        pattern: r"^(\./)*\.?[^/.]",
        ..OPTIONAL
    },
    Definition {
        key: "fullUri",
        value: string(expected::URI),
        default: "`http://169.254.170.23/v1/credentials`",
        meaning: "the URI at which the SDKs get credentials",
        example: r#""http://169.254.170.23/v1/credentials""#,
        pattern: "^https?://[^/]",
        ..OPTIONAL
    },
];

pub(super) const ALLOWED_ROLES: [Definition; 2] = [
    Definition {
        key: "namespaces",
        value: GLOBS,
        meaning: "the namespaces",
        example: r#"["team-a", "team-a-*"]"#,
        ..REQUIRED
    },
    Definition {
        key: "roles",
        value: GLOBS,
        meaning: "the ARNs of the roles that they may use",
        example: r#"["arn:aws:iam::111122223333:role/team-a/**"]"#,
        ..REQUIRED
    },
];

pub(super) const CUSTOM_WORKLOAD: [Definition; 5] = [
    Definition {
        key: "apiVersion",
        value: string(expected::API_VERSION),
        meaning: "the API group and version of the workload; `example.com/*` is any version",
        example: r#""batch.example.com/v1""#,
        pattern: r"^([-a-z0-9.]+/(\*|[-a-z0-9]+)|[-a-z0-9]+)$",
        ..REQUIRED
    },
    Definition {
        key: "kind",
        value: string(expected::KIND),
        meaning: "the kind of the workload; built-in kinds are checked without a setting",
        example: r#""JobSet""#,
        pattern: "^[A-Za-z][A-Za-z0-9]*$",
        ..REQUIRED
    },
    Definition {
        key: "podTemplates",
        value: PATHS,
        default: NO_PATHS,
        meaning: "the paths to pod templates (objects with a pod's `metadata` and `spec`), which are checked like \
                  pods: JSONPaths of child names and wildcards, such as `$.spec.jobs[*].template`; `$` is the object \
                  itself",
        example: r#"["$.spec.jobs[*].template"]"#,
        pattern: PATH_PATTERN,
        ..OPTIONAL
    },
    Definition {
        key: "podSpecs",
        value: PATHS,
        default: NO_PATHS,
        meaning: "the paths to specs of pods without a template around them; only the service account and its role \
                  are checked. A spec without a name means the account `default`",
        example: r#"["$.spec.driver"]"#,
        pattern: PATH_PATTERN,
        ..OPTIONAL
    },
    Definition {
        key: "serviceAccountNames",
        value: PATHS,
        default: NO_PATHS,
        meaning: "the paths to strings that name the service account of pods; only the account and its role are \
                  checked. Nothing is checked if the string is missing or empty",
        example: r#"["$.spec.serviceAccountName"]"#,
        pattern: PATH_PATTERN,
        ..OPTIONAL
    },
];

/// Returns only the keys of an object, so that the Wasm module does not contain the texts for the docs.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs at compile time")]
pub(super) const fn keys<const N: usize>(definitions: &[Definition; N]) -> [&'static str; N] {
    let mut keys = [""; N];
    let mut index = 0;
    while index < N {
        keys[index] = definitions[index].key;
        index += 1;
    }
    keys
}

/// Returns the names of a `(name, value)` table, at compile time.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs at compile time")]
const fn names<T: Copy, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = words[index].0;
        index += 1;
    }
    names
}

const fn string(expected: &'static str) -> ValueType {
    ValueType::String { expected }
}

const fn array(expected: &'static str, of: &'static ValueType) -> ValueType {
    ValueType::Array { expected, may_be_empty: true, of }
}

const fn non_empty_array(expected: &'static str, of: &'static ValueType) -> ValueType {
    ValueType::Array { expected, may_be_empty: false, of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::token_lifetime::TokenLifetime;

    #[test]
    fn names_the_range_of_lifetimes() {
        let [shortest, longest] = [TokenLifetime::MIN, TokenLifetime::MAX].map(TokenLifetime::seconds);
        assert_eq!(LIFETIME, format!("a number of seconds from {shortest} to {longest}"));
    }
}
