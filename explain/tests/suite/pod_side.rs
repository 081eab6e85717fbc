//! Tests the steps about the pod: running pods, the environment of their containers, and the reasons why the policy
//! does not inject.

use crate::diagnoses::change;
use crate::support::{PROVIDER, right};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::{Step, StepKind};
use irsa_explain::{Explanation, Inputs, Outcome, explain};
use serde_json::{Value, json};

const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";

/// A case: its name, its inputs, and the expected explanation.
struct Case {
    name: &'static str,
    inputs: Inputs,
    outcome: Outcome,
    /// The cause as `step/diagnosis`. Empty if no step may fail.
    cause: &'static str,
    /// Texts that the explanation must contain.
    says: Vec<&'static str>,
    /// Texts that the explanation must not contain.
    never_says: Vec<&'static str>,
}

/// The diagnoses that other files than `diagnoses.rs` test. Some are causes, and some are warnings.
pub fn made() -> Vec<&'static str> {
    let of_cases = cases().into_iter().filter_map(|case| Some(case.cause.split_once('/')?.1));
    let warnings = [
        "ephemeralContainer",
        "readOnlyMountAbove",
        "ignoredFailures",
        "bothCredentials",
        "regionsDiffer",
        "globalEndpoint",
        "unlistedFipsEndpoint",
        "assumedIssuer",
        "invalidStsEndpoints",
        "endpointOverride",
        "nodeRoleFallback",
        "missingIssuer",
        "unsupportedAlgorithm",
    ];
    of_cases.chain(warnings).collect()
}

/// A pod as the API server stores it.
pub fn running(containers: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", "uid": "4d3f1c1e", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "serviceAccountName": "my-sa",
            "containers": containers,
            "volumes": [{"name": "aws-iam-token", "projected": {"sources": [{
                "serviceAccountToken": {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"},
            }]}}],
        },
    })
}

/// A container with the role's variables, the variables in `more`, and the token's mount.
pub fn injected(name: &str, more: &[(&str, &str)]) -> Value {
    let file = format!("{FOLDER}/token");
    let own = [
        (
            "AWS_ROLE_ARN",
            "arn:aws:iam::111122223333:role/eksctl-eks-oidc-demo-addon-iamserviceaccount-Role1-1SJZ3F7H39X72",
        ),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.as_str()),
    ];
    let env: Vec<_> = own.iter().chain(more).map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"name": name, "image": "x", "env": env, "volumeMounts": [{"name": "aws-iam-token", "readOnly": true, "mountPath": FOLDER}]})
}

const REGION: [(&str, &str); 2] = [("AWS_DEFAULT_REGION", "us-east-2"), ("AWS_REGION", "us-east-2")];

/// The walk-through with this pod, without a token.
pub fn with_pod(pod: &Value) -> Inputs {
    Inputs { pod: Some(pod.to_string()), token: None, jwks: None, discovery: None, ..right() }
}

/// The inputs of the walk-through before the pod is created, without a token. `changed` edits the pod.
fn planned(changed: impl FnOnce(&mut Value)) -> Inputs {
    let mut pod: Value = serde_json::from_str(right().pod.as_deref().unwrap()).unwrap();
    changed(&mut pod);
    with_pod(&pod)
}

fn cause(explanation: &Explanation) -> String {
    explanation.cause.map_or_else(String::new, |cause| {
        format!("{}/{}", cause.step.name(), cause.mistake.map(Diagnosis::name).unwrap_or_default())
    })
}

/// All text of an explanation, without the policy's response.
fn said(explanation: &Explanation) -> String {
    let mut explanation = explanation.clone();
    explanation.review = None;
    serde_json::to_string_pretty(&explanation).unwrap().replace("\\\"", "\"")
}

pub fn step(inputs: &Inputs, kind: StepKind) -> Step {
    explain(inputs).steps.into_iter().find(|step| step.step == kind).unwrap()
}

fn cases() -> Vec<Case> {
    [of_running_pods(), of_late_changes(), of_variables(), of_namespaces(), of_token_files()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(name: &'static str, inputs: Inputs, outcome: Outcome, cause: &'static str) -> Case {
    Case { name, inputs, outcome, cause, says: Vec::new(), never_says: Vec::new() }
}

impl Case {
    fn says(mut self, parts: &[&'static str]) -> Self {
        self.says.extend(parts);
        self
    }

    fn never_says(mut self, parts: &[&'static str]) -> Self {
        self.never_says.extend(parts);
        self
    }
}

fn of_running_pods() -> Vec<Case> {
    let bare = json!([{"name": "app", "image": "x"}]);
    let alone = |pod: &Value| Inputs { pod: Some(pod.to_string()), ..Inputs::default() };
    let made_up = ["half of the role", "skip-containers", "Delete the pod"];
    vec![
        case("only a running pod without variables", alone(&running(&bare)), Outcome::Unknown, "")
            .says(&[
                "No container has the role's variables",
                "no service account was given",
                "kubectl get serviceaccount -n default my-sa",
            ])
            .never_says(&made_up),
        case(
            "only a running pod with variables",
            alone(&running(&json!([injected("app", &REGION)]))),
            Outcome::Unknown,
            "",
        )
        .says(&["Every container has the role's variables"]),
        case(
            "a running pod without variables, and its account",
            with_pod(&running(&bare)),
            Outcome::Failed,
            "injected/notInjected",
        )
        .says(&["The pod runs without the role that its account has now", "kubectl rollout restart"])
        .never_says(&made_up),
        case(
            "a sidecar that another webhook added",
            with_pod(&running(&json!([injected("app", &REGION), {"name": "vault-agent", "image": "x"}]))),
            Outcome::Failed,
            "injected/lateContainer",
        )
        .says(&[
            "`vault-agent`",
            "another webhook added it after the injection",
            "a new pod has the same problem",
            "`skip-containers`",
        ])
        .never_says(&["Delete the pod", "Recreate"]),
        case(
            "a sidecar that another webhook added, in mode `Validate`",
            Inputs {
                settings: Some(r#"{"mode": "Validate"}"#.into()),
                ..with_pod(&running(&json!([injected("app", &REGION), {"name": "vault-agent", "image": "x"}])))
            },
            Outcome::Failed,
            "injected/lateContainer",
        )
        .says(&["`vault-agent`"]),
        case(
            "a sidecar without a role, if the account is not given",
            alone(&running(&json!([injected("app", &REGION), {"name": "vault-agent", "image": "x"}]))),
            Outcome::Unknown,
            "injected/lateContainer",
        )
        .says(&["may name it, or another webhook"]),
        case(
            "a sidecar that the pod skips",
            {
                let mut pod = running(&json!([injected("app", &REGION), {"name": "istio-proxy", "image": "x"}]));
                pod["metadata"]["annotations"] = json!({"eks.amazonaws.com/skip-containers": "istio-proxy"});
                with_pod(&pod)
            },
            Outcome::Passed,
            "",
        )
        .says(&["the others are skipped"]),
        case(
            "a debug container",
            {
                let mut pod = running(&json!([injected("app", &REGION)]));
                pod["spec"]["ephemeralContainers"] = json!([{"name": "debugger-abc", "image": "aws-cli"}]);
                with_pod(&pod)
            },
            Outcome::Passed,
            "",
        )
        .says(&["ephemeral container `debugger-abc` has no variables and no token"]),
    ]
}

fn of_late_changes() -> Vec<Case> {
    let without_region = with_pod(&running(&json!([injected("app", &[])])));
    let mut account_after = with_pod(&running(&json!([{"name": "app", "image": "x"}])));
    change(&mut account_after.service_account, |account| {
        account["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z".into();
    });
    let mut annotated_after = with_pod(&running(&json!([{"name": "app", "image": "x"}])));
    change(&mut annotated_after.service_account, |account| {
        account["metadata"]["managedFields"] = json!([
            {"time": "2026-03-01T00:00:00Z", "fieldsV1": {"f:metadata": {"f:annotations": {"f:eks.amazonaws.com/role-arn": {}}}}},
        ]);
    });
    let mut other_audience = with_pod(&running(&json!([injected("app", &REGION)])));
    change(&mut other_audience.service_account, |account| {
        account["metadata"]["annotations"]["eks.amazonaws.com/audience"] = "sts.amazonaws.com.cn".into();
    });
    // A complete pod, so the policy has nothing to add.
    let [one, other] = REGION;
    let complete = injected("app", &[one, other, ("AWS_STS_REGIONAL_ENDPOINTS", "regional")]);
    let mut other_webhook = with_pod(&running(&json!([complete])));
    other_webhook.settings =
        Some(r#"{"region": "us-east-2", "regionalStsEndpoints": true, "tokenAudience": "amazonaws.com"}"#.to_owned());
    change(&mut other_webhook.trust_policy, |policy| {
        policy["Statement"][0]["Condition"]["StringEquals"][format!("{PROVIDER}:aud")] = "amazonaws.com".into();
    });
    // The guard on EKS: the policy only checks, and AWS's webhook injects.
    let guard = Some(r#"{"mode": "Validate", "actions": {"notInjected": "Reject"}}"#.to_owned());
    let missed = Inputs { settings: guard.clone(), ..with_pod(&running(&json!([{"name": "app", "image": "x"}]))) };
    let not_created = Inputs { settings: guard, ..planned(|_| ()) };
    vec![
        case(
            "a running pod that AWS's webhook missed, with the guard",
            missed,
            Outcome::Failed,
            "injected/notInjected",
        )
        .says(&["AWS's webhook did not know the account yet", "Recreate the pod"])
        .never_says(&["mode: Mutate", "policy.yaml", "namespaceSelector"]),
        case("a pod that is not created yet, with the guard", not_created, Outcome::Unknown, "")
            .says(&["another webhook has to inject the role", "AWS's webhook on EKS sets the region"])
            .never_says(&["mode: Mutate", "policy.yaml"]),
        case(
            "the setting `region` was set after the pod was created",
            without_region,
            Outcome::Unknown,
            "region/noRegion",
        )
        .says(&[
            "`AWS_REGION`",
            "changed after the pod was created",
            "the setting `region` was set to `us-east-2` after the pod was created",
            "Recreate the pod",
        ])
        .never_says(&["the account had no role", "Set the setting `region`"]),
        case(
            "`regionalStsEndpoints` was set after the pod was created",
            Inputs {
                settings: Some(r#"{"region": "us-east-2", "regionalStsEndpoints": true}"#.into()),
                ..with_pod(&running(&json!([injected("app", &REGION)])))
            },
            Outcome::Passed,
            "",
        )
        .says(&["has no `AWS_STS_REGIONAL_ENDPOINTS`, which the policy sets now"]),
        case("the account was created after the pod", account_after, Outcome::Failed, "injected/notInjected")
            .says(&["the account was created at 2026-02-01T00:00:00Z, after the pod"]),
        case(
            "the annotation was changed after the pod was created",
            annotated_after,
            Outcome::Failed,
            "injected/notInjected",
        )
        .says(&["last changed at 2026-03-01T00:00:00Z, after the pod was created"]),
        case(
            "the audience was changed after the pod was created",
            other_audience,
            Outcome::Failed,
            "injected/outdatedPod",
        )
        .says(&["for another audience than the account and the settings now define", "Recreate the pod"])
        .never_says(&["Give the pod's own volume another name"]),
        case(
            "another webhook injected the token, and the trust policy expects the audience of the settings",
            other_webhook,
            Outcome::Failed,
            "injected/outdatedPod",
        )
        .says(&["A new pod gets a token for `amazonaws.com`", "Recreate the pod first"])
        .never_says(&["Add this statement", "Set the value of"]),
    ]
}

fn of_variables() -> Vec<Case> {
    let with_env = |env: Value| planned(|pod| pod["spec"]["containers"][0]["env"] = env);
    let optional = |name: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "aws-secret", "key": "k", "optional": true}}});
    vec![
        case(
            "the role's variables are empty strings",
            with_env(
                json!([{"name": "AWS_ROLE_ARN", "value": ""}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": ""}]),
            ),
            Outcome::Failed,
            "injected/emptyVariable",
        )
        .says(&["`AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` are set to an empty string", "Remove `AWS_ROLE_ARN`"])
        .never_says(&["skip-containers"]),
        case(
            "the region is an empty string",
            with_env(json!([{"name": "AWS_REGION", "value": ""}])),
            Outcome::Unknown,
            "region/noRegion",
        )
        .says(&["`AWS_REGION` is set to an empty string", "Remove `AWS_REGION`"])
        .never_says(&["Set the setting `region`"]),
        case(
            "static keys are empty strings",
            with_env(
                json!([{"name": "AWS_ACCESS_KEY_ID", "value": ""}, {"name": "AWS_SECRET_ACCESS_KEY", "value": ""}]),
            ),
            Outcome::Passed,
            "",
        ),
        case(
            "static keys from an optional Secret, as in a CSI driver",
            with_env(json!([optional("AWS_ACCESS_KEY_ID"), optional("AWS_SECRET_ACCESS_KEY")])),
            Outcome::Unknown,
            "",
        )
        .says(&["whether their Secret exists is not known"]),
        case(
            "static keys from a Secret",
            with_env(json!([
                {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ])),
            Outcome::Failed,
            "credentials/staticCredentials",
        )
        .says(&["Remove `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"]),
        case(
            "an `envFrom` with a prefix that excludes AWS's variables",
            planned(|pod| {
                pod["spec"]["containers"][0]["envFrom"] = json!([{"prefix": "APP_", "secretRef": {"name": "s"}}]);
            }),
            Outcome::Passed,
            "",
        ),
        case(
            "a container that is skipped",
            planned(|pod| {
                pod["metadata"]["annotations"] = json!({"eks.amazonaws.com/skip-containers": "app"});
            }),
            Outcome::Failed,
            "injected/optedOut",
        )
        .says(&["leave no container to inject into"])
        .never_says(&["half of the role"]),
    ]
}

fn of_namespaces() -> Vec<Case> {
    let in_kube_system = |mut inputs: Inputs| {
        for text in [&mut inputs.pod, &mut inputs.service_account] {
            change(text, |object| object["metadata"]["namespace"] = "kube-system".into());
        }
        inputs.trust_policy =
            inputs.trust_policy.map(|text| text.replace("serviceaccount:default", "serviceaccount:kube-system"));
        inputs
    };
    let manifest = |spec: Value| {
        let mut policy = json!({
            "apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", "metadata": {"name": "irsa-policy"},
            "spec": {"mutating": true, "rules": [{"resources": ["pods"], "operations": ["CREATE"]}]},
        });
        policy["spec"].as_object_mut().unwrap().extend(spec.as_object().cloned().unwrap());
        Some(json!([policy]).to_string())
    };
    let exempt = json!({"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "default"]},
    ]}});
    let new = || planned(|_| ());
    vec![
        case("a pod of kube-system", in_kube_system(new()), Outcome::Unknown, "injected/exemptNamespace").says(&[
            "exempts namespace `kube-system` from `irsa-policy`",
            "only `irsa-policy-system` injects in `kube-system`",
            "in the project's `policy.yaml`, policy `irsa-policy-system` has `failurePolicy: Ignore`",
        ]),
        case(
            "a running pod of kube-system with the role",
            in_kube_system(with_pod(&running(&json!([injected("app", &REGION)])))),
            Outcome::Passed,
            "",
        )
        .never_says(&["`failurePolicy: Ignore`"]),
        case(
            "a running pod of kube-system without the role",
            in_kube_system(with_pod(&running(&json!([{"name": "app"}])))),
            Outcome::Failed,
            "injected/notInjected",
        )
        .says(&["`irsa-policy-system` has `failurePolicy: Ignore`"])
        .never_says(&["exempts"]),
        case(
            "a pod that the manifest exempts",
            Inputs { policies: manifest(exempt.clone()), ..new() },
            Outcome::Failed,
            "injected/exemptNamespace",
        )
        .says(&["policy `irsa-policy` exempts namespace `default`"]),
        case(
            "a pod of kube-system that the manifest does not exempt",
            in_kube_system(Inputs { policies: manifest(json!({})), ..new() }),
            Outcome::Passed,
            "",
        ),
        case(
            "a policy with `failurePolicy: Ignore`",
            Inputs { policies: manifest(json!({"failurePolicy": "Ignore"})), ..new() },
            Outcome::Passed,
            "",
        )
        .says(&["has `failurePolicy: Ignore`"]),
    ]
}

fn of_token_files() -> Vec<Case> {
    let env = |file: &str| {
        json!([{"name": "AWS_ROLE_ARN", "value": ROLE}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": file},
               {"name": "AWS_REGION", "value": "us-east-2"}, {"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"}])
    };
    let by_hand = |file: &str| {
        let mut inputs = planned(|pod| pod["spec"]["containers"][0]["env"] = env(file));
        change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = json!({}));
        inputs
    };
    let user = |user: Value, group: Value| {
        planned(|pod| {
            pod["spec"]["securityContext"] = json!({"runAsUser": user, "fsGroup": group});
        })
    };
    vec![
        case(
            "a token file that is not mounted",
            by_hand("/var/run/secrets/eks/token"),
            Outcome::Failed,
            "token/tokenNotMounted",
        )
        .says(&["no volume is mounted at that path"]),
        case(
            "the API server's token",
            by_hand("/var/run/secrets/kubernetes.io/serviceaccount/token"),
            Outcome::Failed,
            "token/otherAudience",
        )
        .says(&["The token is for the API server"]),
        case("a token that only root can read", user(json!(0), Value::Null), Outcome::Unknown, "")
            .says(&["Only user 0 (root) can read the token's file", "fsGroup"]),
        case("a token that one user can read", user(json!(1000), Value::Null), Outcome::Passed, "")
            .says(&["\"user 1000\""]),
        case("a token that a group can read", user(json!(0), json!(1000)), Outcome::Passed, ""),
        case(
            "a read-only mount above the token's",
            planned(|pod| {
                pod["spec"]["volumes"] = json!([{"name": "s", "secret": {"secretName": "s"}}]);
                pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "s", "mountPath": "/var/run/secrets"}]);
            }),
            Outcome::Passed,
            "",
        )
        .says(&["`/var/run/secrets` is mounted read-only above the token's mount"]),
    ]
}

#[test]
fn explanations_have_the_expected_cause_and_text() {
    let mut failures = Vec::new();
    for case in cases() {
        let explanation = explain(&case.inputs);
        let text = said(&explanation);
        let missing: Vec<_> = case.says.iter().filter(|part| !text.contains(**part)).collect();
        let forbidden: Vec<_> = case.never_says.iter().filter(|part| text.contains(**part)).collect();
        let is_right = explanation.outcome == case.outcome
            && cause(&explanation) == case.cause
            && explanation.problems.is_empty()
            && missing.is_empty()
            && forbidden.is_empty();
        if !is_right {
            failures.push(format!(
                "{}: {:?} {:?}, missing {missing:?}, forbidden {forbidden:?}\n{text}",
                case.name,
                explanation.outcome,
                cause(&explanation)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn explains_only_the_chosen_container() {
    let pod = running(&json!([injected("app", &REGION), {"name": "vault-agent", "image": "x"}]));
    let of = |container: &str| Inputs { container: Some(container.into()), ..with_pod(&pod) };
    assert_eq!(explain(&of("app")).outcome, Outcome::Passed);
    assert_eq!(cause(&explain(&of("vault-agent"))), "injected/notInjected");
    let mut debugged = pod.clone();
    debugged["spec"]["ephemeralContainers"] = json!([{"name": "debugger-abc", "image": "aws-cli"}]);
    let debugged = Inputs { container: Some("debugger-abc".into()), ..with_pod(&debugged) };
    assert_eq!(cause(&explain(&debugged)), "injected/ephemeralContainer");
    let unknown = explain(&of("web"));
    let problem = unknown.problems.first().unwrap();
    assert_eq!(problem.message, "expected a container of the pod, `app` or `vault-agent`, but got `web`");
}

#[test]
fn ignores_findings_about_containers_that_were_not_chosen() {
    let mut pod: Value = serde_json::from_str(right().pod.as_deref().unwrap()).unwrap();
    pod["spec"]["containers"].as_array_mut().unwrap().push(json!({
        "name": "side", "image": "x", "env": [{"name": "AWS_ROLE_ARN", "value": ROLE}],
    }));
    let of = |container: &str| Inputs { container: Some(container.into()), ..with_pod(&pod) };
    assert_eq!(explain(&of("app")).outcome, Outcome::Passed);
    assert_eq!(cause(&explain(&of("side"))), "injected/partialCredentials");
}

#[test]
fn warns_of_a_container_with_a_role_and_container_credentials() {
    let uri = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    let more = [REGION.as_slice(), &[uri]].concat();
    let inputs = with_pod(&running(&json!([injected("app", &more)])));
    let step = step(&inputs, StepKind::Credentials);
    assert_eq!((step.outcome, step.mistake), (Outcome::Passed, Some(Diagnosis::BothCredentials)), "{step:?}");
    assert!(step.reasons.iter().any(|reason| reason.contains("JavaScript v2")), "{step:?}");
}

#[test]
fn the_fallback_step_names_the_sdks_that_use_the_node_s_role() {
    let inputs = with_pod(&running(&json!([injected("app", &REGION)])));
    assert_eq!(step(&inputs, StepKind::Fallback).outcome, Outcome::Passed);
    let refused = Inputs {
        trust_policy: inputs
            .trust_policy
            .clone()
            .map(|text| text.replace("serviceaccount:default", "serviceaccount:other")),
        ..inputs
    };
    let fallback = step(&refused, StepKind::Fallback);
    assert_eq!((fallback.outcome, fallback.mistake), (Outcome::Failed, Some(Diagnosis::NodeRoleFallback)));
    let text = fallback.reasons.join("\n");
    for sdk in ["Java v2", "PHP", "JavaScript v2", "C++", "Kotlin", "Swift", "Java v1"] {
        assert!(text.contains(sdk), "{sdk}: {text}");
    }
    assert!(!text.contains("Python"), "{text}");
    assert!(cause(&explain(&refused)).starts_with("conditions/"), "the cause is the refusal");
    let off = [REGION.as_slice(), &[("AWS_EC2_METADATA_DISABLED", "true")]].concat();
    let off = with_pod(&running(&json!([injected("app", &off)])));
    let says = step(&off, StepKind::Fallback).says;
    assert_eq!(says, "If STS refuses, every SDK reports an error, and none uses the node's role.");
}
