//! The environment variables of an identity. They form groups, in the order of injection.

use alloc::borrow::{Cow, ToOwned};
use alloc::vec::Vec;

use crate::identity::{CredentialMethod, Identity};
use crate::objects::container::Container;
use crate::objects::env_var::EnvVar;
use crate::objects::pod::Pod;
use crate::settings::{SessionName, Settings};

/// The longest session name that STS accepts (`[\w+=,.@-]{2,64}`), in characters.
const SESSION_NAME_LIMIT: usize = 64;

/// The variables for the region.
pub(crate) const REGION: [EnvVar; 2] = [EnvVar::DefaultRegion, EnvVar::Region];

/// The variables for web identity.
pub(crate) const WEB_IDENTITY: [EnvVar; 2] = [EnvVar::RoleArn, EnvVar::WebIdentityTokenFile];

/// The variables for container credentials.
pub(crate) const CONTAINER_CREDENTIALS: [EnvVar; 2] =
    [EnvVar::ContainerCredentialsFullUri, EnvVar::ContainerAuthorizationTokenFile];

/// A group of variables. If a container sets a variable of a group, no variable of that group is injected into the
/// container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    StsEndpoints,
    Region,
    Credentials,
    SessionName,
    InstanceMetadata,
}

/// The groups of variables that a container lacks, in the order of [`Group`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MissingGroups([bool; Group::InstanceMetadata as usize + 1]);

impl MissingGroups {
    /// Whether a container lacks nothing.
    pub(crate) fn is_empty(self) -> bool {
        !self.0.contains(&true)
    }

    fn has(self, group: Group) -> bool {
        self.0.get(group as usize) == Some(&true)
    }

    fn set(&mut self, group: Group, is_missing: bool) {
        if let Some(missing) = self.0.get_mut(group as usize) {
            *missing = is_missing;
        }
    }
}

/// The variables to inject, each with its group, in the order of injection. A group may have no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment<'a>(Vec<(Group, (EnvVar, Value<'a>))>);

/// The value of an injected variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A literal.
    Text(Cow<'a, str>),
    /// The pod's name, by a `fieldRef`.
    PodName,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(identity: &'a Identity<'_>, pod: &Pod<'_>, settings: &'a Settings<'_>) -> Self {
        let text = |text: &'a str| Value::Text(Cow::Borrowed(text));
        let mut variables = Vec::with_capacity(8);
        if identity.regional_sts_endpoints {
            variables.push((Group::StsEndpoints, (EnvVar::StsRegionalEndpoints, text("regional"))));
        }
        if let Some(region) = &identity.region {
            variables.extend(REGION.map(|variable| (Group::Region, (variable, text(region.as_str())))));
        }
        variables.extend(credentials(identity, pod).map(|variable| (Group::Credentials, variable)));
        if settings.session_name == SessionName::PodName
            && let CredentialMethod::WebIdentity { .. } = identity.method
        {
            variables.extend(session_name(pod).map(|name| (Group::SessionName, (EnvVar::RoleSessionName, name))));
        }
        if settings.disable_instance_metadata {
            variables.push((Group::InstanceMetadata, (EnvVar::Ec2MetadataDisabled, text("true"))));
        }
        Self(variables)
    }

    /// Returns the groups to inject into a container. If the container already sets a variable of a group, the group is
    /// not returned.
    pub(crate) fn missing_in(&self, container: &Container<'_>) -> MissingGroups {
        let mut missing = MissingGroups::default();
        for (group, _) in &self.0 {
            missing.set(*group, true);
        }
        for (group, _) in self.0.iter().filter(|(_, (variable, _))| container.sets(*variable)) {
            missing.set(*group, false);
        }
        missing
    }

    /// The variables of these groups, in the order of injection.
    pub(crate) fn variables(&self, groups: MissingGroups) -> impl Iterator<Item = &(EnvVar, Value<'a>)> {
        self.0.iter().filter(move |(group, _)| groups.has(*group)).map(|(_, variable)| variable)
    }
}

/// Returns the two environment variables that tell SDKs to use this credential method.
pub(crate) fn credentials_pair(method: &CredentialMethod<'_>) -> [EnvVar; 2] {
    match method {
        CredentialMethod::WebIdentity { .. } => WEB_IDENTITY,
        CredentialMethod::ContainerCredentials { .. } => CONTAINER_CREDENTIALS,
    }
}

/// Whether a container already sets a variable for the credentials, a variable for the region, and the STS endpoint.
/// Such a container is skipped, as in the webhook.
pub(crate) fn is_complete(container: &Container<'_>, method: &CredentialMethod<'_>) -> bool {
    let sets_one_of = |pair: [EnvVar; 2]| pair.into_iter().any(|variable| container.sets(variable));
    sets_one_of(credentials_pair(method)) && sets_one_of(REGION) && container.sets(EnvVar::StsRegionalEndpoints)
}

fn credentials<'a>(identity: &'a Identity<'_>, pod: &Pod<'_>) -> [(EnvVar, Value<'a>); 2] {
    let token = &identity.token;
    let file = Value::Text(Cow::Owned(token.mount_path.file(token.path, pod.spec.is_windows())));
    let source = match &identity.method {
        CredentialMethod::WebIdentity { role } => &**role,
        CredentialMethod::ContainerCredentials { full_uri } => full_uri,
    };
    let [source_name, file_name] = credentials_pair(&identity.method);
    [(source_name, Value::Text(Cow::Borrowed(source))), (file_name, file)]
}

/// Returns the session name. `None` for a pod name of one character, because a session name needs at least two
/// characters.
///
/// A generated pod name always fits: it has at most 63 characters.
fn session_name(pod: &Pod<'_>) -> Option<Value<'static>> {
    let Some(metadata) = pod.metadata.get() else { return Some(Value::PodName) };
    let name = metadata.name.decode();
    match (name.len(), name.get(..SESSION_NAME_LIMIT)) {
        (1, _) => None,
        (length, Some(start)) if length > SESSION_NAME_LIMIT => Some(Value::Text(Cow::Owned(start.to_owned()))),
        _ => Some(Value::PodName),
    }
}
