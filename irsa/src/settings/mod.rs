//! The settings of the policy, as types whose values are always valid.
//!
//! [`Settings::parse`] and [`Settings::read`] parse each value once into its type, and collect all errors. Later code
//! does not check a setting again.

mod custom_workload;
mod definition;
mod entries;
mod errors;
mod read;
mod reader;
mod role_globs;
mod strings;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::findings::Actions;
use crate::types::account_pattern::AccountPattern;
use crate::types::glob::Glob;
use crate::types::mount_path::MountPath;
use crate::types::object_name::ConfigMapName;
use crate::types::region::Region;
use crate::types::role_arn::RoleArn;
use crate::types::token_lifetime::TokenLifetime;

pub(crate) use custom_workload::BUILT_IN;
pub use custom_workload::{CustomWorkload, ObjectPath, ObjectPathError, Step};
pub use definition::{Definition, OBJECTS, ValueType};
pub use entries::Entries;
pub use errors::{SettingsError, SettingsErrors};

/// The settings of the policy. [`Settings::default`] equals the settings `{}`.
///
/// ```
/// use irsa::Settings;
///
/// assert_eq!(Settings::parse("{}")?, Settings::default());
/// let errors = Settings::parse(r#"{"regoin": "us-east-2", "allowedRoles": []}"#).unwrap_err().to_string();
/// assert!(errors.contains("`regoin`: unknown key, did you mean `region`?"));
/// assert!(errors.contains("`allowedRoles`: expected an array"), "all errors are found at once");
/// # Ok::<(), irsa::SettingsErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings<'a> {
    /// `mode`: whether pods are changed or only checked.
    pub mode: Mode,
    /// `annotationPrefix`: a DNS subdomain.
    pub annotation_prefix: Cow<'a, str>,
    /// `tokenAudience`: the default audience of tokens; not empty.
    pub token_audience: Cow<'a, str>,
    /// `tokenExpirationSeconds`: the default lifetime of tokens.
    pub token_lifetime: TokenLifetime,
    /// `tokenMountPath`: the path at which the token is mounted.
    pub token_mount_path: MountPath<'a>,
    /// `region`: the value of `AWS_REGION` and `AWS_DEFAULT_REGION`.
    pub region: Option<Region<'a>>,
    /// `regionalStsEndpoints`: whether to set `AWS_STS_REGIONAL_ENDPOINTS=regional`. The value in the source of the
    /// role takes precedence.
    pub regional_sts_endpoints: bool,
    /// `composeRoleArn`: completes a role's name to an ARN.
    pub compose_role_arn: Option<ComposeRoleArn<'a>>,
    /// `roles`: the roles of service accounts that have no role in an annotation.
    pub roles: Entries<'a>,
    /// `rolesConfigMap`: the ConfigMap with further roles.
    pub roles_config_map: Option<ConfigMapName<'a>>,
    /// `containerCredentials`: the service accounts whose pods get container credentials, and the details of the token.
    pub container_credentials: Option<ContainerCredentials<'a>>,
    /// `sessionName`: the name of role sessions.
    pub session_name: SessionName,
    /// `disableInstanceMetadata`: whether to set `AWS_EC2_METADATA_DISABLED`.
    pub disable_instance_metadata: bool,
    /// `cacheLookups`: whether to use a role from the host's cache.
    pub cache_lookups: bool,
    /// `allowedRoles`: the roles that each namespace may use. `None` allows any.
    pub allowed_roles: Option<Entries<'a>>,
    /// `allowedAudiences`: the audiences that tokens may have. `None` allows any.
    pub allowed_audiences: Option<Vec<Cow<'a, str>>>,
    /// `customWorkloads`: custom kinds that create pods.
    pub custom_workloads: Vec<CustomWorkload<'a>>,
    /// `actions`: the action for each kind of finding.
    pub actions: Actions,
    /// The errors in the entries of `roles` and `allowedRoles` that the review has read.
    entry_errors: RefCell<SettingsErrors>,
}

/// Whether pods are changed or only checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Adds what a pod lacks.
    #[default]
    Mutate,
    /// Only reports what a pod lacks.
    Validate,
}

impl Mode {
    const NAMES: [(&'static str, Self); 2] = [("Mutate", Self::Mutate), ("Validate", Self::Validate)];
}

/// The name of role sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionName {
    /// Not set: the SDK chooses a name.
    #[default]
    None,
    /// The name of the pod.
    PodName,
}

impl SessionName {
    const NAMES: [(&'static str, Self); 2] = [("None", Self::None), ("PodName", Self::PodName)];
}

/// The account and the partition to use if an annotation contains only the name of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeRoleArn<'a> {
    /// `accountId`: 12 digits.
    pub account_id: Cow<'a, str>,
    /// `partition`, or the partition of the region.
    pub partition: Cow<'a, str>,
}

/// The role of the service accounts that match a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping<'a> {
    /// `serviceAccount`: the service accounts.
    pub accounts: AccountPattern<'a>,
    /// `roleArn`: the role.
    pub role: RoleArn<'a>,
    /// `audience`. Never empty. If it is `None`, the setting `tokenAudience` applies.
    pub audience: Option<Cow<'a, str>>,
    /// `regionalStsEndpoints`. If it is `None`, the setting of the same name applies.
    pub regional_sts_endpoints: Option<bool>,
    /// `tokenExpirationSeconds`. If it is `None`, the setting of the same name applies.
    pub token_lifetime: Option<TokenLifetime>,
    /// `region`. If it is `None`, the setting of the same name applies.
    pub region: Option<Region<'a>>,
}

/// Container credentials (EKS Pod Identity): the service accounts that get them, and the details of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCredentials<'a> {
    /// `serviceAccounts`: the service accounts whose pods get container credentials; at least one.
    pub accounts: Vec<AccountPattern<'a>>,
    /// `audience`: the audience of the token; not empty.
    pub audience: Cow<'a, str>,
    /// `mountPath`: the path at which the token is mounted.
    pub mount_path: MountPath<'a>,
    /// `volumeName`: the name of the token's volume, a DNS label.
    pub volume_name: Cow<'a, str>,
    /// `tokenPath`: the path of the token within the volume.
    pub token_path: Cow<'a, str>,
    /// `fullUri`: the URI that SDKs get credentials from.
    pub full_uri: Cow<'a, str>,
}

impl ContainerCredentials<'_> {
    /// The default audience.
    pub const AUDIENCE: &'static str = "pods.eks.amazonaws.com";
}

/// Roles that certain namespaces may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRoles<'a> {
    /// `namespaces`: the namespaces; at least one.
    pub namespaces: Vec<Glob<'a>>,
    /// `roles`: the ARNs of the roles; at least one.
    pub roles: Vec<Glob<'a>>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            annotation_prefix: Cow::Borrowed("eks.amazonaws.com"),
            token_audience: Cow::Borrowed("sts.amazonaws.com"),
            token_lifetime: TokenLifetime::DEFAULT,
            token_mount_path: MountPath::WEB_IDENTITY,
            region: None,
            regional_sts_endpoints: false,
            compose_role_arn: None,
            roles: Entries::EMPTY,
            roles_config_map: None,
            container_credentials: None,
            session_name: SessionName::default(),
            disable_instance_metadata: false,
            cache_lookups: false,
            allowed_roles: None,
            allowed_audiences: None,
            custom_workloads: Vec::new(),
            actions: Actions::default(),
            entry_errors: RefCell::default(),
        }
    }
}
