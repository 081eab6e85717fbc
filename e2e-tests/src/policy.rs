//! The policy's module, and the calls that a policy server makes to it over waPC.
//!
//! As in policy-evaluator, the module is compiled once and every call gets an instance of its own, so nothing of one
//! request can reach the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::value::RawValue;
use wapc::WapcHost;
use wasmtime_provider::wasmtime::{self, Cache, CacheConfig, Config, Engine, Module};
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::cluster::Cluster;
use crate::host::Host;
use crate::metadata::Metadata;

/// A compiled policy.
pub struct Policy {
    pre: WasmtimeEngineProviderPre,
    metadata: Option<Metadata>,
}

/// Whether compiled modules are kept on disk for the next process, as kwctl does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompilationCache {
    /// They are, in wasmtime's directory for it.
    On,
    /// They are not.
    Off,
}

/// What the policy answered to a request.
#[derive(Clone, Debug)]
pub struct PolicyResponse {
    /// The answer, byte for byte.
    pub raw: String,
    /// Whether the request is accepted.
    pub accepted: bool,
    /// Why it is not.
    pub message: Option<String>,
    /// The HTTP status to reject it with.
    pub code: Option<u16>,
    /// The object as the policy wants it, byte for byte, where it wants it otherwise.
    pub mutated_object: Option<Box<RawValue>>,
    /// What goes to the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// What the client is told.
    pub warnings: Option<Vec<String>>,
}

/// What the policy answered to its settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsResponse {
    /// Whether it can work with them.
    pub valid: bool,
    /// Why it cannot.
    pub message: Option<String>,
}

impl Policy {
    /// Compiles the module in a file.
    ///
    /// # Errors
    /// Where the file can't be read, or is no waPC module.
    pub fn from_file(path: &Path, cache: CompilationCache) -> Result<Self> {
        let module = read_module(path)?;
        Self::from_module(&module, cache).with_context(|| format!("cannot load the policy `{}`", path.display()))
    }

    /// Compiles a module.
    ///
    /// # Errors
    /// Where it is no waPC module.
    pub fn from_module(module: &[u8], cache: CompilationCache) -> Result<Self> {
        let (engine, compiled) = compile(module, Config::new(), cache).map_err(|error| anyhow!("{error:#}"))?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine).module(compiled).build_pre()?;
        Ok(Self { pre, metadata: Metadata::of_module(module)? })
    }

    /// What `kwctl annotate` has embedded, if it has.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Has the policy decide on a request. The payload is that of [`crate::admission::payload`].
    ///
    /// # Errors
    /// Where the policy fails, or answers what a policy server can't read. The texts are those that a policy server
    /// rejects the request with.
    pub fn validate(&self, payload: &str, host: &Arc<Host>) -> Result<PolicyResponse> {
        let response = self.call("validate", payload, Arc::clone(host))?;
        PolicyResponse::parse(response)
    }

    /// Has the policy judge its settings.
    ///
    /// # Errors
    /// Where the policy fails, or answers what a policy server can't read.
    pub fn validate_settings(&self, settings: &str) -> Result<SettingsResponse> {
        let response = self.call("validate_settings", settings, isolated())?;
        serde_json::from_str(&response).context("invalid response from policy")
    }

    /// The version of Kubewarden's protocol that the policy speaks, as the JSON that it answers.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn protocol_version(&self) -> Result<String> {
        self.call("protocol_version", "", isolated())
    }

    fn call(&self, operation: &str, payload: &str, host: Arc<Host>) -> Result<String> {
        let provider = self.pre.rehydrate(None)?;
        let wapc = WapcHost::new(
            Box::new(provider),
            Some(Box::new(move |_, binding, namespace, operation, payload| {
                host.call(binding, namespace, operation, payload).map_err(Into::into)
            })),
        )?;
        let response = wapc.call(operation, payload.as_bytes())?;
        String::from_utf8(response).context("invalid response from policy")
    }
}

impl PolicyResponse {
    /// Reads a policy's answer.
    ///
    /// # Errors
    /// Where a policy server could not read it, or would drop a part of it in silence.
    pub fn parse(raw: String) -> Result<Self> {
        /// The fields of the SDK's `ValidationResponse`. Kubewarden drops any other in silence, so this host does not.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            accepted: bool,
            message: Option<String>,
            code: Option<u16>,
            mutated_object: Option<Box<RawValue>>,
            audit_annotations: Option<BTreeMap<String, String>>,
            warnings: Option<Vec<String>>,
        }

        let fields: Fields = serde_json::from_str(&raw).context("invalid response from policy")?;
        let Fields { accepted, message, code, mutated_object, audit_annotations, warnings } = fields;
        Ok(Self { raw, accepted, message, code, mutated_object, audit_annotations, warnings })
    }
}

/// The bytes of a module in a file.
///
/// # Errors
/// Where the file can't be read.
pub fn read_module(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read the policy `{}`", path.display()))
}

/// Compiles a module for an engine of this configuration.
pub(crate) fn compile(
    module: &[u8],
    mut config: Config,
    cache: CompilationCache,
) -> wasmtime::Result<(Engine, Module)> {
    if cache == CompilationCache::On {
        config.cache(Some(Cache::new(CacheConfig::new())?));
    }
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, module)?;
    Ok((engine, module))
}

/// The host of calls that have nothing to ask.
fn isolated() -> Arc<Host> {
    Arc::new(Host::permissive(Arc::new(Cluster::default())))
}
