//! The subcommands, one per file, and their common arguments.

pub mod annotate;
pub mod bench;
pub mod fuel;
pub mod inspect;
pub mod run;
#[cfg(feature = "serve")]
pub mod serve;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use policy_host::cluster::Cluster;
use policy_host::host::Access;
use policy_host::policy::{CompilationCache, Policy};
use policy_host::settings::Settings;

/// The arguments that select the policy's module.
#[derive(Args)]
pub struct PolicyArgs {
    /// The policy's Wasm module: a path, or a `file://` URI
    #[arg(value_name = "POLICY", default_value = "policy.wasm")]
    policy: String,

    /// Compile the module again, and do not keep the result on disk
    #[arg(long)]
    disable_wasmtime_cache: bool,
}

impl PolicyArgs {
    /// The path of the module.
    pub fn path(&self) -> &Path {
        Path::new(self.policy.strip_prefix("file://").unwrap_or(&self.policy))
    }

    /// Whether the compiled module is kept on disk.
    pub fn cache(&self) -> CompilationCache {
        if self.disable_wasmtime_cache { CompilationCache::Off } else { CompilationCache::On }
    }

    /// Returns the kinds that the policy may read: those in its metadata, or any kind if it has no metadata.
    pub fn access(policy: &Policy) -> Access {
        policy
            .metadata()
            .map_or(Access::All, |metadata| Access::Only(metadata.context_aware_resources.iter().cloned().collect()))
    }

    /// Reads and compiles the policy.
    pub fn load(&self) -> Result<Policy> {
        Policy::from_file(self.path(), self.cache())
    }
}

/// The arguments that define the policy's settings.
#[derive(Args)]
pub struct SettingsArgs {
    /// The settings as JSON
    #[arg(long, value_name = "VALUE")]
    settings_json: Option<String>,

    /// A file with the settings, as YAML or JSON
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
}

impl SettingsArgs {
    /// Reads the settings. `None` if no argument defines settings.
    pub fn read(&self) -> Result<Option<Settings>> {
        match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => Settings::from_yaml(&read(path)?).map(Some),
            (None, Some(json)) => Settings::from_json(json).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Reads the settings. Fails if the policy rejects them.
    pub fn load(&self, policy: &Policy) -> Result<Settings> {
        let settings = self.read()?.unwrap_or_default();
        let response = policy.validate_settings(settings.as_json())?;
        ensure!(response.valid, "Provided settings are not valid: {}", response.message.unwrap_or_default());
        Ok(settings)
    }
}

/// Reads the objects of a simulated cluster from a file.
fn read_cluster(path: &Path) -> Result<Cluster> {
    Cluster::from_text(&read(path)?).with_context(|| format!("cannot read the objects in `{}`", path.display()))
}

/// Reads a file, or the standard input if the path is `-`.
fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return io::read_to_string(io::stdin().lock()).context("cannot read the standard input");
    }
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}
