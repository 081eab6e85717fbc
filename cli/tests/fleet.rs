//! Runs `irsa check --iam` and `irsa trust-policy` as a user does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{irsa, json_of};

const ISSUER: &str = "oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";

fn account(name: &str, arn: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": name, "namespace": "shop", "annotations": {"eks.amazonaws.com/role-arn": arn},
    }})
}

fn policy(issuer: &str, operator: &str, subjects: &[&str]) -> Value {
    let subjects: Vec<String> = subjects.iter().map(|it| format!("system:serviceaccount:{it}")).collect();
    let mut condition = json!({"StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"}});
    condition[operator][format!("{issuer}:sub")] = json!(subjects);
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }]})
}

fn arn(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

fn role(name: &str, policy: &Value) -> Value {
    json!({"RoleName": name, "Arn": arn(name), "AssumeRolePolicyDocument": policy})
}

/// Creates a folder with service accounts, and this file about IAM.
fn folder(iam: &Value) -> TempDir {
    let items = json!([
        account("web", &arn("web")),
        account("api", &arn("web")),
        account("gone", &arn("gone")),
        account("abroad", "arn:aws:iam::444455556666:role/x"),
    ]);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    support::folder(&[("accounts.json", &format!("{list:#}")), ("iam.json", &iam.to_string())])
}

/// Returns the report of a check, as JSON.
fn check(folder: &TempDir, args: &[&str]) -> Value {
    let issuer = format!("prod=https://{ISSUER}");
    let mut all = vec!["check", "accounts.json", "-o", "json", "--iam", "iam.json", "--issuer", &issuer];
    all.extend(args);
    json_of(&irsa(folder, &all))
}

/// Returns the name of each finding, and the name of its object.
fn findings(report: &Value) -> Vec<(String, String)> {
    let mut findings: Vec<(String, String)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let object = finding["object"]["name"].as_str().unwrap_or_default();
            (finding["finding"].as_str().unwrap().to_owned(), object.to_owned())
        })
        .collect();
    findings.sort();
    findings
}

fn found(name: &str, object: &str) -> (String, String) {
    (name.to_owned(), object.to_owned())
}

fn status(report: &Value, account: &str) -> String {
    let rows = report["fleet"].as_array().unwrap();
    let row = rows.iter().find(|row| row["serviceAccount"] == format!("shop/{account}")).unwrap();
    row["status"].as_str().unwrap().to_owned()
}

#[test]
fn compares_service_accounts_with_the_roles_of_an_account() {
    let details = json!({"RoleDetailList": [
        role("web", &policy(ISSUER, "StringEquals", &["shop:web", "shop:old"])),
        role("wide", &policy(ISSUER, "StringLike", &["shop:*"])),
    ]});
    let folder = folder(&details);
    let report = check(&folder, &[]);

    assert_eq!(
        findings(&report),
        [
            found("broadTrust", ""),
            found("missingIamRole", "gone"),
            found("missingSubject", ""),
            found("unknownTrust", "abroad"),
            found("untrustedServiceAccount", "api"),
            found("unusedTrust", ""),
        ],
        "{report:#}"
    );
    for (account, expected) in [("web", "trusted"), ("api", "refused"), ("gone", "missing"), ("abroad", "unknown")] {
        assert_eq!(status(&report, account), expected, "{account}");
    }
    let untrusted = report["findings"].as_array().unwrap().iter().find(|it| it["object"]["name"] == "api").unwrap();
    let text = fs::read_to_string(folder.path().join("accounts.json")).unwrap();
    let line = text.lines().enumerate().filter(|(_, line)| line.contains("role-arn")).nth(1).unwrap().0 + 1;
    assert_eq!(untrusted["line"].as_u64(), u64::try_from(line).ok(), "the annotation's line: {untrusted:#}");
    assert!(untrusted["fix"].as_str().unwrap().contains("keep the others"), "{untrusted:#}");
}

#[test]
fn reports_a_missing_role_only_if_the_file_is_complete() {
    let web = role("web", &policy(ISSUER, "StringEquals", &["shop:web"]));
    for iam in [
        json!({"RoleDetailList": [web], "IsTruncated": true, "Marker": "x"}),
        json!({"Role": web}),
        json!({"Roles": [web]}),
    ] {
        let report = check(&folder(&iam), &[]);
        assert!(findings(&report).contains(&found("unknownTrust", "gone")), "{iam}");
        for (flags, level) in [(&[][..], "note"), (&["--strict"], "warn")] {
            let report = check(&folder(&iam), flags);
            let gone = report["findings"].as_array().unwrap().iter().find(|it| it["object"]["name"] == "gone").unwrap();
            assert_eq!(gone["level"], level, "{iam}");
            let fix = gone["fix"].as_str().unwrap();
            assert!(fix.contains("`aws iam get-role --role-name gone`, in the AWS account 111122223333"), "{fix}");
        }
        assert_eq!(status(&report, "gone"), "unknown", "{iam}");
        assert_eq!(status(&report, "web"), "trusted", "{iam}");
    }
}

#[test]
fn trust_is_unknown_with_an_issuer_that_iam_does_not_accept() {
    let folder = folder_of_role(&["web"], &policy(ISSUER, "StringEquals", &["shop:old"]));
    for issuer in ["https://kubernetes.default.svc.cluster.local", "https://idp.example/?x=1"] {
        let args = ["check", "accounts.json", "-o", "json", "--iam", "iam.json", "--issuer", issuer];
        let report = json_of(&irsa(&folder, &args));

        assert_eq!(status(&report, "web"), "unknown", "{issuer}");
        let names: Vec<String> = findings(&report).into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"unknownTrust".to_owned()), "{issuer}: {names:?}");
        assert!(!names.contains(&"broadTrust".to_owned()), "{issuer}: {names:?}");
    }
}

/// Creates a folder with service accounts of one role, and the role's trust policy.
fn folder_of_role(accounts: &[&str], policy: &Value) -> TempDir {
    let folder = folder(&json!({"RoleDetailList": [role("web", policy)]}));
    let items: Vec<Value> = accounts.iter().map(|name| account(name, &arn("web"))).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    fs::write(folder.path().join("accounts.json"), list.to_string()).unwrap();
    folder
}

/// Applies all fixes literally. Then the role must admit every account of the input, and keep the accounts that it
/// admitted before.
#[test]
fn prints_fixes_that_admit_each_account_and_keep_the_others() {
    let original = policy(ISSUER, "StringEquals", &["shop:web", "shop:old"]);
    let no_subject = policy("oidc.eks.us-east-2.amazonaws.com/id/OTHER", "StringEquals", &["shop:web"]);
    let wrong_action = {
        let mut policy = policy(ISSUER, "StringEquals", &["shop:web"]);
        policy["Statement"][0]["Action"] = json!("sts:AssumeRole");
        policy
    };
    for mut policy in [original, no_subject, wrong_action] {
        let accounts = ["web", "api", "worker"];
        let before = policy["Statement"].as_array().unwrap().clone();
        let report = check(&folder_of_role(&accounts, &policy), &[]);
        for finding in report["findings"].as_array().unwrap() {
            if finding["finding"] != "untrustedServiceAccount" {
                continue;
            }
            let fix = finding["fix"].as_str().unwrap();
            let statements = finding["statements"].as_array().unwrap().clone();
            let all = policy["Statement"].as_array_mut().unwrap();
            if fix.starts_with("add this statement") {
                all.extend(statements);
            } else if fix.contains("replace statement 1, ") {
                all.splice(0..1, statements);
            } else {
                assert!(fix.starts_with("apply the change of the trust policy"), "{fix}");
                assert!(statements.is_empty());
            }
        }
        let folder = folder_of_role(&accounts, &policy);
        let fixed = check(&folder, &[]);
        for account in accounts {
            assert_eq!(status(&fixed, account), "trusted", "{account}: {policy:#}");
        }
        if before[0]["Action"] != "sts:AssumeRole" {
            assert_eq!(
                policy["Statement"][0], before[0],
                "a statement for web identities is not changed, so its service accounts keep the role"
            );
        }
        for finding in fixed["findings"].as_array().unwrap() {
            assert_ne!(finding["finding"], "broadTrust", "{policy:#}");
        }
    }
}

#[test]
fn compares_a_role_without_an_arn_by_its_path_and_name() {
    let policy = policy(ISSUER, "StringEquals", &["shop:web"]);
    let terraform = |values: Value| {
        let mut values = values;
        values["assume_role_policy"] = json!(policy.to_string());
        let resource = json!({"address": "aws_iam_role.web", "type": "aws_iam_role", "values": values});
        json!({"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}})
    };
    let cloudformation = |properties: Value| {
        let mut properties = properties;
        properties["AssumeRolePolicyDocument"] = policy.clone();
        json!({"Resources": {"web": {"Type": "AWS::IAM::Role", "Properties": properties}}})
    };
    for (iam, expected) in [
        (terraform(json!({"name": "web", "path": "/"})), "trusted"),
        (terraform(json!({"name": "web", "path": "/team/"})), "unknown"),
        (terraform(json!({"name_prefix": "web"})), "unknown"),
        (terraform(json!({"name": "x", "arn": arn("web")})), "trusted"),
        (cloudformation(json!({"RoleName": "web"})), "trusted"),
        (cloudformation(json!({"RoleName": "web", "Path": "/team/"})), "unknown"),
        (cloudformation(json!({"RoleName": "web", "Path": {"Ref": "Path"}})), "unknown"),
        (cloudformation(json!({"RoleName": {"Fn::Sub": "web"}})), "unknown"),
        (cloudformation(json!({})), "unknown"),
    ] {
        let report = check(&folder(&iam), &[]);
        assert_eq!(status(&report, "web"), expected, "{iam}");
        let is_known = expected == "trusted" || iam.to_string().contains("team");
        let unused = findings(&report).iter().any(|(name, _)| name == "unusedTrust");
        assert_eq!(unused, is_known && expected != "trusted", "{iam}");
    }
}

#[test]
fn reads_url_encoded_policies_terraform_and_cloudformation() {
    let policy = policy(ISSUER, "StringEquals", &["shop:web"]);
    let encoded = policy.to_string().replace('{', "%7B").replace('"', "%22").replace(':', "%3A").replace('}', "%7d");
    let resource = json!({"type": "aws_iam_role", "values": {"name": "web", "assume_role_policy": policy.to_string()}});
    let module = json!({"child_modules": [{"resources": [resource]}]});
    let properties = json!({"RoleName": "web", "AssumeRolePolicyDocument": policy});
    for iam in [
        json!({"Role": {"RoleName": "web", "Arn": arn("web"), "AssumeRolePolicyDocument": encoded}}),
        json!({"format_version": "1.2", "planned_values": {"root_module": module}}),
        json!({"format_version": "1.0", "values": {"root_module": module}}),
        json!({"Resources": {"Web": {"Type": "AWS::IAM::Role", "Properties": properties}}}),
    ] {
        let report = check(&folder(&iam), &[]);
        assert_eq!(status(&report, "web"), "trusted", "{iam}");
        assert_eq!(status(&report, "api"), "refused", "{iam}");
    }
    // The status is `unknown` if a trust policy is known only after deployment: if it contains a CloudFormation
    // function, or if it is missing in Terraform's planned values.
    let function = json!({"Statement": {"Fn::Sub": "x"}});
    let properties = json!({"RoleName": "web", "AssumeRolePolicyDocument": function});
    for iam in [
        json!({"Resources": {"Web": {"Type": "AWS::IAM::Role", "Properties": properties}}}),
        json!({"format_version": "1.2", "planned_values": {"root_module": {"resources": [
            {"type": "aws_iam_role", "values": {"name": "web"}},
        ]}}}),
    ] {
        assert_eq!(status(&check(&folder(&iam), &[]), "web"), "unknown", "{iam}");
    }
}

#[test]
fn says_what_is_wrong_with_a_file_about_iam() {
    let permissions = json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    let bucket =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "*"}});
    for (iam, expected) in [
        (
            json!({"a": 1}),
            "expected the output of `aws iam get-account-authorization-details`, `get-role`, `list-roles`, ",
        ),
        (permissions, "expected the output of `aws iam "),
        (bucket, "expected the output of `aws iam "),
        (
            policy(ISSUER, "StringEquals", &["shop:web"]),
            "this is a trust policy without its role: give the output of `aws iam get-role`, or use `irsa explain --trust-policy`",
        ),
    ] {
        let output = irsa(&folder(&iam), &["check", "accounts.json", "--iam", "iam.json"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let expected = format!("cannot read `iam.json` as a file about IAM: {expected}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(&expected), "{output:?}");
    }
}

#[test]
fn reads_issuers_as_users_paste_them() {
    let roles = json!({"Roles": [role("web", &policy(ISSUER, "StringEquals", &["shop:web"]))]});
    let folder = folder(&roles);
    let run = |issuer: &str| {
        irsa(&folder, &["check", "accounts.json", "-o", "json", "--iam", "iam.json", "--issuer", issuer])
    };
    for (issuer, cluster) in [
        (format!("a={ISSUER}"), "a"),
        (ISSUER.to_owned(), "cluster"),
        (format!("https://{ISSUER}/"), "cluster"),
        (format!("a=arn:aws:iam::111122223333:oidc-provider/{ISSUER}"), "a"),
    ] {
        let report = json_of(&run(&issuer));
        assert_eq!(status(&report, "web"), "trusted", "{issuer}");
        assert_eq!(report["fleet"][0]["cluster"], cluster, "{issuer}");
    }
    for issuer in ["prod", "a=prod", "a=http://example.com", "a=None", "a="] {
        assert_eq!(run(issuer).status.code(), Some(2), "{issuer}");
    }
    // `--issuer` has an effect only with `--iam`, so `--issuer` alone is an error.
    let output = irsa(&folder, &["check", "accounts.json", "--issuer", ISSUER]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--iam <FILE>"), "{output:?}");
}

#[test]
fn names_a_file_about_iam_that_is_given_as_a_manifest() {
    let web = role("web", &policy(ISSUER, "StringEquals", &["shop:web"]));
    let template = json!({"Resources": {"Web": {"Type": "AWS::IAM::Role", "Properties": {}}}});
    for (iam, title) in [
        (json!({"Role": web}), "the output of `aws iam get-role`"),
        (json!({"Roles": [web]}), "the output of `aws iam list-roles`"),
        (json!({"RoleDetailList": []}), "the output of `aws iam get-account-authorization-details`"),
        (json!({"OpenIDConnectProviderList": []}), "the output of `aws iam list-open-id-connect-providers`"),
        (json!({"ClientIDList": [], "Url": ISSUER}), "the output of `aws iam get-open-id-connect-provider`"),
        (json!({"format_version": "1.2", "planned_values": {}}), "the output of `terraform show -json`"),
        (template, "a CloudFormation template"),
        (policy(ISSUER, "StringEquals", &[]), "a trust policy"),
    ] {
        let folder = folder(&iam);
        // `--iam` takes one file. So a second file after the same `--iam` is read as a manifest, like `iam.json` here.
        let output = irsa(&folder, &["check", "accounts.json", "iam.json"]);
        assert_eq!(output.status.code(), Some(2), "{title}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains(&format!("iam.json:1:1: unreadable: this is {title}, not a manifest: give the ")),
            "{text}"
        );
        assert!(text.contains("`--iam`"), "{text}");
    }
}

#[test]
fn reads_one_file_for_each_flag() {
    let roles = json!({"Roles": [role("web", &policy(ISSUER, "StringEquals", &["shop:web"]))]});
    let folder = folder(&roles);
    let gone = json!({"Role": role("gone", &policy(ISSUER, "StringEquals", &["shop:gone"]))});
    fs::write(folder.path().join("gone.json"), gone.to_string()).unwrap();
    let issuer = format!("prod=https://{ISSUER}");
    // `--iam` takes only one file, so `accounts.json` is read as a manifest.
    let args = ["check", "-o", "json", "--issuer", &issuer, "--iam", "iam.json", "--iam", "gone.json", "accounts.json"];
    let report = json_of(&irsa(&folder, &args));

    assert_eq!(status(&report, "web"), "trusted", "{report:#}");
    assert_eq!(status(&report, "gone"), "trusted", "{report:#}");
}

#[test]
fn reads_cloudformation_in_yaml_with_short_functions() {
    let folder = folder(&json!({}));
    let template = "Resources:\n  Web:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: web\n      AssumeRolePolicyDocument:\n        Statement: [!Sub '${X}']\n";
    fs::write(folder.path().join("iam.json"), template).unwrap();

    assert_eq!(status(&check(&folder, &[]), "web"), "unknown");
}

#[test]
fn compares_identity_providers_with_the_clusters() {
    let names = |iam: &Value| -> Vec<String> {
        findings(&check(&folder(iam), &[]))
            .into_iter()
            .map(|(name, _)| name)
            .filter(|it| it.contains("rovider"))
            .collect()
    };
    let provider = |issuer: &str| json!({"Arn": format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")});
    assert!(names(&json!({"OpenIDConnectProviderList": [provider(ISSUER)]})).is_empty());
    assert_eq!(names(&json!({"OpenIDConnectProviderList": [provider("other.example")]})), ["missingProvider"]);
    let details = |audience: &str| json!({"Url": ISSUER, "ClientIDList": [audience]});
    assert!(names(&details("sts.amazonaws.com")).is_empty());
    assert_eq!(names(&details("sts.amazonaws.com.cn")), ["providerAudience"]);
    // No role of the input is in this AWS account, so the account needs no provider for the cluster.
    let elsewhere = json!({"Arn": "arn:aws:iam::777788889999:oidc-provider/other.example"});
    assert!(names(&json!({"OpenIDConnectProviderList": [elsewhere]})).is_empty());
}

#[test]
fn compares_the_audiences_of_the_service_accounts_with_the_provider() {
    let folder = folder(&json!({"Url": ISSUER, "ClientIDList": ["internal"]}));
    let mut account = account("web", &arn("web"));
    account["metadata"]["annotations"]["eks.amazonaws.com/audience"] = json!("internal");
    fs::write(folder.path().join("accounts.json"), account.to_string()).unwrap();

    assert_eq!(findings(&check(&folder, &[])), [found("unknownTrust", "web")]);
}

#[test]
fn evaluates_each_cluster() {
    let iam = json!({"Role": role("web", &policy(ISSUER, "StringEquals", &["shop:web"]))});
    let report = check(&folder(&iam), &["--issuer", "dev=https://dev.example/id/1"]);

    let rows = report["fleet"].as_array().unwrap().iter().filter(|row| row["serviceAccount"] == "shop/web");
    let rows: Vec<_> = rows.map(|row| (row["cluster"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(rows, [("prod", "trusted"), ("dev", "refused")]);
}

#[test]
fn prints_trust_policies_that_the_check_accepts() {
    let folder = folder(&json!({}));
    let issuer = format!("https://{ISSUER}");
    let output = irsa(&folder, &["trust-policy", "accounts.json", "--issuer", &issuer]);
    assert!(output.status.success(), "{output:?}");
    let policies: Value = serde_json::from_slice(&output.stdout).unwrap();
    let roles: Vec<Value> = policies
        .as_object()
        .unwrap()
        .iter()
        .map(
            |(arn, policy)| json!({"RoleName": arn.rsplit('/').next(), "Arn": arn, "AssumeRolePolicyDocument": policy}),
        )
        .collect();
    fs::write(folder.path().join("iam.json"), json!({"RoleDetailList": roles}).to_string()).unwrap();

    let report = check(&folder, &[]);

    assert_eq!(report["findings"], json!([]));
    for account in ["web", "api", "gone", "abroad"] {
        assert_eq!(status(&report, account), "trusted", "{account}");
    }
}

#[test]
fn prints_trust_policies_for_each_tool() {
    let folder = folder(&json!({}));
    let print = |format: &str, more: &[&str]| {
        let arn = arn("web");
        let mut args = vec!["trust-policy", "shop/web", "--role", &arn, "-o", format];
        args.extend(more);
        let output = irsa(&folder, &args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let issuer = ["--issuer", "https://oidc.example/id/A"];
    let subject = "system:serviceaccount:shop:web";
    let policy: Value = serde_json::from_str(&print("json", &issuer)).unwrap();
    assert_eq!(policy["Statement"][0]["Condition"]["StringEquals"]["oidc.example/id/A:sub"], subject);
    let template: Value = serde_json::from_str(&print("cloudformation", &issuer)).unwrap();
    assert_eq!(template["Resources"]["Roleweb"]["Properties"]["AssumeRolePolicyDocument"], policy);
    for (format, pointer) in
        [("ack", "/spec/assumeRolePolicyDocument"), ("crossplane", "/spec/forProvider/assumeRolePolicy")]
    {
        let object: Value = serde_json::from_str(&print(format, &issuer)).unwrap();
        let text = object.pointer(pointer).and_then(Value::as_str).unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), policy, "{format}");
    }
    let terraform = print("terraform", &issuer);
    assert!(terraform.contains("resource \"aws_iam_role\" \"web\"") && terraform.contains(subject), "{terraform}");
    let commands = print("aws", &issuer);
    assert!(commands.contains("aws iam update-assume-role-policy --role-name web --policy-document '{"), "{commands}");
    for (format, more) in [("ack", &[] as &[&str]), ("crossplane", &["--region", "us-east-2"])] {
        let text = print(format, &[&["--pod-identity", "--cluster-name", "prod"], more].concat());
        let (role, association) = text.split_once("\n---\n").unwrap();
        let role: Value = serde_json::from_str(role).unwrap();
        assert_eq!(role["kind"], "Role");
        let association: Value = serde_json::from_str(association).unwrap();
        assert_eq!(association["kind"], "PodIdentityAssociation");
        let spec = association.pointer("/spec/forProvider").unwrap_or(&association["spec"]);
        assert_eq!((&spec["namespace"], &spec["serviceAccount"]), (&json!("shop"), &json!("web")));
    }
    let pod_identity = print("aws", &["--pod-identity", "--cluster-name", "prod"]);
    assert!(
        pod_identity.contains("aws eks create-pod-identity-association --cluster-name prod --namespace shop"),
        "{pod_identity}"
    );
}

#[test]
fn rejects_input_that_gives_no_trust_policy() {
    let folder = folder(&json!({}));
    fs::write(folder.path().join("hostile.json"), account("*", &arn("web")).to_string()).unwrap();
    for (args, reason) in [
        (&["shop/web", "--issuer", "https://a.example"] as &[&str], "expected `--role ARN`"),
        (&["accounts.json"], "--issuer"),
        (&["accounts.json", "--issuer", "http://a.example"], "expected the issuer as `https://…`"),
        (&["accounts.json", "--issuer", "https://a b"], "expected the URL of an issuer"),
        (&["iam.json", "--issuer", "https://a.example"], "expected a service account with a role"),
        (&["missing.json", "--issuer", "https://a.example"], "cannot read `missing.json`"),
        (&["shop/web", "--role", "web", "--issuer", "https://a.example"], "is not the ARN of an IAM role"),
        (&["shop/web", "--role", &arn("web"), "--pod-identity", "-o", "ack"], "expected `--cluster-name NAME`"),
        (
            &["shop/web", "--role", &arn("web"), "--pod-identity", "--cluster-name", "a", "-o", "crossplane"],
            "expected `--region REGION`",
        ),
        (&["hostile.json", "--issuer", "https://a.example"], "can't be the name of a service account"),
    ] {
        let output = irsa(&folder, &[&["trust-policy"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(reason), "{args:?}: {errors}");
    }
}

#[test]
fn prints_trust_policies_of_roles_from_the_settings() {
    let folder = folder(&json!({}));
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "web", "namespace": "shop", "annotations": {"eks.amazonaws.com/role-arn": "web"},
    }});
    fs::write(folder.path().join("accounts.json"), account.to_string()).unwrap();
    let settings = r#"{"composeRoleArn": {"accountId": "111122223333", "partition": "aws"}}"#;
    let args =
        ["trust-policy", "accounts.json", "--settings-json", settings, "--issuer", "https://a.example", "-o", "aws"];
    let output = irsa(&folder, &args);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("arn:aws:iam::111122223333:oidc-provider/a.example"), "{text}");
}
