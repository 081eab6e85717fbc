//! Tests that `irsa check` reports the same findings for an object as the policies do when the object is created.
//!
//! `IRSA` is the path of the command. `make test-cluster` builds it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::{ROLE, Scene, account, pod};

/// Makes the objects, each with the API group's path and the resource. Every pod has an existing service account,
/// because otherwise the API server rejects the pod before it calls the policy.
fn objects() -> Vec<(&'static str, &'static str, Value)> {
    let with = |mut object: Value, pointer: &str, value: Value| {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        // RFC 6901 writes a slash within a key as `~1`.
        object.pointer_mut(parent).unwrap()[key.replace("~1", "/")] = value;
        object
    };
    let of_kind = |object: Value, api_version: &str, kind: &str| {
        with(with(object, "/apiVersion", json!(api_version)), "/kind", json!(kind))
    };
    let service_account = |role: &str| of_kind(account("checked", Some(role)), "v1", "ServiceAccount");
    let deployment = |account: &str| {
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": pod("x", account)["spec"]});
        let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "checked"}, "spec": spec})
    };
    let env = |name: &str| json!([{"name": name, "value": "x"}]);
    let variables = "/spec/containers/0/env";
    let annotations = json!({"eks.amazonaws.com/token-expiration": "1h", "eks.amazonaws.com/skip-container": "app"});
    let volume = json!([{"name": "aws-iam-token", "emptyDir": {}}]);
    vec![
        ("/api/v1", "serviceaccounts", service_account(ROLE)),
        ("/api/v1", "serviceaccounts", service_account("no-role")),
        (
            "/api/v1",
            "serviceaccounts",
            with(service_account(ROLE), "/metadata/annotations/eks.amazonaws.com~1audience", json!("")),
        ),
        ("/api/v1", "pods", pod("checked", "web")),
        ("/api/v1", "pods", with(pod("checked", "web"), variables, env("AWS_ACCESS_KEY_ID"))),
        ("/api/v1", "pods", with(pod("checked", "web"), variables, env("AWS_ROLE_ARN"))),
        ("/api/v1", "pods", with(pod("checked", "web"), "/metadata/annotations", annotations)),
        ("/api/v1", "pods", with(pod("checked", "web"), "/spec/volumes", volume)),
        ("/apis/apps/v1", "deployments", deployment("web")),
        ("/apis/apps/v1", "deployments", deployment("missing")),
        (
            "/apis/apps/v1",
            "deployments",
            with(deployment("web"), "/spec/template/spec/containers/0/env", env("AWS_ACCESS_KEY_ID")),
        ),
    ]
}

/// Returns the names of the findings, which are in brackets at the end of each line.
fn names<'l>(lines: impl IntoIterator<Item = &'l str>) -> BTreeSet<String> {
    let name = |line: &str| Some(line.strip_suffix(']')?.rsplit_once('[')?.1.to_owned());
    lines.into_iter().filter_map(name).collect()
}

#[test]
fn reports_the_same_findings_as_admission() {
    let settings = json!({"region": "us-east-2"});
    let scene = Scene::new("check", settings.clone());
    let irsa = env::var_os("IRSA").expect("`IRSA` is not set: run `make test-cluster`");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.json");
    let mut with_findings = 0;
    for (group, resource, object) in objects() {
        let path = format!("{group}/namespaces/{}/{resource}?dryRun=All", scene.namespace);
        let answer = scene.api.create(&path, &object);
        let message = answer.message().replace("denied the request: ", "\n");
        let lines = message.lines().chain(answer.warnings.iter().map(String::as_str));
        let expected = names(lines);

        let mut web = account("web", Some(ROLE));
        web["apiVersion"] = json!("v1");
        web["kind"] = json!("ServiceAccount");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [web, object]});
        fs::write(&file, list.to_string()).unwrap();
        let output = Command::new(&irsa)
            .args(["check", "--strict", "--format", "json", "--namespace", &scene.namespace])
            .args(["--settings-json", &settings.to_string()])
            .arg(&file)
            .output()
            .unwrap();
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let found = report["findings"].as_array().unwrap().iter();
        let found: BTreeSet<String> = found.map(|finding| finding["finding"].as_str().unwrap().to_owned()).collect();

        assert_eq!(found, expected, "{object}: {answer:?}");
        assert_eq!(output.status.code(), Some(i32::from(answer.status >= 400)), "{object}: {answer:?}");
        with_findings += usize::from(!expected.is_empty());
    }
    assert!(with_findings >= 8, "only {with_findings} objects had findings");
}
