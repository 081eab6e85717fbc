//! Runs `irsa check` as a user does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{folder, irsa, json_of};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Runs `irsa check` in a folder.
fn check(folder: &TempDir, args: &[&str]) -> Output {
    irsa(folder, &[&["check"], args].concat())
}

fn check_stdin(input: &str, args: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_irsa"))
        .args(["check", "-"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns the name, line and column of each finding that is not ignored.
fn findings(report: &Value) -> Vec<(String, u64, u64)> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["ignored"].is_null());
    findings
        .map(|finding| {
            let number = |key: &str| finding[key].as_u64().unwrap_or_default();
            (finding["finding"].as_str().unwrap().to_owned(), number("line"), number("column"))
        })
        .collect()
}

fn found(name: &str, line: u64, column: u64) -> (String, u64, u64) {
    (name.to_owned(), line, column)
}

const ROLE: &str = "arn:aws:iam::111122223333:role/web";

const SHOP: &str = r#"apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::1:role/web
    eks.amazonaws.com/audience: ""
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      annotations:
        eks.amazonaws.com/token-expiration: 1h
    spec:
      serviceAccountName: web
      containers:
      - name: app
        image: web
        env:
        - name: AWS_ACCESS_KEY_ID
          value: hunter2
        - {name: AWS_ROLE_ARN, value: hunter2}
        volumeMounts:
        - {name: tmp, mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount}
      volumes:
      - {name: tmp, emptyDir: {}}
"#;

#[test]
fn reports_the_line_and_the_column_of_each_finding() {
    let folder = folder(&[("web.yaml", SHOP)]);
    let output = check(&folder, &["web.yaml", "--format", "json"]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = json_of(&output);
    assert_eq!(
        findings(&report),
        [
            found("invalidRoleArn", 6, 5),
            found("invalidAudience", 7, 5),
            found("invalidTokenExpiration", 17, 9),
            found("staticCredentials", 24, 11),
            found("overriddenRole", 26, 11),
            found("partialCredentials", 26, 11),
        ]
    );
    let account = &report["findings"][0];
    assert_eq!(
        account["object"],
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "namespace": "default", "name": "web"})
    );
    assert!(account["fix"].as_str().unwrap().contains("copy the ARN"));
    assert!(account["link"].as_str().unwrap().ends_with("docs/findings.md#invalidrolearn"));

    let right = SHOP.replace("arn:aws:iam::1:role/web", ROLE).replace("    eks.amazonaws.com/audience: \"\"\n", "");
    let output = check_stdin(&right, &["--format", "json"]);
    let found_now = findings(&json_of(&output));
    assert!(found_now.contains(&found("conflictingMount", 27, 11)), "{found_now:?}");
}

#[test]
fn never_prints_the_value_of_a_variable() {
    let folder = folder(&[("web.yaml", SHOP)]);
    for format in ["pretty", "json", "sarif", "junit", "github"] {
        let output = check(&folder, &["web.yaml", "--format", format]);
        assert!(!text(&output).contains("hunter2"), "{format}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"), "{format}");
    }
}

#[test]
fn exits_with_the_status_that_fail_on_sets() {
    let warning = SHOP.replace("arn:aws:iam::1:role/web", ROLE).replace("    eks.amazonaws.com/audience: \"\"\n", "");
    let warning = warning.replace("mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount", "mountPath: /tmp");
    let clean = format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: a, annotations: {{eks.amazonaws.com/role-arn: '{ROLE}'}}}}}}"
    );
    for (input, args, status) in [
        (clean.as_str(), &[] as &[&str], 0),
        (clean.as_str(), &["--fail-on", "warn"], 0),
        (&warning, &[], 0),
        (&warning, &["--fail-on", "warn"], 1),
        (SHOP, &[], 1),
        (SHOP, &["--fail-on", "never"], 0),
        ("a: [", &["--fail-on", "never"], 2),
        ("", &[], 2),
    ] {
        let output = check_stdin(input, args);
        assert_eq!(output.status.code(), Some(status), "{args:?} {input}: {output:?}");
    }
}

#[test]
fn says_what_is_wrong_with_each_bad_input_and_what_to_do() {
    let mut paths: Vec<PathBuf> = fs::read_dir(case("bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 30);
    let mut said = String::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_irsa")).args(["check", name]).current_dir(case("bad")).output().unwrap();

        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        assert!(output.stderr.is_empty(), "{name}: {output:?}");
        said.push_str(text(&output).lines().next().unwrap());
        said.push('\n');
    }
    let expected = case("bad.txt");
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&expected, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(expected).unwrap());
}

#[test]
fn continues_after_a_document_that_cannot_be_read() {
    let folder =
        folder(&[("chart/templates/a.yaml", "name: {{ .Values.a }}\n---\nname: {{ .x }}\n"), ("b.yaml", SHOP)]);
    let report = json_of(&check(&folder, &[".", "--format", "json"]));

    assert_eq!(report["unreadable"], json!([]), "a template in a directory is not an error");
    assert_eq!(report["summary"]["objects"], 2);
    let templates = findings(&report).into_iter().filter(|(name, ..)| name == "template").count();
    assert_eq!(templates, 2);
    assert_eq!(check(&folder, &[".", "--strict"]).status.code(), Some(2), "with `--strict`, a template is an error");
    assert_eq!(check(&folder, &["missing.yaml"]).status.code(), Some(2));
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(text(&check(&folder, &["empty"])).contains("empty: unreadable: the directory has no"));
}

#[test]
fn prints_one_line_for_a_helm_chart() {
    let template = "metadata: {{- toYaml .Values.a | nindent 4 }}\n";
    let chart = "apiVersion: v2\nname: shop\nversion: 0.1.0\n";
    let folder = folder(&[
        ("charts/shop/Chart.yaml", chart),
        ("charts/shop/values.yaml", "image: {repository: shop}\n"),
        ("charts/shop/templates/a.yaml", template),
        ("charts/shop/templates/b.yaml", template),
        ("charts/shop/charts/db/Chart.yaml", chart),
        ("charts/shop/charts/db/templates/c.yaml", template),
        ("other/b.yaml", SHOP),
    ]);
    let line = |chart: &str| {
        format!(
            "this is a Helm chart that is not rendered: check what `helm template` prints, as in `helm template {chart} | irsa check -`"
        )
    };
    for (path, file, chart) in [
        ("charts/shop", "charts/shop/Chart.yaml", "charts/shop"),
        ("charts/shop/", "charts/shop/Chart.yaml", "charts/shop"),
        ("charts/shop/values.yaml", "charts/shop/Chart.yaml", "charts/shop"),
        ("charts/shop/templates", "charts/shop/Chart.yaml", "charts/shop"),
    ] {
        let output = check(&folder, &[path, "-o", "json"]);
        assert_eq!(output.status.code(), Some(2), "{path}: {output:?}");
        let report = json_of(&output);
        assert_eq!(report["findings"], json!([]), "{path}");
        let unreadable = report["unreadable"].as_array().unwrap();
        assert_eq!(unreadable.len(), 1, "{path}: {unreadable:?}");
        assert_eq!((&unreadable[0]["file"], &unreadable[0]["message"]), (&json!(file), &json!(line(chart))), "{path}");
    }
    // If the input also has manifests, a chart is reported as a note. With `--strict`, it is an error.
    let report = json_of(&check(&folder, &[".", "-o", "json"]));
    let notes: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|it| it["finding"] == "template").collect();
    assert_eq!(notes.len(), 1, "{report:#}");
    assert_eq!(notes[0]["message"], line("charts/shop"));
    assert_eq!(report["unreadable"], json!([]));
    assert_eq!(report["summary"]["objects"], 2);
    let strict = json_of(&check(&folder, &[".", "-o", "json", "--strict"]));
    assert_eq!(strict["unreadable"].as_array().unwrap().len(), 1, "{strict:#}");
    // `check` takes the policy's settings from a `values.yaml` of the policy's Helm chart.
    let values = "mode: inject\nsettings: {annotationPrefix: iam.example.com}\n";
    let account =
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, annotations: {iam.example.com/role-arn: bad}}}";
    fs::write(folder.path().join("charts/shop/values.yaml"), values).unwrap();
    fs::write(folder.path().join("other/account.yaml"), account).unwrap();
    let report = json_of(&check(&folder, &["charts/shop", "other/account.yaml", "-o", "json"]));
    let names: Vec<String> = findings(&report).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["template", "invalidRoleArn"], "{report:#}");
}

#[test]
fn reads_directories_lists_and_files_with_a_byte_order_mark() {
    let list = "\u{feff}kind: List\r\napiVersion: v1\r\nitems:\r\n- apiVersion: v1\r\n  kind: ServiceAccount\r\n  metadata:\r\n    name: web\r\n    annotations:\r\n      eks.amazonaws.com/role-arn: bad\r\n";
    let json = r#"{"apiVersion": "v1", "kind": "ServiceAccountList", "items": [
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "annotations": {
    "eks.amazonaws.com/role-arn": "bad"}}}]}"#;
    let folder =
        folder(&[("a/b/list.yml", list), ("a/c.json", json), ("a/.hidden/x.yaml", "a: ["), ("a/d.txt", "a: [")]);
    let report = json_of(&check(&folder, &["-f", "a", "--format", "json"]));

    assert_eq!(findings(&report), [found("invalidRoleArn", 9, 7), found("invalidRoleArn", 3, 5)]);
    let files: Vec<_> = report["findings"].as_array().unwrap().iter().map(|it| it["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a/b/list.yml", "a/c.json"]);
}

#[test]
fn finds_service_accounts_by_namespace() {
    let account = |namespace: &str, role: &str| {
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: web{namespace}, annotations: {{eks.amazonaws.com/role-arn: '{role}'}}}}}}\n---\n"
        )
    };
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {serviceAccountName: web, containers: [{name: a, image: a, env: [{name: AWS_ROLE_ARN, value: x}]}]}}";
    let names = |input: &str, args: &[&str]| -> Vec<String> {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        findings(&json_of(&check_stdin(input, &args))).into_iter().map(|(name, ..)| name).collect()
    };
    let known = ["overriddenRole", "partialCredentials"];
    // An object without a namespace is in the namespace of `-n`, or in `default`.
    assert_eq!(names(&format!("{}{pod}", account("", ROLE)), &[]), known);
    assert_eq!(names(&format!("{}{pod}", account(", namespace: default", ROLE)), &[]), known);
    assert_eq!(names(&format!("{}{pod}", account(", namespace: shop", ROLE)), &["-n", "shop"]), known);
    assert_eq!(names(&format!("{}{pod}", account(", namespace: shop", ROLE)), &[]), ["unknownServiceAccount"]);
    // An account that is in no file is reported as unknown. With `--strict`, the input counts as complete, so the
    // account is reported as missing.
    assert_eq!(names(pod, &[]), ["unknownServiceAccount"]);
    assert_eq!(names(pod, &["--strict"]), ["missingServiceAccount"]);
    // Every namespace has the account `default`.
    assert!(names(&pod.replace("serviceAccountName: web, ", ""), &["--strict"]).is_empty());
}

#[test]
fn asks_whether_the_name_of_a_service_account_is_misspelled() {
    let account = format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: api, namespace: shop, annotations: {{eks.amazonaws.com/role-arn: '{ROLE}'}}}}}}\n"
    );
    let pod = |name: &str, uid: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: shop{uid}}}, spec: {{serviceAccountName: {name}, containers: [{{name: a, image: a}}]}}}}\n"
        )
    };
    let names = |input: &str| -> Vec<String> {
        findings(&json_of(&check_stdin(input, &["-o", "json"]))).into_iter().map(|(name, ..)| name).collect()
    };
    let misspelled = format!("{account}{}", pod("apis", ""));
    let output = text(&check_stdin(&misspelled, &[]));
    assert!(
        output.contains("warn: service account `shop/apis` is not in the input: did you mean `shop/api`?"),
        "{output}"
    );
    assert_eq!(names(&misspelled), ["misspelledServiceAccount"]);
    // Every misspelled name is reported, and not only the first one.
    assert_eq!(names(&format!("{misspelled}{}", pod("apis", ""))).len(), 2);
    // The custom object uses `api`. So `apis` is probably a second account, and not a misspelling of `api`.
    let custom = "---\n{apiVersion: example.com/v1, kind: Rollout, metadata: {name: r, namespace: shop}, spec: {serviceAccountName: api}}\n";
    assert_eq!(names(&format!("{misspelled}{custom}")), ["unknownServiceAccount"]);
    assert_eq!(names(&format!("{account}{}", pod("api2", ""))), ["unknownServiceAccount"]);
    // The account of a running pod existed when the pod was created, so its name is not misspelled.
    assert_eq!(names(&format!("{account}{}", pod("apis", ", uid: x"))), ["unknownServiceAccount"]);
}

#[test]
fn notes_role_mappings_that_the_settings_do_not_name() {
    let config_map = |name: &str, config: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\ndata:\n  config: '{config}'\n"
        )
    };
    let mappings = format!(r#"{{"shop/web": {{"RoleARN": "{ROLE}"}}}}"#);
    let found_in =
        |input: &str, args: &[&str]| findings(&json_of(&check_stdin(input, &[args, &["-o", "json"]].concat())));
    let kops = config_map("pod-identity-webhook", &mappings);
    assert_eq!(found_in(&kops, &[]), [found("unusedRoleMappings", 5, 3)]);
    let output = text(&check_stdin(&kops, &[]));
    assert!(
        output.contains("note: ConfigMap `kube-system/pod-identity-webhook` has role mappings, but the settings do not name it in `rolesConfigMap`: pods whose role is in this ConfigMap are not checked"),
        "{output}"
    );
    let named = r#"{"rolesConfigMap": {"namespace": "kube-system", "name": "pod-identity-webhook"}}"#;
    assert_eq!(found_in(&kops, &["--settings-json", named]), []);

    // A running pod of an account that has its role from the ConfigMap is not reported, and not restarted.
    let token = "projected: {sources: [{serviceAccountToken: {audience: sts.amazonaws.com, path: token}}]}";
    let variables = format!(
        "[{{name: AWS_ROLE_ARN, value: '{ROLE}'}}, {{name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token}}]"
    );
    let mount = "{name: aws-iam-token, mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount, readOnly: true}";
    let running = format!(
        "{kops}---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: web, namespace: shop}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: shop, uid: x}}, spec: {{serviceAccountName: web, containers: [{{name: app, image: web, env: {variables}, volumeMounts: [{mount}]}}], volumes: [{{name: aws-iam-token, {token}}}]}}, status: {{phase: Running}}}}\n"
    );
    assert_eq!(found_in(&running, &[]), [found("unusedRoleMappings", 5, 3)]);
    assert_eq!(found_in(&config_map("pod-identity-webhook", "{}"), &[]), []);
    assert_eq!(found_in(&config_map("other", &mappings), &[]), []);
}

#[test]
fn takes_the_settings_of_the_command_line_or_of_the_policy_in_the_input() {
    let policy = |settings: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: irsa}}\nspec:\n  module: registry://example.com/irsa-policy:v1\n  mutating: true\n  settings: {settings}\n"
        )
    };
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, annotations: {iam.example.com/role-arn: bad}}}\n";
    let names = |input: &str, args: &[&str]| -> Vec<String> {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        findings(&json_of(&check_stdin(input, &args))).into_iter().map(|(name, ..)| name).collect()
    };
    let prefix = r#"{"annotationPrefix": "iam.example.com"}"#;
    assert!(names(account, &[]).is_empty());
    assert_eq!(names(account, &["--settings-json", prefix]), ["invalidRoleArn"]);
    assert_eq!(names(&format!("{}{account}", policy(prefix)), &[]), ["invalidRoleArn"]);
    assert_eq!(names(&format!("{}{account}", policy("{regio: us-east-2}")), &[]), ["invalidSettings"]);
    let output = check_stdin(account, &["--settings-json", r#"{"regio": "us-east-2"}"#]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `region`"), "{output:?}");
}

#[test]
fn ignores_findings_by_comments_and_configuration_and_reports_unused_rules() {
    let web = SHOP
        .replace("role/web\n", "role/web # irsa: ignore[invalidRoleArn] it is a test\n")
        .replace(
            "        - name: AWS_ACCESS_KEY_ID",
            "        # irsa: ignore[staticCredentials, optedOut] the keys are fake\n        - name: AWS_ACCESS_KEY_ID",
        )
        .replace(
            "      serviceAccountName: web\n",
            "      serviceAccountName: web # irsa: ignore[missingRole] unused\n",
        )
        .replace("      - name: app\n", "      - name: app # irsa: ignore[nothing] x\n");
    let config = "
ignore:
- finding: invalidAudience
  files: ['*.yaml']
  objects: ['ServiceAccount */web']
  reason: a test
- finding: foreignToken
  reason: unused
exclude: ['old/**']
failOn: warn
";
    let folder = folder(&[("web.yaml", web.as_str()), (".irsa.yaml", config), ("old/bad.yaml", SHOP)]);
    let output = check(&folder, &[".", "--format", "json"]);
    let report = json_of(&output);

    let names: Vec<String> = findings(&report).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(
        names,
        [
            "unusedIgnore",
            "invalidTokenExpiration",
            "unusedIgnore",
            "invalidIgnore",
            "overriddenRole",
            "partialCredentials"
        ],
        "{report:#}"
    );
    let ignored: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| !it["ignored"].is_null())
        .map(|it| (it["finding"].as_str().unwrap(), it["ignored"].as_str().unwrap()))
        .collect();
    assert_eq!(
        ignored,
        [("invalidRoleArn", "it is a test"), ("invalidAudience", "a test"), ("staticCredentials", "the keys are fake")]
    );
    assert_eq!(output.status.code(), Some(1), "failOn: warn");

    fs::write(folder.path().join(".irsa.yaml"), "ignored: []").unwrap();
    let output = check(&folder, &["."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown field `ignored`"), "{output:?}");
}

#[test]
fn checks_running_pods_and_prints_commands_that_recreate_them() {
    let pod = |name: &str, role: &str, owner: &str| {
        format!(
            "---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: shop
  uid: 5f8d1c0e-6f5b-4a2d-9c57-0b8f4f3f2d11
  labels: {{pod-template-hash: 7d9f}}
  ownerReferences: {owner}
spec:
  serviceAccountName: web
  containers:
  - name: app
    image: web
    env: {role}
status: {{phase: Running}}
"
        )
    };
    let injected = |role: &str| {
        format!(
            "[{{name: AWS_ROLE_ARN, value: '{role}'}}, {{name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token}}]\n    volumeMounts: [{{name: aws-iam-token, mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount}}]\n  volumes: [{{name: aws-iam-token, projected: {{sources: [{{serviceAccountToken: {{audience: sts.amazonaws.com, path: token, expirationSeconds: 86400}}}}]}}}}]"
        )
    };
    let of_association = "[{name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: http://169.254.170.23/v1/credentials}, {name: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, value: /var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token}]\n    volumeMounts: [{name: eks-pod-identity-token, mountPath: /var/run/secrets/pods.eks.amazonaws.com/serviceaccount, readOnly: true}]\n  volumes: [{name: eks-pod-identity-token, projected: {sources: [{serviceAccountToken: {audience: pods.eks.amazonaws.com, path: eks-pod-identity-token, expirationSeconds: 86400}}]}}]";
    let owner = |kind: &str, name: &str| format!("[{{kind: {kind}, name: {name}, controller: true}}]");
    let account = format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: web, namespace: shop, annotations: {{eks.amazonaws.com/role-arn: '{ROLE}'}}}}}}\n"
    );
    let input = [
        account,
        pod("right", &injected(ROLE), &owner("ReplicaSet", "right-7d9f")),
        // A pod as EKS's webhook injects it, with a region that the policy's settings do not contain.
        pod("eks", &injected(ROLE), &owner("ReplicaSet", "eks-7d9f")).replace(
            "env: [",
            "env: [{name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}, {name: AWS_DEFAULT_REGION, value: us-east-2}, {name: AWS_REGION, value: us-east-2}, ",
        ),
        pod("old-role", &injected("arn:aws:iam::111122223333:role/old"), &owner("ReplicaSet", "old-7d9f")),
        pod("none-1", "[]", &owner("StatefulSet", "none")),
        pod("none-2", "[]", &owner("StatefulSet", "none")),
        pod("bare", "[]", "[]"),
        // EKS gives an association of EKS Pod Identity priority over the account's role.
        pod("association", of_association, "[]"),
        pod("done", "[]", "[]").replace("Running", "Succeeded"),
    ]
    .concat();
    let report = json_of(&check_stdin(&input, &["--format", "json"]));

    assert_eq!(
        report["restarts"],
        json!([
            {"command": "# no controller recreates pod shop/bare: delete the pod, then apply its manifest", "pods": 1},
            {"command": "kubectl rollout restart deployment/old -n shop", "pods": 1},
            {"command": "kubectl rollout restart statefulset/none -n shop", "pods": 2},
        ])
    );
    let stale: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["finding"] == "stalePod")
        .map(|it| it["object"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(stale, ["old-role", "none-1", "none-2", "bare"]);
    assert!(text(&check_stdin(&input, &[])).contains("\n  kubectl rollout restart deployment/old -n shop\n"));
    // If the settings name a region, a pod with another region is stale. But if the input does not contain the pod's
    // template, or if the template sets the region, the pod is not reported.
    let restart = "\n  kubectl rollout restart deployment/eks -n shop\n";
    let region = ["--settings-json", r#"{"region": "us-east-1"}"#];
    assert!(!text(&check_stdin(&input, &region)).contains(restart));
    let deployment = |env: &str| {
        format!(
            "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: eks, namespace: shop, uid: x}}, spec: {{selector: {{}}, template: {{spec: {{serviceAccountName: web, containers: [{{name: app, image: web{env}}}]}}}}}}}}\n"
        )
    };
    let output = text(&check_stdin(&format!("{input}{}", deployment("")), &region));
    assert!(output.contains(restart), "{output}");
    // AWS's webhook never sets this variable. So the policy set it, because of a setting that the policy no longer has.
    let disabled = input.replace(
        "{name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}",
        "{name: AWS_EC2_METADATA_DISABLED, value: 'true'}",
    );
    assert!(text(&check_stdin(&format!("{disabled}{}", deployment("")), &[])).contains(restart));
    let own = deployment(", env: [{name: AWS_REGION, value: us-east-2}, {name: AWS_DEFAULT_REGION, value: us-east-2}]");
    assert!(!text(&check_stdin(&format!("{input}{own}"), &region)).contains(restart));
}

#[test]
fn prints_sarif_junit_and_json_that_fit_their_schemas() {
    let folder = folder(&[
        ("a b.yaml", SHOP),
        ("bad.yaml", "a: ["),
        (".irsa.yaml", "ignore: [{finding: overriddenRole, reason: x}]"),
    ]);

    let sarif = json_of(&check(&folder, &[".", "--format", "sarif"]));
    // These types are generated from the schema, so the conversion drops a property that is not in the schema.
    let typed: serde_sarif::sarif::Sarif = serde_json::from_value(sarif.clone()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), sarif);
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap() > 0);
    }
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b.yaml");

    let schema: Value = serde_json::from_str(include_str!("../../docs/check.schema.json")).unwrap();
    let report = json_of(&check(&folder, &[".", "--format", "json"]));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");

    let junit = text(&check(&folder, &[".", "--format", "junit"]));
    let document = roxmltree::Document::parse(&junit).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    for suite in root.children().filter(roxmltree::Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let cases: Vec<_> = suite.children().filter(roxmltree::Node::is_element).collect();
        let count = |name: &str| {
            cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(name))).count().to_string()
        };
        assert!(cases.iter().all(|case| case.has_tag_name("testcase") && case.has_attribute("name")));
        assert_eq!(suite.attribute("tests"), Some(cases.len().to_string().as_str()));
        assert_eq!(suite.attribute("failures"), Some(count("failure").as_str()));
        assert_eq!(suite.attribute("errors"), Some(count("error").as_str()));
    }
}

#[test]
fn does_not_check_placeholders_without_strict() {
    for role in [
        "${ROLE}",
        "arn:aws:iam::<account>:role/web",
        "$(ROLE_ARN)",
        "arn:aws:iam::xxxxxxxxxxxx:role/web",
        "arn:aws:iam::AWS_ACCOUNT_ID:role/web",
    ] {
        let input = SHOP.replace("arn:aws:iam::1:role/web", role).replace("    eks.amazonaws.com/audience: \"\"\n", "");
        let first = |args: &[&str]| findings(&json_of(&check_stdin(&input, args))).remove(0);
        assert_eq!(first(&["-o", "json"]), found("placeholder", 6, 5), "{role}");
        assert_eq!(first(&["-o", "json", "--strict"]), found("invalidRoleArn", 6, 5), "{role}");
    }
    let namespace = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  namespace: ${NAMESPACE}\n";
    let names = |args: &[&str]| findings(&json_of(&check_stdin(namespace, args)));
    assert_eq!(names(&["-o", "json"]), [found("placeholder", 5, 3)]);
    assert_eq!(names(&["-o", "json", "--strict"]), [found("unreadableObject", 5, 3)]);
}

#[test]
fn leaves_out_data_files_of_directories() {
    let folder =
        folder(&[("web.yaml", SHOP), ("data.json", "{'not': json,}"), ("broken.yaml", "apiVersion: v1\nkind: [")]);
    let report = json_of(&check(&folder, &[".", "-o", "json"]));

    assert_eq!(report["unreadable"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["unreadable"][0]["file"], "broken.yaml");
}

#[test]
fn prints_annotations_for_github() {
    let folder = folder(&[("a,b.yaml", SHOP)]);
    let output = text(&check(&folder, &["a,b.yaml", "--format", "github"]));

    let first = output.lines().next().unwrap();
    assert!(first.starts_with("::error file=a%2Cb.yaml,line=6,col=5,title=invalidRoleArn::"), "{first}");
    assert!(first.contains("%0AFix: "), "{first}");
    assert!(output.lines().last().unwrap().starts_with("Checked 2 objects in 1 file: "), "{output}");
}

#[test]
fn lists_every_finding_of_the_command_in_the_docs() {
    let docs = include_str!("../../docs/check.md");
    let source = include_str!("../src/check/names.rs");
    let table = source.split("findings! {").nth(1).unwrap().split("\n}").next().unwrap();
    let names: Vec<&str> = table.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(names.len() > 15);
    for name in names {
        assert!(docs.contains(&format!("### {name}\n")), "{name} has no section in docs/check.md");
    }
}
