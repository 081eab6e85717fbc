//! The settings' keys: what each takes, and what is said of it in the docs.
//!
//! To add a setting, add its entry to the table below. Its reading (`read.rs`) comes next: a member that is not read is
//! an error.

use super::custom_workload::{TemplatePath, is_kind, split_api_version};
use super::shape::{Member, Shape};
use super::{Mode, SessionName};
use crate::findings::{Action, FindingKind};
use crate::json::{RawStr, Value};
use crate::types::account_pattern::AccountPattern;
use crate::types::dns::{is_dns_label, is_dns_subdomain};
use crate::types::mount_path::{MountPath, is_kept};
use crate::types::region::Region;
use crate::types::role_arn::{RoleArn, is_account_id, is_partition};

/// A key of the settings, or of an object in them, as the docs show it.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The key.
    pub key: &'static str,
    /// The object makes no sense without it.
    pub is_needed: bool,
    /// What values it takes.
    pub shape: Shape,
    /// What it is where the key is left out.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// A value that is right, as JSON.
    pub example: &'static str,
    /// A regular expression that matches every text that is right, for editors; empty where there is none. What it matches may
    /// still be wrong: [`Shape`] decides. In a list it is that of an element.
    pub pattern: &'static str,
    /// The flags of AWS's webhook that it stands for.
    pub webhook_flags: &'static str,
}

/// An object of the settings: its members, as data and as they are read, and their definitions.
macro_rules! object {
    ($members:ident, $definitions:ident, $read:ident {
        $($field:ident: $key:literal, $is_needed:ident, $shape:expr, {
            default: $default:literal, meaning: $meaning:literal, example: $example:literal
            $(, pattern: $pattern:literal)? $(, webhook_flags: $flags:literal)? $(,)?
        })+
    }) => {
        const $members: [Member; [$($key),+].len()] =
            [$(Member { key: $key, is_needed: object!($is_needed), shape: $shape }),+];

        /// In the order in which the docs show them.
        const $definitions: [Definition; $members.len()] = [$(Definition {
            key: $key, is_needed: object!($is_needed), shape: $shape,
            default: $default, meaning: $meaning, example: $example,
            pattern: concat!($($pattern)?), webhook_flags: concat!($($flags)?),
        }),+];

        pub(super) struct $read<'v, 'a> {
            $(pub(super) $field: Option<&'v Value<'a>>,)+
        }

        impl<'v, 'a> $read<'v, 'a> {
            /// The members of an object, where it is one. What is wrong with them has been reported.
            pub(super) fn of(value: &'v Value<'a>) -> Self {
                let members = value.members().unwrap_or_default();
                Self { $($field: member(members, $key),)+ }
            }
        }
    };
    (needed) => { true };
    (optional) => { false };
}

/// What the settings are.
pub(super) const SETTINGS: Shape = Shape::Object(&SETTINGS_MEMBERS);

/// Every object of the settings, by its path, with the definitions of its members; the settings themselves first.
pub const OBJECTS: [(&str, &[Definition]); 7] = [
    ("", &DEFINITIONS),
    ("composeRoleArn", &COMPOSE_ROLE_ARN),
    ("roles[]", &ROLE_MAPPING),
    ("rolesConfigMap", &CONFIG_MAP_NAME),
    ("containerCredentials", &CONTAINER_CREDENTIALS),
    ("allowedRoles[]", &ALLOWED_ROLES),
    ("customWorkloads[]", &CUSTOM_WORKLOAD),
];

const AUDIENCE: Shape = Shape::Text { expected: "an audience that is not empty", is_right: |text| !text.is_empty() };
const MOUNT_PATH: Shape = Shape::Text {
    expected: "an absolute path without `:` and `..`",
    is_right: |text| MountPath::new(text.into()).is_some(),
};
const ACCOUNT_PATTERN: Shape = Shape::Text {
    expected: "`namespace/name`, of which each may have globs",
    is_right: |text| AccountPattern::new(text.into()).is_some(),
};
const GLOBS: Shape = Shape::List {
    expected: "a list of globs that is not empty",
    may_be_empty: false,
    of: &Shape::Text { expected: "a glob that is not empty", is_right: |text| !text.is_empty() },
};

object! { SETTINGS_MEMBERS, DEFINITIONS, SettingsMembers {
    mode: "mode", optional, Shape::Word(&names(&Mode::NAMES)), {
        default: "`Mutate`",
        meaning: "`Mutate` adds what a pod lacks; `Validate` reports it (`notInjected`) and adds nothing",
        example: r#""Validate""#,
    }
    annotation_prefix: "annotationPrefix", optional,
    Shape::Text { expected: "a DNS subdomain", is_right: is_dns_subdomain }, {
        default: "`eks.amazonaws.com`",
        meaning: "the prefix of the annotations",
        example: r#""iam.example.com""#,
        pattern: r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        webhook_flags: "`--annotation-prefix`",
    }
    token_audience: "tokenAudience", optional, AUDIENCE, {
        default: "`sts.amazonaws.com`",
        meaning: "the audience of tokens, where the role's source gives none",
        example: r#""sts.amazonaws.com.cn""#,
        webhook_flags: "`--token-audience`",
    }
    token_expiration_seconds: "tokenExpirationSeconds", optional, Shape::Lifetime, {
        default: "`86400`",
        meaning: "how long tokens last, where neither the pod nor the role's source says",
        example: "3600",
        webhook_flags: "`--token-expiration`",
    }
    token_mount_path: "tokenMountPath", optional, MOUNT_PATH, {
        default: "`/var/run/secrets/eks.amazonaws.com/serviceaccount`",
        meaning: "where the token is mounted",
        example: r#""/var/run/secrets/tokens""#,
        pattern: "^/[^:]*$",
        webhook_flags: "`--token-mount-path`",
    }
    region: "region", optional,
    Shape::Text { expected: "an AWS region, such as `us-east-2`", is_right: |text| Region::new(text.into()).is_some() }, {
        default: "none",
        meaning: "what `AWS_DEFAULT_REGION` and `AWS_REGION` are set to",
        example: r#""us-east-2""#,
        pattern: "^[a-z]{2,}(-[a-z]{2,})+-[0-9]{1,2}$",
        webhook_flags: "`--aws-default-region`",
    }
    regional_sts_endpoints: "regionalStsEndpoints", optional, Shape::Boolean, {
        default: "`false`",
        meaning: "sets `AWS_STS_REGIONAL_ENDPOINTS` to `regional`, where the role's source does not say",
        example: "true",
        webhook_flags: "`--sts-regional-endpoint`",
    }
    compose_role_arn: "composeRoleArn", optional, Shape::Object(&COMPOSE_ROLE_ARN_MEMBERS), {
        default: "none",
        meaning: "completes a `role-arn` annotation that is only a role's name to an ARN",
        example: r#"{"accountId": "111122223333", "partition": "aws"}"#,
        webhook_flags: "`--compose-role-arn`",
    }
    roles: "roles", optional,
    Shape::List { expected: "a list of roles", may_be_empty: true, of: &Shape::Object(&ROLE_MAPPING_MEMBERS) }, {
        default: "`[]`",
        meaning: "the roles of service accounts that have none in an annotation",
        example: r#"[{"serviceAccount": "team-a/*", "roleArn": "arn:aws:iam::111122223333:role/team-a"}]"#,
    }
    roles_config_map: "rolesConfigMap", optional, Shape::Object(&CONFIG_MAP_NAME_MEMBERS), {
        default: "none",
        meaning: "a ConfigMap with more roles, as kOps keeps it; read only for a service account without a role",
        example: r#"{"namespace": "kube-system", "name": "pod-identity-webhook"}"#,
        webhook_flags: "`--watch-config-map`, `--namespace`",
    }
    container_credentials: "containerCredentials", optional, Shape::Object(&CONTAINER_CREDENTIALS_MEMBERS), {
        default: "none",
        meaning: "the service accounts whose pods get container credentials (EKS Pod Identity) and no role",
        example: r#"{"serviceAccounts": ["team-b/*"]}"#,
        webhook_flags: "`--watch-container-credentials-config`, `--container-credentials-*`",
    }
    session_name: "sessionName", optional, Shape::Word(&names(&SessionName::NAMES)), {
        default: "`None`",
        meaning: "sets `AWS_ROLE_SESSION_NAME` to the pod's name, so that CloudTrail names the pod",
        example: r#""PodName""#,
    }
    disable_instance_metadata: "disableInstanceMetadata", optional, Shape::Boolean, {
        default: "`false`",
        meaning: "sets `AWS_EC2_METADATA_DISABLED`, so that no SDK falls back to the node's role",
        example: "true",
    }
    cache_lookups: "cacheLookups", optional, Shape::Boolean, {
        default: "`false`",
        meaning: "takes a role from the host's cache, which may be 5 seconds old; where the cache has none, the API server is asked",
        example: "true",
        webhook_flags: "`--resync-period`, `--service-account-lookup-grace-period` (neither is needed)",
    }
    allowed_roles: "allowedRoles", optional,
    Shape::List {
        expected: "a list of allowed roles (leave the key out to allow any)",
        may_be_empty: false,
        of: &Shape::Object(&ALLOWED_ROLES_MEMBERS),
    }, {
        default: "any role",
        meaning: "which namespaces may use which roles; one that no entry names may use none. `*` crosses neither `:` nor `/`, `**` crosses `/`",
        example: r#"[{"namespaces": ["team-a"], "roles": ["arn:aws:iam::111122223333:role/team-a/**"]}]"#,
    }
    allowed_audiences: "allowedAudiences", optional,
    Shape::List {
        expected: "a list of audiences (leave the key out to allow any)",
        may_be_empty: false,
        of: &AUDIENCE,
    }, {
        default: "any audience",
        meaning: "the audiences that web identity tokens may have",
        example: r#"["sts.amazonaws.com"]"#,
    }
    custom_workloads: "customWorkloads", optional,
    Shape::List { expected: "a list of workloads", may_be_empty: true, of: &Shape::Object(&CUSTOM_WORKLOAD_MEMBERS) }, {
        default: "`[]`",
        meaning: "namespaced kinds other than Kubernetes' own that create pods",
        example: r#"[{"apiVersion": "batch.example.com/v1", "kind": "JobSet", "podTemplates": ["$.spec.jobs[*].template"]}]"#,
    }
    actions: "actions", optional,
    Shape::Map { keys: &FindingKind::NAMES, of: &Shape::Word(&names(&Action::NAMES)) }, {
        default: "as the findings say",
        meaning: "what is done about each kind of finding",
        example: r#"{"missingRole": "Warn", "optedOut": "Reject"}"#,
    }
}}

object! { COMPOSE_ROLE_ARN_MEMBERS, COMPOSE_ROLE_ARN, ComposeRoleArnMembers {
    account_id: "accountId", needed,
    Shape::Text { expected: "an AWS account's id, a string of 12 digits", is_right: is_account_id }, {
        default: "",
        meaning: "the account of the roles",
        example: r#""111122223333""#,
        pattern: "^[0-9]{12}$",
    }
    partition: "partition", optional,
    Shape::Text { expected: "an AWS partition, such as `aws`", is_right: is_partition }, {
        default: "that of `region`",
        meaning: "the partition of the roles",
        example: r#""aws-cn""#,
        pattern: "^aws[-a-z0-9]*$",
    }
}}

object! { ROLE_MAPPING_MEMBERS, ROLE_MAPPING, RoleMappingMembers {
    service_account: "serviceAccount", needed, ACCOUNT_PATTERN, {
        default: "",
        meaning: "the service accounts that have the role",
        example: r#""team-*/web""#,
        pattern: "^[^/]+/[^/]+$",
    }
    role_arn: "roleArn", needed,
    Shape::Text {
        expected: "the ARN of an IAM role, such as `arn:aws:iam::111122223333:role/app`",
        is_right: |text| RoleArn::new(text.into()).is_some(),
    }, {
        default: "",
        meaning: "the role",
        example: r#""arn:aws:iam::111122223333:role/app""#,
        pattern: "^arn:aws[-a-z0-9]*:iam::[0-9]{12}:role/[-A-Za-z0-9_+=,.@/]+$",
    }
    audience: "audience", optional, AUDIENCE, {
        default: "`tokenAudience`",
        meaning: "the audience of the token",
        example: r#""sts.amazonaws.com""#,
    }
    regional_sts_endpoints: "regionalStsEndpoints", optional, Shape::Boolean, {
        default: "the setting of that name",
        meaning: "whether `AWS_STS_REGIONAL_ENDPOINTS` is set to `regional`",
        example: "true",
    }
    token_expiration_seconds: "tokenExpirationSeconds", optional, Shape::Lifetime, {
        default: "the setting of that name",
        meaning: "how long the token lasts",
        example: "3600",
    }
}}

object! { CONFIG_MAP_NAME_MEMBERS, CONFIG_MAP_NAME, ConfigMapNameMembers {
    namespace: "namespace", needed, Shape::Text { expected: "the name of a namespace", is_right: is_dns_label }, {
        default: "",
        meaning: "where the ConfigMap is",
        example: r#""kube-system""#,
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    }
    name: "name", needed, Shape::Text { expected: "the name of a ConfigMap", is_right: is_dns_subdomain }, {
        default: "",
        meaning: "the ConfigMap, which has the mappings under its key `config`",
        example: r#""pod-identity-webhook""#,
        pattern: r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    }
}}

object! { CONTAINER_CREDENTIALS_MEMBERS, CONTAINER_CREDENTIALS, ContainerCredentialsMembers {
    service_accounts: "serviceAccounts", needed,
    Shape::List {
        expected: "a list of service accounts that is not empty",
        may_be_empty: false,
        of: &ACCOUNT_PATTERN,
    }, {
        default: "",
        meaning: "the service accounts whose pods get them",
        example: r#"["team-b/*", "*/reporter"]"#,
        pattern: "^[^/]+/[^/]+$",
    }
    audience: "audience", optional, AUDIENCE, {
        default: "`pods.eks.amazonaws.com`",
        meaning: "the audience of the token",
        example: r#""pods.eks.amazonaws.com""#,
    }
    mount_path: "mountPath", optional, MOUNT_PATH, {
        default: "`/var/run/secrets/pods.eks.amazonaws.com/serviceaccount`",
        meaning: "where the token is mounted",
        example: r#""/var/run/secrets/pod-identity""#,
        pattern: "^/[^:]*$",
    }
    volume_name: "volumeName", optional,
    Shape::Text { expected: "a volume's name, a DNS label", is_right: is_dns_label }, {
        default: "`eks-pod-identity-token`",
        meaning: "the name of the token's volume",
        example: r#""pod-identity-token""#,
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    }
    token_path: "tokenPath", optional,
    Shape::Text { expected: "a relative path that does not begin with `..` and has no such segment", is_right: is_relative_path }, {
        default: "`eks-pod-identity-token`",
        meaning: "the path of the token in the volume",
        example: r#""token""#,
        pattern: r"^(\./)*\.?[^/.]",
    }
    full_uri: "fullUri", optional, Shape::Text { expected: "an `http` or `https` URI", is_right: is_http_uri }, {
        default: "`http://169.254.170.23/v1/credentials`",
        meaning: "where the SDKs ask for credentials",
        example: r#""http://169.254.170.23/v1/credentials""#,
        pattern: "^https?://[^/]",
    }
}}

object! { ALLOWED_ROLES_MEMBERS, ALLOWED_ROLES, AllowedRolesMembers {
    namespaces: "namespaces", needed, GLOBS, {
        default: "",
        meaning: "the namespaces",
        example: r#"["team-a", "team-a-*"]"#,
    }
    roles: "roles", needed, GLOBS, {
        default: "",
        meaning: "the ARNs of the roles that they may use",
        example: r#"["arn:aws:iam::111122223333:role/team-a/**"]"#,
    }
}}

object! { CUSTOM_WORKLOAD_MEMBERS, CUSTOM_WORKLOAD, CustomWorkloadMembers {
    api_version: "apiVersion", needed,
    Shape::Text {
        expected: "an API version, such as `batch/v1`",
        is_right: |text| split_api_version(text).is_some(),
    }, {
        default: "",
        meaning: "the API group and version of the workload",
        example: r#""batch.example.com/v1""#,
        pattern: "^([-a-z0-9.]+/)?[-a-z0-9]+$",
    }
    kind: "kind", needed, Shape::Text { expected: "a kind, such as `JobSet`", is_right: is_kind }, {
        default: "",
        meaning: "the kind of the workload",
        example: r#""JobSet""#,
        pattern: "^[A-Za-z][A-Za-z0-9]*$",
    }
    pod_templates: "podTemplates", needed,
    Shape::List {
        expected: "a list of paths that is not empty",
        may_be_empty: false,
        of: &Shape::Text {
            expected: "a JSONPath of names and wildcards, such as `$.spec.jobs[*].template`",
            is_right: |text| TemplatePath::new(text).is_some(),
        },
    }, {
        default: "",
        meaning: "where in it the pod templates are: JSONPaths of child names and wildcards, such as `$.spec.jobs[*].template`",
        example: r#"["$.spec.jobs[*].template"]"#,
        pattern: r"^\$[.\[]",
    }
}}

fn member<'v, 'a>(members: &'v [(RawStr<'a>, Value<'a>)], key: &str) -> Option<&'v Value<'a>> {
    members.iter().find(|(other, _)| other == key).map(|(_, value)| value)
}

/// The names of some words, and of nothing else that stands with them.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs when this is compiled")]
const fn names<T: Copy, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = words[index].0;
        index += 1;
    }
    names
}

/// As Kubernetes takes the path of a projected file (`validateLocalNonReservedPath`), but for a path of dots, which names none.
fn is_relative_path(text: &str) -> bool {
    !text.starts_with('/')
        && !text.starts_with("..")
        && !text.contains('\0')
        && text.split('/').all(|segment| segment != "..")
        && text.split('/').any(is_kept)
}

fn is_http_uri(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        && !text.contains(|character: char| character.is_whitespace() || character.is_control())
}
