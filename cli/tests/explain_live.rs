//! `irsa explain --kubeconfig`: the pod of the walk-through, read from an API server with fixed answers. The suite
//! `cluster` of `e2e-tests` uses a real API server.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

/// An API server with fixed answers. It records its requests.
struct ApiServer {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ApiServer {
    fn start(answers: BTreeMap<String, Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &answers, &log);
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(stream: TcpStream, answers: &BTreeMap<String, Value>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let asked = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap() == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let (status, body) = match answers.get(&asked) {
        Some(body) => ("200 OK", body.clone()),
        None => (
            "404 Not Found",
            json!({"kind": "Status", "status": "Failure", "message": "no such thing", "reason": "NotFound", "code": 404}),
        ),
    };
    log.lock().unwrap().push(asked);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close",
        body.len()
    );
    write!(reader.get_mut(), "{head}\r\n\r\n{body}").unwrap();
}

/// Returns the inputs of the walk-through.
fn walk_through() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/setups/00-walk-through.yaml");
    let mut setup: Value = yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    setup["inputs"].take()
}

fn answers(inputs: &Value, pod: &Value) -> BTreeMap<String, Value> {
    let of_namespace = |path: &str| format!("/api/v1/namespaces/default/{path}");
    BTreeMap::from([
        (format!("GET {}", of_namespace("pods/eks-iam-test3")), pod.clone()),
        (format!("GET {}", of_namespace("serviceaccounts/my-sa")), inputs["serviceAccount"].clone()),
        ("GET /.well-known/openid-configuration".to_owned(), inputs["discovery"].clone()),
        ("GET /openid/v1/jwks".to_owned(), inputs["jwks"].clone()),
        (
            format!("POST {}", of_namespace("serviceaccounts/my-sa/token")),
            json!({"status": {"token": inputs["token"]}}),
        ),
    ])
}

/// Returns the pod as the cluster stores it, after the policy has changed the pod.
fn stored(inputs: &Value) -> Value {
    let given = |name: &str| Some(inputs[name].to_string());
    let explanation = irsa_explain::explain(&irsa_explain::Inputs {
        pod: given("pod"),
        service_account: given("serviceAccount"),
        settings: given("settings"),
        ..irsa_explain::Inputs::default()
    });
    let mut pod = explanation.review.unwrap().pod.unwrap();
    pod["metadata"]["uid"] = "5f8d1c0e-6f5b-4a2d-9c57-0b8f4f3f2d11".into();
    pod
}

fn explain(server: &ApiServer, inputs: &Value, flags: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": format!("http://127.0.0.1:{}", server.port)}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    Command::new(env!("CARGO_BIN_EXE_irsa"))
        .args([
            "explain",
            "pod/eks-iam-test3",
            "-n",
            "default",
            "--output",
            "json",
            "--now",
            &inputs["now"].to_string(),
        ])
        .arg("--kubeconfig")
        .arg(file("kubeconfig", kubeconfig.to_string()))
        .arg("--settings-path")
        .arg(file("settings", inputs["settings"].to_string()))
        .arg("--trust-policy")
        .arg(file("policy", inputs["trustPolicy"].to_string()))
        .args(flags)
        .output()
        .unwrap()
}

#[test]
fn reads_the_inputs_and_requests_a_token_only_on_request() {
    let inputs = walk_through();
    let server = ApiServer::start(answers(&inputs, &stored(&inputs)));

    let output = explain(&server, &inputs, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        server.asked().iter().all(|asked| asked.starts_with("GET ")),
        "without `--request-token`, all requests are GET"
    );

    let output = explain(&server, &inputs, &["--request-token"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| asked.starts_with("POST ")).count(), 1, "{asked:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let signature = said["steps"][6]["details"].as_array().unwrap().last().unwrap();
    assert_eq!(signature, &json!({"name": "the token's signature", "value": "verified", "outcome": "passed"}));
    let token = inputs["token"].as_str().unwrap();
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!printed.contains(token) && !printed.contains(token.rsplit('.').next().unwrap()));
}

#[test]
fn reports_that_a_running_pod_was_created_without_its_role() {
    let mut inputs = walk_through();
    inputs["pod"]["metadata"]["uid"] = "5f8d1c0e-6f5b-4a2d-9c57-0b8f4f3f2d11".into();
    let server = ApiServer::start(answers(&inputs, &inputs["pod"]));

    let output = explain(&server, &inputs, &[]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["cause"], json!({"step": "injected", "mistake": "notInjected"}));
}

#[test]
fn warns_about_a_failed_read_and_fails_without_the_pod() {
    let inputs = walk_through();
    let mut answers = answers(&inputs, &stored(&inputs));
    answers.remove("GET /openid/v1/jwks");
    let server = ApiServer::start(answers);
    let output = explain(&server, &inputs, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning: cannot read `/openid/v1/jwks`"), "{output:?}");

    let mut answers = self::answers(&inputs, &inputs["pod"]);
    answers.remove("GET /api/v1/namespaces/default/serviceaccounts/my-sa");
    let output = explain(&ApiServer::start(answers), &inputs, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["cause"], json!({"step": "serviceAccount", "mistake": "missingServiceAccount"}));

    let output = explain(&ApiServer::start(BTreeMap::new()), &inputs, &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("cannot read the pod `default/eks-iam-test3`"),
        "{output:?}"
    );
}
