//! What is missing in a pod for its identity to work: made once, to be added or to be reported.

use std::fmt;

use crate::container::{Container, Mount};
use crate::environment::{self, Group, Value};
use crate::finding::{FindingKind, Wording};
use crate::findings::Findings;
use crate::identity::{Identity, Method, Token};
use crate::json::RawStr;
use crate::pod::{Pod, PodSpec};
use crate::settings::Settings;
use crate::variable::Variable;
use crate::volume::Volume;

/// What is missing in a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The token to be mounted.
    pub token: &'a Token<'a>,
    /// The token's volume is missing.
    pub volume: bool,
    /// The label of pods with container credentials is missing, or has another value.
    pub label: bool,
    /// What is missing in each container: the init containers, then the others, in their order.
    pub containers: Vec<Additions>,
    groups: Vec<Group<'a>>,
}

/// What is missing in a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Additions {
    /// The groups of variables that are missing, as bits.
    groups: u8,
    /// The mount of the token.
    pub mount: bool,
}

impl Additions {
    /// Nothing is missing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.groups == 0 && !self.mount
    }

    /// Whether variables are missing.
    #[must_use]
    pub fn has_variables(self) -> bool {
        self.groups != 0
    }
}

impl<'a> Plan<'a> {
    /// What is missing in a pod for this identity, but in the containers that are to be skipped. Where something else
    /// is in the way, it is reported, and nothing is planned for what it is in the way of.
    pub fn new(
        pod: &Pod<'a>,
        identity: &'a Identity<'a>,
        skipped: &[String],
        settings: &'a Settings<'a>,
        findings: &mut Findings<'_>,
    ) -> Self {
        let spec = &pod.spec;
        let token = &identity.token;
        let mut plan = Self {
            token,
            volume: false,
            label: false,
            containers: Vec::new(),
            groups: environment::groups(identity, pod, settings),
        };
        let is_active = |container: &Container<'_>| {
            !container.is_among(skipped) && !environment::is_complete(container, &identity.method)
        };
        let volume = spec.volumes.elements.iter().find(|volume| volume.name == token.volume_name);
        if let Some(volume) = volume
            && !holds_token(volume, token)
            && spec.containers.iter().any(is_active)
        {
            for container in spec.containers.iter().filter(|container| is_active(container)) {
                // A mount of that very volume is no second fault.
                match mount_of_token(container, spec, token) {
                    MountOfToken::Conflict(Obstacle::Volume(name)) if name == *token.volume_name => {}
                    MountOfToken::Conflict(obstacle) => report_conflict(container, &obstacle, token, findings),
                    MountOfToken::There | MountOfToken::Missing => {}
                }
            }
            findings.add_about_pod(
                FindingKind::ConflictingVolume,
                Wording::new(format_args!("volume `{}`: expected the token for ", token.volume_name))
                    .quoting(&token.audience)
                    .then(format_args!(", but got something else")),
            );
            return plan;
        }
        for container in &spec.containers {
            let additions =
                if is_active(container) { plan.missing_in(container, spec, findings) } else { Additions::default() };
            plan.containers.push(additions);
        }
        // A container may mount our volume already, and rely on it being added.
        let mounts_it = |container: &Container<'_>| container.mounts(token.volume_name);
        plan.volume = volume.is_none()
            && (plan.containers.iter().any(|additions| additions.mount) || spec.containers.iter().any(mounts_it));
        plan.label = matches!(identity.method, Method::ContainerCredentials { .. }) && !pod.has_pod_identity_label();
        plan
    }

    /// The variables that are missing in a container, in the order in which they are added.
    pub fn variables(&self, additions: Additions) -> impl Iterator<Item = &(Variable, Value<'a>)> {
        let bits = (0..u8::BITS).map(move |bit| additions.groups & (1 << bit) != 0);
        self.groups.iter().zip(bits).filter(|(_, is_missing)| *is_missing).flat_map(|(group, _)| &group.variables)
    }

    fn missing_in(&self, container: &Container<'_>, spec: &PodSpec<'_>, findings: &mut Findings<'_>) -> Additions {
        let mount = match mount_of_token(container, spec, self.token) {
            MountOfToken::There => false,
            MountOfToken::Missing => true,
            MountOfToken::Conflict(obstacle) => {
                report_conflict(container, &obstacle, self.token, findings);
                return Additions::default();
            }
        };
        let bits = (0..u8::BITS).map(|bit| 1 << bit);
        let groups =
            self.groups.iter().zip(bits).filter(|(group, _)| !group.is_set_in(container)).map(|(_, bit)| bit).sum();
        Additions { groups, mount }
    }
}

fn report_conflict(container: &Container<'_>, obstacle: &Obstacle<'_>, token: &Token<'_>, findings: &mut Findings<'_>) {
    let (name, path) = (&container.name(), token.mount_path.as_str());
    let wording = format_args!("container `{name}`: mount path `{path}`: expected the token, but got {obstacle}");
    findings.add(FindingKind::ConflictingMount, Wording::new(wording));
}

enum MountOfToken<'p> {
    There,
    Missing,
    Conflict(Obstacle<'p>),
}

/// What is at the token's mount path instead.
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

/// What a container has at the token's mount path. Kubernetes allows one mount a path, but counts `/a` and `/a/` as
/// two.
fn mount_of_token<'p>(container: &'p Container<'_>, spec: &PodSpec<'_>, token: &Token<'_>) -> MountOfToken<'p> {
    let mut there = MountOfToken::Missing;
    for mount in container.mounts.elements.iter().filter(|mount| token.mount_path.is(&mount.path.decode())) {
        if !mounts_token(mount, spec, token) {
            return MountOfToken::Conflict(Obstacle::Volume(mount.volume));
        }
        there = MountOfToken::There;
    }
    if container.device_paths.elements.iter().any(|path| token.mount_path.is(&path.decode())) {
        return MountOfToken::Conflict(Obstacle::Device);
    }
    there
}

/// Whether a mount gives the token: by our volume, which is added where it is missing, or by another that holds it.
fn mounts_token(mount: &Mount<'_>, spec: &PodSpec<'_>, token: &Token<'_>) -> bool {
    let volume = spec.volumes.elements.iter().find(|volume| volume.name == mount.volume);
    !mount.is_partial && volume.map_or(mount.volume == token.volume_name, |volume| holds_token(volume, token))
}

/// Whether a volume is what we would inject: a projected token and nothing else, with our path and audience, whatever
/// its lifetime and the volume's name.
fn holds_token(volume: &Volume<'_>, token: &Token<'_>) -> bool {
    matches!(volume.tokens.as_slice(), [source] if volume.sources == 1
        && source.path == token.path
        && source.audience == *token.audience)
}
