//! Compares the policy with AWS's webhook. The folder `golden/` contains requests and the pods that the webhook made
//! from them. `golden/README.md` describes the format. [`ours`] models the documented differences.

mod ours;
#[path = "../support/mod.rs"]
mod support;
mod webhook;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use policy_host::admission::{self, Request};
use policy_host::cluster::Cluster;
use policy_host::policy::PolicyResponse;
use policy_host::settings::Settings;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use ours::{Difference, Expectation, Outcome};
use support::{Report, Subject, strict};

#[test]
fn makes_the_same_pod_as_the_webhook_or_differs_as_documented() {
    let mut report = Report::default();
    let mut shown = BTreeSet::new();
    let subjects = support::subjects();
    for path in support::files("golden", "jsonl") {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let configuration: Configuration = serde_json::from_str(lines.next().unwrap()).unwrap();
        for subject in &subjects {
            let judged = subject.validate_settings(&configuration.settings.to_string()).unwrap();
            assert!(judged.valid, "{}: {judged:?}", path.display());
        }
        for line in lines {
            let case: Case = serde_json::from_str(line).unwrap();
            let expectation = ours::expectation(&configuration, &case).unwrap();
            shown.extend(expectation.reasons.iter().copied());
            for subject in &subjects {
                let differences = differences(&configuration, &case, &expectation, subject.as_ref())
                    .unwrap_or_else(|error| vec![format!("{error:#}")]);
                report.add(&format!("{} ({})", case.id, subject.name()), &differences);
            }
        }
    }
    report.finish();
    assert!(shown.iter().eq(&Difference::ALL), "every difference needs a case, but only these have one: {shown:?}");
}

/// Tests that the webhook can run after the policy. In a case without a difference, both make the same pod, and this
/// test runs the webhook's model on that pod. The test above runs the policy on the same pod. This shows that the
/// policy can also run after the webhook.
#[test]
fn the_webhook_leaves_the_policys_pods_unchanged() {
    let mut report = Report::default();
    for path in support::files("golden", "jsonl") {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let configuration: Configuration = serde_json::from_str(lines.next().unwrap()).unwrap();
        for line in lines {
            let case: Case = serde_json::from_str(line).unwrap();
            let mut request: Value = serde_json::from_str(case.request.get()).unwrap();
            let seen = case.webhook.clone().unwrap_or_else(|| request["object"].clone());
            let modelled = webhook::pod(&configuration, &request).unwrap();
            let mut differences: Vec<String> = difference_between(&seen, &modelled).into_iter().collect();
            if case.difference.is_none() {
                request["object"] = seen.clone();
                differences.extend(difference_between(&seen, &webhook::pod(&configuration, &request).unwrap()));
            }
            report.add(&case.id, &differences);
        }
    }
    report.finish();
}

/// The first line of a file: the configuration of all its cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Configuration {
    settings: Value,
    #[serde(rename = "flags")]
    _flags: Vec<String>,
    service_accounts: Vec<Value>,
    config_maps: Vec<Value>,
}

impl Configuration {
    fn decision(&self, request: &Request, subject: &dyn Subject) -> Result<PolicyResponse> {
        let cluster = Cluster::new([self.service_accounts.as_slice(), &self.config_maps].concat());
        let settings = Settings::from_json(&self.settings.to_string())?;
        subject.validate(&admission::payload(request, &settings), &cluster)
    }
}

/// Each line after the first: a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    id: String,
    request: Box<RawValue>,
    webhook: Option<Value>,
    difference: Option<Difference>,
}

fn differences(
    configuration: &Configuration,
    case: &Case,
    expectation: &Expectation,
    subject: &dyn Subject,
) -> Result<Vec<String>> {
    expectation.check_against(case)?;
    let request = Request::from_json(case.request.clone())?;
    let response = configuration.decision(&request, subject)?;

    let message = response.message.as_deref().unwrap_or_default();
    let mut differences = Vec::new();
    match &expectation.outcome {
        Outcome::Rejected(findings) => {
            if response.accepted || response.code != Some(403) {
                let (accepted, code) = (response.accepted, response.code);
                differences.push(format!(
                    "expected a rejection with 403 for {findings:?}, but got accepted: {accepted}, code: {code:?}"
                ));
            }
            for finding in findings.iter().filter(|finding| !has_line_for(message.lines(), finding)) {
                differences.push(format!("the message lacks `[{finding}]`:\n{message}"));
            }
        }
        Outcome::Pod(_) if !response.accepted => {
            differences.push(format!("expected a pod, but the policy rejects the request:\n{message}"));
        }
        Outcome::Pod(expected) => {
            let before = request.object().context("there is no object")?.get();
            let after = response.mutated_object.as_deref().map_or(before, RawValue::get);
            differences.extend(difference_between(expected, &serde_json::from_str(after)?));
            differences.extend(strict::faults(after));
            differences.extend(second_time(configuration, case, subject, after)?);
        }
    }
    let warnings = response.warnings.unwrap_or_default();
    for finding in &expectation.warnings {
        if !has_line_for(warnings.iter().map(String::as_str), finding) {
            differences.push(format!("no warning has `[{finding}]`: {warnings:?}"));
        }
    }
    Ok(differences)
}

fn has_line_for<'a>(mut lines: impl Iterator<Item = &'a str>, finding: &str) -> bool {
    lines.any(|line| line.ends_with(&format!("[{finding}]")))
}

/// Runs the policy on its own result. Returns a message if the second run changes the pod, and otherwise `None`.
fn second_time(configuration: &Configuration, case: &Case, subject: &dyn Subject, pod: &str) -> Result<Option<String>> {
    let mut request: Value = serde_json::from_str(case.request.get())?;
    request["object"] = serde_json::from_str(pod)?;
    let request = Request::from_json(RawValue::from_string(request.to_string())?)?;
    let response = configuration.decision(&request, subject)?;
    ensure!(response.accepted, "the second run rejects the pod: {}", response.message.unwrap_or_default());
    Ok(response.mutated_object.map(|object| format!("the second run changes the pod: {object}")))
}

fn difference_between(expected: &Value, actual: &Value) -> Option<String> {
    if is_same(expected, actual) {
        return None;
    }
    let pretty = |value| serde_json::to_string_pretty(value).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(pretty(expected).as_str(), pretty(actual).as_str())
        .unified_diff()
        .context_radius(2)
        .header("expected", "policy")
        .to_string();
    Some(format!("the pod differs:\n{diff}"))
}

/// Whether two values are the same JSON. An expected string such as `79200..86400` matches any number in that range.
fn is_same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected.iter().all(|(key, value)| actual.get(key).is_some_and(|other| is_same(value, other)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| is_same(one, other))
        }
        (Value::String(range), Value::Number(number)) => range
            .split_once("..")
            .and_then(|(from, to)| Some(from.parse().ok()?..=to.parse::<u64>().ok()?))
            .is_some_and(|range| number.as_u64().is_some_and(|number| range.contains(&number))),
        _ => expected == actual,
    }
}

impl Expectation {
    /// For a case that names no difference, fails if the expected result is not the webhook's pod.
    fn check_against(&self, case: &Case) -> Result<()> {
        if case.difference.is_some() {
            return Ok(());
        }
        let object = serde_json::from_str::<Value>(case.request.get())?["object"].take();
        let webhook = case.webhook.as_ref().unwrap_or(&object);
        let same = matches!(&self.outcome, Outcome::Pod(pod) if pod == webhook);
        ensure!(same, "the case names no difference, but the model expects {:?}", self.reasons);
        Ok(())
    }
}
