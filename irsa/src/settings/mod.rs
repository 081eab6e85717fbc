//! The policy's settings, as types that cannot hold a wrong value.
//!
//! [`Settings::parse`] and [`Settings::read`] are the only ways to make them; both find everything that is wrong at
//! once. No code after them checks a setting again.

mod check;
mod custom_workload;
mod definition;
mod errors;
mod read;
mod shape;

use std::borrow::Cow;

use crate::findings::Actions;
use crate::types::account_pattern::AccountPattern;
use crate::types::glob::Glob;
use crate::types::mount_path::MountPath;
use crate::types::object_name::ConfigMapName;
use crate::types::region::Region;
use crate::types::role_arn::RoleArn;
use crate::types::token_lifetime::TokenLifetime;

pub use custom_workload::{CustomWorkload, Step, TemplatePath};
pub use definition::{Definition, OBJECTS};
pub use errors::{SettingsError, SettingsErrors};
pub use shape::Shape;

/// The settings of the policy. [`Settings::default`] is what `{}` says.
///
/// ```
/// use irsa::Settings;
///
/// assert_eq!(Settings::parse("{}")?, Settings::default());
/// let errors = Settings::parse(r#"{"regoin": "us-east-2", "allowedRoles": []}"#).unwrap_err().to_string();
/// assert!(errors.contains("`regoin`: unknown key, did you mean `region`?"));
/// assert!(errors.contains("`allowedRoles`: expected a list"), "all that is wrong is said at once");
/// # Ok::<(), irsa::SettingsErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings<'a> {
    /// `mode`: what is done with pods.
    pub mode: Mode,
    /// `annotationPrefix`: a DNS subdomain.
    pub annotation_prefix: Cow<'a, str>,
    /// `tokenAudience`: whom tokens are for, where nothing nearer says; not empty.
    pub token_audience: Cow<'a, str>,
    /// `tokenExpirationSeconds`: how long tokens are good for, where nothing nearer says.
    pub token_lifetime: TokenLifetime,
    /// `tokenMountPath`: where the token is mounted.
    pub token_mount_path: MountPath<'a>,
    /// `region`: what `AWS_REGION` and `AWS_DEFAULT_REGION` are set to.
    pub region: Option<Region<'a>>,
    /// `regionalStsEndpoints`: whether STS is asked in the region, where nothing nearer says.
    pub regional_sts_endpoints: bool,
    /// `composeRoleArn`: how a role's name becomes its ARN.
    pub compose_role_arn: Option<ComposeRoleArn<'a>>,
    /// `roles`: the roles of service accounts that have no annotation.
    pub roles: Vec<RoleMapping<'a>>,
    /// `rolesConfigMap`: the ConfigMap with more of them.
    pub roles_config_map: Option<ConfigMapName<'a>>,
    /// `containerCredentials`: the service accounts that have container credentials, and what those are.
    pub container_credentials: Option<ContainerCredentials<'a>>,
    /// `sessionName`: how sessions are named.
    pub session_name: SessionName,
    /// `disableInstanceMetadata`: whether SDKs are kept from the node's role.
    pub disable_instance_metadata: bool,
    /// `cacheLookups`: whether a role from the host's cache is good enough.
    pub cache_lookups: bool,
    /// `allowedRoles`: which roles each namespace may use. `None` allows any.
    pub allowed_roles: Option<Vec<AllowedRoles<'a>>>,
    /// `allowedAudiences`: the audiences that tokens may have. `None` allows any.
    pub allowed_audiences: Option<Vec<Cow<'a, str>>>,
    /// `customWorkloads`: kinds beside Kubernetes' own that make pods.
    pub custom_workloads: Vec<CustomWorkload<'a>>,
    /// `actions`: what is done about each kind of finding.
    pub actions: Actions,
}

/// What is done with pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Add what is missing.
    #[default]
    Mutate,
    /// Say what is missing.
    Validate,
}

impl Mode {
    const NAMES: [(&'static str, Self); 2] = [("Mutate", Self::Mutate), ("Validate", Self::Validate)];
}

/// How sessions of a role are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionName {
    /// As the SDK likes.
    #[default]
    None,
    /// By the pod's name.
    PodName,
}

impl SessionName {
    const NAMES: [(&'static str, Self); 2] = [("None", Self::None), ("PodName", Self::PodName)];
}

/// The account and the partition of roles that annotations give by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeRoleArn<'a> {
    /// `accountId`: 12 digits.
    pub account_id: Cow<'a, str>,
    /// `partition`, or that of the region.
    pub partition: Cow<'a, str>,
}

/// The role of the service accounts that a pattern names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping<'a> {
    /// `serviceAccount`: which accounts.
    pub accounts: AccountPattern<'a>,
    /// `roleArn`: the role.
    pub role: RoleArn<'a>,
    /// `audience`: not empty; else the setting's.
    pub audience: Option<Cow<'a, str>>,
    /// `regionalStsEndpoints`; else the setting's.
    pub regional_sts_endpoints: Option<bool>,
    /// `tokenExpirationSeconds`; else the setting's.
    pub token_lifetime: Option<TokenLifetime>,
}

/// Container credentials (EKS Pod Identity): for whom, and what is injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCredentials<'a> {
    /// `serviceAccounts`: whose pods get them.
    pub accounts: Vec<AccountPattern<'a>>,
    /// `audience`: whom the token is for; not empty.
    pub audience: Cow<'a, str>,
    /// `mountPath`: where the token is mounted.
    pub mount_path: MountPath<'a>,
    /// `volumeName`: the name of the token's volume.
    pub volume_name: Cow<'a, str>,
    /// `tokenPath`: the path of the token within the volume.
    pub token_path: Cow<'a, str>,
    /// `fullUri`: where the SDKs ask for credentials.
    pub full_uri: Cow<'a, str>,
}

impl ContainerCredentials<'_> {
    /// The default audience.
    pub const AUDIENCE: &'static str = "pods.eks.amazonaws.com";
}

/// The roles that some namespaces may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRoles<'a> {
    /// `namespaces`: which namespaces.
    pub namespaces: Vec<Glob<'a>>,
    /// `roles`: the ARNs of the roles.
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
            roles: Vec::new(),
            roles_config_map: None,
            container_credentials: None,
            session_name: SessionName::default(),
            disable_instance_metadata: false,
            cache_lookups: false,
            allowed_roles: None,
            allowed_audiences: None,
            custom_workloads: Vec::new(),
            actions: Actions::default(),
        }
    }
}
