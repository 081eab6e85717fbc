//! Compares the rules of `irsa_explain::sdk` and `irsa_explain::sts` with what the SDKs do.
//!
//! For each SDK, a program runs in many environments and sends its requests to a [`recorder`]. Each result must be the
//! result that the rules predict. No API server is involved. The tests are in this folder because `make test-cluster`
//! builds the programs.

mod endpoints;
mod orders;
mod recorder;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use irsa_explain::container::{Container, containers};
use irsa_explain::sdk::{SDKS, Sdk};
use serde_json::json;

use crate::sdks::{folder, programs};
use recorder::Recorder;

/// The placeholder for the recorder's URL in the value of a variable.
const RECORDER: &str = "RECORDER";

/// The placeholder for the recorder's port.
const PORT: &str = "PORT";

/// The placeholder for the folder of the container's files.
const FOLDER: &str = "FOLDER";

type Variables = Vec<(&'static str, &'static str)>;

/// The variables of web identity.
const ROLE: [(&str, &str); 2] =
    [("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/app"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "FOLDER/token")];

/// The container with these variables, as `explain` reads it from a pod.
fn container(variables: &Variables, mounts_aws_files: bool) -> Container {
    let env: Vec<_> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mounts = if mounts_aws_files { json!([{"name": "aws", "mountPath": "/home/app/.aws"}]) } else { json!([]) };
    containers(&json!({"spec": {"containers": [{"env": env, "volumeMounts": mounts}]}})).remove(0)
}

/// Runs an SDK's program, which calls `GetCallerIdentity`, with these variables and with `home` as its home directory.
/// Of this process's variables, the program gets only `PATH`.
fn run(program: &[String], variables: &Variables, recorder: &Recorder, home: &Path) -> Output {
    let home_path = home.display().to_string();
    fs::write(home.join("token"), "token").unwrap();
    let port = recorder.port().to_string();
    let filled =
        |value: &str| value.replace(RECORDER, &recorder.url()).replace(PORT, &port).replace(FOLDER, &home_path);
    Command::new(&program[0])
        .args(&program[1..])
        .arg("identity")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        // One attempt for each request, because an SDK waits before a retry.
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", recorder.url())
        .envs(variables.iter().map(|(name, value)| (*name, filled(value))))
        // Java ignores `HTTPS_PROXY`. These options set the proxy for HTTPS only. The recorder's own URL is not HTTPS,
        // so requests to it do not use the proxy.
        .env("JDK_JAVA_OPTIONS", format!("-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={port}"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs `differences` for all SDKs that have a program, in parallel. Fails if `differences` returns a difference for
/// any SDK.
fn compare(differences: impl Fn(&'static Sdk, &[String]) -> Vec<String> + Sync) {
    let programs = programs(&folder());
    let found: Vec<String> = thread::scope(|scope| {
        let differences = &differences;
        let threads: Vec<_> = programs
            .iter()
            .map(|(name, program)| {
                let name = if *name == "boto3" { "Python" } else { name };
                let sdk = SDKS.iter().find(|sdk| sdk.name == name).unwrap_or_else(|| panic!("no SDK {name}"));
                scope.spawn(move || differences(sdk, program))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

/// A program's errors, shortened, for messages.
fn errors(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = errors.lines().filter(|line| !line.trim_start().starts_with("at ")).collect();
    lines.join(" | ").chars().take(2000).collect()
}
