//! Plans what a pod lacks for its identity. Mode `Mutate` inserts the plan, and mode `Validate` only reports it.
//!
//! Reports volumes and mounts that conflict with the volume and the mount of the token (`conflictingVolume`,
//! `conflictingMount`).

use alloc::vec::Vec;
use core::fmt;

use super::environment::{Environment, MissingGroups, Value, is_complete};
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::container_selection::ContainerSelection;
use crate::identity::{CredentialMethod, Identity, Token};
use crate::json::RawStr;
use crate::objects::container::{Container, Mount};
use crate::objects::env_var::EnvVar;
use crate::objects::pod::{Pod, PodSpec};
use crate::objects::volume::Volume;

/// What a pod lacks for its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    /// The token to mount.
    pub(crate) token: &'a Token<'a>,
    /// Whether the pod lacks the token's volume.
    pub(crate) volume: bool,
    /// Whether the pod lacks the label for container credentials, or has the label with another value.
    pub(crate) label: bool,
    /// What each container lacks: the init containers first, then the containers.
    pub(crate) containers: Vec<Additions>,
    environment: Environment<'a>,
}

/// What a container lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Additions {
    /// The groups of variables that it lacks.
    groups: MissingGroups,
    /// Whether it lacks the token's mount.
    pub(crate) mount: bool,
}

impl Additions {
    /// Whether the container lacks nothing.
    pub(crate) fn is_empty(self) -> bool {
        !self.has_variables() && !self.mount
    }

    /// Whether the container lacks variables.
    pub(crate) fn has_variables(self) -> bool {
        !self.groups.is_empty()
    }
}

impl<'a> Plan<'a> {
    /// Plans an identity for the selected containers of a pod. A container with a conflicting mount is reported and
    /// left out. A conflicting volume is reported, and the plan stays empty.
    pub(crate) fn new<'c: 'a>(
        checker: &mut Checker<'c>,
        pod: &Pod<'_>,
        identity: &'a Identity<'a>,
        selection: &ContainerSelection,
    ) -> Self {
        let spec = &pod.spec;
        let token = &identity.token;
        let mut plan = Self {
            token,
            volume: false,
            label: false,
            containers: Vec::new(),
            environment: Environment::new(identity, pod, checker.settings),
        };
        let is_active =
            |container: &Container<'_>| selection.covers(container) && !is_complete(container, &identity.method);
        let volume = spec.volume(token.volume_name);
        if let Some(volume) = volume
            && !holds_token(volume, token)
            && spec.containers.iter().any(is_active)
        {
            for container in spec.containers.iter().filter(|container| is_active(container)) {
                // A mount of the conflicting volume is not reported, because the volume is reported below.
                match mount_of_token(container, spec, token) {
                    MountOfToken::Conflict(Obstacle::Volume(name)) if name == *token.volume_name => {}
                    MountOfToken::Conflict(obstacle) => report_conflict(checker, container, &obstacle, token),
                    MountOfToken::There | MountOfToken::Missing => {}
                }
            }
            let message =
                Message::new(Subject::Pod, format_args!("expected only the token for ")).quote(&token.audience);
            let message = message.then(format_args!(", but got other content")).on(Item::Volume(token.volume_name));
            checker.report(FindingKind::ConflictingVolume, message);
            return plan;
        }
        for container in &spec.containers {
            let is_active = is_active(container);
            plan.containers.push(if is_active {
                plan.missing_in(checker, container, spec)
            } else {
                Additions::default()
            });
        }
        // The pod may lack the volume although a container already mounts it. The policy then adds the volume.
        let mounts_it = |container: &Container<'_>| container.mounts(token.volume_name);
        plan.volume = volume.is_none()
            && (plan.containers.iter().any(|additions| additions.mount) || spec.containers.iter().any(mounts_it));
        plan.label =
            matches!(identity.method, CredentialMethod::ContainerCredentials { .. }) && !pod.has_pod_identity_label();
        plan
    }

    /// The variables that a container lacks, in the order of injection.
    pub(crate) fn variables(&self, additions: Additions) -> impl Iterator<Item = &(EnvVar, Value<'a>)> {
        self.environment.variables(additions.groups)
    }

    fn missing_in(&self, checker: &mut Checker<'_>, container: &Container<'_>, spec: &PodSpec<'_>) -> Additions {
        let mount = match mount_of_token(container, spec, self.token) {
            MountOfToken::There => false,
            MountOfToken::Missing => true,
            MountOfToken::Conflict(obstacle) => {
                report_conflict(checker, container, &obstacle, self.token);
                return Additions::default();
            }
        };
        Additions { groups: self.environment.missing_in(container), mount }
    }
}

fn report_conflict(checker: &mut Checker<'_>, container: &Container<'_>, obstacle: &Obstacle<'_>, token: &Token<'_>) {
    let text = format_args!("expected the token, but got {obstacle}");
    let message = Message::new(Subject::Container(container.name()), text).on(Item::Mount(token.mount_path.as_str()));
    checker.report(FindingKind::ConflictingMount, message);
}

enum MountOfToken<'p> {
    There,
    Missing,
    Conflict(Obstacle<'p>),
}

/// Another volume or device at the token's mount path.
enum Obstacle<'p> {
    Volume(RawStr<'p>),
    Device,
}

impl fmt::Display for Obstacle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume(name) => write!(f, "volume `{name}`"),
            Self::Device => f.write_str("a device"),
        }
    }
}

/// Finds what a container mounts at the token's mount path. Kubernetes allows one mount per path, but treats `/a` and
/// `/a/` as two paths. So there may be several mounts.
fn mount_of_token<'p>(container: &'p Container<'_>, spec: &PodSpec<'_>, token: &Token<'_>) -> MountOfToken<'p> {
    let mut there = MountOfToken::Missing;
    for mount in container.mounts.elements.iter().filter(|mount| token.mount_path.same_path(&mount.path.decode())) {
        if !mounts_token(mount, spec, token) {
            return MountOfToken::Conflict(Obstacle::Volume(mount.volume));
        }
        there = MountOfToken::There;
    }
    if container.device_paths.elements.iter().any(|path| token.mount_path.same_path(&path.decode())) {
        return MountOfToken::Conflict(Obstacle::Device);
    }
    there
}

/// Whether a mount provides the token. True if the mount's volume is equivalent to the injected volume. Also true if
/// the pod lacks the mount's volume, and the policy injects a volume of this name. A mount of only a part of a volume
/// does not provide the token.
fn mounts_token(mount: &Mount<'_>, spec: &PodSpec<'_>, token: &Token<'_>) -> bool {
    let volume = spec.volume(&mount.volume.decode());
    !mount.is_partial() && volume.map_or(mount.volume == token.volume_name, |volume| holds_token(volume, token))
}

/// Whether a volume is equivalent to the injected one: its only source is a token with the same path and audience. The
/// lifetime and the volume's name may differ.
fn holds_token(volume: &Volume<'_>, token: &Token<'_>) -> bool {
    matches!(volume.tokens.as_slice(), [source] if volume.sources == 1
        && source.path == token.path
        && source.audience == *token.audience)
}
