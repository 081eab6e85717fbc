//! Code for all tests of this folder: the subjects under test, and the checks for every answer.

#![allow(dead_code, reason = "every suite compiles this module, but uses only a part of it")]

pub mod case_files;
pub mod strict;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use irsa::{LookupError, Query};
use irsa_policy::cluster::understand;
use policy_host::cluster::Cluster;
use policy_host::host::{Backend, Host, KubernetesGetResource};
use policy_host::policy::{CompilationCache, Policy, PolicyResponse, SettingsResponse};

/// A subject under test: the built Wasm module, or the same code, called as Rust functions.
pub trait Subject {
    /// A name for messages.
    fn name(&self) -> &'static str;

    /// Lets the policy decide on a request.
    fn validate(&self, payload: &str, cluster: &Cluster) -> anyhow::Result<PolicyResponse>;

    /// Lets the policy validate settings.
    fn validate_settings(&self, settings: &str) -> anyhow::Result<SettingsResponse>;
}

/// Every subject under test. The module is left out if `POLICY_WASM` is empty, as in `make mutants`, which changes the
/// code without building the module.
pub fn subjects() -> Vec<Box<dyn Subject>> {
    if std::env::var_os("POLICY_WASM").is_some_and(|path| path.is_empty()) {
        eprintln!("the module is not tested, because POLICY_WASM is empty");
        return vec![Box::new(InMemory)];
    }
    vec![Box::new(Module::load()), Box::new(InMemory)]
}

/// The built Wasm module.
pub struct Module(Policy);

impl Module {
    /// Loads the module: the one in `POLICY_WASM`, or the workspace's `policy.wasm`.
    pub fn load() -> Self {
        let path = policy_path();
        Self(Policy::from_file(&path, CompilationCache::On).unwrap_or_else(|error| panic!("{error:#}")))
    }
}

impl Subject for Module {
    fn name(&self) -> &'static str {
        "policy.wasm"
    }

    fn validate(&self, payload: &str, cluster: &Cluster) -> anyhow::Result<PolicyResponse> {
        self.0.validate(payload, &Arc::new(Host::permissive(Arc::new(cluster.clone()))))
    }

    fn validate_settings(&self, settings: &str) -> anyhow::Result<SettingsResponse> {
        self.0.validate_settings(settings)
    }
}

/// The policy's code, called as Rust functions: without Wasm and without a host. Lookups go directly to the
/// [`Cluster`].
pub struct InMemory;

impl Subject for InMemory {
    fn name(&self) -> &'static str {
        "Rust code"
    }

    fn validate(&self, payload: &str, cluster: &Cluster) -> anyhow::Result<PolicyResponse> {
        let response = irsa_policy::review(payload.as_bytes(), &mut Asked(cluster));
        PolicyResponse::parse(response)
    }

    fn validate_settings(&self, settings: &str) -> anyhow::Result<SettingsResponse> {
        let message = irsa_policy::check_settings(settings.as_bytes()).err();
        Ok(SettingsResponse { valid: message.is_none(), message })
    }
}

/// Lets the policy's code look up objects in a simulated cluster.
struct Asked<'c>(&'c Cluster);

impl irsa::Cluster for Asked<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let request = KubernetesGetResource {
            api_version: query.api_version.to_owned(),
            kind: query.kind.to_owned(),
            name: query.name.to_owned(),
            namespace: Some(query.namespace.to_owned()),
            disable_cache: !query.may_be_cached,
            field_masks: None,
        };
        self.0.get_resource(&request).map_err(|text| understand(&text, query))
    }
}

/// The path of the built module.
pub fn policy_path() -> PathBuf {
    let path = std::env::var_os("POLICY_WASM").map_or_else(|| in_repository("policy.wasm"), PathBuf::from);
    assert!(path.is_file(), "there is no `{}`: run `make policy.wasm` first", path.display());
    path
}

/// A file of the repository, by its path from the root folder.
pub fn in_repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// The files with this extension in a folder of this crate and its subfolders, sorted.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, extension, files);
            } else if path.extension().is_some_and(|own| own == extension) {
                files.push(path);
            }
        }
    }

    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), extension, &mut files);
    files.sort();
    files
}

/// Collects the failures of all cases, so that one run reports all of them.
#[derive(Default)]
pub struct Report {
    cases: usize,
    failures: Vec<String>,
}

impl Report {
    /// Adds a case and its differences. Without differences, the case passes.
    pub fn add(&mut self, case: &str, differences: &[String]) {
        self.cases += 1;
        if !differences.is_empty() {
            let differences: Vec<_> =
                differences.iter().map(|difference| difference.replace('\n', "\n      ")).collect();
            self.failures.push(format!("{case}\n    {}", differences.join("\n    ")));
        }
    }

    /// Fails if a case failed, or if there were no cases.
    pub fn finish(self) {
        let Self { cases, failures } = self;
        assert!(cases > 0, "no cases were found");
        assert!(failures.is_empty(), "{} of {cases} cases failed:\n\n{}\n", failures.len(), failures.join("\n\n"));
        println!("{cases} cases passed");
    }
}
