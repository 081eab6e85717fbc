//! Tests which STS endpoint the SDKs use in a container.

use crate::pod_side::{injected, running, with_pod};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::{Outcome, explain};
use serde_json::json;

/// Returns the step `region` for a running container with these variables.
fn region(variables: &[(&str, &str)]) -> Step {
    let explanation = explain(&with_pod(&running(&json!([injected("app", variables)]))));
    explanation.steps.into_iter().find(|step| step.step == StepKind::Region).unwrap()
}

fn text(step: &Step) -> String {
    let details = step.details.iter().map(|detail| format!("{}: {}", detail.name, detail.value));
    [vec![step.says.clone()], step.reasons.clone(), details.collect()].concat().join("\n")
}

const BOTH: [(&str, &str); 2] = [("AWS_REGION", "us-east-2"), ("AWS_DEFAULT_REGION", "us-east-2")];

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [BOTH.as_slice(), more].concat()
}

#[test]
fn shows_the_sts_host_of_each_sdk() {
    let step = region(&BOTH);
    assert_eq!((step.outcome, step.mistake), (Outcome::Passed, None), "{step:?}");
    let text = text(&step);
    assert!(text.contains("use `sts.us-east-2.amazonaws.com`"), "{text}");
    assert!(
        text.contains(
            "these SDKs (and older versions of other SDKs) use the global endpoint `sts.amazonaws.com`: PHP, Go v1, Java v1"
        ),
        "{text}"
    );
}

#[test]
fn legacy_leads_to_the_global_endpoint() {
    let step = region(&with(&[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")]));
    assert_eq!((step.outcome, step.mistake), (Outcome::Passed, Some(Diagnosis::GlobalEndpoint)));
    assert!(
        text(&step).contains("is `legacy`, so these SDKs use the global endpoint `sts.amazonaws.com`: Python, .NET v4, Ruby, PHP, Go v1, Java v1"),
        "{step:?}"
    );
    let regional = region(&with(&[("AWS_STS_REGIONAL_ENDPOINTS", "regional")]));
    assert_eq!((regional.outcome, regional.mistake), (Outcome::Passed, None));
    assert!(!text(&regional).contains("global endpoint"), "{regional:?}");
}

#[test]
fn an_invalid_value_of_aws_sts_regional_endpoints_is_not_printed() {
    let step = region(&with(&[("AWS_STS_REGIONAL_ENDPOINTS", "pl4nted")]));
    assert_eq!((step.outcome, step.mistake), (Outcome::Unknown, Some(Diagnosis::InvalidStsEndpoints)));
    assert!(text(&step).contains("neither `legacy` nor `regional`") && !text(&step).contains("pl4nted"), "{step:?}");
}

#[test]
fn an_endpoint_url_is_the_likely_cause() {
    let step = region(&with(&[("AWS_ENDPOINT_URL", "http://user:pl4nted@localstack:4566")]));
    assert_eq!((step.outcome, step.mistake), (Outcome::Unknown, Some(Diagnosis::EndpointOverride)));
    let said = text(&step);
    assert!(said.contains("for all of AWS, STS included") && !said.contains("pl4nted"), "{said}");
    let ignored = region(&with(&[("AWS_ENDPOINT_URL", "http://a"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]));
    assert_eq!(ignored.outcome, Outcome::Passed);
    assert!(text(&ignored).contains("these SDKs use the endpoint in `AWS_ENDPOINT_URL`: Rust"), "{ignored:?}");
}

#[test]
fn an_empty_endpoint_url_fails_in_some_sdks() {
    let step = region(&with(&[("AWS_ENDPOINT_URL_STS", "")]));
    assert_eq!((step.outcome, step.mistake), (Outcome::Unknown, Some(Diagnosis::EmptyVariable)));
    let said = text(&step);
    assert!(said.contains("is set to an empty string, so some SDKs fail: Java v2, Rust"), "{said}");
}

#[test]
fn warns_of_two_different_regions() {
    let step = region(&[("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")]);
    assert_eq!((step.outcome, step.mistake), (Outcome::Passed, Some(Diagnosis::RegionsDiffer)));
    let said = text(&step);
    assert!(said.contains("sts.us-west-1.amazonaws.com") && said.contains("sts.us-west-2.amazonaws.com"), "{said}");
}

#[test]
fn without_a_region_the_result_of_each_sdk_is_reported() {
    let step = region(&[]);
    assert_eq!((step.outcome, step.mistake), (Outcome::Unknown, Some(Diagnosis::NoRegion)));
    let said = text(&step);
    for part in [
        "Go v2, Ruby: fail",
        "Python, PHP, Go v1, JavaScript v2: use `sts.amazonaws.com`",
        "JavaScript v3, Rust",
        "Swift: skip the role, and use the node's",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn names_the_sdks_that_do_not_read_the_only_region_variable() {
    let step = region(&[("AWS_REGION", "us-east-2")]);
    assert_eq!(step.outcome, Outcome::Passed);
    assert!(text(&step).contains("`AWS_DEFAULT_REGION` is not set, so these SDKs find no region: Python"), "{step:?}");
}

#[test]
fn a_fips_endpoint_that_aws_does_not_list_is_a_warning() {
    let region_of =
        |name| region(&[("AWS_REGION", name), ("AWS_DEFAULT_REGION", name), ("AWS_USE_FIPS_ENDPOINT", "true")]);
    assert_eq!(region_of("eu-west-1").mistake, Some(Diagnosis::UnlistedFipsEndpoint));
    assert_eq!(region_of("us-east-1").mistake, None);
}
