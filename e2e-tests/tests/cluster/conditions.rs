//! Tests the match condition of `irsa-policy-checks`. The condition selects the pods for which the API server calls the
//! policy.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::control_plane::ControlPlane;
use crate::scene::{account, pod};
use crate::server::Server;
use crate::webhooks::{policy, register, unregister};

const NAMESPACE: &str = "conditions";

fn path(resource: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/{resource}?dryRun=All")
}

/// Registers the policy with a server that is down, so that each call fails.
fn register_down(api: &Api, failure_policy: &str, server: &Server) {
    let mut checks = policy("irsa-policy-checks");
    checks["spec"]["failurePolicy"] = json!(failure_policy);
    register(api, NAMESPACE, &checks, server);
    // The API server caches webhook configurations, so it does not use the new configuration at once.
    thread::sleep(Duration::from_secs(2));
}

fn is_called(answer: &Answer) -> bool {
    match answer.status {
        201 => false,
        500 => {
            assert!(answer.message().contains("failed calling webhook"), "{answer:?}");
            true
        }
        _ => panic!("{answer:?}"),
    }
}

fn token_volume(name: &str) -> Value {
    let token = json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"});
    json!({"name": name, "projected": {"sources": [{"serviceAccountToken": token}]}})
}

fn container(name: &str, volumes: &[&str]) -> Value {
    let mounts: Vec<Value> =
        volumes.iter().map(|volume| json!({"name": volume, "mountPath": format!("/mnt/{volume}")})).collect();
    json!({"name": name, "image": "app", "volumeMounts": mounts})
}

fn with(volumes: Value, init_containers: Value, containers: Value) -> Value {
    let mut pod = pod("web", "web");
    pod["spec"]["volumes"] = volumes;
    pod["spec"]["initContainers"] = init_containers;
    pod["spec"]["containers"] = containers;
    pod
}

fn annotated(key: &str) -> Value {
    let mut pod = pod("web", "web");
    pod["metadata"]["annotations"] = json!({key: "app"});
    pod
}

#[test]
fn the_checks_see_only_pods_that_a_later_webhook_may_have_changed() {
    let control_plane = ControlPlane::start("conditions");
    let api = control_plane.admin();
    api.created("/api/v1/namespaces", &json!({"metadata": {"name": NAMESPACE}}));
    for name in ["web", "default"] {
        let accounts = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
        assert!([201, 409].contains(&api.create(&accounts, &account(name, None)).status));
    }
    let server = Server::start(&json!({}), &control_plane.kubeconfig_of("policy-server"));
    server.kill();
    register_down(&api, "Fail", &server);

    let token = "aws-iam-token";
    let audience_free =
        json!([{"name": "api", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]);
    let injected = json!([token_volume(token)]);
    let cases = [
        ("no token volume, because there is no role", pod("web", "web"), false),
        ("only a token for the API server", with(audience_free, json!([]), json!([container("app", &[])])), false),
        (
            "every container mounts the token volume",
            with(injected.clone(), json!([container("init", &[token])]), json!([container("app", &[token])])),
            false,
        ),
        (
            "a sidecar without the mount",
            with(injected.clone(), json!([]), json!([container("app", &[token]), container("late", &[])])),
            true,
        ),
        (
            "an init container without the mount",
            with(injected, json!([container("late", &[])]), json!([container("app", &[token])])),
            true,
        ),
        (
            "a token volume with another name",
            with(json!([token_volume("own")]), json!([]), json!([container("app", &["own"])])),
            false,
        ),
        (
            "a token volume with another name, not mounted by every container",
            with(json!([token_volume("own")]), json!([]), json!([container("app", &["own"]), container("late", &[])])),
            true,
        ),
        (
            "two token volumes, one of them not mounted by every container",
            with(
                json!([token_volume("own"), token_volume(token)]),
                json!([]),
                json!([container("app", &["own", token]), container("b", &["own"])]),
            ),
            true,
        ),
        ("containers to skip", annotated("eks.amazonaws.com/skip-containers"), true),
        ("containers to include", annotated("eks.amazonaws.com/include-containers"), true),
        ("another annotation", annotated("eks.amazonaws.com/token-expiration"), false),
    ];
    for (case, pod, expected) in cases {
        assert_eq!(is_called(&api.create(&path("pods"), &pod)), expected, "{case}");
    }
    assert!(is_called(&api.create(&path("serviceaccounts"), &account("other", None))), "other kinds are always sent");

    let many = |tokens: usize| {
        let names: Vec<String> = (0..1000).map(|index| format!("v{index}")).collect();
        let volume = |(index, name): (usize, &String)| match index {
            index if index < tokens => token_volume(name),
            _ => json!({"name": name, "emptyDir": {}}),
        };
        let names_only: Vec<&str> = names.iter().map(String::as_str).collect();
        let containers: Vec<Value> = (0..4).map(|index| container(&format!("c{index}"), &names_only)).collect();
        with(names.iter().enumerate().map(volume).collect(), json!([]), json!(containers))
    };
    let since = Instant::now();
    assert!(!is_called(&api.create(&path("pods"), &many(1))), "a pod with 1,000 volumes is within the budget");
    println!("1,000 volumes, 1 token, 4 containers: {:.1?}", since.elapsed());

    // The condition takes one step for each combination of a token volume, a container and a mount. The API server
    // stops the evaluation after too many steps.
    let answer = api.create(&path("pods"), &many(1000));
    println!("1,000 token volumes, 4 containers, `Fail`: {} {}", answer.status, answer.message());
    assert_ne!(answer.status, 201, "with `Fail`, a pod is refused if the condition can't be evaluated");
    unregister(&api, NAMESPACE, &policy("irsa-policy-checks"));

    register_down(&api, "Ignore", &server);
    let answer = api.create(&path("pods"), &many(1000));
    assert_eq!(answer.status, 201, "with `Ignore`, the pod is accepted: {answer:?}");
}
