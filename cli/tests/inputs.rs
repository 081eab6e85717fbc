//! Tests the input of `irsa check`: settings in the input, hostile names, pipes, links, streams of JSON.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{folder, irsa, json_of};

const BAD_ROLE: &str =
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, annotations: {eks.amazonaws.com/role-arn: bad}}}\n";

fn check(folder: &TempDir, args: &[&str]) -> Output {
    irsa(folder, &[&["check"], args].concat())
}

fn report(folder: &TempDir, args: &[&str]) -> Value {
    json_of(&check(folder, &[args, &["-o", "json"]].concat()))
}

/// Returns the name and the line of each finding.
fn findings(report: &Value) -> Vec<(&str, u64)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|it| (it["finding"].as_str().unwrap(), it["line"].as_u64().unwrap_or_default())).collect()
}

#[test]
fn takes_the_settings_from_the_charts_values() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {containers: [{name: a, image: a}]}}\n";
    let values = "mode: strict\nsettings:\n  allowedRoles: [{namespaces: ['*'], roles: ['arn:*:iam::*:role/**']}]\n";
    let expected = [("missingRole", 1)];
    let of_chart = folder(&[("pod.yaml", pod), ("values.yaml", values)]);
    assert_eq!(findings(&report(&of_chart, &["."])), expected);
    assert_eq!(findings(&report(&of_chart, &["pod.yaml", "values.yaml"])), expected);
    assert_eq!(findings(&report(&of_chart, &["pod.yaml", "--settings", "values.yaml"])), expected);
    assert!(findings(&report(&of_chart, &["pod.yaml"])).is_empty());

    // The values of a chart that depends on the policy's chart.
    let umbrella = format!("other: 1\nirsa-policy:\n  {}", values.trim_end().replace('\n', "\n  "));
    let of_umbrella = folder(&[("pod.yaml", pod), ("values.yaml", &umbrella)]);
    assert_eq!(findings(&report(&of_umbrella, &["."])), expected);

    // The values of another chart.
    let other = folder(&[("pod.yaml", pod), ("values.yaml", "mode: strict\nsettings: {}\nreplicas: 1\n")]);
    assert_eq!(findings(&report(&other, &["."])), [("fragment", 1)]);

    // Settings that are invalid.
    let invalid = values.replace("allowedRoles", "allowedRole");
    let invalid = folder(&[("pod.yaml", pod), ("values.yaml", &invalid)]);
    assert_eq!(findings(&report(&invalid, &["."])), [("invalidSettings", 2)]);
}

#[test]
fn takes_the_settings_from_a_file_of_manifests() {
    let policy = "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {name: a}\nspec:\n  module: a/irsa-policy:v1\n  mutating: true\n  settings: {annotationPrefix: example.com}\n";
    let policies = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n---\n{policy}");
    let account = BAD_ROLE.replace("eks.amazonaws.com", "example.com");
    let folder = folder(&[("account.yaml", &account), ("policies.yaml", &policies), ("other.yaml", BAD_ROLE)]);

    assert_eq!(findings(&report(&folder, &["account.yaml", "--settings", "policies.yaml"])), [("invalidRoleArn", 1)]);
    let output = check(&folder, &["account.yaml", "--settings", "other.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected the policy's settings"), "{output:?}");
}

/// The input can't move the cursor, color the terminal, or change the direction of writing.
#[test]
fn escapes_control_characters_in_each_format() {
    let hostile = "a\u{202e}b\u{1b}[2Jc\rd";
    let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": hostile, "namespace": "shop", "annotations": {"eks.amazonaws.com/role-arn": hostile},
    }});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": hostile, "namespace": hostile, "uid": "1",
        "ownerReferences": [{"kind": hostile, "name": hostile, "controller": true}]},
        "spec": {"serviceAccountName": hostile, "containers": [{"name": hostile, "env": hostile}]}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [object, pod]}).to_string();
    let name = "x\u{202e}y\u{1b}z.json";
    let folder = folder(&[(name, &list), ("dir/\u{202e}.yaml", "a: [")]);
    for format in ["pretty", "json", "sarif", "junit", "github"] {
        let output = check(&folder, &[name, "dir", "-o", format]);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let is_raw = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
        assert!(!text.contains(is_raw), "{format}: {text:?}");
        assert!(text.contains("invalidRoleArn"), "{format}: {text}");
    }
}

#[test]
fn reads_streams_of_json_and_lists_of_kubectl() {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "web", "annotations": {"eks.amazonaws.com/role-arn": "bad"}}});
    let lines = format!("{account}\n{account}\n");
    let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [account]});
    let folder = folder(&[("lines.json", &lines), ("list.json", &format!("{list:#}"))]);

    assert_eq!(findings(&report(&folder, &["lines.json"])), [("invalidRoleArn", 1), ("invalidRoleArn", 2)]);
    let text = format!("{list:#}");
    let line = text.lines().position(|line| line.contains("role-arn")).unwrap() + 1;
    assert_eq!(findings(&report(&folder, &["list.json"])), [("invalidRoleArn", u64::try_from(line).unwrap())]);
}

#[cfg(unix)]
#[test]
fn reads_a_pipe_once_and_reports_broken_links() {
    let folder = folder(&[("a/web.yaml", &format!("# a comment\n{BAD_ROLE}"))]);
    std::os::unix::fs::symlink("missing.yaml", folder.path().join("a/link.yaml")).unwrap();
    let links = report(&folder, &["a"]);
    assert_eq!(findings(&links), [("invalidRoleArn", 2)]);
    assert_eq!(links["unreadable"][0]["file"], "a/link.yaml");

    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = fs::read(folder.path().join("a/web.yaml")).unwrap();
    let writer = std::thread::spawn(move || fs::write(pipe, text));
    assert_eq!(findings(&report(&folder, &["pipe"])), [("invalidRoleArn", 2)]);
    writer.join().unwrap().unwrap();

    // A file that is named twice is read once.
    assert_eq!(report(&folder, &["a/web.yaml", "./a/web.yaml"])["summary"]["files"], 1);
}
