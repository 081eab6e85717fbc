//! The policy's module, and the calls that a policy server makes to it over waPC.
//!
//! As in policy-evaluator, the module is compiled once, and each call gets a new instance, so that requests can't
//! affect each other.

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

/// Whether compiled modules are cached on disk, as in kwctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompilationCache {
    /// Cached in wasmtime's directory.
    On,
    /// Not cached.
    Off,
}

/// The policy's answer to a request.
#[derive(Clone, Debug)]
pub struct PolicyResponse {
    /// The answer, byte for byte.
    pub raw: String,
    /// Whether the request is accepted.
    pub accepted: bool,
    /// Why the request is rejected.
    pub message: Option<String>,
    /// The HTTP status of a rejection.
    pub code: Option<u16>,
    /// The mutated object, byte for byte. `None` if the policy does not change the object.
    pub mutated_object: Option<Box<RawValue>>,
    /// The annotations for the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// The warnings for the client.
    pub warnings: Option<Vec<String>>,
}

/// The policy's answer to its settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsResponse {
    /// Whether the settings are valid.
    pub valid: bool,
    /// Why the settings are not valid.
    pub message: Option<String>,
}

impl Policy {
    /// Compiles the module in a file.
    ///
    /// # Errors
    /// Fails if the file can't be read, or is not a waPC module.
    pub fn from_file(path: &Path, cache: CompilationCache) -> Result<Self> {
        let module = read_module(path)?;
        Self::from_module(&module, cache).with_context(|| format!("cannot load the policy `{}`", path.display()))
    }

    /// Compiles a module.
    ///
    /// # Errors
    /// Fails if the bytes are not a waPC module.
    pub fn from_module(module: &[u8], cache: CompilationCache) -> Result<Self> {
        let (engine, compiled) = compile(module, Config::new(), cache).map_err(|error| anyhow!("{error:#}"))?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine).module(compiled).build_pre()?;
        Ok(Self { pre, metadata: Metadata::of_module(module)? })
    }

    /// Returns the metadata that is embedded in the module. `None` if the module has no metadata.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Lets the policy decide on a request. [`crate::admission::payload`] makes the payload.
    ///
    /// # Errors
    /// Fails if the policy fails, or if a policy server can't read the answer. A policy server rejects the request with
    /// the same error text.
    pub fn validate(&self, payload: &str, host: &Arc<Host>) -> Result<PolicyResponse> {
        let response = self.call("validate", payload, Arc::clone(host))?;
        PolicyResponse::parse(response)
    }

    /// Lets the policy check its settings.
    ///
    /// # Errors
    /// Fails if the policy fails, or if a policy server can't read the answer.
    pub fn validate_settings(&self, settings: &str) -> Result<SettingsResponse> {
        let response = self.call("validate_settings", settings, isolated())?;
        serde_json::from_str(&response).context("invalid response from policy")
    }

    /// Asks the policy for the version of Kubewarden's protocol that it uses. Returns the version as JSON.
    ///
    /// # Errors
    /// Fails if the policy fails.
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
    /// Reads an answer of the policy.
    ///
    /// # Errors
    /// Fails if a policy server could not read the answer, or would silently drop part of it.
    pub fn parse(raw: String) -> Result<Self> {
        /// The fields of the SDK's `ValidationResponse`. Kubewarden silently drops any other field, but this host
        /// rejects it.
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

/// Reads a module from a file.
///
/// # Errors
/// Fails if the file can't be read.
pub fn read_module(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read the policy `{}`", path.display()))
}

/// Compiles a module with an engine that has this configuration.
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

/// Makes a host for the calls in which the policy looks up no object.
fn isolated() -> Arc<Host> {
    Arc::new(Host::permissive(Arc::new(Cluster::default())))
}
