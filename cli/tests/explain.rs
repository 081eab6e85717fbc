//! Runs `irsa explain` as a user does: with the inputs of each setup in `explain/setups` as files.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn setups() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/setups");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let setup = yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), setup)
    };
    paths.iter().map(read).collect()
}

fn setup(name: &str) -> Value {
    setups().into_iter().find(|(other, _)| other == name).unwrap().1
}

fn to_yaml(value: &Value) -> String {
    // Converts to JSON text first, because `serde_json` with `arbitrary_precision` serializes numbers in a form of its
    // own.
    let value: yaml_serde::Value = yaml_serde::from_str(&value.to_string()).unwrap();
    yaml_serde::to_string(&value).unwrap()
}

/// Writes the inputs of a setup to files in a folder. Returns the command that reads these files.
fn command(setup: &Value, folder: &TempDir, as_yaml: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa"));
    command.arg("explain");
    let flags = BTreeMap::from([
        ("pod", "--pod"),
        ("serviceAccount", "--service-account"),
        ("settings", "--settings-path"),
        ("configMap", "--config-map"),
        ("trustPolicy", "--trust-policy"),
        ("discovery", "--discovery"),
        ("jwks", "--jwks"),
    ]);
    for (name, input) in setup["inputs"].as_object().unwrap() {
        let file = folder.path().join(name);
        if let Some(flag) = flags.get(name.as_str()) {
            let text = if as_yaml { to_yaml(input) } else { format!("{input:#}") };
            fs::write(&file, text).unwrap();
            command.arg(flag).arg(file);
            continue;
        }
        match name.as_str() {
            "token" => {
                fs::write(&file, format!("{}\n", input.as_str().unwrap())).unwrap();
                command.arg("--token-file").arg(file)
            }
            "issuer" => command.args(["--issuer", input.as_str().unwrap()]),
            "now" => command.args(["--now", &input.to_string()]),
            other => panic!("there is no flag for `{other}`"),
        };
    }
    command
}

fn explain(setup: &Value, flags: &[&str], as_yaml: bool) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(setup, &folder, as_yaml).args(flags).output().unwrap()
}

fn status(setup: &Value) -> i32 {
    match setup["expected"]["outcome"].as_str().unwrap() {
        "passed" => 0,
        "failed" => 1,
        "unknown" => 3,
        other => panic!("there is no outcome `{other}`"),
    }
}

#[test]
fn names_the_right_cause_of_each_setup_first() {
    let setups = setups();
    assert!(setups.len() > 10);
    for (name, setup) in setups {
        let expected = &setup["expected"];
        for as_yaml in [false, true] {
            let output = explain(&setup, &["--output", "json"], as_yaml);

            assert_eq!(output.status.code(), Some(status(&setup)), "{name}: {output:?}");
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            let cause = match &expected["step"] {
                Value::Null => Value::Null,
                step => json!({"step": step, "mistake": expected["mistake"]}),
            };
            assert_eq!(said["cause"], cause, "{name}");
            assert_eq!(said["problems"], json!([]), "{name}");
        }

        let output = explain(&setup, &[], true);
        assert_eq!(output.status.code(), Some(status(&setup)), "{name}");
        let tree = String::from_utf8(output.stdout).unwrap();
        assert!(!tree.contains('\u{1b}'), "styles are for terminals only");
        let first = tree.lines().next().unwrap();
        match expected["mistake"].as_str() {
            Some(mistake) => {
                assert!(first.starts_with("cause: ") && first.ends_with(&format!("[{mistake}]")), "{name}: {first}");
            }
            None => assert!(first.starts_with("\u{2713} "), "{name}: {first}"),
        }
    }
}

#[test]
fn never_prints_the_token() {
    let walk_through = setup("00-walk-through");
    let token = walk_through["inputs"]["token"].as_str().unwrap();
    let signature = token.rsplit('.').next().unwrap();
    for (name, mut setup) in setups() {
        setup["inputs"]["token"] = token.into();
        setup["inputs"]["jwks"] = walk_through["inputs"]["jwks"].clone();
        for flags in [&["--output", "json"][..], &["--verbose"]] {
            let output = explain(&setup, flags, false);
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            assert!(!printed.contains(token) && !printed.contains(signature), "{name}");
        }
    }
}

#[test]
fn finds_the_pod_and_its_account_by_their_kinds() {
    let demo = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(file);
    let explain = |pod: &str| {
        Command::new(env!("CARGO_BIN_EXE_irsa"))
            .args(["explain", pod, "--output", "json", "--settings-json", r#"{"region":"us-east-2"}"#])
            .arg("--pod")
            .arg(demo("pods.yaml"))
            .arg("--service-account")
            .arg(demo("cluster.yaml"))
            .arg("--trust-policy")
            .arg(demo("trust-policy.json"))
            .args(["--issuer", "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"])
            .output()
            .unwrap()
    };
    for (pod, status, cause) in [
        ("pod/eks-iam-test1", 1, json!({"step": "role", "mistake": "roleOfOtherAccount"})),
        ("pod/eks-iam-test2", 1, json!({"step": "role", "mistake": "roleOfOtherAccount"})),
        ("pod/eks-iam-test3", 0, Value::Null),
        ("pod/eks-iam-test4", 0, Value::Null),
    ] {
        let output = explain(pod);
        assert_eq!(output.status.code(), Some(status), "{pod}: {output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["cause"], cause, "{pod}");
    }
    // The file has no such pod.
    assert_eq!(explain("pod/other").status.code(), Some(2));
}

/// Files without a flag: a workload and its account in one file, an account alone, and the standard input.
#[test]
fn reads_files_that_have_no_flag() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let job = file(
        "job.yaml",
        "{apiVersion: batch/v1, kind: Job, metadata: {name: seed}, spec: {template: {spec: {serviceAccountName: seed, containers: [{name: app}]}}}}\n",
    );
    let account = file(
        "account.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: seed\n  annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::1111222233:role/seed\n",
    );
    let explain = |arguments: &[&str], stdin: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_irsa"));
        command.arg("explain").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let both = explain(&[&job, &account], "");
    assert!(both.contains("[invalidRoleArn]"), "{both}");
    assert!(both.contains("account.yaml:6:5"), "{both}");
    assert!(explain(&[&account], "").contains("[invalidRoleArn]"));
    let piped = format!("{}---\n{}", fs::read_to_string(&job).unwrap(), fs::read_to_string(&account).unwrap());
    assert!(explain(&["-"], &piped).contains("[invalidRoleArn]"));
}

#[test]
fn finds_the_workload_among_other_objects() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yaml");
    let documents = "
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
---
{apiVersion: example.com/v1, kind: Rollout, metadata: {name: web, namespace: shop}, spec: {template: {spec: {serviceAccountName: web, containers: [{name: app}]}}}}";
    fs::write(&file, documents).unwrap();
    let settings = json!({"customWorkloads": [
        {"apiVersion": "example.com/v1", "kind": "Rollout", "podTemplates": ["$.spec.template"]},
    ]});

    let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
        .args(["explain", "--output", "json", "--settings-json", &settings.to_string(), "--workload"])
        .arg(&file)
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["cause"], json!({"step": "role", "mistake": "missingRole"}));
    assert!(said["steps"][0]["says"].as_str().unwrap().contains("shop/web"), "{}", said["steps"][0]);
}

#[test]
fn reads_the_output_of_aws_iam_get_role() {
    let mut setup = setup("00-walk-through");
    let policy = setup["inputs"]["trustPolicy"].take();
    let other = "arn:aws:iam::111122223333:role/other";
    setup["inputs"]["trustPolicy"] = json!({"Role": {"Arn": other, "AssumeRolePolicyDocument": policy}});

    let output = explain(&setup, &["--output", "json", "--role", other], false);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["cause"], json!({"step": "role", "mistake": "otherRole"}));

    // Without `--role`, the file may contain the trust policy of another role.
    let output = explain(&setup, &[], false);
    assert_eq!(output.status.code(), Some(3));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains(&format!("the trust policy that was given belongs to role `{other}`")), "{printed}");
    assert!(
        printed.contains("fix: Give the trust policy of the pod's role: `aws iam get-role --role-name"),
        "{printed}"
    );
}

#[test]
fn exits_with_2_if_an_input_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let broken = file("broken", "a: [");
    let services =
        file("services", "{kind: Service, metadata: {name: web}}\n---\n{kind: Service, metadata: {name: db}}");
    let accounts = file("accounts", "{kind: ServiceAccount, metadata: {name: web}}");
    let pods = file("pods", "{kind: Pod, metadata: {name: a}}\n---\n{kind: Pod, metadata: {name: b}}");
    let policy = file("policy", r#"{"Statement": {"Effect": "allow"}}"#);
    let token = file("token", "hunter2-is-no-token");
    for (flags, reason) in [
        (vec!["--pod", &broken], "cannot read the objects in"),
        (vec!["--pod", &services], "the file of `--pod` contains no pod"),
        (vec!["--workload", &services], "expected one workload, but got 2: Service `web`, Service `db`"),
        (vec!["--workload", &accounts], "the file of `--workload` contains no workload"),
        (vec!["--pod", "/does/not/exist"], "cannot read `/does/not/exist`"),
        (vec!["--trust-policy", &broken], "cannot read"),
        (vec!["--trust-policy", &policy], "`Statement[0]`: `Effect`: expected `Allow` or `Deny`"),
        (vec!["--token-file", &token], "expected a JWT"),
        (vec!["--settings-json", r#"{"regio": "us-east-2"}"#], "did you mean `region`"),
        (vec!["pod/c", "--pod", &pods], "expected `pod/a` or `pod/b`, but got `pod/c`"),
        (vec!["deploy/web"], "expected a file with a pod or a workload, but got `deploy/web`"),
        (vec!["pod/a", "pod/b", &pods], "expected one pod or workload to explain, but got `pod/b`, too"),
        (vec![&services], "contains no pod, no workload and no service account"),
        (vec![&policy], "For a trust policy, use `--trust-policy`"),
        (vec!["no-such-pod.yaml"], "cannot read `no-such-pod.yaml`"),
        (vec![env!("CARGO_MANIFEST_DIR")], "is a folder: name its files, or use `irsa check"),
        (vec!["deploy/web", "--kubeconfig", &broken], "expected `pod/NAME` with `--kubeconfig`, but got `deploy/web`"),
        (vec!["pod/..", "--kubeconfig", &broken, "-n", "a/b"], "expected the name of a namespace, but got `a/b`"),
        (vec!["--no-such-flag"], "unexpected argument"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa")).arg("explain").args(&flags).output().unwrap();

        assert_eq!(output.status.code(), Some(2), "{flags:?}: {output:?}");
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(printed.contains(reason), "{flags:?}: {printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

/// Two workloads, two pods and two service accounts. Only the account `web` has a role.
const SHOP: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/web'}}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: seed, namespace: shop}}
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {serviceAccountName: web, containers: [{name: app}, {name: proxy}]}}}}
- {apiVersion: batch/v1, kind: Job, metadata: {name: seed, namespace: shop}, spec: {template: {spec: {serviceAccountName: seed, containers: [{name: app}]}}}}
- {apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop}, spec: {serviceAccountName: web, containers: [{name: app}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: tool, namespace: other}, spec: {containers: [{name: sh}]}}
";

fn explain_shop(flags: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    fs::write(&file, SHOP).unwrap();
    let flags = flags.iter().map(|flag| if *flag == "FILE" { file.to_str().unwrap() } else { flag });
    let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
        .args(["explain", "--settings-json", r#"{"region": "us-east-2"}"#])
        .args(flags)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn explains_every_workload_of_a_file_and_prints_failed_ones_first() {
    let (status, printed) = explain_shop(&["--workload", "FILE"]);
    assert_eq!(status, Some(1), "{printed}");
    let blocks: Vec<&str> = printed.split("\n\n").collect();
    assert_eq!(blocks.len(), 2, "{printed}");
    assert!(blocks[0].starts_with("cause: job/seed: Service account `shop/seed` has no role"), "{printed}");
    assert!(blocks[1].starts_with("? deployment/web: No problem found"), "{printed}");

    // `--pod`, and a file without a flag, explain the pods of the file, not its workloads.
    for flags in [&["--pod", "FILE", "--output", "json"][..], &["FILE", "--output", "json"]] {
        let (status, printed) = explain_shop(flags);
        assert_eq!(status, Some(3), "{printed}");
        let said: Value = serde_json::from_str(&printed).unwrap();
        let said: Vec<_> =
            said.as_array().unwrap().iter().map(|it| (it["name"].clone(), it["outcome"].clone())).collect();
        assert_eq!(said, [("pod/web-0".into(), "unknown".into()), ("pod/tool".into(), "unknown".into())]);
    }

    // A namespace also chooses one of the pods.
    let (status, printed) = explain_shop(&["--pod", "FILE", "-n", "shop"]);
    assert_eq!(status, Some(3), "{printed}");
    assert!(printed.starts_with("? No problem found"), "{printed}");
}

#[test]
fn explains_the_workload_and_the_container_that_are_chosen() {
    for (flags, expected, first) in [
        (&["deploy/web", "--workload", "FILE"][..], 3, "? No problem found"),
        (&["deploy/web", "FILE"], 3, "? No problem found"),
        (&["FILE", "job/seed"], 1, "cause: Service account `shop/seed` has no role"),
        (&["deployments/web", "--pod", "FILE"], 3, "? No problem found"),
        (&["deployment.apps/web", "--service-account", "FILE"], 3, "? No problem found"),
        (&["job/seed", "--workload", "FILE"], 1, "cause: Service account `shop/seed` has no role"),
        (&["seed", "--workload", "FILE"], 1, "cause: Service account `shop/seed` has no role"),
        (&["pod/web-0", "--pod", "FILE", "-c", "app"], 3, "? No problem found"),
        (&["--workload", "FILE", "-c", "proxy"], 3, "? No problem found"),
        (&["deploy/db", "--workload", "FILE"], 2, "Error: expected `deployment/web` or `job/seed` or `pod/web-0`"),
        (&["--workload", "FILE", "-c", "db"], 2, "Error: expected a container `app` or `proxy`, but got `db`"),
        (&["--workload", "FILE", "--fix", "trust-policy"], 2, "Error: `--fix` needs one pod: choose `job/seed` or"),
    ] {
        let (status, printed) = explain_shop(flags);
        assert_eq!(status, Some(expected), "{flags:?}: {printed}");
        assert!(printed.starts_with(first), "{flags:?}: {printed}");
    }

    // The findings and the details are about the chosen container only.
    let (_, printed) = explain_shop(&["deploy/web", "--workload", "FILE", "-c", "proxy", "--output", "json"]);
    let said: Value = serde_json::from_str(&printed).unwrap();
    let injected = said["steps"][3].to_string();
    assert!(injected.contains("proxy") && !injected.contains("app"), "{injected}");
}

#[test]
fn escapes_user_input_in_every_output() {
    const RAW: &str = "a\u{1b}[31m\u{202e}b\u{2066}";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pods.json");
    let pod = |name: &str| {
        json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "shop", "annotations": {format!("eks.amazonaws.com/{RAW}"): RAW}},
            "spec": {"serviceAccountName": RAW, "containers": [{"name": RAW, "env": [{"name": "AWS_ROLE_ARN", "value": RAW}]}]},
        })
    };
    let account = json!({"kind": "ServiceAccount", "metadata": {"name": "web", "annotations": {"eks.amazonaws.com/role-arn": RAW}}});
    let list = json!({"kind": "List", "items": [pod(RAW), pod(&format!("{RAW}2")), account]});
    fs::write(&file, list.to_string()).unwrap();
    let policy = folder.path().join("policy.json");
    let statement = json!({
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Sid": RAW,
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example/a"},
        "Condition": {"StringEquals": {"idp.example/a:sub": RAW}},
    });
    fs::write(&policy, json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap();
    let (file, policy) = (file.to_str().unwrap(), policy.to_str().unwrap());
    let issuer = ["--trust-policy", policy, "--issuer", "https://idp.example/a"];
    for flags in [
        vec!["--pod", file, "--verbose"],
        vec!["--pod", file, "--output", "json"],
        vec!["--pod", file, RAW],
        vec!["--pod", file, RAW, "--fix", "trust-policy"],
        [&["--pod", file, "--verbose"][..], &issuer].concat(),
        [&issuer[..], &["--role", RAW]].concat(),
        vec!["--pod", file, "--container", RAW],
        vec!["--pod", file, "--no-such-\u{202e}"],
        vec!["--pod", RAW],
        vec!["--settings-json", RAW],
        vec!["--issuer", RAW, "--namespace", RAW],
        vec!["--output", RAW],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa")).arg("explain").args(&flags).output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!printed.is_empty(), "{flags:?}");
        let is_raw = |character: char| character.is_control() && character != '\n';
        assert!(!printed.contains(is_raw) && !printed.contains(['\u{202e}', '\u{2066}']), "{flags:?}: {printed:?}");
    }
}

#[test]
fn reads_the_account_of_the_pods_namespace_from_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    let list = "
kind: List
apiVersion: v1
items:
- {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {serviceAccountName: web, containers: [{name: app}]}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: other}}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: web, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/web'}}
";
    fs::write(&file, list).unwrap();

    let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
        .args(["explain", "--output", "json", "--settings-json", r#"{"region": "us-east-2"}"#, "--pod"])
        .arg(&file)
        .output()
        .unwrap();

    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    for step in [0, 1] {
        assert_eq!(said["steps"][step]["outcome"], "passed", "{}", said["steps"][step]);
    }
}

#[test]
fn prints_its_own_name_and_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_irsa")).arg("--version").output().unwrap();

    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("irsa {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn ends_without_a_message_if_its_output_is_closed() {
    let setup = setup("00-walk-through");
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let output = command(&setup, &folder, false).stdout(writer).output().unwrap();

    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn rejects_the_name_of_a_file_as_the_issuer() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("disc"), "{}").unwrap();
    for name in ["disc", "./disc", "missing.json", "folder/missing.json", "../missing.json"] {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
            .args(["explain", "--issuer", name])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        let message = format!("Error: `--issuer`: `{name}` is a file: use `--discovery {name}`");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with(&message), "{message}");
        assert!(output.stdout.is_empty(), "{name}");
    }
    for issuer in ["idp.example/keys.json", "https://idp.example/a.json"] {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa")).args(["explain", "--issuer", issuer]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{issuer}: {output:?}");
    }
}
