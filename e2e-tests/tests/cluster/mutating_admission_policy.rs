//! Compares the policy with Kubernetes' own `MutatingAdmissionPolicy`, which injects without a webhook
//! (`mutating_admission_policy.yaml`). docs/comparison.md has the results.
//!
//! The API server reads the service accounts of the pod's namespace from an informer, and evaluates the
//! `MutatingAdmissionPolicy` once for each account. So a pod is missed if it is created before the informer has the
//! pod's account.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy_host::certificate::Certificate;
use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::control_plane::{ControlPlane, wait_until};
use crate::features::pod_of_many_features;
use crate::measure::{cpu_time, middle};
use crate::race::race;
use crate::scene::{ROLE, Scene, account, comparable, control_plane, pod, role_of, variable};
use crate::server::Server;
use crate::webhooks::{ADMISSION, register_other};

const NAMESPACES: &str = "/api/v1/namespaces";

/// Settings with which the policy injects the same as the manifest.
fn settings() -> Value {
    json!({"region": "us-east-2"})
}

/// The objects of the manifest: the policy and its binding.
fn manifest() -> [Value; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/mutating_admission_policy.yaml");
    policy_host::yaml::values(&fs::read_to_string(path).unwrap()).unwrap().try_into().unwrap()
}

/// The manifest, applied to the pods of one namespace. The manifest's objects are deleted when this value is dropped.
struct Native {
    api: Api,
    namespace: String,
}

impl Native {
    /// Creates a namespace of this name with two service accounts: `default` without a role, and `web` with [`ROLE`].
    /// Then applies the manifest. Returns when the API server evaluates the manifest.
    fn on(control_plane: &ControlPlane, namespace: &str) -> Self {
        Self::with(control_plane, namespace, manifest())
    }

    /// Like [`Native::on`], for a variant of the manifest.
    fn with(control_plane: &ControlPlane, namespace: &str, [mut policy, mut binding]: [Value; 2]) -> Self {
        let native = Self { api: control_plane.admin(), namespace: namespace.to_owned() };
        native.api.created(NAMESPACES, &json!({"metadata": {"name": namespace}}));
        native.create_account(&account("default", None));
        native.create_account(&labelled(account("web", Some(ROLE))));

        let name = json!(native.name());
        policy["metadata"]["name"] = name.clone();
        binding["metadata"]["name"] = name.clone();
        binding["spec"]["policyName"] = name;
        binding["spec"]["matchResources"] =
            json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}});
        native.api.created(&format!("{ADMISSION}/mutatingadmissionpolicies"), &policy);
        native.api.created(&format!("{ADMISSION}/mutatingadmissionpolicybindings"), &binding);
        wait_until("the API server evaluates the MutatingAdmissionPolicy", || {
            let probe = native.api.create(&format!("{}?dryRun=All", native.path("pods")), &pod("probe", "web"));
            probe.status != 201 || role_of(&probe.body).is_some()
        });
        native
    }

    fn name(&self) -> String {
        format!("irsa-{}", self.namespace)
    }

    fn path(&self, resource: &str) -> String {
        format!("{NAMESPACES}/{}/{resource}", self.namespace)
    }

    fn create_account(&self, account: &Value) {
        let answer = self.api.create(&self.path("serviceaccounts"), account);
        assert!([201, 409].contains(&answer.status), "{answer:?}");
    }

    fn create_pod(&self, pod: &Value) -> Answer {
        self.api.create(&self.path("pods"), pod)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        for resource in ["mutatingadmissionpolicybindings", "mutatingadmissionpolicies"] {
            self.api.delete(&format!("{ADMISSION}/{resource}/{}", self.name()));
        }
    }
}

/// The account with the label that the selector of [`selecting_labelled`] needs.
fn labelled(mut account: Value) -> Value {
    account["metadata"]["labels"] = json!({"irsa": "enabled"});
    account
}

/// The manifest for labelled accounts only.
fn selecting_labelled() -> [Value; 2] {
    let [policy, mut binding] = manifest();
    binding["spec"]["paramRef"]["selector"] = json!({"matchLabels": {"irsa": "enabled"}});
    [policy, binding]
}

/// Creates a namespace with the policy, and another namespace with the `MutatingAdmissionPolicy`.
fn both(name: &str) -> (Scene, Native) {
    let scene = Scene::new(&format!("{name}-policy"), settings());
    let native = Native::on(control_plane().as_ref().unwrap(), &format!("{name}-native"));
    (scene, native)
}

#[test]
fn the_native_policy_injects_common_pods_as_our_policy_does() {
    let (scene, native) = both("plain");
    let role = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}});
    for accounts in [scene.path("serviceaccounts"), native.path("serviceaccounts")] {
        assert_eq!(scene.api.merge(&format!("{accounts}/default"), &role).status, 200);
        scene.api.created(&accounts, &account("no-role", None));
    }
    let probe = format!("{}?dryRun=All", native.path("pods"));
    wait_until("the informer has the new role", || {
        role_of(&native.api.create(&probe, &pod("probe", "default")).body).is_some()
    });

    let with = |name: &str, fields: Value| {
        let mut pod = pod(name, "web");
        pod["spec"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        pod
    };
    let container = |fields: Value| {
        let mut container = json!({"name": "app", "image": "app"});
        container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!([container])
    };
    let mut without_name = pod("default-account", "");
    without_name["spec"].as_object_mut().unwrap().remove("serviceAccountName");
    let mut skipped = pod("skipped", "web");
    skipped["metadata"]["labels"] = json!({"eks.amazonaws.com/skip-pod-identity-webhook": "true"});
    let token = json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"});
    let volume = json!({"name": "aws-iam-token", "projected": {"sources": [{"serviceAccountToken": token}]}});
    let mount = json!({"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"});

    for (pod, has_role) in [
        (pod("plain", "web"), true),
        (with("no-lists", json!({"automountServiceAccountToken": false})), true),
        (pod_of_many_features(), true),
        (
            with("region", json!({"containers": container(json!({"env": [{"name": "AWS_REGION", "value": "x"}]}))})),
            true,
        ),
        (
            with("mounted", json!({"volumes": [volume], "containers": container(json!({"volumeMounts": [mount]}))})),
            true,
        ),
        (without_name, true),
        (pod("no-role", "no-role"), false),
        (skipped, false),
    ] {
        let (theirs, ours) = (native.create_pod(&pod), scene.create_pod(&pod));

        assert_eq!((theirs.status, ours.status), (201, 201), "{theirs:?} {ours:?}");
        assert_eq!(comparable(&theirs.body), comparable(&ours.body), "{}", pod["metadata"]["name"]);
        assert_eq!(role_of(&theirs.body).is_some(), has_role, "{}", pod["metadata"]["name"]);
    }
}

#[test]
fn the_native_policy_accepts_mistakes_that_our_policy_refuses() {
    let (scene, native) = both("mistakes");

    let invalid = account("invalid", Some("no"));
    let answer = native.api.create(&native.path("serviceaccounts"), &invalid);
    assert_eq!((answer.status, answer.warnings), (201, vec![]));
    wait_until("the informer has the account", || {
        let answer = native.create_pod(&json!({
            "metadata": {"generateName": "invalid-"}, "spec": pod("invalid", "invalid")["spec"],
        }));
        assert_eq!((answer.status, answer.warnings), (201, vec![]));
        role_of(&answer.body) == Some("no")
    });
    let answer = scene.api.create(&scene.path("serviceaccounts"), &invalid);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.message().contains("[invalidRoleArn]"), "{answer:?}");

    let mut without_token = pod("without-token", "web");
    without_token["spec"]["volumes"] = json!([{"name": "aws-iam-token", "emptyDir": {}}]);
    let answer = native.create_pod(&without_token);
    assert_eq!((answer.status, &answer.warnings), (201, &vec![]));
    assert_eq!(role_of(&answer.body), Some(ROLE));
    let answer = scene.create_pod(&without_token);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.message().contains("[conflictingVolume]"), "{answer:?}");
}

#[test]
fn the_native_policy_injects_into_containers_that_a_later_webhook_adds() {
    let (scene, native) = both("late");
    let injector = SidecarInjector::start(&scene.api, &[&scene.namespace, &native.namespace]);
    let has_sidecar = |answer: &Answer| answer.body["spec"]["containers"][1]["name"] == "sidecar";
    wait_until("the API server calls the sidecar injector", || has_sidecar(&scene.dry_run(&pod("probe", "web"))));

    let (theirs, ours) = (native.create_pod(&pod("late", "web")), scene.create_pod(&pod("late", "web")));
    drop(injector);

    for (answer, role_of_sidecar) in [(&theirs, Some(ROLE)), (&ours, None)] {
        assert!(answer.status == 201 && has_sidecar(answer), "{answer:?}");
        assert_eq!(role_of(&answer.body), Some(ROLE), "{answer:?}");
        assert_eq!(variable(&answer.body["spec"]["containers"][1], "AWS_ROLE_ARN"), role_of_sidecar, "{answer:?}");
    }
    assert_eq!(theirs.warnings, [] as [String; 0]);
    assert!(ours.warnings.iter().any(|warning| warning.contains("sidecar")), "{ours:?}");
}

/// If this test fails with a later Kubernetes, that version has the fix (kubernetes/kubernetes#140419, in 1.37): update
/// docs/comparison.md and the comment of the manifest.
#[test]
fn an_array_of_objects_in_a_patch_makes_kube_apiserver_1_36_3_panic() {
    let guard = control_plane();
    let control_plane = guard.as_ref().unwrap();
    let [mut policy, binding] = manifest();
    policy["spec"]["variables"] = json!([]);
    policy["spec"]["mutations"][0]["jsonPatch"]["expression"] = json!(
        "[JSONPatch{op: 'add', path: '/spec/containers/0/env', \
         value: [Object.spec.containers.env{name: 'AWS_ROLE_ARN', value: 'x'}]}]"
    );
    let native = Native::with(control_plane, "array-of-objects", [policy, binding]);

    let answer = native.create_pod(&pod("array-of-objects", "web"));

    // Without an answer, the status is 0.
    assert!([0, 500].contains(&answer.status), "{answer:?}");
    assert_eq!(native.create_pod(&pod("no-role", "default")).status, 201);
}

/// A mutating webhook that adds a container to each pod. It is removed when this value is dropped.
struct SidecarInjector(Api);

impl SidecarInjector {
    /// The name of the webhook. The API server calls webhooks in the order of their names, so it calls this webhook
    /// after the policy.
    const NAME: &str = "late-sidecar";

    fn start(api: &Api, namespaces: &[&str]) -> Self {
        let (certificate, authority) = Certificate::for_loopback().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || serve(listener, &certificate));
        register_other(api, Self::NAME, "sidecar.example.com", (&url, &authority), namespaces);
        Self(api.clone())
    }
}

impl Drop for SidecarInjector {
    fn drop(&mut self) {
        self.0.delete(&format!("{ADMISSION}/mutatingwebhookconfigurations/{}", Self::NAME));
    }
}

fn serve(listener: TcpListener, certificate: &Certificate) {
    let answer = |review: Bytes| async move {
        let review: Value = serde_json::from_slice(&review).unwrap();
        let sidecar = json!({"name": "sidecar", "image": "sidecar"});
        let patch = json!([{"op": "add", "path": "/spec/containers/-", "value": sidecar}]);
        let answer = json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {
                "uid": review["request"]["uid"],
                "allowed": true,
                "patchType": "JSONPatch",
                "patch": STANDARD.encode(patch.to_string()),
            },
        });
        ([("Content-Type", "application/json")], answer.to_string())
    };
    let router = axum::Router::new().fallback(answer);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(policy_host::server::serve_router(listener, certificate, router)).unwrap();
}

/// The number of pods for each cell of the first table.
const RACES: usize = 1000;

/// Creates service accounts. Immediately after each account, creates a pod that uses the account.
#[test]
#[ignore = "measures only: run `make bench-cluster MEASURE=mutating_admission_policy`"]
fn measures_how_many_pods_the_native_policy_misses() {
    let control_plane = ControlPlane::start("native-race");
    let rows = [1, 8].map(|clients| {
        let native = Native::on(&control_plane, &format!("native-{clients}"));
        let theirs = missed(&native.api, &native.path(""), clients);
        drop(native);
        let scene = Scene::on(&control_plane, &format!("policy-{clients}"), settings(), "policy-server");
        let ours = missed(&scene.api, &scene.path(""), clients);
        format!("| {clients} | {theirs} | {ours} |")
    });
    println!("| clients | missed by the MutatingAdmissionPolicy, of {RACES} | by irsa-policy |\n|---:|---:|---:|");
    println!("{}", rows.join("\n"));
}

/// Returns the number of pods that are stored without the role of their new account. Each account is deleted after its
/// pod is created, so that the namespace has few accounts.
fn missed(api: &Api, namespace: &str, clients: usize) -> usize {
    race(namespace, RACES, clients, |index| {
        let name = format!("racer-{index}");
        let accounts = format!("{namespace}serviceaccounts");
        api.created(&accounts, &account(&name, Some(ROLE)));
        let pod = api.created(&format!("{namespace}pods"), &pod(&name, &name));
        api.delete(&format!("{accounts}/{name}"));
        role_of(&pod) == Some(ROLE)
    })
}

/// How often each cell of the second table is measured.
const ROUNDS: u32 = 4;

/// The number of pods in each of these measurements.
const PODS: u32 = 50;

/// The numbers of service accounts in a namespace.
const SIZES: [usize; 3] = [2, 25, 475];

/// The service accounts of the pods.
const ACCOUNTS: [(&str, &str); 2] = [("web", "with a role"), ("default", "without")];

/// The rows of the second table, with the prefix of their namespaces.
const ROWS: [(&str, &str); 4] = [
    ("none", "no policy"),
    ("native", "MutatingAdmissionPolicy"),
    ("labelled", "the same, with a selector for one labelled account"),
    ("policy", "irsa-policy"),
];

/// Creates pods with one client in namespaces with few and many service accounts. Prints the time that a request takes,
/// and the CPU time of the API server and the policy's servers. The CPU time depends less on the machine's load.
#[test]
#[ignore = "measures only: run `make bench-cluster MEASURE=mutating_admission_policy`"]
fn measures_what_a_pod_costs_with_the_native_policy() {
    let control_plane = ControlPlane::start("native-cost");
    let api = control_plane.admin();
    let mut natives = Vec::new();
    let mut scenes = Vec::new();
    for size in SIZES {
        let [none, native, labelled, policy] = ROWS.map(|(row, _)| format!("{row}-{size}"));
        api.created(NAMESPACES, &json!({"metadata": {"name": none}}));
        for (name, role) in [("default", None), ("web", Some(ROLE))] {
            api.create(&format!("{NAMESPACES}/{none}/serviceaccounts"), &account(name, role));
        }
        natives.push(Native::on(&control_plane, &native));
        natives.push(Native::with(&control_plane, &labelled, selecting_labelled()));
        scenes.push(Scene::on(&control_plane, &policy, settings(), "policy-server"));
        for (row, _) in ROWS {
            for index in 2..size {
                let accounts = format!("{NAMESPACES}/{row}-{size}/serviceaccounts");
                api.created(&accounts, &account(&format!("other-{index}"), Some(ROLE)));
            }
        }
    }
    let servers = scenes.iter().flat_map(|scene| [&scene.server, &scene.checks]).map(Server::process_id);
    let processes: Vec<u32> = servers.chain([control_plane.process_id()]).collect();

    let cells = || ROWS.into_iter().flat_map(|row| ACCOUNTS.map(|account| (row, account)));
    let mut times: Vec<_> = cells().map(|_| SIZES.map(|_| (Vec::new(), 0.0))).collect();
    for round in 0..ROUNDS {
        for (((row, _), (account, _)), times) in cells().zip(&mut times) {
            for (size, (requests, cpu)) in SIZES.iter().zip(times) {
                // Gives the API server time to finish its work for the previous pods, such as garbage collection. So
                // this work is not counted here.
                thread::sleep(Duration::from_millis(300));
                let cpu_before = cpu_time(&processes);
                for index in 0..PODS {
                    let pod = pod(&format!("{account}-{round}-{index}"), account);
                    let since = Instant::now();
                    let stored = api.created(&format!("{NAMESPACES}/{row}-{size}/pods"), &pod);
                    requests.push(since.elapsed().as_secs_f64() * 1000.0);
                    assert_eq!(role_of(&stored).is_some(), account == "web" && row != "none", "{row}-{size}");
                }
                *cpu += cpu_time(&processes) - cpu_before;
            }
        }
    }

    let head = SIZES.map(|size| format!("{size} accounts")).join(" | ");
    println!("| p50 of the request; CPU time, ms | pod | {head} |\n|---|---|---:|---:|---:|");
    for (((_, name), (_, pod_of)), times) in cells().zip(times) {
        let cells =
            times.map(|(requests, cpu)| format!("{:.1}; {:.1}", middle(requests), cpu / f64::from(ROUNDS * PODS)));
        println!("| {name} | {pod_of} | {} |", cells.join(" | "));
    }
}
