//! Measures how much longer it takes to create a pod with the policies. `make bench-cluster` prints the times. A slow
//! creation does not fail the test.
//!
//! The pods of the rows are created in turn, so that changes of the machine's load affect every row. If `AWS_WEBHOOK`
//! is the path of AWS's `amazon-eks-pod-identity-webhook`, that webhook is measured too.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::Api;
use crate::aws_webhook::{self, AwsWebhook};
use crate::control_plane::ControlPlane;
use crate::measure::middle;
use crate::scene::{ROLE, account, pod, role_of};
use crate::server::Server;
use crate::webhooks::{policy, register};

const RUNS: usize = 5;
const PODS: usize = 500;

/// A namespace and a title for each row of the table. The first namespace has no webhook.
const NAMESPACES: [(&str, &str); 4] = [
    ("none", "no webhook"),
    ("injects", "`irsa-policy` alone"),
    ("manifest", "policy.yaml"),
    ("unconditional", "policy.yaml without the match condition"),
];
const WEBHOOK: (&str, &str) = ("webhook", "AWS's webhook");

#[test]
#[ignore = "measures only: run `make bench-cluster`"]
fn measures_how_long_the_creation_of_a_pod_takes() {
    let control_plane = ControlPlane::start("pod-cost");
    let api = control_plane.admin();
    let kubeconfig = control_plane.kubeconfig_of("policy-server");
    let mut rows = NAMESPACES.to_vec();
    rows.extend(aws_webhook::program().map(|_| WEBHOOK));
    for (namespace, _) in &rows {
        api.created("/api/v1/namespaces", &json!({"metadata": {"name": namespace}}));
        api.created(&format!("/api/v1/namespaces/{namespace}/serviceaccounts"), &account("web", Some(ROLE)));
    }

    let [injects, checks] = ["irsa-policy", "irsa-policy-checks"].map(policy);
    let mut unconditional = checks.clone();
    unconditional["spec"]["matchConditions"] = Value::Null;
    let [injecting, checking] =
        [&injects, &checks].map(|policy| Server::start(&policy["spec"]["settings"], &kubeconfig));
    for namespace in ["injects", "manifest", "unconditional"] {
        register(&api, namespace, &injects, &injecting);
    }
    register(&api, "manifest", &checks, &checking);
    register(&api, "unconditional", &unconditional, &checking);
    let webhook = AwsWebhook::start(&control_plane);
    if let Some(webhook) = &webhook {
        webhook.register(&api, WEBHOOK.0);
    }
    thread::sleep(Duration::from_secs(3));

    let mut medians = vec![Vec::new(); rows.len()];
    for run in 0..RUNS {
        let times = run_once(&api, &rows, run);
        let middles: Vec<f64> = times.into_iter().map(middle).collect();
        for (all, middle) in medians.iter_mut().zip(&middles) {
            all.push(middle - middles[0]);
        }
    }
    println!(
        "| {RUNS} runs of {PODS} pods each, interleaved | p50 over no webhook, ms: the median of the runs | of each run |"
    );
    println!("|---|---:|---|");
    for ((_, name), times) in rows.iter().zip(medians) {
        let each: Vec<String> = times.iter().map(|time| format!("{time:.2}")).collect();
        println!("| {name} | {:.2} | {} |", middle(times), each.join(", "));
    }
}

/// Creates the pods of one run. Returns their times in milliseconds, for each namespace.
fn run_once(api: &Api, rows: &[(&str, &str)], run: usize) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); rows.len()];
    for index in 0..PODS {
        for (row, (namespace, _)) in rows.iter().enumerate() {
            let pod = pod(&format!("web-{run}-{index}"), "web");
            let since = Instant::now();
            let answer = api.create(&format!("/api/v1/namespaces/{namespace}/pods"), &pod);
            times[row].push(since.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(answer.status, 201, "{namespace}: {answer:?}");
            assert_eq!(role_of(&answer.body).is_some(), row > 0, "{namespace}");
        }
    }
    times
}
