//! The environment variables that an identity comes to, in the order in which they are added.

use std::borrow::Cow;

use crate::container::Container;
use crate::identity::{Identity, Method};
use crate::pod::Pod;
use crate::settings::{SessionName, Settings};
use crate::variable::Variable;

/// The longest session name that STS takes (`[\w+=,.@-]{2,64}`), in characters.
const SESSION_NAME_LIMIT: usize = 64;

/// Variables that are set together: where a container has one of them, none is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'a> {
    /// The variables, with their values.
    pub variables: Vec<(Variable, Value<'a>)>,
}

/// What a variable is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// The pod's name, which the kubelet fills in (`fieldRef`).
    PodName,
}

impl Group<'_> {
    /// Whether a container has one of the variables, whatever its value.
    #[must_use]
    pub fn is_set_in(&self, container: &Container<'_>) -> bool {
        self.variables.iter().any(|(variable, _)| container.sets(*variable))
    }
}

/// The pair of variables that name the region.
const REGION: [Variable; 2] = [Variable::DefaultRegion, Variable::Region];

/// The pair of variables by which SDKs find a role.
pub const WEB_IDENTITY: [Variable; 2] = [Variable::RoleArn, Variable::WebIdentityTokenFile];

/// The pair by which they find container credentials.
pub const CONTAINER_CREDENTIALS: [Variable; 2] =
    [Variable::ContainerCredentialsFullUri, Variable::ContainerAuthorizationTokenFile];

/// The pair of variables by which SDKs find an identity.
#[must_use]
pub fn credentials_pair(method: &Method<'_>) -> [Variable; 2] {
    match method {
        Method::WebIdentity { .. } => WEB_IDENTITY,
        Method::ContainerCredentials { .. } => CONTAINER_CREDENTIALS,
    }
}

/// Whether a container has credentials, a region and an STS endpoint of its own. It is left wholly alone then, as the
/// webhook does.
#[must_use]
pub fn is_complete(container: &Container<'_>, method: &Method<'_>) -> bool {
    let sets_one_of = |pair: [Variable; 2]| pair.into_iter().any(|variable| container.sets(variable));
    sets_one_of(credentials_pair(method)) && sets_one_of(REGION) && container.sets(Variable::StsRegionalEndpoints)
}

/// What a pod's containers are to have in their environment.
#[must_use]
pub fn groups<'a>(identity: &'a Identity<'_>, pod: &Pod<'a>, settings: &'a Settings<'_>) -> Vec<Group<'a>> {
    let text = |text: &'a str| Value::Text(Cow::Borrowed(text));
    let mut groups = Vec::with_capacity(5);
    let mut add = |variables| groups.push(Group { variables });

    if identity.regional_sts_endpoints {
        add(vec![(Variable::StsRegionalEndpoints, text("regional"))]);
    }
    if let Some(region) = &settings.region {
        add(REGION.map(|variable| (variable, text(region.as_str()))).to_vec());
    }
    let token = &identity.token;
    let file = Value::Text(Cow::Owned(token.mount_path.file(token.path, pod.spec.is_windows())));
    let first = match &identity.method {
        Method::WebIdentity { role } => text(role),
        Method::ContainerCredentials { full_uri } => text(full_uri),
    };
    let [first_name, file_name] = credentials_pair(&identity.method);
    add(vec![(first_name, first), (file_name, file)]);
    if settings.session_name == SessionName::PodName
        && let Method::WebIdentity { .. } = identity.method
        && let Some(name) = session_name(pod)
    {
        add(vec![(Variable::RoleSessionName, name)]);
    }
    if settings.disable_instance_metadata {
        add(vec![(Variable::Ec2MetadataDisabled, text("true"))]);
    }
    groups
}

/// A session name is of two characters at least; a shorter pod's name is none. A pod whose name is not known yet will
/// have one that fits: the API server generates 63 characters at the most.
fn session_name<'a>(pod: &Pod<'a>) -> Option<Value<'a>> {
    let name = pod.metadata.get().map(|metadata| metadata.name).unwrap_or_default();
    let name = name.decode();
    match (name.len(), name.get(..SESSION_NAME_LIMIT)) {
        (1, _) => None,
        (length, Some(start)) if length > SESSION_NAME_LIMIT => Some(Value::Text(Cow::Owned(start.to_owned()))),
        _ => Some(Value::PodName),
    }
}
