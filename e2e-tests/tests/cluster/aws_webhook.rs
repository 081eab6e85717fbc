//! AWS's `amazon-eks-pod-identity-webhook`, for measurements: `AWS_WEBHOOK` is the path of its program.

use std::ffi::OsString;
use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use policy_host::certificate::Certificate;

use crate::api::Api;
use crate::control_plane::{ControlPlane, wait_until};
use crate::server::free_ports;
use crate::webhooks::register_other;

/// The webhook as a process. The process stops when this value is dropped.
pub struct AwsWebhook {
    process: Child,
    /// The URL to which reviews are sent.
    pub url: String,
    /// The authority of the server's certificate, as PEM.
    pub authority: String,
}

/// The path of the program. `None` if `AWS_WEBHOOK` is not set.
pub fn program() -> Option<OsString> {
    std::env::var_os("AWS_WEBHOOK").filter(|program| !program.is_empty())
}

impl AwsWebhook {
    /// Starts the webhook, if its program is given. Returns when the webhook accepts connections.
    pub fn start(control_plane: &ControlPlane) -> Option<Self> {
        let program = program()?;
        let (certificate, authority) = Certificate::for_loopback().unwrap();
        let file = |name: &str, text: &str| {
            let path = control_plane.file(name);
            fs::write(&path, text).unwrap();
            path
        };
        let [port, metrics] = free_ports();
        let process = Command::new(program)
            .args(["--in-cluster=false", "--port", &port.to_string(), "--metrics-port", &metrics.to_string()])
            .arg("--kubeconfig")
            .arg(control_plane.kubeconfig())
            .arg("--tls-cert")
            .arg(file("webhook.pem", &certificate.chain))
            .arg("--tls-key")
            .arg(file("webhook-key.pem", &certificate.key))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("AWS's webhook accepts connections", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self { process, url: format!("https://127.0.0.1:{port}/mutate"), authority })
    }

    /// Configures the API server to call the webhook for the pods of a namespace.
    pub fn register(&self, api: &Api, namespace: &str) {
        let (name, webhook) = ("pod-identity-webhook", "pod-identity-webhook.amazonaws.com");
        register_other(api, name, webhook, (&self.url, &self.authority), &[namespace]);
    }

    /// The process ID.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for AwsWebhook {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
