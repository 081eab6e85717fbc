//! The table of the AWS SDKs, with the source of each entry.

use super::Place::{
    Container as Agent, ExistingProfile, Files, Instance, NamedProfile, RoleProfile, Static, WebIdentity,
};
use super::{CONTAINER_URI, Incomplete, KeyVariables, MetadataOff, OnRefusal, Sdk, TOKEN_FILE};
use crate::sts::{
    DUAL_STACK, FIPS, IGNORED, OF_ALL, OF_STS, Override, Requirement, SETTING, Setting, StsRules, WithoutRegion,
};

/// The names of the keys that every SDK reads.
const KEYS: KeyVariables = KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY"] };

/// The names in [`KEYS`], and the older names that the Go SDKs (v1 and v2) and Java v1 also read.
const KEYS_WITH_OLDER: KeyVariables =
    KeyVariables { id: &["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"], secret: &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"] };

/// The names of the keys that .NET reads.
const KEYS_OF_NET: KeyVariables =
    KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"] };

/// What most SDKs do. Each entry sets its own name and page.
const BASE: Sdk = Sdk {
    name: "",
    docs: "",
    order: &[Static, WebIdentity, Files, Agent, Instance],
    profile: &["AWS_PROFILE"],
    profile_hides_keys: false,
    keys: &[KEYS],
    fails_for: &[],
    uses_empty: &[],
    metadata_off: MetadataOff::True,
    on_refusal: OnRefusal::Fails,
    needs_sts_module: false,
    sts: REGIONAL,
    is_maintained: true,
};

/// What botocore does: Python's SDK, or the CLI, which contains it.
const BOTOCORE: Sdk = Sdk {
    order: &[ExistingProfile, Static, RoleProfile, WebIdentity, Files, Agent, Instance],
    fails_for: &[Incomplete::Keys, Incomplete::WebIdentity],
    ..BASE
};

/// The rules of most SDKs: they read the region from `AWS_REGION`, always use a regional endpoint, and read
/// `AWS_ENDPOINT_URL`.
const REGIONAL: StsRules = StsRules {
    regions: &["AWS_REGION"],
    setting: Setting::Ignored,
    without_region: WithoutRegion::OfNode,
    knows_aws_global: true,
    overrides: Override::Read,
    override_requires: &[],
    case_sensitive: &[],
};

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
/// - Python: botocore's `credentials.py`, `create_credential_resolver`. The "Assume role provider" stands before web
///   identity. It is a profile with a `role_arn`. Web identity is a `DeferredRefreshableCredentials`: botocore asks STS
///   later, when it has chosen the place. These functions fail: `EnvProvider` for an id without a secret;
///   `get_scoped_config` (`session.py`) for a profile that does not exist; `AssumeRoleWithWebIdentityProvider` for a
///   token file without a role ARN; `ContainerProvider` for an empty URI. `AWS_DEFAULT_PROFILE` takes precedence over
///   `AWS_PROFILE` (`configprovider.py`).
/// - CLI (v2): botocore's code, as a part of `aws-cli` (`awscli/botocore`). `AWS_PROFILE` comes first there.
/// - JavaScript v3: `@aws-sdk/credential-provider-node`, `defaultProvider`, which skips the environment's keys if
///   `AWS_PROFILE` is set. After an error, it tries the next place only if the error has `tryNextLink`. The errors of
///   STS don't have it. If `AWS_EC2_METADATA_DISABLED` has a value other than `false`, `remoteProvider` does not ask
///   the instance metadata.
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
        fails_for: &[Incomplete::WebIdentity],
        sts: StsRules {
            regions: &["AWS_REGION", DEFAULT_REGION],
            without_region: WithoutRegion::Fails,
            overrides: Override::OwnOnly,
            override_requires: &[Requirement::NoFipsOrDualStack],
            ..REGIONAL
        },
        ..BASE
    },
    Sdk {
        name: "Java v2",
        docs: "https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html",
        uses_empty: &[OF_STS, OF_ALL],
        metadata_off: MetadataOff::TrueOrInvalid,
        on_refusal: OnRefusal::TriesNextPlace,
        needs_sts_module: true,
        sts: StsRules {
            without_region: WithoutRegion::OfNodeOrFails,
            override_requires: &[Requirement::Region, Requirement::NoFipsOrDualStack],
            ..REGIONAL
        },
        ..BASE
    },
    Sdk {
        name: "Python",
        docs: "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
        profile: &["AWS_DEFAULT_PROFILE", "AWS_PROFILE"],
        uses_empty: &["AWS_DEFAULT_PROFILE", "AWS_PROFILE", CONTAINER_URI, DEFAULT_REGION],
        sts: StsRules {
            regions: &[DEFAULT_REGION],
            setting: Setting::Regional,
            without_region: WithoutRegion::Global,
            override_requires: &[Requirement::ValidSetting],
            case_sensitive: &[SETTING],
            ..REGIONAL
        },
        ..BOTOCORE
    },
    Sdk {
        name: "CLI",
        docs: "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-configure.html",
        profile: &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"],
        uses_empty: &["AWS_PROFILE", "AWS_DEFAULT_PROFILE", CONTAINER_URI, "AWS_REGION", DEFAULT_REGION],
        sts: StsRules { regions: &["AWS_REGION", DEFAULT_REGION], without_region: WithoutRegion::Unknown, ..REGIONAL },
        ..BOTOCORE
    },
    Sdk {
        name: "JavaScript v3",
        docs: "https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html",
        order: &[NamedProfile, Static, Files, WebIdentity, Agent, Instance],
        profile_hides_keys: true,
        uses_empty: &["AWS_REGION"],
        metadata_off: MetadataOff::AllButFalse,
        sts: StsRules {
            without_region: WithoutRegion::OfNodeOrFails,
            knows_aws_global: false,
            override_requires: &[Requirement::Region, Requirement::NoFipsOrDualStack],
            case_sensitive: &[FIPS, DUAL_STACK, IGNORED],
            ..REGIONAL
        },
        ..BASE
    },
    Sdk {
        name: "Rust",
        docs: "https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        keys: &[KeyVariables { id: &["AWS_ACCESS_KEY_ID"], secret: &["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"] }],
        uses_empty: &["AWS_ROLE_ARN", TOKEN_FILE, CONTAINER_URI, "AWS_REGION", DEFAULT_REGION, OF_STS, OF_ALL],
        sts: StsRules {
            regions: &["AWS_REGION", DEFAULT_REGION],
            without_region: WithoutRegion::OfNodeOrFails,
            overrides: Override::NeverIgnored,
            override_requires: &[Requirement::RegionNotEmpty, Requirement::NoFipsOrDualStack],
            ..REGIONAL
        },
        ..BASE
    },
    Sdk {
        name: ".NET v4",
        docs: "https://docs.aws.amazon.com/sdk-for-net/v4/developer-guide/creds-assign.html",
        keys: &[KEYS_OF_NET],
        sts: StsRules { setting: Setting::Regional, ..REGIONAL },
        ..BASE
    },
    Sdk {
        name: "C++",
        docs: "https://docs.aws.amazon.com/sdk-for-cpp/v1/developer-guide/credproviders.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { regions: &[DEFAULT_REGION, "AWS_REGION"], overrides: Override::Ignored, ..REGIONAL },
        ..BASE
    },
    Sdk {
        name: "Kotlin",
        docs: "https://docs.aws.amazon.com/sdk-for-kotlin/latest/developer-guide/credential-providers.html",
        on_refusal: OnRefusal::TriesNextPlace,
        ..BASE
    },
    Sdk {
        name: "Swift",
        docs: "https://docs.aws.amazon.com/sdk-for-swift/latest/developer-guide/credential-identity-resolvers.html",
        order: &[Static, Files, WebIdentity, Agent, Instance],
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { without_region: WithoutRegion::SkipsRole, ..REGIONAL },
        ..BASE
    },
    Sdk {
        name: "Ruby",
        docs: "https://docs.aws.amazon.com/sdk-for-ruby/v3/developer-guide/credential-providers.html",
        keys: &[KeyVariables {
            id: &["AWS_ACCESS_KEY_ID", "AMAZON_ACCESS_KEY_ID", "AWS_ACCESS_KEY"],
            secret: &["AWS_SECRET_ACCESS_KEY", "AMAZON_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"],
        }],
        sts: StsRules {
            regions: &["AWS_REGION", "AMAZON_REGION", DEFAULT_REGION],
            setting: Setting::RegionalIfInvalid,
            without_region: WithoutRegion::Fails,
            ..REGIONAL
        },
        ..BASE
    },
    Sdk {
        name: "PHP",
        docs: "https://docs.aws.amazon.com/sdk-for-php/v3/developer-guide/guide_credentials_provider.html",
        on_refusal: OnRefusal::TriesNextPlace,
        sts: StsRules { setting: Setting::Legacy, without_region: WithoutRegion::UsEast1, ..REGIONAL },
        ..BASE
    },
    Sdk {
        name: "Go v1",
        docs: "https://docs.aws.amazon.com/sdk-for-go/v1/developer-guide/configuring-sdk.html",
        keys: &[KEYS_WITH_OLDER],
        fails_for: &[Incomplete::WebIdentity],
        sts: StsRules {
            setting: Setting::Legacy,
            without_region: WithoutRegion::Global,
            overrides: Override::Ignored,
            ..REGIONAL
        },
        is_maintained: false,
        ..BASE
    },
    Sdk {
        name: "Java v1",
        docs: "https://docs.aws.amazon.com/sdk-for-java/v1/developer-guide/credentials.html",
        keys: &[KEYS_WITH_OLDER],
        on_refusal: OnRefusal::TriesNextPlace,
        needs_sts_module: true,
        sts: StsRules { setting: Setting::Legacy, overrides: Override::Ignored, ..REGIONAL },
        is_maintained: false,
        ..BASE
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
            ..REGIONAL
        },
        is_maintained: false,
        ..BASE
    },
    Sdk {
        name: ".NET v3",
        docs: "https://docs.aws.amazon.com/sdk-for-net/v3/developer-guide/creds-assign.html",
        order: &[WebIdentity, Files, Static, Agent, Instance],
        keys: &[KEYS_OF_NET],
        sts: StsRules { setting: Setting::Legacy, ..REGIONAL },
        is_maintained: false,
        ..BASE
    },
];
