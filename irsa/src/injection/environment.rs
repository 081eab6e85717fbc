//! The environment variables of an identity, in groups, in the order in which they are added.

use alloc::borrow::{Cow, ToOwned};
use alloc::vec;
use alloc::vec::Vec;

use crate::identity::{CredentialMethod, Identity};
use crate::objects::container::Container;
use crate::objects::env_var::EnvVar;
use crate::objects::pod::Pod;
use crate::settings::{SessionName, Settings};

/// The longest session name that STS accepts (`[\w+=,.@-]{2,64}`), in characters.
const SESSION_NAME_LIMIT: usize = 64;

/// The variables of the region.
pub(crate) const REGION: [EnvVar; 2] = [EnvVar::DefaultRegion, EnvVar::Region];

/// The variables of web identity.
pub(crate) const WEB_IDENTITY: [EnvVar; 2] = [EnvVar::RoleArn, EnvVar::WebIdentityTokenFile];

/// The variables of container credentials.
pub(crate) const CONTAINER_CREDENTIALS: [EnvVar; 2] =
    [EnvVar::ContainerCredentialsFullUri, EnvVar::ContainerAuthorizationTokenFile];

/// The number of groups of variables.
pub(crate) const GROUPS: usize = 5;

/// Which groups of variables a container lacks, by their place in [`Environment`].
pub(crate) type MissingGroups = [bool; GROUPS];

/// The variables to inject: a fixed array of groups, in the order in which they are added.
///
/// If a container sets one variable of a group, the group is not injected into it. A group without variables is not
/// injected at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment<'a>([Vec<(EnvVar, Value<'a>)>; GROUPS]);

/// The value of an injected variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A literal.
    Text(Cow<'a, str>),
    /// The pod's name, by `fieldRef`.
    PodName,
}

impl<'a> Environment<'a> {
    /// The variables of an identity.
    pub(crate) fn new(identity: &'a Identity<'_>, pod: &Pod<'_>, settings: &'a Settings<'_>) -> Self {
        let text = |text: &'a str| Value::Text(Cow::Borrowed(text));
        let sts_endpoints = if identity.regional_sts_endpoints {
            vec![(EnvVar::StsRegionalEndpoints, text("regional"))]
        } else {
            Vec::new()
        };
        let region = match &identity.region {
            Some(region) => REGION.map(|variable| (variable, text(region.as_str()))).to_vec(),
            None => Vec::new(),
        };
        let session_name = match &identity.method {
            CredentialMethod::WebIdentity { .. } if settings.session_name == SessionName::PodName => {
                session_name(pod).map(|name| (EnvVar::RoleSessionName, name)).into_iter().collect()
            }
            _ => Vec::new(),
        };
        let instance_metadata = if settings.disable_instance_metadata {
            vec![(EnvVar::Ec2MetadataDisabled, text("true"))]
        } else {
            Vec::new()
        };
        Self([sts_endpoints, region, credentials(identity, pod), session_name, instance_metadata])
    }

    /// The groups that a container lacks.
    pub(crate) fn missing_in(&self, container: &Container<'_>) -> MissingGroups {
        self.0.each_ref().map(|group| !group.is_empty() && !group.iter().any(|(variable, _)| container.sets(*variable)))
    }

    /// The variables of these groups, in the order in which they are added.
    pub(crate) fn variables(&self, groups: MissingGroups) -> impl Iterator<Item = &(EnvVar, Value<'a>)> {
        self.0.iter().zip(groups).filter(|(_, is_missing)| *is_missing).flat_map(|(group, _)| group)
    }
}

/// The variables by which SDKs find an identity of this method.
pub(crate) fn credentials_pair(method: &CredentialMethod<'_>) -> [EnvVar; 2] {
    match method {
        CredentialMethod::WebIdentity { .. } => WEB_IDENTITY,
        CredentialMethod::ContainerCredentials { .. } => CONTAINER_CREDENTIALS,
    }
}

/// Whether a container sets its own credentials, region and STS endpoint. The policy then leaves it alone, as the
/// webhook does.
pub(crate) fn is_complete(container: &Container<'_>, method: &CredentialMethod<'_>) -> bool {
    let sets_one_of = |pair: [EnvVar; 2]| pair.into_iter().any(|variable| container.sets(variable));
    sets_one_of(credentials_pair(method)) && sets_one_of(REGION) && container.sets(EnvVar::StsRegionalEndpoints)
}

fn credentials<'a>(identity: &'a Identity<'_>, pod: &Pod<'_>) -> Vec<(EnvVar, Value<'a>)> {
    let token = &identity.token;
    let file = Value::Text(Cow::Owned(token.mount_path.file(token.path, pod.spec.is_windows())));
    let source = match &identity.method {
        CredentialMethod::WebIdentity { role } => &**role,
        CredentialMethod::ContainerCredentials { full_uri } => full_uri,
    };
    let [source_name, file_name] = credentials_pair(&identity.method);
    vec![(source_name, Value::Text(Cow::Borrowed(source))), (file_name, file)]
}

/// A session name has at least two characters, so a pod name of one character gives none. A generated name always fits:
/// the API server generates at most 63 characters.
fn session_name(pod: &Pod<'_>) -> Option<Value<'static>> {
    let Some(metadata) = pod.metadata.get() else { return Some(Value::PodName) };
    let name = metadata.name.decode();
    match (name.len(), name.get(..SESSION_NAME_LIMIT)) {
        (1, _) => None,
        (length, Some(start)) if length > SESSION_NAME_LIMIT => Some(Value::Text(Cow::Owned(start.to_owned()))),
        _ => Some(Value::PodName),
    }
}
