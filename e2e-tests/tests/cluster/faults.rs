//! Tests that no pod is stored without its role if a fault occurs while pods are created.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Answer;
use crate::control_plane::{CLUSTER_ROLE_BINDINGS, ControlPlane, operators_objects, wait_until};
use crate::scene::{ROLE, Scene, pod, role_of};
use crate::server::Server;

/// Creates pods with 4 clients during the fault, and for one second before and after it. Returns the number of answers
/// with each status. Every stored pod must have its role.
fn during(scene: &Scene, fault: impl FnOnce()) -> BTreeMap<u16, usize> {
    let (over, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut statuses = BTreeMap::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        let name = format!("pod-{}", next.fetch_add(1, Ordering::Relaxed));
                        own.push(scene.create_pod(&pod(&name, "web")).status);
                        thread::sleep(Duration::from_millis(10));
                    }
                    own
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(1));
        fault();
        thread::sleep(Duration::from_secs(1));
        over.store(true, Ordering::Relaxed);
        for status in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            *statuses.entry(status).or_default() += 1;
        }
    });
    println!("answers by status (0: no answer): {statuses:?}");

    let stored = scene.api.get(&scene.path("pods")).body["items"].as_array().unwrap().clone();
    assert!(stored.len() >= statuses[&201], "{} of {statuses:?}", stored.len());
    assert!(stored.iter().all(|pod| role_of(pod) == Some(ROLE)));
    scene.api.delete(&scene.path("pods"));
    statuses
}

fn recovers(scene: &Scene) {
    wait_until("pods are accepted again", || scene.dry_run(&pod("probe", "web")).status == 201);
}

#[test]
fn accepts_no_pod_without_its_role_during_faults() {
    let mut control_plane = ControlPlane::start("faulty");
    let mut scene = Scene::on(&control_plane, "faults", json!({}), "policy-server");

    println!("the API server is paused for 3 seconds");
    during(&scene, || {
        control_plane.pause();
        thread::sleep(Duration::from_secs(3));
        control_plane.resume();
        recovers(&scene);
    });

    println!("the API server is restarted");
    during(&scene, || {
        control_plane.restart();
        recovers(&scene);
    });

    println!("the API server does not allow the policy server to read service accounts");
    let statuses = during(&scene, || {
        let binding = operators_objects().into_iter().find(|object| object["kind"] == "ClusterRoleBinding").unwrap();
        let name = binding["metadata"]["name"].as_str().unwrap();
        scene.api.delete(&format!("{CLUSTER_ROLE_BINDINGS}/{name}"));
        wait_until("pods are refused", || scene.dry_run(&pod("probe", "web")).message().contains("[lookupFailed]"));
        thread::sleep(Duration::from_secs(1));
        scene.api.created(CLUSTER_ROLE_BINDINGS, &binding);
        recovers(&scene);
    });
    assert!(statuses[&500] > 0);

    println!("the admission server is killed while it has requests");
    let statuses = during(&scene, || {
        scene.server.pause();
        thread::sleep(Duration::from_millis(500));
        scene.server.kill();
        thread::sleep(Duration::from_secs(1));
    });
    assert!(statuses[&500] > 0);

    // The test continues with another policy server.
    scene.unregister();
    scene.server = Server::start(&json!({}), &control_plane.kubeconfig_of("policy-server"));
    scene.register();
    let answer = scene.create_pod(&pod("after-all", "web"));
    assert_eq!(role_of(&answer.body), Some(ROLE));
}

/// Starts an API server for the policy server only. It gives this answer to every read of a service account. Returns
/// its URL.
fn answering(status: u16, body: Value) -> String {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;

    let resources = json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "serviceaccounts", "singularName": "serviceaccount", "namespaced": true, "kind": "ServiceAccount",
         "verbs": ["get"]},
    ]});
    let status = StatusCode::from_u16(status).unwrap();
    let json = [("Content-Type", "application/json")];
    let router = Router::new()
        .route("/api/v1", get(move || async move { (json, resources.to_string()) }))
        .fallback(move || async move { (status, json, body.to_string()) });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
        });
    });
    url
}

/// Creates a pod while the policy server uses the API server at this URL.
fn decision(url: &str) -> Answer {
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    let kubeconfig = tempfile::NamedTempFile::new().unwrap();
    let config = json!({
        "clusters": [{"name": "a", "cluster": {"server": url}}], "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}], "current-context": "a",
    });
    std::fs::write(kubeconfig.path(), config.to_string()).unwrap();
    let mut scene = Scene::new(&format!("answers-{}", NEXT.fetch_add(1, Ordering::Relaxed)), json!({}));
    scene.unregister();
    scene.server = Server::start(&json!({}), kubeconfig.path());
    scene.register();
    scene.create_pod(&pod("web", "web"))
}

#[test]
fn rejects_pods_if_the_answer_is_not_a_service_account() {
    let status = |code: u16, reason: &str| json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": "no"});
    let secret = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "a"}});
    for (code, body) in [
        (500, status(500, "InternalError")),
        (429, status(429, "TooManyRequests")),
        (200, secret),
        (200, json!("no object")),
    ] {
        let answer = decision(&answering(code, body.clone()));

        assert_eq!(answer.status, 500, "{code} {body}: {answer:?}");
        assert!(answer.message().ends_with("[lookupFailed]"), "{code} {body}: {answer:?}");
        println!("{code} {}: {}", body["kind"], answer.message());
    }
}
