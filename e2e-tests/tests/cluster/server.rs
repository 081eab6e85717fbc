//! Runs an admission server as a process: `policy-host serve`, or Kubewarden's policy server if `POLICY_SERVER` is its
//! path.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use policy_host::certificate::Certificate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::control_plane::wait_until;

#[path = "../support/mod.rs"]
mod support;

pub use support::policy_path;

/// An admission server. The process stops when this value is dropped, or when the tests end.
pub struct Server {
    process: Child,
    /// The URL to which reviews are sent.
    pub url: String,
    /// The authority of the server's certificate, as PEM.
    pub authority: String,
    /// The folder with the configuration files of Kubewarden's policy server.
    _files: Option<TempDir>,
}

impl Server {
    /// Starts an admission server for the policy. The server reads the cluster with the identity of a kubeconfig.
    pub fn start(settings: &Value, kubeconfig: &Path) -> Self {
        Self::start_module(&policy_path(), settings, kubeconfig)
    }

    /// Starts an admission server for this module.
    pub fn start_module(policy: &Path, settings: &Value, kubeconfig: &Path) -> Self {
        match std::env::var_os("POLICY_SERVER").filter(|program| !program.is_empty()) {
            Some(program) => Self::start_kubewarden(&program, policy, settings, kubeconfig),
            None => Self::start_policy_host(policy, settings, kubeconfig),
        }
    }

    /// Starts Kubewarden's policy server with the configuration that its controller would write: a mutating policy, and
    /// the host resources that `metadata.yml` names.
    fn start_kubewarden(program: &OsStr, policy: &Path, settings: &Value, kubeconfig: &Path) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = files.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (certificate, authority) = Certificate::for_loopback().unwrap();
        let metadata = fs::read_to_string(support::in_repository("metadata.yml")).unwrap();
        let metadata = policy_host::yaml::values(&metadata).unwrap().remove(0);
        let policies = json!({"irsa-policy": {
            "module": format!("file://{}", policy.canonicalize().unwrap().display()),
            "allowedToMutate": true,
            "settings": settings,
            "contextAwareResources": metadata["contextAwareResources"],
            "hostCapabilities": metadata["hostCapabilities"],
        }});
        let [port, readiness] = free_ports();
        let process = Command::new(program)
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--readiness-probe-port",
                &readiness.to_string(),
            ])
            .args(["--log-level", "error", "--policies"])
            .arg(file("policies.yml", &policies.to_string()))
            .arg("--cert-file")
            .arg(file("certificate.pem", &certificate.chain))
            .arg("--key-file")
            .arg(file("key.pem", &certificate.key))
            .current_dir(files.path())
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("https://127.0.0.1:{port}/validate/irsa-policy");
        let server = Self { process, url, authority, _files: Some(files) };
        wait_until("the policy server is ready", || is_ready(readiness));
        server
    }

    fn start_policy_host(policy: &Path, settings: &Value, kubeconfig: &Path) -> Self {
        let authority = tempfile::NamedTempFile::new().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(["serve", "--until-stdin-ends", "--settings-json", &settings.to_string()])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .arg("--ca-path")
            .arg(authority.path())
            .arg(policy)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let authority = fs::read_to_string(authority.path()).unwrap();
        Self { process, url: url.trim().to_owned(), authority, _files: None }
    }

    /// The process ID.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the process.
    pub fn kill(&self) {
        self.signal("KILL");
    }

    /// Pauses the process.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Resumes a paused process.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns two unused ports.
pub fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET /readiness HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
