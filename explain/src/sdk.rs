//! Where the AWS SDKs look for credentials, in their order, and which they take in a container.
//!
//! Each order is the one that the SDK's documentation gives ([`Sdk::docs`]), of those places that a pod can fill. What
//! stands in the program's code, or in files within its image, cannot be seen here.

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
    /// The same, each by either of its names: also `AWS_ACCESS_KEY` and `AWS_SECRET_KEY`.
    StaticByEitherName,
    /// The profile that `AWS_PROFILE` names, where it is named.
    NamedProfile,
    /// A profile with a `role_arn`, in the shared files.
    RoleProfile,
    /// The shared files, `~/.aws/config` and `~/.aws/credentials`.
    Files,
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI`.
    Container,
    /// The node's role, from the instance's metadata.
    Instance,
}

use Place::{Container as Agent, Files, Instance, NamedProfile, RoleProfile, Static, StaticByEitherName, WebIdentity};

/// The SDKs, and their orders:
///
/// - Go v2: <https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html>, "Specifying Credentials", and
///   its package `config`: `resolveCredentialChain`, where only a profile that the code names comes first, and
///   `NewEnvConfig`, which knows older names of the keys.
/// - Java v2: <https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html>, and
///   `DefaultCredentialsProvider`.
/// - Python: <https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>, and botocore's
///   `create_credential_resolver`. "Assume role provider", which stands before web identity, is a profile with a
///   `role_arn` in the shared files.
/// - CLI: <https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html>, "Configuration settings and
///   precedence"; it has botocore within.
/// - JavaScript v3: <https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html>,
///   and the chain of the package `@aws-sdk/credential-provider-node`, which passes over the environment's keys where
///   `AWS_PROFILE` is set.
/// - Rust: <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html>.
/// - .NET v4: <https://docs.aws.amazon.com/sdk-for-net/v4/developer-guide/creds-assign.html>, and
///   `DefaultAWSCredentialsIdentityResolver`.
pub const SDKS: [Sdk; 7] = [
    Sdk {
        name: "Go v2",
        docs: "https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html",
        order: &[StaticByEitherName, WebIdentity, Files, Agent, Instance],
    },
    Sdk {
        name: "Java v2",
        docs: "https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
    },
    Sdk {
        name: "Python",
        docs: "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
        order: &[Static, RoleProfile, WebIdentity, Files, Agent, Instance],
    },
    Sdk {
        name: "CLI",
        docs: "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html",
        order: &[Static, RoleProfile, WebIdentity, Files, Agent, Instance],
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
            Self::Static | Self::StaticByEitherName => "the static keys in the environment",
            Self::NamedProfile => "the profile of `AWS_PROFILE`",
            Self::RoleProfile => "a profile with a `role_arn`",
            Self::Files => "the shared files",
            Self::WebIdentity => "the role, by web identity",
            Self::Container => "container credentials",
            Self::Instance => "the node's role",
        }
    }

    fn filled(self, container: &Container) -> Filled {
        let has_any = |names: &[&str]| names.iter().any(|name| container.sets(name));
        let key = |id: &[&str], secret: &[&str]| match (has_any(id), has_any(secret)) {
            (true, true) => Filled::Yes,
            _ if container.has_env_from => Filled::Maybe(Unseen::EnvFrom),
            (false, false) => Filled::No,
            _ => Filled::Maybe(Unseen::HalfAKey),
        };
        match self {
            Self::Static => key(&["AWS_ACCESS_KEY_ID"], &["AWS_SECRET_ACCESS_KEY"]),
            Self::StaticByEitherName => {
                key(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"], &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])
            }
            Self::NamedProfile if container.sets("AWS_PROFILE") => Filled::Maybe(Unseen::Files),
            Self::Files | Self::RoleProfile => {
                let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
                if has_any(&names) || container.mounts_aws_files() { Filled::Maybe(Unseen::Files) } else { Filled::No }
            }
            // One of the two alone is passed over.
            Self::WebIdentity if container.has_role() => Filled::Yes,
            Self::Container if container.has_container_credentials() => Filled::Yes,
            Self::WebIdentity | Self::Container if container.has_env_from => Filled::Maybe(Unseen::EnvFrom),
            // That `envFrom` may name a profile is left to the places after it, which say that they do not know.
            Self::NamedProfile | Self::WebIdentity | Self::Container => Filled::No,
            Self::Instance => match container.literal("AWS_EC2_METADATA_DISABLED") {
                Some(value) if value.eq_ignore_ascii_case("true") => Filled::No,
                _ => Filled::Yes,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::container::containers;

    /// What each SDK takes in a container with the role, and this besides.
    fn taken(container: &Value) -> Vec<(&'static str, Taken)> {
        let mut container = container.clone();
        let env = container["env"].take();
        let mut variables = json!([
            {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/app"},
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"},
        ]);
        variables.as_array_mut().unwrap().extend(env.as_array().cloned().unwrap_or_default());
        container["env"] = variables;
        let pod = json!({"spec": {"containers": [container]}});
        let container = containers(&pod).remove(0);
        SDKS.iter().map(|sdk| (sdk.name, sdk.takes(&container))).collect()
    }

    fn all(taken: &[(&str, Taken)], expected: Taken) -> bool {
        taken.iter().all(|(_, taken)| *taken == expected)
    }

    fn variable(name: &str, value: &str) -> Value {
        json!({"name": name, "value": value})
    }

    #[test]
    fn every_sdk_takes_the_role_where_there_is_nothing_else() {
        assert!(all(&taken(&json!({})), Taken::From(WebIdentity)));
        // An agent's credentials and the node's come after it everywhere.
        let agent = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        assert!(all(&taken(&json!({"env": [agent]})), Taken::From(WebIdentity)));
    }

    #[test]
    fn static_keys_win_in_every_sdk_and_empty_ones_in_none() {
        let keys =
            |value| json!({"env": [variable("AWS_ACCESS_KEY_ID", value), variable("AWS_SECRET_ACCESS_KEY", value)]});
        for (name, taken) in taken(&keys("x")) {
            let expected = if name == "Go v2" { StaticByEitherName } else { Static };
            assert_eq!(taken, Taken::From(expected), "{name}");
        }
        assert!(all(&taken(&keys("")), Taken::From(WebIdentity)));
        let half = json!({"env": [variable("AWS_ACCESS_KEY_ID", "x")]});
        assert!(all(&taken(&half), Taken::Depends(Unseen::HalfAKey)));
    }

    #[test]
    fn go_takes_keys_by_their_older_names_too() {
        for [id, secret] in [["AWS_ACCESS_KEY", "AWS_SECRET_KEY"], ["AWS_ACCESS_KEY_ID", "AWS_SECRET_KEY"]] {
            for (name, taken) in taken(&json!({"env": [variable(id, "x"), variable(secret, "x")]})) {
                let expected = match name {
                    "Go v2" => Taken::From(StaticByEitherName),
                    _ if id == "AWS_ACCESS_KEY" => Taken::From(WebIdentity),
                    _ => Taken::Depends(Unseen::HalfAKey),
                };
                assert_eq!(taken, expected, "{name}");
            }
        }
    }

    #[test]
    fn a_profile_decides_only_where_it_comes_before_the_role() {
        for container in [
            json!({"env": [variable("AWS_PROFILE", "x")]}),
            json!({"volumeMounts": [{"name": "home", "mountPath": "/home/app/.aws"}]}),
        ] {
            for (name, taken) in taken(&container) {
                let expected = match name {
                    "Go v2" | "Java v2" | ".NET v4" => Taken::From(WebIdentity),
                    _ => Taken::Depends(Unseen::Files),
                };
                assert_eq!(taken, expected, "{name}");
            }
        }
    }

    #[test]
    fn a_profile_comes_before_the_keys_for_javascript() {
        let both = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name, "x"));
        for (name, taken) in taken(&json!({"env": both})) {
            let expected = match name {
                "JavaScript v3" => Taken::Depends(Unseen::Files),
                "Go v2" => Taken::From(StaticByEitherName),
                _ => Taken::From(Static),
            };
            assert_eq!(taken, expected, "{name}");
        }
    }

    #[test]
    fn what_env_from_sets_is_unknown() {
        let container = json!({"envFrom": [{"secretRef": {"name": "app"}}]});
        assert!(all(&taken(&container), Taken::Depends(Unseen::EnvFrom)));
    }

    #[test]
    fn without_a_role_the_node_s_is_taken_unless_it_is_turned_off() {
        let container = |env: Value| containers(&json!({"spec": {"containers": [{"env": env}]}})).remove(0);
        for sdk in SDKS {
            assert_eq!(sdk.takes(&container(json!([]))), Taken::From(Instance));
            let off = json!([variable("AWS_EC2_METADATA_DISABLED", "true")]);
            assert_eq!(sdk.takes(&container(off)), Taken::None);
        }
    }
}
