//! `policy-host inspect`: the metadata of an annotated policy.

use std::io::Write;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use policy_host::metadata::Metadata;
use policy_host::policy::read_module;

use super::PolicyArgs;

/// The arguments of `inspect`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Prints the metadata as JSON.
pub fn execute(args: &Args) -> Result<()> {
    let module = read_module(args.policy.path())?;
    let metadata = Metadata::of_module(&module)?.context("the policy has no metadata: see `policy-host annotate`")?;
    writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&metadata)?)?;
    Ok(())
}
