//! Tests the command `policy-host` as developers call it. `policy.bats` tests the features that `kwctl` also has.

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn command(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-host"));
    command.arg(subcommand).arg(support::policy_path());
    command
}

/// Prepares `run` for a pod whose service account has a role in `requests/cluster.yaml`.
fn run_on_pod_with_role() -> Command {
    let mut command = command("run");
    command.arg("--request-path").arg(in_crate("requests/pod-with-role.json"));
    command
}

fn lines_of_json(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn the_response(command: &mut Command) -> Value {
    let mut responses = lines_of_json(&command.output().unwrap());
    assert_eq!(responses.len(), 1);
    responses.remove(0)
}

#[test]
fn walks_through_the_pods_of_the_demo() {
    let output = command("run")
        .arg("--request-path")
        .arg(in_crate("../demo/pods.yaml"))
        .arg("--cluster")
        .arg(in_crate("../demo/cluster.yaml"))
        .args(["--settings-json", r#"{"region":"us-east-2"}"#, "--output", "pretty"])
        .output()
        .unwrap();

    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(!shown.contains('\u{1b}'), "the output is not a terminal, so it must have no styles");
    let pods: Vec<&str> = shown.split("\n\n").collect();
    let [test1, test2, test3, test4] = pods.as_slice() else { panic!("expected four pods:\n{shown}") };
    assert!(test1.starts_with("Pod default/eks-iam-test1: accepted, unchanged\n"), "{test1}");
    assert!(test2.starts_with("Pod default/eks-iam-test2: accepted, unchanged\n"), "{test2}");
    for pod in [test3, test4] {
        assert!(pod.contains(": accepted, with changes\n"), "{pod}");
        let added: Vec<&str> = pod
            .lines()
            .filter_map(|line| line.strip_prefix("  + "))
            .map(|line| line.trim_start_matches([' ', '-']))
            .collect();
        assert_eq!(
            added,
            [
                "env:",
                "name: AWS_DEFAULT_REGION",
                "value: us-east-2",
                "name: AWS_REGION",
                "value: us-east-2",
                "name: AWS_ROLE_ARN",
                "value: arn:aws:iam::111122223333:role/eksctl-eks-oidc-demo-addon-iamserviceaccount-Role1-1SJZ3F7H39X72",
                "name: AWS_WEB_IDENTITY_TOKEN_FILE",
                "value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token",
                "volumeMounts:",
                "name: aws-iam-token",
                "readOnly: true",
                "mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount",
                "volumes:",
                "name: aws-iam-token",
                "projected:",
                "sources:",
                "serviceAccountToken:",
                "audience: sts.amazonaws.com",
                "expirationSeconds: 86400",
                "path: token",
            ]
        );
        assert!(!pod.lines().any(|line| line.starts_with("  - ")), "no line is removed:\n{pod}");
    }
}

#[test]
fn prints_a_line_of_json_for_each_document_of_the_standard_input() {
    let mut child =
        command("run").args(["--request-path", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input =
        "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: b}}";
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();

    let responses = lines_of_json(&child.wait_with_output().unwrap());

    assert_eq!(responses.len(), 2);
    assert!(responses.iter().all(|response| response["allowed"] == true), "{responses:?}");
    assert_ne!(responses[0]["uid"], responses[1]["uid"]);
}

#[test]
fn denies_lookups_that_were_not_granted() {
    let cluster = in_crate("requests/cluster.yaml");

    let no_access = the_response(&mut run_on_pod_with_role());
    let no_capability = the_response(
        run_on_pod_with_role().arg("--cluster").arg(cluster).args(["--allowed-host-capabilities", "oci/*"]),
    );
    let no_cluster = the_response(run_on_pod_with_role().arg("--allow-context-aware"));

    for (response, reason) in [
        (no_access, "add it to `contextAwareResources`"),
        (no_capability, "get_resource"),
        (no_cluster, "has no connection to an API server"),
    ] {
        assert_eq!(response["allowed"], false);
        assert_eq!(response["status"]["code"], 500);
        assert!(response["status"]["message"].as_str().unwrap().contains(reason), "{response}");
    }
}

#[test]
fn replays_a_recorded_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("session.yaml");

    let live = the_response(
        run_on_pod_with_role()
            .arg("--cluster")
            .arg(in_crate("requests/cluster.yaml"))
            .arg("--record-host-capabilities-interactions")
            .arg(&session),
    );
    let replayed = the_response(
        run_on_pod_with_role().args(["--allow-context-aware", "--replay-host-capabilities-interactions"]).arg(&session),
    );

    assert!(live["patch"].is_string(), "{live}");
    assert_eq!(live, replayed);
    assert_eq!(fs::read_to_string(session).unwrap(), fs::read_to_string(in_crate("sessions/role.yaml")).unwrap());
}

#[test]
fn reports_the_unused_parts_of_a_session() {
    let output = command("run")
        .arg("--request-path")
        .arg(in_crate("requests/config-map.json"))
        .args(["--allow-context-aware", "--replay-host-capabilities-interactions"])
        .arg(in_crate("sessions/role.yaml"))
        .output()
        .unwrap();

    assert_eq!(lines_of_json(&output).len(), 1);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("have not been replayed: 1"), "{errors}");
}

#[test]
fn fails_before_any_decision() {
    let request = in_crate("requests/config-map.json");
    for (flags, reason) in [
        (&["--settings-json", r#"{"regio":"eu-west-1"}"#] as &[&str], "Provided settings are not valid: "),
        (&["--settings-json", "[]"], "expected the settings to be an object"),
        (&["--cluster", "/does/not/exist"], "cannot read `/does/not/exist`"),
        (
            &["--replay-host-capabilities-interactions", "/does/not/exist"],
            "Cannot open host capabilities interactions file",
        ),
        (&["--allowed-host-capabilities", "oci*"], "Invalid host capabilities pattern"),
    ] {
        let output = command("run").arg("--request-path").arg(&request).args(flags).output().unwrap();

        assert!(!output.status.success(), "{flags:?}");
        assert!(output.stdout.is_empty(), "{flags:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.starts_with("Error: ") && errors.contains(reason), "{flags:?}: {errors}");
    }
}

#[test]
fn accepts_the_policy_as_a_file_uri() {
    let policy = support::policy_path();
    let output = Command::new(env!("CARGO_BIN_EXE_policy-host"))
        .args(["run", "--execution-mode", "kubewarden", "--request-path"])
        .arg(in_crate("requests/config-map.json"))
        .arg(format!("file://{}", policy.display()))
        .output()
        .unwrap();

    assert_eq!(lines_of_json(&output)[0]["allowed"], true);
}

#[test]
fn prints_the_fuel_of_a_typical_call() {
    let cost = the_response(command("fuel").args(["--output", "json"]));

    assert_eq!(cost["moduleBytes"], json!(fs::metadata(support::policy_path()).unwrap().len()));
    // The module runs no code before the call.
    assert_eq!(cost["startupFuel"], 0);
    for key in ["validateFuel", "memoryPages"] {
        assert!(cost[key].as_u64().is_some_and(|number| number > 0), "{cost}");
    }
}

/// The output of `kubectl get pods,serviceaccounts -o yaml`.
const LIST: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {serviceAccountName: web, containers: [{name: app}]}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/web'}}}
";

#[test]
fn reads_the_items_of_a_list_with_and_without_a_namespace() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let cluster = folder.path().join("cluster.yaml");
    fs::write(&list, LIST).unwrap();
    let right = "arn:aws:iam::111122223333:role/web";
    fs::write(&cluster, LIST.replace("arn:aws:iam::1:role/web", right)).unwrap();

    let output = command("run").arg("--request-path").arg(&list).arg("--cluster").arg(&cluster).output().unwrap();

    let responses = lines_of_json(&output);
    let decisions: Vec<_> = responses.iter().map(|response| &response["auditAnnotations"]["decision"]).collect();
    assert_eq!(decisions, ["injected", "rejected"], "{responses:?}");
}

#[test]
fn exits_with_1_on_a_rejected_request_only_with_fail_on_reject() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    fs::write(&list, LIST).unwrap();
    let run = |flags: &[&str]| {
        let output = command("run").arg("--request-path").arg(&list).arg("--cluster").arg(&list).args(flags).output();
        output.unwrap().status.code()
    };

    assert_eq!(run(&[]), Some(0), "like `kwctl run`");
    assert_eq!(run(&["--fail-on-reject"]), Some(1));
}

#[test]
fn prints_no_error_if_its_output_is_closed() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let output = run_on_pod_with_role().stdout(writer).output().unwrap();

    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
