//! Finds the STS endpoint that an SDK uses, from the variables of a container.
//!
//! Sources:
//! - the AWS SDKs and Tools Reference Guide, "AWS Region", "AWS STS Regional endpoints", "Service-specific endpoints"
//!   and "Dual-stack and FIPS endpoints";
//! - the hosts: botocore's `data/endpoints.json` and `data/partitions.json`;
//! - `legacy`: botocore's `args.py`, `LEGACY_GLOBAL_STS_REGIONS`; `aws-sdk-go`, `aws/endpoints/legacy_regions.go`;
//!   `aws-sdk-java`, `AWSSecurityTokenServiceClient`, `LEGACY_ENABLED_REGIONS`; the JavaScript `aws-sdk` v2,
//!   `lib/region_config_data.json`, whose rule `*/sts` is for all regions of the partition `aws`;
//! - no region: `aws-sdk-go-v2`, `service/sts/endpoints.go` ("Missing Region"); `aws-sdk-go`,
//!   `aws/endpoints/v3model.go`, `allowLegacyEmptyRegion`; `@smithy/core`, `getInstanceMetadataRegion` (an older
//!   JavaScript v3 fails, unless the program sets a region); `aws-sdk-java-v2`,
//!   `StsWebIdentityCredentialsProviderFactory.configureEndpoint`; `aws-config`, `default_provider/region.rs`;
//!   `aws-sdk-net`, `AssumeRoleWithWebIdentityCredentials.CreateClient`; `aws-sdk-swift`,
//!   `STSWebIdentityAWSCredentialIdentityResolver.resolveConfiguration`; `aws-sdk-php`,
//!   `AssumeRoleWithWebIdentityCredentialProvider`; botocore, tried with version 1.43;
//! - other endpoints: `aws-sdk-go-v2`, `config/config.go`, which resolves the credentials before `AWS_ENDPOINT_URL`
//!   (`resolveBaseEndpoint`); `aws-config`, `provider_config.rs`, whose `client_config` never ignores these variables.
//!
//! For Go v2, Java v2, JavaScript v3, Python and Rust, `e2e-tests/tests/cluster/sdk_rules/` compares these rules with
//! the hosts that the SDKs ask.

use std::borrow::Cow;

use irsa::{Region, refers_to_another};

use crate::container::Container;
use crate::sdk::Sdk;

/// The global endpoint of STS.
pub const GLOBAL: &str = "sts.amazonaws.com";

/// The variable that chooses between regional endpoints and the global one.
pub const SETTING: &str = "AWS_STS_REGIONAL_ENDPOINTS";

/// The regions in which `legacy` means the global endpoint.
const LEGACY_REGIONS: [&str; 15] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The regions in which STS has a FIPS endpoint of its own.
const FIPS_REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-1", "us-west-2"];

/// How an SDK chooses the STS endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StsRules {
    /// The variables from which the SDK reads the region. It uses the first that is set.
    pub regions: &'static [&'static str],
    /// How the SDK uses `AWS_STS_REGIONAL_ENDPOINTS`.
    pub setting: Setting,
    /// What the SDK does without a region.
    pub without_region: WithoutRegion,
    /// Whether the SDK knows the region `aws-global`, which means the global endpoint. If not, no client of the SDK
    /// works there: "credentials not provided".
    pub knows_aws_global: bool,
    /// Whether the SDK reads `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL`.
    pub overrides: Override,
    /// What the SDK requires before it uses the endpoint of these variables, in the order of its checks.
    pub override_requires: &'static [Requirement],
    /// The variables whose values the SDK compares with letter case. It compares all others without.
    pub case_sensitive: &'static [&'static str],
}

/// How an SDK uses `AWS_STS_REGIONAL_ENDPOINTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The SDK does not read the variable: the endpoint is always regional.
    Ignored,
    /// If the variable is not set, the endpoint is regional.
    Regional,
    /// If the variable is not set, or neither `legacy` nor `regional`, the endpoint is regional.
    RegionalIfInvalid,
    /// If the variable is not set, the endpoint is the global one in the regions of `LEGACY_REGIONS`.
    Legacy,
    /// If the variable is not set, the endpoint is the global one in all regions of the partition `aws`.
    LegacyEverywhere,
}

/// What an SDK does without a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutRegion {
    /// The SDK uses the global endpoint.
    Global,
    /// The SDK uses the endpoint of `us-east-1`.
    UsEast1,
    /// The SDK takes the node's region from the instance metadata, if it can reach the metadata.
    OfNode,
    /// Like [`OfNode`](Self::OfNode). The SDK fails if `AWS_EC2_METADATA_DISABLED` turns off the metadata.
    OfNodeOrFails,
    /// The SDK fails.
    Fails,
    /// The SDK skips web identity, and looks for other credentials.
    SkipsRole,
    /// What the SDK does is not known.
    Unknown,
}

/// Whether an SDK reads `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// The SDK reads both variables.
    Read,
    /// The SDK reads both variables, even if `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is `true`: that is for a program's
    /// own clients, and not for the client that gets the role.
    NeverIgnored,
    /// The SDK reads `AWS_ENDPOINT_URL_STS` only.
    OwnOnly,
    /// The SDK ignores both variables.
    Ignored,
}

/// What an SDK requires before it uses another endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// The region is set and not empty, or the SDK can ask the node for it.
    Region,
    /// The region is not set to an empty string. It may be missing.
    RegionNotEmpty,
    /// `AWS_STS_REGIONAL_ENDPOINTS` has no invalid value.
    ValidSetting,
    /// FIPS and dual-stack must be off. Otherwise the SDK fails with "Invalid Configuration: FIPS and custom endpoint
    /// are not supported".
    NoFipsOrDualStack,
}

/// The STS endpoint to which an SDK sends its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// This host of AWS.
    Host(String),
    /// The address in this variable.
    Override(&'static str),
    /// The endpoint of the node's region, if the SDK can reach the instance metadata.
    OfNode,
    /// None: the SDK fails, because it has no region, or none in which it knows STS.
    NoRegion,
    /// None: the SDK fails, because this variable is set to an empty string.
    EmptyVariable(&'static str),
    /// None: the SDK fails, because it does not accept another endpoint together with this variable.
    ConflictingVariable(&'static str),
    /// None: the SDK fails, because `AWS_STS_REGIONAL_ENDPOINTS` is neither `legacy` nor `regional`.
    InvalidSetting,
    /// None: without a region, the SDK skips the role.
    SkipsRole,
    /// Not known: the value of this variable is not in the pod, or is not a region.
    Unseen(&'static str),
    /// Not known: no region is set, and what the SDK then does is not known.
    Unknown,
}

/// Returns the STS endpoint that an SDK would use in this container.
#[must_use]
pub fn endpoint(sdk: &Sdk, container: &Container) -> Endpoint {
    let region = region(sdk, container);
    if !sdk.sts.knows_aws_global && matches!(region, RegionValue::Global) {
        return Endpoint::NoRegion;
    }
    match override_of(sdk, container) {
        Ok(Some(variable)) => {
            let mut failures = sdk.sts.override_requires.iter().filter_map(|it| it.failure(sdk, container, &region));
            return failures.next().unwrap_or(Endpoint::Override(variable));
        }
        Ok(None) => {}
        Err(empty) => return Endpoint::EmptyVariable(empty),
    }
    let is_legacy = match mode(sdk, container) {
        Ok(is_legacy) => is_legacy,
        Err(endpoint) => return endpoint,
    };
    let region = match region {
        RegionValue::Known(region) => region,
        RegionValue::Global => return Endpoint::Host(GLOBAL.to_owned()),
        RegionValue::Unseen(variable) => return Endpoint::Unseen(variable),
        RegionValue::Empty(variable) => return Endpoint::EmptyVariable(variable),
        RegionValue::None => {
            return match sdk.sts.without_region {
                WithoutRegion::Global => Endpoint::Host(GLOBAL.to_owned()),
                WithoutRegion::UsEast1 if is_legacy => Endpoint::Host(GLOBAL.to_owned()),
                WithoutRegion::UsEast1 => Endpoint::Host("sts.us-east-1.amazonaws.com".to_owned()),
                WithoutRegion::OfNodeOrFails if sdk.never_asks_node_for_region(container) => Endpoint::NoRegion,
                WithoutRegion::OfNode | WithoutRegion::OfNodeOrFails => Endpoint::OfNode,
                WithoutRegion::Fails => Endpoint::NoRegion,
                WithoutRegion::SkipsRole => Endpoint::SkipsRole,
                WithoutRegion::Unknown => Endpoint::Unknown,
            };
        }
    };
    let [fips, dual_stack] = [FIPS, DUAL_STACK].map(|it| sdk.sts.reads_as(it, "true", container));
    let is_global = LEGACY_REGIONS.contains(&region.as_str())
        || (sdk.sts.setting == Setting::LegacyEverywhere && region.partition() == "aws");
    if is_legacy && is_global && !fips && !dual_stack {
        return Endpoint::Host(GLOBAL.to_owned());
    }
    Endpoint::Host(host(&region, fips, dual_stack))
}

/// Returns the variable that names another endpoint, if one is set and not ignored.
#[must_use]
pub fn override_variable(container: &Container) -> Option<&'static str> {
    let is_ignored = container.literal(IGNORED).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    [OF_STS, OF_ALL].into_iter().find(|variable| container.sets(variable)).filter(|_| !is_ignored)
}

pub(crate) const FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
pub(crate) const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";
pub(crate) const OF_STS: &str = "AWS_ENDPOINT_URL_STS";
pub(crate) const OF_ALL: &str = "AWS_ENDPOINT_URL";
pub(crate) const IGNORED: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Returns the variable from which an SDK takes another endpoint. The error is the variable that makes the SDK fail,
/// because it is set to an empty string.
fn override_of(sdk: &Sdk, container: &Container) -> Result<Option<&'static str>, &'static str> {
    let variables: &[&str] = match sdk.sts.overrides {
        Override::Read | Override::NeverIgnored => &[OF_STS, OF_ALL],
        Override::OwnOnly => &[OF_STS],
        Override::Ignored => &[],
    };
    if sdk.sts.overrides != Override::NeverIgnored && sdk.sts.reads_as(IGNORED, "true", container) {
        return Ok(None);
    }
    for variable in variables {
        if container.sets(variable) {
            return Ok(Some(variable));
        }
        if sdk.finds_empty(variable, container) {
            return Err(variable);
        }
    }
    Ok(None)
}

impl Requirement {
    /// Returns how the SDK fails if the requirement is not met.
    fn failure(self, sdk: &Sdk, container: &Container, region: &RegionValue<'_>) -> Option<Endpoint> {
        match (self, region) {
            (Self::Region | Self::RegionNotEmpty, RegionValue::Empty(variable)) => {
                Some(Endpoint::EmptyVariable(variable))
            }
            (Self::Region, RegionValue::None) if sdk.never_asks_node_for_region(container) => Some(Endpoint::NoRegion),
            (Self::Region | Self::RegionNotEmpty, _) => None,
            (Self::ValidSetting, _) => mode(sdk, container).err().filter(|it| *it == Endpoint::InvalidSetting),
            (Self::NoFipsOrDualStack, _) => {
                let turned_on = [FIPS, DUAL_STACK].into_iter().find(|it| sdk.sts.reads_as(it, "true", container));
                turned_on.map(Endpoint::ConflictingVariable)
            }
        }
    }
}

impl StsRules {
    /// Whether the SDK takes the value of a variable for this one: [`StsRules::case_sensitive`].
    fn reads_as(&self, variable: &str, expected: &str, container: &Container) -> bool {
        let is_case_sensitive = self.case_sensitive.contains(&variable);
        container.literal(variable).is_some_and(|value| {
            if is_case_sensitive { value == expected } else { value.eq_ignore_ascii_case(expected) }
        })
    }
}

/// Whether a host is a FIPS endpoint that AWS does not list for STS.
#[must_use]
pub fn is_unlisted_fips(host: &str) -> bool {
    let region = host.strip_prefix("sts-fips.").and_then(|rest| rest.split('.').next());
    region.is_some_and(|region| !FIPS_REGIONS.contains(&region))
}

/// The region in the variables that an SDK reads.
enum RegionValue<'c> {
    Known(Region<'c>),
    /// `aws-global`, a pseudo region that means the global endpoint.
    Global,
    Unseen(&'static str),
    Empty(&'static str),
    None,
}

fn region<'c>(sdk: &Sdk, container: &'c Container) -> RegionValue<'c> {
    for variable in sdk.sts.regions {
        // An empty region results in an invalid endpoint.
        if sdk.finds_empty(variable, container) {
            return RegionValue::Empty(variable);
        }
        if container.sets(variable) {
            return match container.literal(variable) {
                Some("aws-global") => RegionValue::Global,
                Some(value) => {
                    Region::new(Cow::Borrowed(value)).map_or(RegionValue::Unseen(variable), RegionValue::Known)
                }
                None => RegionValue::Unseen(variable),
            };
        }
        if container.may_set(variable) || container.env_from_may_set(variable) {
            return RegionValue::Unseen(variable);
        }
    }
    RegionValue::None
}

/// Whether the SDK uses the global endpoint in the regions that allow it. If the variable's value is invalid or not
/// known, returns the resulting endpoint as an error.
fn mode(sdk: &Sdk, container: &Container) -> Result<bool, Endpoint> {
    let default = match sdk.sts.setting {
        Setting::Ignored => return Ok(false),
        Setting::Regional | Setting::RegionalIfInvalid => false,
        Setting::Legacy | Setting::LegacyEverywhere => true,
    };
    if !container.sets(SETTING) {
        return Ok(default);
    }
    if container.literal(SETTING).is_none_or(refers_to_another) {
        return Err(Endpoint::Unseen(SETTING));
    }
    if sdk.sts.reads_as(SETTING, "legacy", container) {
        return Ok(true);
    }
    let is_regional = sdk.sts.setting == Setting::RegionalIfInvalid || sdk.sts.reads_as(SETTING, "regional", container);
    if is_regional { Ok(false) } else { Err(Endpoint::InvalidSetting) }
}

fn host(region: &Region<'_>, fips: bool, dual_stack: bool) -> String {
    let name = region.as_str();
    let (suffix, dual_stack_suffix) = match region.partition() {
        "aws-cn" => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        "aws-iso" => ("c2s.ic.gov", "api.aws.ic.gov"),
        "aws-iso-b" => ("sc2s.sgov.gov", "api.aws.scloud"),
        "aws-iso-e" => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        "aws-iso-f" => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        "aws-eusc" => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ => ("amazonaws.com", "api.aws"),
    };
    // In GovCloud, the regional endpoint is the FIPS endpoint.
    let is_gov = region.partition() == "aws-us-gov";
    let service = if fips && (dual_stack || !is_gov) { "sts-fips" } else { "sts" };
    format!("{service}.{name}.{}", if dual_stack { dual_stack_suffix } else { suffix })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::container::containers;
    use crate::sdk::SDKS;

    /// Returns the endpoint of each SDK in a container with these variables.
    fn endpoints(variables: &[(&str, &str)]) -> Vec<(&'static str, Endpoint)> {
        let env: Vec<_> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let container = containers(&json!({"spec": {"containers": [{"env": env}]}})).remove(0);
        SDKS.iter().map(|sdk| (sdk.name, endpoint(sdk, &container))).collect()
    }

    fn of(variables: &[(&str, &str)], name: &str) -> Endpoint {
        endpoints(variables).into_iter().find(|(sdk, _)| *sdk == name).unwrap().1
    }

    fn at(host: &str) -> Endpoint {
        Endpoint::Host(host.to_owned())
    }

    const BOTH: [(&str, &str); 2] = [("AWS_REGION", "us-east-2"), ("AWS_DEFAULT_REGION", "us-east-2")];

    #[test]
    fn older_sdks_use_the_global_endpoint() {
        for (name, endpoint) in endpoints(&BOTH) {
            let is_old = matches!(name, "PHP" | "Go v1" | "Java v1" | "JavaScript v2" | ".NET v3");
            let host = if is_old { GLOBAL } else { "sts.us-east-2.amazonaws.com" };
            assert_eq!(endpoint, at(host), "{name}");
        }
    }

    #[test]
    fn the_setting_chooses_the_endpoint() {
        let with = |value| [BOTH.as_slice(), &[(SETTING, value)]].concat();
        for (name, endpoint) in endpoints(&with("regional")) {
            assert_eq!(endpoint, at("sts.us-east-2.amazonaws.com"), "{name}");
        }
        for (name, endpoint) in endpoints(&with("legacy")) {
            let reads = SDKS.iter().any(|sdk| sdk.name == name && sdk.sts.setting != Setting::Ignored);
            assert_eq!(endpoint, at(if reads { GLOBAL } else { "sts.us-east-2.amazonaws.com" }), "{name}");
        }
        assert_eq!(of(&with("LEGACY"), "Go v1"), at(GLOBAL));
        assert_eq!(of(&with("LEGACY"), "Python"), Endpoint::InvalidSetting);
        assert_eq!(of(&with("true"), "Go v1"), Endpoint::InvalidSetting);
        assert_eq!(of(&with("true"), "Go v2"), at("sts.us-east-2.amazonaws.com"));
        assert_eq!(of(&with("true"), "Ruby"), at("sts.us-east-2.amazonaws.com"));
    }

    #[test]
    fn legacy_is_regional_in_newer_regions() {
        let region = [("AWS_REGION", "eu-south-1"), ("AWS_DEFAULT_REGION", "eu-south-1"), (SETTING, "legacy")];
        assert_eq!(of(&region, "Python"), at("sts.eu-south-1.amazonaws.com"));
        assert_eq!(of(&region, "JavaScript v2"), at(GLOBAL));
        assert_eq!(of(&[("AWS_REGION", "cn-north-1")], "JavaScript v2"), at("sts.cn-north-1.amazonaws.com.cn"));
    }

    #[test]
    fn without_a_region_the_sdks_differ() {
        for (name, expected) in [
            ("Go v2", Endpoint::NoRegion),
            ("Java v2", Endpoint::OfNode),
            ("Python", at(GLOBAL)),
            ("JavaScript v3", Endpoint::OfNode),
            ("Rust", Endpoint::OfNode),
            ("Swift", Endpoint::SkipsRole),
            ("Ruby", Endpoint::NoRegion),
            ("Go v1", at(GLOBAL)),
            ("JavaScript v2", at(GLOBAL)),
        ] {
            assert_eq!(of(&[], name), expected, "{name}");
        }
    }

    #[test]
    fn each_sdk_reads_its_own_region_variables() {
        let differ = [("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "us-west-2"), (SETTING, "regional")];
        assert_eq!(of(&differ, "Python"), at("sts.us-west-2.amazonaws.com"));
        assert_eq!(of(&differ, "C++"), at("sts.us-west-2.amazonaws.com"));
        assert_eq!(of(&differ, "Java v2"), at("sts.us-west-1.amazonaws.com"));
        let empty = [("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "")];
        assert_eq!(of(&empty, "Python"), Endpoint::EmptyVariable("AWS_DEFAULT_REGION"));
        assert_eq!(of(&empty, "Go v2"), at("sts.us-west-1.amazonaws.com"));
        assert_eq!(of(&[("AWS_REGION", "Ohio")], "Java v2"), Endpoint::Unseen("AWS_REGION"));
        assert_eq!(of(&[("AWS_REGION", "aws-global")], "Java v2"), at(GLOBAL));
    }

    #[test]
    fn an_endpoint_url_is_used_unless_it_is_ignored() {
        let with = |more: &[(&'static str, &'static str)]| [BOTH.as_slice(), more].concat();
        let url = ("AWS_ENDPOINT_URL", "http://localstack:4566");
        assert_eq!(of(&with(&[url]), "Python"), Endpoint::Override("AWS_ENDPOINT_URL"));
        assert_eq!(of(&with(&[url]), "Go v1"), at(GLOBAL));
        let own = ("AWS_ENDPOINT_URL_STS", "https://vpce.example");
        assert_eq!(of(&with(&[url, own]), "Rust"), Endpoint::Override("AWS_ENDPOINT_URL_STS"));
        let ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        assert_eq!(of(&with(&[url, ignored]), "Java v2"), at("sts.us-east-2.amazonaws.com"));
        assert_eq!(of(&with(&[url, ignored]), "Rust"), Endpoint::Override("AWS_ENDPOINT_URL"));
        assert_eq!(of(&with(&[url]), "Go v2"), at("sts.us-east-2.amazonaws.com"));
        let capital = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE");
        assert_eq!(of(&with(&[own, capital]), "JavaScript v3"), Endpoint::Override("AWS_ENDPOINT_URL_STS"));
    }

    #[test]
    fn an_endpoint_url_does_not_help_if_something_else_is_wrong() {
        let own = ("AWS_ENDPOINT_URL_STS", "https://vpce.example");
        let with = |more: &[(&'static str, &'static str)]| [BOTH.as_slice(), &[own], more].concat();
        let fips = of(&with(&[("AWS_USE_FIPS_ENDPOINT", "true")]), "Go v2");
        assert_eq!(fips, Endpoint::ConflictingVariable("AWS_USE_FIPS_ENDPOINT"));
        assert_eq!(of(&with(&[(SETTING, "true")]), "Python"), Endpoint::InvalidSetting);
        assert_eq!(of(&[own, ("AWS_REGION", "")], "Rust"), Endpoint::EmptyVariable("AWS_REGION"));
        let empty = [BOTH.as_slice(), &[("AWS_ENDPOINT_URL_STS", "")]].concat();
        assert_eq!(of(&empty, "Java v2"), Endpoint::EmptyVariable("AWS_ENDPOINT_URL_STS"));
        assert_eq!(of(&empty, "Go v2"), at("sts.us-east-2.amazonaws.com"));
    }

    #[test]
    fn without_a_region_and_metadata_some_sdks_fail() {
        let off = [("AWS_EC2_METADATA_DISABLED", "true")];
        let own = [off[0], ("AWS_ENDPOINT_URL_STS", "https://vpce.example")];
        for (name, at_own) in [
            ("Java v2", Endpoint::NoRegion),
            ("JavaScript v3", Endpoint::NoRegion),
            ("Rust", Endpoint::Override("AWS_ENDPOINT_URL_STS")),
        ] {
            assert_eq!(of(&off, name), Endpoint::NoRegion, "{name}");
            assert_eq!(of(&own, name), at_own, "{name}");
        }
    }

    #[test]
    fn knows_fips_and_dual_stack_hosts() {
        let host = |region, more: &[(&'static str, &'static str)]| {
            let variables = [&[("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)], more].concat();
            of(&variables, "Python")
        };
        let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
        let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
        assert_eq!(host("us-east-1", &[fips]), at("sts-fips.us-east-1.amazonaws.com"));
        assert_eq!(host("us-gov-west-1", &[fips]), at("sts.us-gov-west-1.amazonaws.com"));
        assert_eq!(host("us-east-1", &[dual_stack]), at("sts.us-east-1.api.aws"));
        assert_eq!(host("us-east-1", &[fips, dual_stack]), at("sts-fips.us-east-1.api.aws"));
        assert_eq!(host("eusc-de-east-1", &[]), at("sts.eusc-de-east-1.amazonaws.eu"));
        assert!(is_unlisted_fips("sts-fips.eu-west-1.amazonaws.com"));
        assert!(!is_unlisted_fips("sts-fips.us-east-1.amazonaws.com"));
        assert!(!is_unlisted_fips("sts.eu-west-1.amazonaws.com"));
    }
}
