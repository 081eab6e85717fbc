//! The order in which the AWS SDKs look for credentials, and which credentials they use in a container.
//!
//! Each order lists only the places that a pod can influence. Its source is the SDK's own code: see [`SDKS`].
//! Credentials in a program's code, or in files of its image, can't be seen here.

mod table;
#[cfg(test)]
mod tests;

use crate::container::Container;
use crate::sts::StsRules;

pub use table::SDKS;

/// An AWS SDK, or the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sdk {
    /// The SDK's name.
    pub name: &'static str,
    /// The page of the SDK's documentation about the order.
    pub docs: &'static str,
    /// The places where the SDK looks, in order.
    pub order: &'static [Place],
    /// The variables that name the profile of [`Place::ExistingProfile`] or [`Place::NamedProfile`]. If several are
    /// set, the SDK uses the first.
    pub profile: &'static [&'static str],
    /// Whether the SDK skips the static keys if one of these variables is set.
    pub profile_hides_keys: bool,
    /// The variables from which the SDK reads static keys. Each entry is an alternative, in order.
    pub keys: &'static [KeyVariables],
    /// The incomplete credentials for which the SDK fails. It skips all others.
    pub fails_for: &'static [Incomplete],
    /// The variables whose value the SDK uses even if it is an empty string, so that it fails. Any other variable that
    /// is empty counts as not set.
    pub uses_empty: &'static [&'static str],
    /// Which values of `AWS_EC2_METADATA_DISABLED` turn off the instance metadata.
    pub metadata_off: MetadataOff,
    /// What the SDK does if STS refuses to give the role.
    pub on_refusal: OnRefusal,
    /// Whether the SDK gets the role with a module of its own, which a program may lack. Without the module, the SDK
    /// continues with the next place.
    pub needs_sts_module: bool,
    /// How the SDK chooses the STS endpoint.
    pub sts: StsRules,
    /// Whether AWS still maintains the SDK.
    pub is_maintained: bool,
}

/// The variables of one pair of static keys. If a key has several names, the SDK uses the first that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyVariables {
    /// The names for the access key's id.
    pub id: &'static [&'static str],
    /// The names for the secret access key.
    pub secret: &'static [&'static str],
}

/// Credentials that lack one of their two variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// Static keys: an access key's id without a secret.
    Keys,
    /// Web identity: a token file without a role ARN.
    WebIdentity,
}

/// Which values of `AWS_EC2_METADATA_DISABLED` turn off the instance metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataOff {
    /// `true`, in any letter case.
    True,
    /// `true`, in any letter case. For a value that is neither `true` nor `false`, even an empty one, the SDK fails.
    TrueOrInvalid,
    /// Any value but `false` in lower case. If the SDK looks for the region, any value, `false` included.
    AllButFalse,
}

/// What an SDK does if STS refuses to give the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// The SDK reports the error.
    Fails,
    /// The SDK continues with the next place in its order, so it may use the node's role.
    TriesNextPlace,
}

/// A place where an SDK looks for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Static keys in the environment: [`Sdk::keys`]. See also [`Sdk::profile_hides_keys`].
    Static,
    /// Gives no credentials, but can make the SDK fail: a profile that [`Sdk::profile`] names must exist.
    ExistingProfile,
    /// The profile that [`Sdk::profile`] names.
    NamedProfile,
    /// A profile with a `role_arn`, in the shared files.
    RoleProfile,
    /// The shared files, `~/.aws/config` and `~/.aws/credentials`.
    Files,
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI`.
    Container,
    /// The node's role, from the instance metadata. If [`Place::Container`] is set, most SDKs never request the node's
    /// role. Java v2 does if the endpoint of the container credentials fails.
    Instance,
}

use Place::{Container as Agent, ExistingProfile, Files, Instance, NamedProfile, RoleProfile, Static, WebIdentity};

/// The variable that turns off the instance metadata.
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The variables of web identity.
pub(crate) const ROLE: [&str; 2] = ["AWS_ROLE_ARN", TOKEN_FILE];

pub(crate) const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

pub(crate) const CONTAINER_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The credentials that an SDK uses in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The credentials in this place.
    From(Place),
    /// The result depends on something that the pod does not show.
    Depends(Unseen),
    /// Nothing: the SDK fails, because one of the two static keys is missing.
    HalfAKey,
    /// Nothing: the SDK fails, because `AWS_WEB_IDENTITY_TOKEN_FILE` is set, and `AWS_ROLE_ARN` is not.
    NoRoleArn,
    /// Nothing: the SDK fails, because this variable is set to an empty string.
    EmptyVariable(&'static str),
    /// Nothing: no place has credentials.
    None,
}

/// What the pod does not show about a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// The variables that `envFrom` sets.
    EnvFrom,
    /// Whether the Secret or ConfigMap of an `optional` key exists.
    OptionalKeys,
    /// The content of the AWS configuration files. It matters if the container sets `AWS_PROFILE`, `AWS_CONFIG_FILE` or
    /// a similar variable, or has a mount at a path with the segment `.aws`.
    Files,
    /// Whether the profile of `AWS_PROFILE`, or of botocore's `AWS_DEFAULT_PROFILE`, exists. If not, the SDK fails.
    Profile,
}

impl Sdk {
    /// Returns the credentials that the SDK uses in a container.
    #[must_use]
    pub fn takes(&self, container: &Container) -> Taken {
        self.takes_from(self.order, container)
    }

    /// Returns the credentials that the SDK uses in a container with a role if STS refuses to give that role. `None` if
    /// the SDK then fails.
    #[must_use]
    pub fn takes_if_refused(&self, container: &Container) -> Option<Taken> {
        let after = self.order.iter().position(|place| *place == WebIdentity)?.checked_add(1)?;
        let rest = self.order.get(after..)?;
        (self.on_refusal == OnRefusal::TriesNextPlace).then(|| self.takes_from(rest, container))
    }

    fn takes_from(&self, order: &[Place], container: &Container) -> Taken {
        for place in order {
            match self.looks_at(*place, container) {
                Found::Yes => return Taken::From(*place),
                Found::No => {}
                Found::Maybe(unseen) => return Taken::Depends(unseen),
                Found::Failure(taken) => return taken,
            }
        }
        Taken::None
    }

    fn looks_at(&self, place: Place, container: &Container) -> Found {
        let has_any = |names: &[&str]| names.iter().any(|name| container.sets(name));
        let fails_for_empty = |name: &'static str| Found::Failure(Taken::EmptyVariable(name));
        match place {
            Static if self.profile_hides_keys && self.profile_variable(container).is_some() => Found::No,
            Static => {
                self.keys.iter().map(|keys| self.key(*keys, container)).find(|it| *it != Found::No).unwrap_or(Found::No)
            }
            ExistingProfile => match self.profile_variable(container) {
                // There is no profile with an empty name.
                Some(variable) if container.sets_empty(variable) => fails_for_empty(variable),
                Some(_) => Found::Maybe(Unseen::Profile),
                None => Found::No,
            },
            NamedProfile if self.profile_variable(container).is_some() => Found::Maybe(Unseen::Files),
            Files | RoleProfile => {
                let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
                if has_any(&names) || container.mounts_aws_files() { Found::Maybe(Unseen::Files) } else { Found::No }
            }
            // The SDKs need both variables of the role.
            WebIdentity if container.has_role() => Found::Yes,
            WebIdentity if may_set_all(container, &ROLE) => Found::Maybe(Unseen::EnvFrom),
            WebIdentity if self.fails_for.contains(&Incomplete::WebIdentity) && container.sets(TOKEN_FILE) => {
                Found::Failure(Taken::NoRoleArn)
            }
            WebIdentity if ROLE.iter().all(|name| container.names(name)) => {
                ROLE.into_iter().find(|name| self.finds_empty(name, container)).map_or(Found::No, fails_for_empty)
            }
            Agent if container.has_container_credentials() => Found::Yes,
            Agent if self.finds_empty(CONTAINER_URI, container) => fails_for_empty(CONTAINER_URI),
            Agent if container.env_from_may_set(CONTAINER_URI) => Found::Maybe(Unseen::EnvFrom),
            // `envFrom` may also set `AWS_PROFILE`. This is not checked here: `envFrom` can then usually set the static
            // keys too, and `Static` is the next place in every order.
            NamedProfile | WebIdentity | Agent => Found::No,
            Instance if self.never_asks_node(container) => Found::No,
            Instance => Found::Yes,
        }
    }

    /// Returns the variable from which the SDK takes the profile's name.
    fn profile_variable(&self, container: &Container) -> Option<&'static str> {
        let counts = |variable: &&str| container.sets(variable) || self.finds_empty(variable, container);
        self.profile.iter().copied().find(counts)
    }

    /// Whether a variable is set to an empty string, and the SDK uses that value: [`Sdk::uses_empty`].
    pub(crate) fn finds_empty(&self, variable: &str, container: &Container) -> bool {
        self.uses_empty.contains(&variable) && container.sets_empty(variable)
    }

    /// Whether the SDK never asks the instance metadata for credentials. This includes an SDK that fails before it
    /// asks.
    fn never_asks_node(&self, container: &Container) -> bool {
        let value = container.literal(METADATA_DISABLED);
        let is = |text: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(text));
        match self.metadata_off {
            MetadataOff::True => is("true"),
            MetadataOff::TrueOrInvalid => container.sets_empty(METADATA_DISABLED) || (value.is_some() && !is("false")),
            MetadataOff::AllButFalse => value.is_some_and(|value| value != "false"),
        }
    }

    /// Whether the SDK never asks the instance metadata for the region. This includes an SDK that fails before it asks.
    pub(crate) fn never_asks_node_for_region(&self, container: &Container) -> bool {
        match self.metadata_off {
            MetadataOff::True | MetadataOff::TrueOrInvalid => self.never_asks_node(container),
            MetadataOff::AllButFalse => container.sets(METADATA_DISABLED),
        }
    }

    fn key(&self, keys: KeyVariables, container: &Container) -> Found {
        let is_set = |names: &[&str]| names.iter().any(|name| container.sets(name));
        let is_optional = |names: &[&str]| names.iter().any(|name| container.may_set(name));
        let may_come = |names: &[&str]| names.iter().any(|name| container.env_from_may_set(name));
        let is_possible = |names: &[&str]| is_set(names) || is_optional(names) || may_come(names);
        if is_set(keys.id) && is_set(keys.secret) {
            return Found::Yes;
        }
        if is_possible(keys.id) && is_possible(keys.secret) {
            let is_by_env_from =
                (!is_set(keys.id) && !is_optional(keys.id)) || (!is_set(keys.secret) && !is_optional(keys.secret));
            return Found::Maybe(if is_by_env_from { Unseen::EnvFrom } else { Unseen::OptionalKeys });
        }
        // All SDKs ignore a secret without an id.
        let fails = self.fails_for.contains(&Incomplete::Keys) && is_set(keys.id);
        if fails { Found::Failure(Taken::HalfAKey) } else { Found::No }
    }
}

/// Whether each of these variables is set, or may be set by `envFrom`.
fn may_set_all(container: &Container, variables: &[&str]) -> bool {
    variables.iter().all(|variable| container.sets(variable) || container.env_from_may_set(variable))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    No,
    Maybe(Unseen),
    Failure(Taken),
}

impl Place {
    /// Returns the place's name in sentences.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Static => "the static keys in the environment",
            ExistingProfile => "that the profile of `AWS_PROFILE` exists",
            NamedProfile => "the profile of `AWS_PROFILE`",
            RoleProfile => "a profile with a `role_arn`",
            Files => "the shared files",
            WebIdentity => "the role, by web identity",
            Agent => "container credentials",
            Instance => "the node's role",
        }
    }
}

impl Unseen {
    /// Returns what is not known, as a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::EnvFrom => "`envFrom` sets unknown variables",
            Self::OptionalKeys => "the static keys are optional, and whether their Secret exists is not known",
            Self::Files => "the profile or the shared files have unknown content",
            Self::Profile => {
                "whether the profile of `AWS_PROFILE` exists is not known; if it does not exist, the SDK fails"
            }
        }
    }
}
