//! Where the AWS SDKs look for credentials, in their order, and which they take in a container.
//!
//! Each order is the one that the SDK's documentation gives ([`Sdk::docs`]), of those places that a pod can fill. What stands in the
//! program's code, or in files within its image, cannot be seen here.

use crate::container::Container;

/// An AWS SDK, or the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sdk {
    /// Its name.
    pub name: &'static str,
    /// The page that gives the order.
    pub docs: &'static str,
    /// Where it looks, in its order.
    pub order: &'static [Place],
}

/// Where an SDK looks for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Static,
    /// The profile that `AWS_PROFILE` names, where it is named.
    NamedProfile,
    /// The shared files, `~/.aws/config` and `~/.aws/credentials`.
    Files,
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI`.
    Container,
    /// The node's role, from the instance's metadata.
    Instance,
}

use Place::{Container as Agent, Files, Instance, NamedProfile, Static, WebIdentity};

/// The SDKs, and their orders:
///
/// - Go v2: <https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html>, "Specifying Credentials".
/// - Java v2: <https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html>.
/// - Python: <https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>. "Assume role provider", which stands before web
///   identity, is a profile with a `role_arn` in the shared files.
/// - CLI: <https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html>, "Configuration settings and precedence"; likewise.
/// - JavaScript v3: <https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html>, and the chain of the package
///   `@aws-sdk/credential-provider-node`, which passes over the environment's keys where `AWS_PROFILE` is set.
/// - Rust: <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html>.
/// - .NET v4: <https://docs.aws.amazon.com/sdk-for-net/v4/developer-guide/creds-assign.html>.
pub const SDKS: [Sdk; 7] = [
    Sdk {
        name: "Go v2",
        docs: "https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
    },
    Sdk {
        name: "Java v2",
        docs: "https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
    },
    Sdk {
        name: "Python",
        docs: "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
    },
    Sdk {
        name: "CLI",
        docs: "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
    },
    Sdk {
        name: "JavaScript v3",
        docs: "https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html",
        order: &[NamedProfile, Static, Files, WebIdentity, Agent, Instance],
    },
    Sdk {
        name: "Rust",
        docs: "https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
    },
    Sdk {
        name: ".NET v4",
        docs: "https://docs.aws.amazon.com/sdk-for-net/v4/developer-guide/creds-assign.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
    },
];

/// What an SDK takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// What is in this place.
    From(Place),
    /// It depends on what this place holds, which cannot be seen.
    Depends(Unseen),
    /// Nothing.
    None,
}

/// What cannot be seen of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// What `envFrom` sets.
    EnvFrom,
    /// What the files or the profile say that the container names.
    Files,
    /// What the SDK makes of one key without the other.
    HalfAKey,
}

impl Sdk {
    /// What it takes in a container.
    #[must_use]
    pub fn takes(&self, container: &Container) -> Taken {
        for place in self.order {
            match place.filled(container) {
                Filled::Yes => return Taken::From(*place),
                Filled::No => {}
                Filled::Maybe(unseen) => return Taken::Depends(unseen),
            }
        }
        Taken::None
    }
}

enum Filled {
    Yes,
    No,
    Maybe(Unseen),
}

impl Place {
    /// What the place holds, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Static => "the static keys in the environment",
            Self::NamedProfile => "the profile of `AWS_PROFILE`",
            Self::Files => "the shared files",
            Self::WebIdentity => "the role, by web identity",
            Self::Container => "container credentials",
            Self::Instance => "the node's role",
        }
    }

    fn filled(self, container: &Container) -> Filled {
        let has = |variables: &[&str]| match variables.iter().filter(|variable| container.sets(variable)).count() {
            set if set == variables.len() => Filled::Yes,
            _ if container.has_env_from => Filled::Maybe(Unseen::EnvFrom),
            0 => Filled::No,
            _ => Filled::Maybe(Unseen::HalfAKey),
        };
        match self {
            Self::Static => has(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
            Self::NamedProfile if container.sets("AWS_PROFILE") => Filled::Maybe(Unseen::Files),
            // `envFrom` is said by the places that it most likely fills.
            Self::NamedProfile => Filled::No,
            Self::Files => {
                let files = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
                let named = files.iter().any(|variable| container.sets(variable));
                if named || container.mounts_aws_files() { Filled::Maybe(Unseen::Files) } else { Filled::No }
            }
            // One of the two alone is passed over.
            Self::WebIdentity if container.has_role() => Filled::Yes,
            Self::WebIdentity if container.has_env_from => Filled::Maybe(Unseen::EnvFrom),
            Self::WebIdentity => Filled::No,
            Self::Container if container.has_container_credentials() => Filled::Yes,
            Self::Container if container.has_env_from => Filled::Maybe(Unseen::EnvFrom),
            Self::Container => Filled::No,
            Self::Instance => match container.literal("AWS_EC2_METADATA_DISABLED") {
                Some(value) if value.eq_ignore_ascii_case("true") => Filled::No,
                _ => Filled::Yes,
            },
        }
    }
}
