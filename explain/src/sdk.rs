//! The order in which the AWS SDKs look for credentials, and which credentials they use in a container.
//!
//! Each order lists only the places that a pod can influence. Its source is the SDK's own code: see [`SDKS`].
//! Credentials in a program's code, or in files of its image, can't be seen here.

use crate::container::Container;
use crate::sts::{Override, Setting, StsRules, WithoutRegion};

/// An AWS SDK, or the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sdk {
    /// The SDK's name.
    pub name: &'static str,
    /// The page of the SDK's documentation about the order.
    pub docs: &'static str,
    /// The places where the SDK looks, in order.
    pub order: &'static [Place],
    /// The variables from which the SDK reads static keys. Each entry is an alternative, in order.
    pub keys: &'static [KeyVariables],
    /// What the SDK does if STS refuses to give the role.
    pub on_refusal: OnRefusal,
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
    /// Static keys in the environment: [`Sdk::keys`]. JavaScript v3 skips them if `AWS_PROFILE` is set.
    Static,
    /// Gives no credentials, but can make the SDK fail: if `AWS_PROFILE` is set, that profile must exist.
    ExistingProfile,
    /// The profile that `AWS_PROFILE` names, if it is set.
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

/// The names of the keys that every SDK reads.
const KEYS: KeyVariables = KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY"] };

/// The names in [`KEYS`], and the older names that the Go SDKs (v1 and v2) and Java v1 also read.
const KEYS_WITH_OLDER: KeyVariables =
    KeyVariables { id: &["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"], secret: &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"] };

/// The rules of most SDKs: they read the region from `AWS_REGION`, always use a regional endpoint, and read
/// `AWS_ENDPOINT_URL`.
const REGIONAL: StsRules = StsRules {
    regions: &["AWS_REGION"],
    setting: Setting::Ignored,
    without_region: WithoutRegion::OfNode,
    overrides: Override::Read,
};

/// The variable that turns off the instance metadata.
pub(crate) const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The variables of web identity.
pub(crate) const ROLE: [&str; 2] = ["AWS_ROLE_ARN", TOKEN_FILE];

pub(crate) const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

pub(crate) const CONTAINER_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The variable from which some SDKs read the region, instead of `AWS_REGION` or in addition to it.
const DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";

/// The SDKs. For Go v2, Java v2, Python, JavaScript v3 and Rust, `e2e-tests/tests/cluster/sdk_rules/` compares what
/// this table predicts with the credentials that the SDK uses. The source of each order, of its keys and of what it
/// does if STS refuses:
///
/// - Go v2: `aws-sdk-go-v2`, `config/resolve_credentials.go`, `resolveCredentialChain`: one place is chosen and no
///   other is tried. `config/env_config.go` has the names of the keys, and `config/config.go`, `resolveConfigLoaders`,
///   fails for a profile of `AWS_PROFILE` that does not exist. `assumeWebIdentity` fails without a role ARN.
/// - Java v2: `aws-sdk-java-v2`, `DefaultCredentialsProvider.createChain`, and
///   `AwsCredentialsProviderChain.resolveCredentials`, which goes on after any `RuntimeException`: that of STS, that of
///   a missing `sts` module, and that of a file that can't be read. `SdkSystemSetting` fails for a value of
///   `AWS_EC2_METADATA_DISABLED` that is neither `true` nor `false`.
/// - Python: botocore's `credentials.py`, `create_credential_resolver`. "Assume role provider", which is before web
///   identity, is a profile with a `role_arn`. Web identity is a `DeferredRefreshableCredentials`: STS is asked later,
///   when the choice is made. `EnvProvider` fails for an id without a secret; `session.py`, `get_scoped_config`, for a
///   profile that does not exist, which `AWS_DEFAULT_PROFILE` names before `AWS_PROFILE` (`configprovider.py`);
///   `AssumeRoleWithWebIdentityProvider`, for a token file without a role ARN; `ContainerProvider`, for an empty URI.
/// - CLI (v2): botocore's code, as a part of `aws-cli` (`awscli/botocore`). `AWS_PROFILE` comes first there.
/// - JavaScript v3: `@aws-sdk/credential-provider-node`, `defaultProvider`, which skips the environment's keys if
///   `AWS_PROFILE` is set, and goes on after an error only if that has `tryNextLink`; STS's has not. `remoteProvider`
///   does not ask the instance metadata for any value of `AWS_EC2_METADATA_DISABLED` but `false`.
/// - Rust: `aws-config`, `default_provider/credentials.rs`, and `meta/credentials/chain.rs`, which goes on after
///   `CredentialsNotLoaded` only. `environment/credentials.rs` reads `SECRET_ACCESS_KEY`, too. `web_identity_token.rs`
///   and `ecs.rs` use empty variables, and fail.
/// - .NET v4: `aws-sdk-net`, `DefaultAWSCredentialsIdentityResolver`, which chooses web identity without asking STS.
///   `EnvironmentVariablesAWSCredentials` has the names of the keys.
/// - C++: `aws-sdk-cpp`, `AWSCredentialsProviderChain.cpp`, which goes on after empty credentials, STS's included.
/// - Kotlin: `aws-sdk-kotlin`, `DefaultChainCredentialsProvider` and `StsWebIdentityProvider`: "any failures result in
///   the chain to move onto the next provider". (Older versions look at the shared files first.)
/// - Swift: `aws-sdk-swift`, `DefaultAWSCredentialIdentityResolverChain`, which goes on after any error.
/// - Ruby: `aws-sdk-core`, `credential_provider_chain.rb`: an error of STS is raised by the constructor.
/// - PHP: `aws-sdk-php`, `CredentialProvider::defaultProvider` and `chain`, which goes on after any rejection.
/// - Go v1: `aws-sdk-go`, `aws/session/credentials.go`, `resolveCredentials`, as in v2; `aws/session/env_config.go`.
/// - Java v1: `aws-sdk-java`, `DefaultAWSCredentialsProviderChain` and `AWSCredentialsProviderChain.getCredentials`,
///   which goes on after any exception; `EnvironmentVariableCredentialsProvider`.
/// - JavaScript v2: `aws-sdk`, `lib/node_loader.js`, `AWS.CredentialProviderChain.defaultProviders`: container
///   credentials come before web identity. `credential_provider_chain.js` goes on after any error.
/// - .NET v3: `aws-sdk-net`, `FallbackCredentialsFactory.Reset`: web identity comes before everything else.
pub const SDKS: [Sdk; 16] = [
    Sdk {
        name: "Go v2",
        docs: "https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html",
        order: &[ExistingProfile, Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS_WITH_OLDER],
        on_refusal: OnRefusal::Fails,
        sts: StsRules {
            regions: &["AWS_REGION", DEFAULT_REGION],
            without_region: WithoutRegion::Fails,
            overrides: Override::OwnOnly,
            ..REGIONAL
        },
        is_maintained: true,
    },
    Sdk {
        name: "Java v2",
        docs: "https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { without_region: WithoutRegion::OfNodeOrFails, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "Python",
        docs: "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
        order: &[ExistingProfile, Static, RoleProfile, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::Fails,
        sts: StsRules {
            regions: &[DEFAULT_REGION],
            setting: Setting::Regional,
            without_region: WithoutRegion::Global,
            ..REGIONAL
        },
        is_maintained: true,
    },
    Sdk {
        name: "CLI",
        docs: "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html",
        order: &[ExistingProfile, Static, RoleProfile, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::Fails,
        sts: StsRules { regions: &["AWS_REGION", DEFAULT_REGION], without_region: WithoutRegion::Unknown, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "JavaScript v3",
        docs: "https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html",
        order: &[NamedProfile, Static, Files, WebIdentity, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::Fails,
        sts: StsRules { without_region: WithoutRegion::OfNodeOrFails, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "Rust",
        docs: "https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        keys: &[KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"] }],
        on_refusal: OnRefusal::Fails,
        sts: StsRules {
            regions: &["AWS_REGION", DEFAULT_REGION],
            without_region: WithoutRegion::OfNodeOrFails,
            ..REGIONAL
        },
        is_maintained: true,
    },
    Sdk {
        name: ".NET v4",
        docs: "https://docs.aws.amazon.com/sdk-for-net/v4/developer-guide/creds-assign.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"] }],
        on_refusal: OnRefusal::Fails,
        sts: StsRules { setting: Setting::Regional, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "C++",
        docs: "https://docs.aws.amazon.com/sdk-for-cpp/v1/developer-guide/credproviders.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { regions: &[DEFAULT_REGION, "AWS_REGION"], overrides: Override::Ignored, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "Kotlin",
        docs: "https://docs.aws.amazon.com/sdk-for-kotlin/latest/developer-guide/credential-providers.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: REGIONAL,
        is_maintained: true,
    },
    Sdk {
        name: "Swift",
        docs: "https://docs.aws.amazon.com/sdk-for-swift/latest/developer-guide/credential-identity-resolvers.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { without_region: WithoutRegion::SkipsRole, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "Ruby",
        docs: "https://docs.aws.amazon.com/sdk-for-ruby/v3/developer-guide/credential-providers.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KeyVariables {
            id: &["AWS_ACCESS_KEY_ID", "AMAZON_ACCESS_KEY_ID", "AWS_ACCESS_KEY"],
            secret: &["AWS_SECRET_ACCESS_KEY", "AMAZON_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"],
        }],
        on_refusal: OnRefusal::Fails,
        sts: StsRules {
            regions: &["AWS_REGION", "AMAZON_REGION", DEFAULT_REGION],
            setting: Setting::Regional,
            without_region: WithoutRegion::Fails,
            ..REGIONAL
        },
        is_maintained: true,
    },
    Sdk {
        name: "PHP",
        docs: "https://docs.aws.amazon.com/sdk-for-php/v3/developer-guide/guide_credentials_provider.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { setting: Setting::Legacy, without_region: WithoutRegion::UsEast1, ..REGIONAL },
        is_maintained: true,
    },
    Sdk {
        name: "Go v1",
        docs: "https://docs.aws.amazon.com/sdk-for-go/v1/developer-guide/configuring-sdk.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS_WITH_OLDER],
        on_refusal: OnRefusal::Fails,
        sts: StsRules {
            setting: Setting::Legacy,
            without_region: WithoutRegion::Global,
            overrides: Override::Ignored,
            ..REGIONAL
        },
        is_maintained: false,
    },
    Sdk {
        name: "Java v1",
        docs: "https://docs.aws.amazon.com/sdk-for-java/v1/developer-guide/credentials.html",
        order: &[Static, WebIdentity, Files, Agent, Instance],
        keys: &[KEYS_WITH_OLDER],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { setting: Setting::Legacy, overrides: Override::Ignored, ..REGIONAL },
        is_maintained: false,
    },
    Sdk {
        name: "JavaScript v2",
        docs: "https://docs.aws.amazon.com/sdk-for-javascript/v2/developer-guide/setting-credentials-node.html",
        order: &[Static, Files, Agent, WebIdentity, Instance],
        keys: &[KEYS, KeyVariables { id: &["AMAZON_ACCESS_KEY_ID"], secret: &["AMAZON_SECRET_ACCESS_KEY"] }],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules {
            regions: &["AWS_REGION", "AMAZON_REGION"],
            setting: Setting::LegacyEverywhere,
            without_region: WithoutRegion::Global,
            overrides: Override::Ignored,
        },
        is_maintained: false,
    },
    Sdk {
        name: ".NET v3",
        docs: "https://docs.aws.amazon.com/sdk-for-net/v3/developer-guide/creds-assign.html",
        order: &[WebIdentity, Files, Static, Agent, Instance],
        keys: &[KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"] }],
        on_refusal: OnRefusal::Fails,
        sts: StsRules { setting: Setting::Legacy, ..REGIONAL },
        is_maintained: false,
    },
];

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

    /// Whether the SDK is botocore: Python's SDK, or the CLI, which contains it.
    fn is_botocore(&self) -> bool {
        matches!(self.name, "Python" | "CLI")
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
        let empty = |names: &[&'static str]| names.iter().find(|name| container.sets_empty(name)).copied();
        let uses_empty = |name: &'static str| Found::Failure(Taken::EmptyVariable(name));
        match place {
            Static if self.name == "JavaScript v3" && container.sets("AWS_PROFILE") => Found::No,
            Static => {
                self.keys.iter().map(|keys| self.key(*keys, container)).find(|it| *it != Found::No).unwrap_or(Found::No)
            }
            ExistingProfile => match self.profile_variable(container) {
                // botocore looks for a profile with an empty name, and fails.
                Some(variable) if container.sets_empty(variable) => uses_empty(variable),
                Some(_) => Found::Maybe(Unseen::Profile),
                None => Found::No,
            },
            NamedProfile if container.sets("AWS_PROFILE") => Found::Maybe(Unseen::Files),
            Files | RoleProfile => {
                let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
                if has_any(&names) || container.mounts_aws_files() { Found::Maybe(Unseen::Files) } else { Found::No }
            }
            // The SDKs need both variables of the role.
            WebIdentity if container.has_role() => Found::Yes,
            WebIdentity if may_set_all(container, &ROLE) => Found::Maybe(Unseen::EnvFrom),
            WebIdentity if container.sets(TOKEN_FILE) && matches!(self.name, "Python" | "CLI" | "Go v2" | "Go v1") => {
                Found::Failure(Taken::NoRoleArn)
            }
            WebIdentity if self.name == "Rust" && ROLE.iter().all(|name| container.names(name)) => {
                empty(&ROLE).map_or(Found::No, uses_empty)
            }
            Agent if container.has_container_credentials() => Found::Yes,
            Agent if matches!(self.name, "Python" | "CLI" | "Rust") && container.sets_empty(CONTAINER_URI) => {
                uses_empty(CONTAINER_URI)
            }
            Agent if container.env_from_may_set(CONTAINER_URI) => Found::Maybe(Unseen::EnvFrom),
            // `envFrom` may also set `AWS_PROFILE`. This is not checked here: `envFrom` can then usually set the static
            // keys too, and `Static` is the next place in every order.
            NamedProfile | WebIdentity | Agent => Found::No,
            Instance if self.never_asks_node(container) => Found::No,
            Instance => Found::Yes,
        }
    }

    /// Returns the variable that names the profile which has to exist.
    fn profile_variable(&self, container: &Container) -> Option<&'static str> {
        let is_set = |variable: &&str| container.sets(variable);
        let counts = |variable: &&str| container.sets(variable) || container.sets_empty(variable);
        match self.name {
            "Python" => ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter().find(counts),
            "CLI" => ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].into_iter().find(counts),
            _ => Some("AWS_PROFILE").filter(is_set),
        }
    }

    /// Whether the SDK does not ask the instance metadata for credentials, or fails before it does.
    pub(crate) fn never_asks_node(&self, container: &Container) -> bool {
        let value = container.literal(METADATA_DISABLED);
        let is = |text: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(text));
        match self.name {
            "JavaScript v3" => value.is_some_and(|value| value != "false"),
            // It fails for an empty value, too.
            "Java v2" => container.sets_empty(METADATA_DISABLED) || (value.is_some() && !is("false")),
            _ => is("true"),
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
        // botocore fails if there is an id without a secret. All SDKs ignore a secret without an id.
        let fails = self.is_botocore() && is_set(keys.id);
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::container::containers;

    /// Returns what each SDK uses in this container, to which the role's variables are added.
    fn taken(container: &Value) -> Vec<(&'static str, Taken)> {
        let mut container = container.clone();
        let env = container["env"].take();
        let mut variables = json!([
            {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/app"},
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"},
        ]);
        variables.as_array_mut().unwrap().extend(env.as_array().cloned().unwrap_or_default());
        container["env"] = variables;
        let container = self::container(&container);
        SDKS.iter().map(|sdk| (sdk.name, sdk.takes(&container))).collect()
    }

    /// Reads a container, given as JSON.
    fn container(json: &Value) -> Container {
        containers(&json!({"spec": {"containers": [json]}})).remove(0)
    }

    fn all(taken: &[(&str, Taken)], expected: Taken) -> bool {
        taken.iter().all(|(_, taken)| *taken == expected)
    }

    fn variable(name: &str, value: &str) -> Value {
        json!({"name": name, "value": value})
    }

    #[test]
    fn every_sdk_uses_the_role_if_there_is_nothing_else() {
        assert!(all(&taken(&json!({})), Taken::From(WebIdentity)));
        // Only JavaScript v2 uses container credentials instead of the role.
        let agent = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        for (name, taken) in taken(&json!({"env": [agent]})) {
            let expected = if name == "JavaScript v2" { Agent } else { WebIdentity };
            assert_eq!(taken, Taken::From(expected), "{name}");
        }
    }

    #[test]
    fn all_sdks_but_one_use_static_keys_and_none_uses_empty_keys() {
        let keys =
            |value| json!({"env": [variable("AWS_ACCESS_KEY_ID", value), variable("AWS_SECRET_ACCESS_KEY", value)]});
        for (name, taken) in taken(&keys("x")) {
            let expected = if name == ".NET v3" { WebIdentity } else { Static };
            assert_eq!(taken, Taken::From(expected), "{name}");
        }
        assert!(all(&taken(&keys("")), Taken::From(WebIdentity)));
    }

    #[test]
    fn an_id_without_a_secret_fails_in_python_and_is_skipped_elsewhere() {
        for (name, taken) in taken(&json!({"env": [variable("AWS_ACCESS_KEY_ID", "x")]})) {
            let is_botocore = matches!(name, "Python" | "CLI");
            assert_eq!(taken, if is_botocore { Taken::HalfAKey } else { Taken::From(WebIdentity) }, "{name}");
        }
        let secret = json!({"env": [variable("AWS_SECRET_ACCESS_KEY", "x")]});
        assert!(all(&taken(&secret), Taken::From(WebIdentity)));
    }

    #[test]
    fn an_empty_profile_fails_in_python_only() {
        for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            for (sdk, taken) in taken(&json!({"env": [variable(name, "")]})) {
                let is_botocore = matches!(sdk, "Python" | "CLI");
                let expected = if is_botocore { Taken::EmptyVariable(name) } else { Taken::From(WebIdentity) };
                assert_eq!(taken, expected, "{sdk}: {name}");
            }
        }
    }

    #[test]
    fn keys_by_other_names_are_used_by_the_sdks_that_read_them() {
        for (names, winners) in [
            (["AWS_ACCESS_KEY", "AWS_SECRET_KEY"], ["Go v2", "Go v1", "Java v1", "Ruby"].as_slice()),
            (["AWS_ACCESS_KEY_ID", "AWS_SECRET_KEY"], &["Go v2", "Go v1", "Java v1", "Ruby", ".NET v4"]),
            (["AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY"], &["Ruby", "JavaScript v2"]),
            (["AWS_ACCESS_KEY_ID", "SECRET_ACCESS_KEY"], &["Rust"]),
        ] {
            for (name, taken) in taken(&json!({"env": names.map(|name| variable(name, "x"))})) {
                let expected = if winners.contains(&name) {
                    Taken::From(Static)
                } else if names[0] == "AWS_ACCESS_KEY_ID" && matches!(name, "Python" | "CLI") {
                    Taken::HalfAKey
                } else {
                    Taken::From(WebIdentity)
                };
                assert_eq!(taken, expected, "{name}: {names:?}");
            }
        }
    }

    #[test]
    fn whether_optional_keys_are_set_is_unknown() {
        let key =
            |name| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}});
        let keys = json!({"env": [key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY")]});
        for (name, taken) in taken(&keys) {
            let expected =
                if name == ".NET v3" { Taken::From(WebIdentity) } else { Taken::Depends(Unseen::OptionalKeys) };
            assert_eq!(taken, expected, "{name}");
        }
    }

    #[test]
    fn a_profile_matters_only_if_it_comes_before_the_role() {
        for (container, is_named) in [
            (json!({"env": [variable("AWS_PROFILE", "x")]}), true),
            (json!({"volumeMounts": [{"name": "home", "mountPath": "/home/app/.aws"}]}), false),
        ] {
            for (name, taken) in taken(&container) {
                let expected = match name {
                    "Go v2" | "Python" | "CLI" if is_named => Taken::Depends(Unseen::Profile),
                    "Python" | "CLI" | "JavaScript v3" | "Rust" | "C++" | "Swift" | "JavaScript v2" => {
                        Taken::Depends(Unseen::Files)
                    }
                    _ => Taken::From(WebIdentity),
                };
                assert_eq!(taken, expected, "{name}");
            }
        }
    }

    #[test]
    fn javascript_v3_uses_the_profile_before_the_keys() {
        let both = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name, "x"));
        for (name, taken) in taken(&json!({"env": both})) {
            let expected = match name {
                "JavaScript v3" => Taken::Depends(Unseen::Files),
                "Go v2" | "Python" | "CLI" => Taken::Depends(Unseen::Profile),
                ".NET v3" => Taken::From(WebIdentity),
                _ => Taken::From(Static),
            };
            assert_eq!(taken, expected, "{name}");
        }
    }

    #[test]
    fn variables_of_env_from_are_unknown_unless_the_prefix_excludes_them() {
        let with_prefix = |prefix: &str| json!({"envFrom": [{"secretRef": {"name": "app"}, "prefix": prefix}]});
        for (name, taken) in taken(&with_prefix("")) {
            let expected = if name == ".NET v3" { Taken::From(WebIdentity) } else { Taken::Depends(Unseen::EnvFrom) };
            assert_eq!(taken, expected, "{name}");
        }
        assert!(all(&taken(&with_prefix("APP_")), Taken::From(WebIdentity)));
    }

    #[test]
    fn without_a_role_sdks_use_the_node_s_role_unless_metadata_is_disabled() {
        for sdk in SDKS {
            assert_eq!(sdk.takes(&container(&json!({}))), Taken::From(Instance));
            let off = json!({"env": [variable("AWS_EC2_METADATA_DISABLED", "true")]});
            assert_eq!(sdk.takes(&container(&off)), Taken::None);
        }
    }

    #[test]
    fn half_of_web_identity_fails_in_some_sdks() {
        let agent = variable(CONTAINER_URI, "http://169.254.170.23/v1/credentials");
        for (half, failing) in
            [(TOKEN_FILE, ["Go v2", "Python", "CLI", "Go v1"].as_slice()), ("AWS_ROLE_ARN", [].as_slice())]
        {
            let env = json!([agent, variable(half, "x")]);
            let container = container(&json!({"env": env}));
            for sdk in SDKS {
                let expected = if failing.contains(&sdk.name) { Taken::NoRoleArn } else { Taken::From(Agent) };
                assert_eq!(sdk.takes(&container), expected, "{}: {half}", sdk.name);
            }
        }
    }

    #[test]
    fn java_script_skips_static_keys_if_a_profile_is_set() {
        let env = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name, "x"));
        let container = container(&json!({"env": env}));
        let sdk = SDKS.into_iter().find(|sdk| sdk.name == "JavaScript v3").unwrap();
        let without_profile = Sdk { order: &[Static, Instance], ..sdk };
        assert_eq!(without_profile.takes(&container), Taken::From(Instance));
    }

    #[test]
    fn values_that_turn_off_the_node_s_role_depend_on_the_sdk() {
        for (value, off) in [
            ("1", ["Java v2", "JavaScript v3"].as_slice()),
            ("FALSE", ["JavaScript v3"].as_slice()),
            ("false", [].as_slice()),
            ("", ["Java v2"].as_slice()),
        ] {
            let env = json!([variable(METADATA_DISABLED, value)]);
            let container = container(&json!({"env": env}));
            for sdk in SDKS {
                let expected = if off.contains(&sdk.name) { Taken::None } else { Taken::From(Instance) };
                assert_eq!(sdk.takes(&container), expected, "{}: {value}", sdk.name);
            }
        }
    }

    #[test]
    fn some_sdks_use_the_node_s_role_if_sts_refuses() {
        let names = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].map(|name| variable(name, "x"));
        let container = container(&json!({"env": names}));
        let refused: Vec<_> =
            SDKS.iter().filter(|sdk| sdk.takes_if_refused(&container).is_some()).map(|sdk| sdk.name).collect();
        assert_eq!(refused, ["Java v2", "C++", "Kotlin", "Swift", "PHP", "Java v1", "JavaScript v2"]);
        for sdk in SDKS {
            let taken = sdk.takes_if_refused(&container);
            assert!(taken.is_none_or(|taken| taken == Taken::From(Instance)), "{}", sdk.name);
        }
    }
}
