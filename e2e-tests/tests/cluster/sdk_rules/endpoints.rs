//! Compares the STS endpoint that each SDK calls with the prediction of `sts::endpoint`.
//!
//! The recorder is the proxy for HTTPS. So it sees the host name of each HTTPS request, and refuses the request.

use std::collections::BTreeSet;

use irsa_explain::sts::{Endpoint, endpoint};

use super::recorder::{Answers, Asked, NODE_REGION, Recorder};
use super::{ROLE, Variables, compare, container, errors, run};

/// Both variables that set the region.
const fn region(name: &'static str) -> [(&'static str, &'static str); 2] {
    [("AWS_REGION", name), ("AWS_DEFAULT_REGION", name)]
}

const fn setting(value: &'static str) -> (&'static str, &'static str) {
    ("AWS_STS_REGIONAL_ENDPOINTS", value)
}

const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
const OF_STS: (&str, &str) = ("AWS_ENDPOINT_URL_STS", "RECORDER");
const OF_ALL: (&str, &str) = ("AWS_ENDPOINT_URL", "http://localhost:PORT");
const IGNORED: (&str, &str) = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
/// With this variable, the SDK does not read the region from the instance metadata.
const NO_NODE: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");

#[rustfmt::skip]
fn environments() -> Vec<Variables> {
    let of = |region: &[(&'static str, &'static str)], more: &[(&'static str, &'static str)]| [region, more].concat();
    vec![
        // The region.
        of(&region("us-east-2"), &[]),
        of(&region("us-east-1"), &[]),
        of(&region("eu-south-1"), &[]),
        of(&region("aws-global"), &[]),
        of(&region("cn-north-1"), &[]),
        of(&region("us-gov-west-1"), &[]),
        of(&region("us-iso-east-1"), &[]),
        of(&region("us-isob-east-1"), &[]),
        of(&region("eu-isoe-west-1"), &[]),
        of(&region("us-isof-south-1"), &[]),
        of(&region("eusc-de-east-1"), &[]),
        of(&[], &[]),
        of(&[], &[NO_NODE]),
        of(&[], &[("AWS_EC2_METADATA_DISABLED", "1")]),
        of(&[], &[("AWS_EC2_METADATA_DISABLED", "false")]),
        of(&[("AWS_REGION", "us-east-2")], &[]),
        of(&[("AWS_DEFAULT_REGION", "us-east-2")], &[]),
        of(&[("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")], &[]),
        of(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "us-west-2")], &[]),
        of(&[("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "")], &[]),
        of(&region(""), &[]),
        // The choice between regional endpoints and the global endpoint.
        of(&region("us-east-2"), &[setting("legacy")]),
        of(&region("us-east-2"), &[setting("regional")]),
        of(&region("us-east-1"), &[setting("legacy")]),
        of(&region("eu-south-1"), &[setting("legacy")]),
        of(&region("us-east-2"), &[setting("LEGACY")]),
        of(&region("us-east-2"), &[setting("true")]),
        of(&region("us-east-2"), &[setting("")]),
        of(&region("us-east-2"), &[setting("legacy"), FIPS]),
        of(&[], &[setting("legacy")]),
        of(&[], &[setting("regional")]),
        // FIPS and dual-stack.
        of(&region("us-east-1"), &[FIPS]),
        of(&region("eu-west-1"), &[FIPS]),
        of(&region("us-gov-west-1"), &[FIPS]),
        of(&region("us-east-1"), &[DUAL_STACK]),
        of(&region("cn-north-1"), &[DUAL_STACK]),
        of(&region("us-gov-west-1"), &[DUAL_STACK]),
        of(&region("us-east-1"), &[FIPS, DUAL_STACK]),
        of(&region("us-gov-west-1"), &[FIPS, DUAL_STACK]),
        of(&region("us-east-1"), &[("AWS_USE_FIPS_ENDPOINT", "TRUE")]),
        of(&region("us-east-1"), &[("AWS_USE_FIPS_ENDPOINT", "false")]),
        // A variable that sets the endpoint.
        of(&region("us-east-2"), &[OF_STS]),
        of(&region("us-east-2"), &[OF_ALL]),
        of(&region("us-east-2"), &[OF_STS, OF_ALL]),
        of(&region("us-east-2"), &[OF_STS, OF_ALL, IGNORED]),
        of(&region("us-east-2"), &[OF_STS, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")]),
        of(&region("us-east-2"), &[OF_STS, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")]),
        of(&region("us-east-2"), &[OF_ALL, IGNORED]),
        of(&region("us-east-2"), &[OF_STS, setting("legacy")]),
        of(&region("us-east-2"), &[OF_STS, setting("true")]),
        of(&region("us-east-1"), &[OF_STS, FIPS]),
        of(&region("us-east-1"), &[OF_STS, DUAL_STACK]),
        of(&region("us-east-2"), &[("AWS_ENDPOINT_URL_STS", "")]),
        of(&region("us-east-2"), &[("AWS_ENDPOINT_URL_STS", ""), IGNORED]),
        of(&region("us-east-2"), &[("AWS_ENDPOINT_URL", "")]),
        of(&region("us-east-2"), &[("AWS_ENDPOINT_URL", ""), IGNORED]),
        of(&region("us-east-2"), &[OF_STS, ("AWS_ENDPOINT_URL", "")]),
        of(&region("us-east-2"), &[OF_ALL, ("AWS_ENDPOINT_URL_STS", "")]),
        of(&[], &[OF_STS]),
        of(&[], &[OF_STS, NO_NODE]),
        of(&[], &[OF_ALL, NO_NODE]),
        of(&region(""), &[OF_STS]),
        of(&region("aws-global"), &[OF_STS]),
    ]
}

/// Returns the request that an SDK sends if it has this endpoint. `None` if the SDK sends no request. An error if the
/// request can't be predicted.
fn predicted(endpoint: &Endpoint, variables: &Variables) -> Result<Option<Asked>, ()> {
    let has_node = !variables.contains(&NO_NODE);
    match endpoint {
        Endpoint::Host(host) => Ok(Some(Asked::Host(host.clone()))),
        Endpoint::OfNode if has_node => Ok(Some(Asked::Host(format!("sts.{NODE_REGION}.amazonaws.com")))),
        Endpoint::Override(variable) => {
            let is_of_all = *variable == OF_ALL.0;
            Ok(Some(Asked::WebIdentity(if is_of_all { "localhost" } else { "127.0.0.1" }.to_owned())))
        }
        Endpoint::NoRegion
        | Endpoint::EmptyVariable(_)
        | Endpoint::ConflictingVariable(_)
        | Endpoint::InvalidSetting
        | Endpoint::SkipsRole => Ok(None),
        Endpoint::OfNode | Endpoint::Unseen(_) | Endpoint::Unknown => Err(()),
    }
}

#[test]
fn each_sdk_asks_the_sts_that_its_rules_predict() {
    compare(|sdk, program| {
        let mut differences = Vec::new();
        let mut seen = BTreeSet::new();
        for environment in environments() {
            let home = tempfile::tempdir().unwrap();
            // There are no other credentials, so the first host that gets a request is the STS endpoint.
            let answers = Answers { sts_refuses: true, container_refuses: true, node_has_role: false };
            let recorder = Recorder::start(answers);
            let variables = [ROLE.as_slice(), &environment, &[("HTTPS_PROXY", "RECORDER")]].concat();

            let output = run(program, &variables, &recorder, home.path());

            let all = recorder.asked();
            let asked = all.iter().find(|asked| matches!(asked, Asked::Host(_) | Asked::WebIdentity(_))).cloned();
            assert!(!output.status.success(), "{}: {environment:?}: {all:?}", sdk.name);
            let endpoint = endpoint(sdk, &container(&variables, false));
            match predicted(&endpoint, &variables) {
                Ok(expected) if expected == asked => {}
                expected => differences.push(format!(
                    "{}: expected {expected:?} ({endpoint:?}), but it asked {asked:?} with {environment:?}: {all:?}: {}",
                    sdk.name,
                    errors(&output)
                )),
            }
            seen.insert(format!("{asked:?}"));
        }
        // The environments must lead the SDK to many different endpoints. Otherwise the comparison would prove little.
        assert!(seen.len() > 10, "{}: {seen:?}", sdk.name);
        differences
    });
}
