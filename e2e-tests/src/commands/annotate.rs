//! `policy-host annotate`: embeds the metadata as `kwctl annotate` does, but keeps the module's own bytes.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use policy_host::metadata::Metadata;
use policy_host::policy::{Policy, read_module};

use super::{PolicyArgs, read};

/// The arguments of `annotate`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    policy: PolicyArgs,

    /// The metadata to embed (YAML)
    #[arg(short, long, value_name = "PATH", default_value = "metadata.yml")]
    metadata_path: PathBuf,

    /// The usage text to embed (Markdown)
    #[arg(short, long, value_name = "PATH", default_value = "README.md")]
    usage_path: PathBuf,

    /// Where to write the annotated module
    #[arg(short, long, value_name = "PATH", default_value = "annotated-policy.wasm")]
    output_path: PathBuf,
}

/// Writes the annotated module.
pub fn execute(args: &Args) -> Result<()> {
    let module = read_module(args.policy.path())?;
    let policy = Policy::from_module(&module, args.policy.cache())?;
    let mut metadata = Metadata::from_yaml(&read(&args.metadata_path)?)
        .with_context(|| format!("cannot read the metadata `{}`", args.metadata_path.display()))?;
    metadata.protocol_version = serde_json::from_str(&policy.protocol_version()?)?;
    let annotated = metadata.embed(&module, &read(&args.usage_path)?)?;
    fs::write(&args.output_path, annotated).with_context(|| format!("cannot write `{}`", args.output_path.display()))
}
