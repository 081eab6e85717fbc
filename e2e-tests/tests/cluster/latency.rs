//! Measures how long the admission server takes to answer, including TLS and the host's lookup. Also measures the CPU
//! time that the server's process and the control plane's process use for each request.
//!
//! `make bench-cluster` prints the numbers of the policy and of the three floors (`e2e-tests/floor`). If `AWS_WEBHOOK`
//! is set, it also prints the numbers of AWS's webhook. A slow answer does not fail the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy_host::bench::scenario::TYPICAL_POD;
use serde_json::{Value, json};

use crate::api::Api;
use crate::aws_webhook::AwsWebhook;
use crate::clients::share;
use crate::control_plane::ControlPlane;
use crate::measure::cpu_time;
use crate::scene::{ROLE, account};
use crate::server::{Server, policy_path};

/// The number of requests for each row.
const REQUESTS: usize = 2000;

/// The number of service accounts.
const ACCOUNTS: usize = 1000;

/// Makes a client of an admission server with this URL and authority. Returns the client, and the path to which it
/// posts reviews.
pub fn client(control_plane: &ControlPlane, url: &str, authority: &str) -> (Api, String) {
    let start_of_host = url.find("://").unwrap() + "://".len();
    let (url, path) = url.split_at(start_of_host + url[start_of_host..].find('/').unwrap());
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "server",
            "cluster": {"server": url, "certificate-authority-data": STANDARD.encode(authority)},
        }],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "server", "context": {"cluster": "server", "user": "nobody"}}],
        "current-context": "server",
    });
    let file = control_plane.file("server.kubeconfig");
    fs::write(&file, kubeconfig.to_string()).unwrap();
    (Api::connect(&file), path.to_owned())
}

/// Sends [`REQUESTS`] requests on several clients, for pods of alternating service accounts. Returns the sorted times.
fn times(api: &Api, path: &str, clients: usize, accounts: usize) -> Vec<Duration> {
    let times = Mutex::new(Vec::new());
    share(REQUESTS, clients, |index| {
        let review = review(index % accounts);
        let since = Instant::now();
        let answer = api.create(path, &review);
        times.lock().unwrap().push(since.elapsed());
        assert_eq!(answer.body["response"]["allowed"], true, "{answer:?}");
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    times
}

/// Returns the review of the typical pod of a service account: `web-0`, `web-1` and so on.
pub fn review(account: usize) -> Value {
    let mut review: Value = serde_json::from_str(TYPICAL_POD).unwrap();
    let name = json!(format!("web-{account}"));
    review["request"]["object"]["spec"]["serviceAccountName"] = name.clone();
    review["request"]["object"]["spec"]["serviceAccount"] = name;
    review
}

fn milliseconds(times: &[Duration], hundredth: usize) -> f64 {
    times[(times.len() - 1) * hundredth / 100].as_secs_f64() * 1000.0
}

/// Returns a module of the folder `FLOORS`.
fn floor(name: &str) -> PathBuf {
    let folder = std::env::var_os("FLOORS").expect("FLOORS is not set to a folder: run `make bench-cluster`");
    PathBuf::from(folder).join(name).with_extension("wasm")
}

#[test]
#[ignore = "measures only: run `make bench-cluster`"]
fn measures_how_long_an_answer_takes() {
    let floors = ["floor", "floor-read", "floor-add"].map(floor);
    let control_plane = ControlPlane::start("latency");
    let kubeconfig = control_plane.kubeconfig_of("policy-server");
    let admin = control_plane.admin();
    admin.created("/api/v1/namespaces", &json!({"metadata": {"name": "team-a"}}));
    for index in 0..ACCOUNTS {
        admin.created("/api/v1/namespaces/team-a/serviceaccounts", &account(&format!("web-{index}"), Some(ROLE)));
    }

    println!(
        "| server | service accounts | clients | p50, ms | p99, ms | CPU of the server, ms | CPU of the API server, ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    if let Some(webhook) = AwsWebhook::start(&control_plane) {
        let processes = [webhook.process_id(), control_plane.process_id()];
        print_rows("AWS's webhook", &client(&control_plane, &webhook.url, &webhook.authority), processes);
    }
    let [plain, read, add] = &floors;
    let policy = policy_path();
    let modules: [(&str, &Path, Value); 5] = [
        ("the floor", plain, json!({})),
        ("the floor with the read", read, json!({})),
        ("the floor that reads and adds", add, json!({})),
        ("irsa-policy", &policy, json!({})),
        ("irsa-policy, `cacheLookups`", &policy, json!({"cacheLookups": true})),
    ];
    for (name, module, settings) in modules {
        let server = Server::start_module(module, &settings, &kubeconfig);
        let processes = [server.process_id(), control_plane.process_id()];
        print_rows(name, &client(&control_plane, &server.url, &server.authority), processes);
    }
}

/// Measures a server with one and with [`ACCOUNTS`] service accounts, and with one and with eight clients. `processes`
/// are the server and the control plane.
fn print_rows(name: &str, (api, path): &(Api, String), processes: [u32; 2]) {
    times(api, path, 1, 1);
    for accounts in [1, ACCOUNTS] {
        for clients in [1, 8] {
            let before = processes.map(|process| cpu_time(&[process]));
            let times = times(api, path, clients, accounts);
            let after = processes.map(|process| cpu_time(&[process]));
            let for_each = |index: usize| (after[index] - before[index]) / f64::from(u32::try_from(REQUESTS).unwrap());
            let [middle, slow] = [50, 99].map(|hundredth| milliseconds(&times, hundredth));
            let [server, api_server] = [0, 1].map(for_each);
            println!("| {name} | {accounts} | {clients} | {middle:.2} | {slow:.2} | {server:.2} | {api_server:.2} |");
        }
    }
}
