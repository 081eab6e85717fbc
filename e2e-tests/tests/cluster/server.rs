//! `policy-host serve` as a process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

#[path = "../support/mod.rs"]
mod support;

pub use support::policy_path;

/// An admission server. It ends with this value, and with the process of the tests.
pub struct Server {
    process: Child,
    /// Where reviews go to.
    pub url: String,
    /// The authority of its certificate, PEM.
    pub authority: String,
}

impl Server {
    /// Starts one that reads the cluster with the identity of a kubeconfig.
    pub fn start(settings: &Value, kubeconfig: &Path) -> Self {
        Self::start_module(&policy_path(), settings, kubeconfig)
    }

    /// The same of another policy's module.
    pub fn start_module(policy: &Path, settings: &Value, kubeconfig: &Path) -> Self {
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
        Self { process, url: url.trim().to_owned(), authority }
    }

    /// Ends it at once, whatever it is doing.
    pub fn kill(&self) {
        self.signal("KILL");
    }

    /// Stops it where it is, without ending it.
    pub fn pause(&self) {
        self.signal("STOP");
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
