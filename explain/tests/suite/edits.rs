//! Tests the edits of the fixes. A program that applies only the edits, without reading the fix's sentence, fixes the
//! mistake.

use crate::diagnoses::{cases, change};
use crate::pod_side::step;
use crate::support::{right, setups};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Edit, Step, StepKind};
use irsa_explain::inputs::Input;
use irsa_explain::{Inputs, Outcome, explain};
use serde_json::{Value, json};

/// Setups whose fix changes no input.
const ELSEWHERE: [&str; 1] = ["12-token-expired"];

/// Setups whose fix has a placeholder that the user has to replace.
const WITH_PLACEHOLDER: [&str; 1] = ["01-no-role"];

fn text_of(inputs: &mut Inputs, input: Input) -> &mut Option<String> {
    match input {
        Input::Pod => &mut inputs.pod,
        Input::Workload => &mut inputs.workload,
        Input::ServiceAccount => &mut inputs.service_account,
        Input::Settings => &mut inputs.settings,
        Input::TrustPolicy => &mut inputs.trust_policy,
        Input::Issuer => &mut inputs.issuer,
        other => panic!("no fix edits {other:?}"),
    }
}

/// Applies edits to the inputs, as the documentation of [`Edit`] says.
fn applied(mut inputs: Inputs, edits: &[Edit]) -> Inputs {
    for Edit { input, pointer, value } in edits {
        let text = text_of(&mut inputs, *input);
        let Some((parent, segment)) = pointer.rsplit_once('/') else {
            let value = value.as_ref().unwrap();
            *text = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            continue;
        };
        let mut root: Value = serde_json::from_str(text.as_deref().unwrap_or("{}")).unwrap();
        let segment = segment.replace("~1", "/").replace("~0", "~");
        match value {
            Some(value) => {
                set(&mut root, parent, &segment, value);
                assert_eq!(root.pointer(pointer), Some(value));
            }
            None => remove(root.pointer_mut(parent).unwrap(), &segment),
        }
        *text = Some(root.to_string());
    }
    inputs
}

fn set(root: &mut Value, parent: &str, segment: &str, value: &Value) {
    let mut at = root;
    for segment in parent.split('/').skip(1).map(|it| it.replace("~1", "/").replace("~0", "~")) {
        at = match at {
            Value::Array(elements) => &mut elements[segment.parse::<usize>().unwrap()],
            other => &mut other[segment],
        };
    }
    at[segment] = value.clone();
}

fn remove(parent: &mut Value, segment: &str) {
    match parent {
        Value::Array(elements) => drop(elements.remove(segment.parse().unwrap())),
        Value::Object(members) => drop(members.remove(segment).expect("an edit removes a value that exists")),
        other => panic!("{other} has no {segment}"),
    }
}

/// The step that has the cause.
fn cause_step(inputs: &Inputs) -> Step {
    explain(inputs).cause_step().cloned().expect("something is wrong")
}

fn edit(input: Input, pointer: &str, value: impl Into<Option<&'static str>>) -> Edit {
    Edit { input, pointer: pointer.to_owned(), value: value.into().map(Value::from) }
}

#[test]
fn the_edits_of_each_setup_make_the_step_of_its_cause_pass() {
    let mut without_edits = Vec::new();
    for (name, setup) in setups() {
        let inputs = setup.inputs();
        let Some(step_before) = explain(&inputs).cause_step().cloned() else { continue };
        if step_before.edits.is_empty() {
            without_edits.push(name);
            continue;
        }
        let after = step(&applied(inputs, &step_before.edits), step_before.step);
        let expected = if WITH_PLACEHOLDER.contains(&name.as_str()) { Outcome::Unknown } else { Outcome::Passed };
        assert_eq!(after.outcome, expected, "{name}: {:#?}\n{after:#?}", step_before.edits);
    }
    assert_eq!(without_edits, ELSEWHERE);
}

#[test]
fn the_edits_of_each_diagnosis_remove_the_mistake() {
    let mut count = 0;
    for (expected, inputs) in cases() {
        let before = cause_step(&inputs);
        if before.edits.is_empty() {
            continue;
        }
        count += 1;
        let after = step(&applied(inputs, &before.edits), before.step);
        let is_fixed = after.outcome == Outcome::Passed || after.mistake != before.mistake;
        assert!(is_fixed, "{expected}: {:#?}\n{after:#?}", before.edits);
    }
    assert!(count > 40, "only {count} cases have edits");
}

#[test]
fn every_step_with_edits_or_commands_has_a_fix() {
    let all =
        cases().into_iter().map(|(_, inputs)| inputs).chain(setups().into_iter().map(|(_, setup)| setup.inputs()));
    for inputs in all {
        for step in explain(&inputs).steps {
            assert!(step.fix.is_some() || step.edits.is_empty() && step.commands.is_empty(), "{step:?}");
            for command in &step.commands {
                assert!(command.starts_with("kubectl ") || command.starts_with("aws "), "{command}");
            }
        }
    }
}

/// The walk-through with a Deployment instead of the pod, and without the token, the keys and the discovery document.
fn of_deployment(changed: impl FnOnce(&mut Value)) -> Inputs {
    let mut inputs = Inputs { token: None, jwks: None, discovery: None, ..right() };
    let pod: Value = serde_json::from_str(&inputs.pod.take().unwrap()).unwrap();
    let mut workload = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]}},
    });
    changed(&mut workload);
    inputs.workload = Some(workload.to_string());
    inputs
}

#[test]
fn edits_the_template_of_a_workload() {
    let label = "eks.amazonaws.com/skip-pod-identity-webhook";
    let inputs = of_deployment(|workload| workload["spec"]["template"]["metadata"]["labels"][label] = "true".into());
    let pointer = "/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook";
    assert_eq!(cause_step(&inputs).edits, [edit(Input::Workload, pointer, None)]);

    let mut inputs = of_deployment(|_| {});
    change(&mut inputs.service_account, |account| account["metadata"]["name"] = "web".into());
    assert_eq!(cause_step(&inputs).edits, [edit(Input::Workload, "/spec/template/spec/serviceAccountName", "web")]);
}

#[test]
fn removes_variables_from_the_end_of_each_array() {
    let key = |name: &str| json!({"name": name, "value": "x"});
    let env = json!([key("AWS_ACCESS_KEY_ID"), key("OTHER"), key("AWS_SECRET_ACCESS_KEY")]);
    let mut inputs = right();
    change(&mut inputs.pod, |pod| {
        let spec = &mut pod["spec"];
        spec["initContainers"] = json!([{"name": "first", "env": env}]);
        spec["containers"][0]["env"] = env;
        spec["containers"][0]["env"][0]["name"] = "AWS_ACCESS_KEY".into();
        spec["containers"][0]["env"].as_array_mut().unwrap().push(key("AWS_ACCESS_KEY_ID"));
    });
    let before = cause_step(&inputs);
    assert_eq!(before.step, StepKind::Credentials);
    let pointers: Vec<&str> = before.edits.iter().map(|edit| edit.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/spec/containers/0/env/3",
            "/spec/containers/0/env/2",
            "/spec/containers/0/env/0",
            "/spec/initContainers/0/env/2",
            "/spec/initContainers/0/env/0",
        ]
    );
    let after = applied(inputs, &before.edits);
    assert_eq!(step(&after, StepKind::Credentials).outcome, Outcome::Passed);
    let pod: Value = serde_json::from_str(after.pod.as_deref().unwrap()).unwrap();
    assert_eq!(pod["spec"]["containers"][0]["env"], json!([key("OTHER")]), "other variables stay");
}

#[test]
fn corrects_a_role_in_quotes_or_with_spaces_or_hyphens() {
    let key = "/metadata/annotations/eks.amazonaws.com~1role-arn";
    let role = "arn:aws:iam::111122223333:role/s3-reader";
    for (given, corrected) in [
        ("arn:aws:iam::1111-2222-3333:role/s3-reader", Some(role)),
        (" \"arn:aws:iam::1111 2222 3333:role/s3-reader\"", Some(role)),
        ("arn:aws:iam::1111:role/s3-reader", None),
        ("s3-reader", None),
    ] {
        let mut inputs = right();
        change(&mut inputs.service_account, |account| {
            account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = given.into();
        });
        let step = cause_step(&inputs);
        let expected: Vec<Edit> = corrected.map(|role| edit(Input::ServiceAccount, key, role)).into_iter().collect();
        assert_eq!(step.edits, expected, "{given}");
        assert_eq!(step.commands.len(), expected.len(), "{given}");
        let known = cause_step(&Inputs { role: Some(role.to_owned()), ..inputs });
        assert_eq!(known.edits, [edit(Input::ServiceAccount, key, role)], "the expected role is known: {given}");
    }
}

#[test]
fn corrects_the_audience_in_the_input_that_defines_it() {
    let right = Inputs { token: None, jwks: None, ..right() };
    let mut annotated = right.clone();
    change(&mut annotated.service_account, |account| {
        account["metadata"]["annotations"]["eks.amazonaws.com/audience"] = "sts.amazon.com".into();
    });
    let before = cause_step(&annotated);
    let pointer = "/metadata/annotations/eks.amazonaws.com~1audience";
    assert_eq!(before.edits, [edit(Input::ServiceAccount, pointer, "sts.amazonaws.com")]);
    assert_eq!(
        before.commands,
        ["kubectl annotate --overwrite serviceaccount -n default my-sa eks.amazonaws.com/audience=sts.amazonaws.com"]
    );
    let mut set = right;
    change(&mut set.settings, |settings| settings["tokenAudience"] = "sts.amazon.com".into());
    assert_eq!(cause_step(&set).edits, [edit(Input::Settings, "/tokenAudience", "sts.amazonaws.com")]);
}

#[test]
fn if_the_role_is_unknown_the_edit_uses_the_aws_account_of_the_trust_policy() {
    let mut inputs = right();
    change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = Value::Null);
    inputs.trust_policy = inputs.trust_policy.map(|policy| policy.replace("111122223333", "444455556666"));
    let before = cause_step(&inputs);
    let role = "arn:aws:iam::444455556666:role/NAME";
    assert_eq!(before.edits, [edit(Input::ServiceAccount, "/metadata/annotations/eks.amazonaws.com~1role-arn", role)]);
    assert!(before.commands[0].ends_with(role) && before.fix.unwrap().contains(&before.commands[0]));
    // The user has to replace the placeholder, so the fix alone does not make everything right.
    let after = explain(&applied(inputs.clone(), &before.edits));
    let unknown = after.cause_step().unwrap();
    assert_eq!(
        (after.outcome, unknown.step, unknown.mistake),
        (Outcome::Unknown, StepKind::Role, Some(Diagnosis::Placeholder)),
        "{after:?}"
    );
    assert!(unknown.says.contains("`role/NAME` is a placeholder"), "{unknown:?}");
    assert_eq!(unknown.places[0].pointer, "/metadata/annotations/eks.amazonaws.com~1role-arn");
    let named = Inputs { role: Some(role.to_owned()), ..applied(inputs, &before.edits) };
    assert_eq!(step(&named, StepKind::Role).outcome, Outcome::Passed, "a role may have the name NAME");
}

#[test]
fn sets_the_region_that_the_clusters_issuer_contains() {
    let with_issuer = |issuer: &str| {
        let policy = right().trust_policy.map(|policy| policy.replace(crate::support::PROVIDER, issuer));
        Inputs {
            settings: Some("{}".into()),
            issuer: Some(format!("https://{issuer}")),
            trust_policy: policy,
            ..of_deployment(|_| {})
        }
    };
    let before = cause_step(&with_issuer(crate::support::PROVIDER));
    assert_eq!(before.edits, [edit(Input::Settings, "/region", "us-east-2")]);
    assert_eq!(cause_step(&with_issuer("issuer.example")).edits, [], "the region is not known");
    assert_eq!(
        cause_step(&with_issuer("oidc.eks.cn-north-1.amazonaws.com.cn/id/A")).edits,
        [],
        "the region is in another partition than the role"
    );
}

#[test]
fn recreates_only_pods_that_a_controller_replaces() {
    let recreate = |inputs: &Inputs| cause_step(inputs).commands.last().cloned();
    let mut inputs = right();
    change(&mut inputs.pod, |pod| pod["metadata"]["uid"] = "5f8d1c0e".into());
    assert_eq!(recreate(&inputs), None, "nothing shows that the pod has a controller");
    change(&mut inputs.pod, |pod| {
        pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "web-1", "controller": true}]);
    });
    assert_eq!(recreate(&inputs).as_deref(), Some("kubectl delete pod -n default eks-iam-test3"));
    change(&mut inputs.pod, |pod| pod["metadata"]["ownerReferences"][0]["kind"] = "Job".into());
    assert_eq!(recreate(&inputs), None, "a Job may count the deleted pod as failed");

    let stored = |uid: Value| {
        let mut inputs = of_deployment(|workload| workload["metadata"]["uid"] = uid);
        change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = Value::Null);
        inputs
    };
    assert!(
        recreate(&stored("5f8d1c0e".into())).unwrap().ends_with(":role/NAME"),
        "the role's name has to be replaced before the pods are recreated"
    );
    let stored = |uid: Value| Inputs { role: Some("arn:aws:iam::111122223333:role/app".to_owned()), ..stored(uid) };
    assert_eq!(
        recreate(&stored("5f8d1c0e".into())).as_deref(),
        Some("kubectl rollout restart -n default deployment/web")
    );
    assert!(
        recreate(&stored(Value::Null)).unwrap().starts_with("kubectl annotate "),
        "the Deployment does not exist yet"
    );
}

#[test]
fn adds_the_statement_that_eks_pod_identity_needs() {
    let mut without_role = Inputs { token: None, jwks: None, ..right() };
    change(&mut without_role.service_account, |account| account["metadata"]["annotations"] = Value::Null);
    let association = json!({"association": {
        "namespace": "default", "serviceAccount": "my-sa", "roleArn": "arn:aws:iam::111122223333:role/app",
    }});
    let inputs = Inputs { association: Some(association.to_string()), ..without_role };
    let before = cause_step(&inputs);
    assert_eq!(before.step, StepKind::Provider, "{before:?}");
    let after = applied(inputs, &before.edits);
    assert_eq!(explain(&after).outcome, Outcome::Passed);
    let policy: Value = serde_json::from_str(after.trust_policy.as_deref().unwrap()).unwrap();
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 2, "the other statement stays");
}

#[test]
fn removes_the_roles_variables_and_annotates_the_account_with_their_role() {
    let role = "arn:aws:iam::111122223333:role/of-the-pod";
    let mut inputs = of_deployment(|workload| {
        workload["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
            {"name": "AWS_ROLE_ARN", "value": role}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/tmp/token"},
        ]);
    });
    change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = Value::Null);
    let before = cause_step(&inputs);
    assert_eq!(before.step, StepKind::Token, "{before:?}");
    assert_eq!(
        before.edits,
        [
            edit(Input::Workload, "/spec/template/spec/containers/0/env/1", None),
            edit(Input::Workload, "/spec/template/spec/containers/0/env/0", None),
            edit(Input::ServiceAccount, "/metadata/annotations/eks.amazonaws.com~1role-arn", role),
        ]
    );
    assert_eq!(explain(&applied(inputs, &before.edits)).outcome, Outcome::Passed);
}

#[test]
fn sets_the_audience_of_the_pods_own_volume() {
    let mut inputs = Inputs { token: None, jwks: None, ..right() };
    change(&mut inputs.pod, |pod| {
        let spec = &mut pod["spec"];
        spec["volumes"] =
            json!([{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]);
        spec["containers"][0]["volumeMounts"] = json!([{"name": "t", "mountPath": "/t"}]);
        spec["containers"][0]["env"] = json!([
            {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/my-role"},
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/t/token"},
        ]);
    });
    change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = Value::Null);
    let before = cause_step(&inputs);
    let pointer = "/spec/volumes/0/projected/sources/0/serviceAccountToken/audience";
    assert_eq!(before.edits, [edit(Input::Pod, pointer, "sts.amazonaws.com")], "{before:?}");
    let after = applied(inputs, &before.edits);
    assert_eq!(step(&after, StepKind::Injected).outcome, Outcome::Passed);
    assert_eq!(step(&after, StepKind::Token).outcome, Outcome::Passed);
}

#[test]
fn each_container_gets_its_own_fix_of_other_credentials() {
    let mut inputs = right();
    change(&mut inputs.pod, |pod| {
        let keys = json!([
            {"name": "AWS_ACCESS_KEY_ID", "value": "AKIAEXAMPLE"},
            {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"},
        ]);
        pod["spec"]["containers"] = json!([
            {"name": "one", "env": keys},
            {"name": "two", "env": [{"name": "AWS_PROFILE", "value": ""}]},
            {"name": "three", "env": [{"name": "AWS_CONFIG_FILE", "value": "/config"}]},
        ]);
    });
    let step = step(&inputs, StepKind::Credentials);

    let fix = step.fix.unwrap();
    for part in [
        "Container `one`: Remove `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` from the container's `env`.",
        "Container `two`: Remove the empty variable from the container's `env`.",
    ] {
        assert!(fix.contains(part), "{fix}");
    }
    let pointers: Vec<&str> = step.edits.iter().map(|edit| edit.pointer.as_str()).collect();
    assert_eq!(pointers, ["/spec/containers/1/env/0", "/spec/containers/0/env/1", "/spec/containers/0/env/0"]);
}

#[test]
fn the_command_that_creates_a_provider_has_a_condition_if_the_providers_are_unknown() {
    let typed = Inputs { issuer: Some("https://idp.example/other".to_owned()), token: None, ..right() };
    let create = |provider: Option<&str>| {
        let inputs = Inputs { provider: provider.map(str::to_owned), ..typed.clone() };
        step(&inputs, StepKind::Issuer).commands
    };

    let unknown = create(None);
    assert!(
        unknown[0].ends_with(" # only if the role's account has no identity provider for this issuer"),
        "{unknown:?}"
    );
    assert!(!create(Some(r#"{"OpenIDConnectProviderList": []}"#))[0].contains('#'));
}
