//! Tests that pods of kube-system get their role, and start even if the policy server fails.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::{ControlPlane, wait_until};
use crate::latency::client;
use crate::scene::{ROLE, account, pod, role_of};
use crate::server::Server;
use crate::webhooks::{policy, register_as_written, unregister_as_written};

const PODS: &str = "/api/v1/namespaces/kube-system/pods";
const ACCOUNTS: &str = "/api/v1/namespaces/kube-system/serviceaccounts";

fn start(control_plane: &ControlPlane, policy: &Value, identity: &str) -> Server {
    Server::start(&policy["spec"]["settings"], &control_plane.kubeconfig_of(identity))
}

/// Starts a policy's server and makes the API server call it.
fn serve(control_plane: &ControlPlane, policy: &Value, identity: &str) -> Server {
    let server = start(control_plane, policy, identity);
    register_as_written(&control_plane.admin(), policy, &server);
    // The API server caches webhook configurations, so it does not use the new configuration at once.
    thread::sleep(Duration::from_secs(2));
    server
}

/// Creates a pod that must be accepted. Returns the pod, the warnings, and the duration of the request.
fn created(api: &Api, name: &str) -> (Value, Vec<String>, Duration) {
    let since = Instant::now();
    let answer = api.create(PODS, &pod(name, "web"));
    assert_eq!(answer.status, 201, "{answer:?}");
    (answer.body, answer.warnings, since.elapsed())
}

#[test]
fn pods_of_kube_system_get_their_role_and_always_start() {
    let control_plane = ControlPlane::start("kube-system");
    let api = control_plane.admin();
    wait_until("kube-system exists", || api.get("/api/v1/namespaces/kube-system").status == 200);
    for (name, role) in [("web", Some(ROLE)), ("default", None)] {
        let answer = api.create(ACCOUNTS, &account(name, role));
        assert!([201, 409].contains(&answer.status), "{answer:?}");
    }
    let system = policy("irsa-policy-system");

    let server = serve(&control_plane, &system, "policy-server");
    let (stored, _, _) = created(&api, "with-role");
    assert_eq!(role_of(&stored), Some(ROLE));
    let without = api.create(PODS, &pod("without-role", "default"));
    assert_eq!((without.status, role_of(&without.body)), (201, None), "{without:?}");

    println!("the policy server hangs for a second");
    server.pause();
    let resumed = thread::scope(|scope| {
        let creation = scope.spawn(|| created(&api, "after-a-second"));
        thread::sleep(Duration::from_secs(1));
        server.resume();
        creation.join().unwrap()
    });
    assert_eq!(role_of(&resumed.0), Some(ROLE), "the policy server answers within the timeout");

    println!("the policy server does not answer");
    server.pause();
    let (stored, _, elapsed) = created(&api, "hanging");
    println!("the pod was stored after {elapsed:.1?}");
    assert_eq!(role_of(&stored), None);
    assert!((2.5..4.5).contains(&elapsed.as_secs_f64()), "{elapsed:?}: `timeoutSeconds` is 3");

    println!("the policy server is down");
    server.kill();
    let (stored, _, elapsed) = created(&api, "down");
    println!("the pod was stored after {elapsed:.1?}");
    assert_eq!(role_of(&stored), None);
    unregister_as_written(&api, &system);

    println!("the ClusterRole is missing");
    let _server = serve(&control_plane, &system, "without-rights");
    let (stored, warnings, _) = created(&api, "without-rights");
    assert_eq!(role_of(&stored), None);
    assert!(warnings.iter().any(|warning| warning.ends_with("[lookupFailed]")), "{warnings:?}");
    unregister_as_written(&api, &system);

    the_audit_scanner_finds_the_pod(&control_plane, &stored);
}

/// Tests the audit policy with a pod that lacks its role. If the audit scanner sends the pod, the policy must reject
/// the pod. The API server must never call the policy.
fn the_audit_scanner_finds_the_pod(control_plane: &ControlPlane, stored: &Value) {
    let api = control_plane.admin();
    let mut audit = policy("irsa-policy-system-audit");
    let server = start(control_plane, &audit, "policy-server");

    let (client, path) = client(control_plane, &server.url, &server.authority);
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        // As in kubewarden-controller's `internal/audit-scanner/scanner/admreview.go`.
        "uid": stored["metadata"]["uid"],
        "kind": kind,
        "requestKind": kind,
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": stored["metadata"]["name"],
        "namespace": "kube-system",
        "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kubewarden:audit-scanner"},
        "object": stored,
    }});
    let response = client.create(&path, &review).body["response"].clone();
    assert_eq!(response["allowed"], false, "{response}");
    assert!(response["status"]["message"].as_str().unwrap().ends_with("[notInjected]"), "{response}");

    // The `failurePolicy` is `Fail`, and the policy's server is down. So the pod would be rejected if the API server
    // called the policy.
    server.kill();
    audit["spec"]["failurePolicy"] = json!("Fail");
    register_as_written(&api, &audit, &server);
    thread::sleep(Duration::from_secs(2));
    created(&api, "not-audited");
    unregister_as_written(&api, &audit);
}
