//! `policy-host fuel`: the size of the module, and the fuel and memory of one call. By default, the call reviews the
//! creation of a typical pod: two containers, an init container, and a service account with a role.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, ValueEnum};
use policy_host::admission;
use policy_host::bench::scenario::TYPICAL_POD;
use policy_host::cluster::Cluster;
use policy_host::fuel;
use policy_host::host::Host;
use policy_host::policy::read_module;
use serde_json::{Value, json};

use super::{PolicyArgs, SettingsArgs, read, read_cluster};

const TYPICAL_CLUSTER: &str = include_str!("../../requests/cluster.yaml");

/// The arguments of `fuel`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    /// A request or a Kubernetes object, instead of the typical pod
    #[arg(short, long, value_name = "PATH")]
    request_path: Option<PathBuf>,

    /// A file with the objects that the policy finds in the cluster, instead of the typical pod's service account
    #[arg(long, value_name = "PATH")]
    cluster: Option<PathBuf>,

    /// How to print the numbers
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Measures and prints the cost.
pub fn execute(args: &Args) -> Result<()> {
    let path = args.policy.path();
    let module = read_module(path)?;
    let settings = args.settings.load(&args.policy.load()?)?;
    let cluster = match &args.cluster {
        Some(path) => read_cluster(path)?,
        None => Cluster::from_text(TYPICAL_CLUSTER)?,
    };
    let requests = match &args.request_path {
        Some(path) => admission::requests(&read(path)?)?,
        None => admission::requests(&serde_json::from_str::<Value>(TYPICAL_POD)?.to_string())?,
    };
    let [request] = requests.as_slice() else {
        bail!("expected one request, but got {}", requests.len());
    };

    let payload = admission::payload(request, &settings);
    let host = Arc::new(Host::permissive(Arc::new(cluster)));
    let cost = fuel::measure(&module, args.policy.cache(), "validate", &payload, host)?;

    match args.output {
        Output::Text => {
            writeln!(anstream::stdout(), "module        {:>12} bytes", module.len())?;
            writeln!(anstream::stdout(), "startup       {:>12} fuel", cost.startup)?;
            writeln!(anstream::stdout(), "validate      {:>12} fuel", cost.call)?;
            writeln!(anstream::stdout(), "memory        {:>12} pages of 64 KiB", cost.memory_pages)?;
        }
        Output::Json => writeln!(
            anstream::stdout(),
            "{}",
            json!({
                "moduleBytes": module.len(),
                "startupFuel": cost.startup,
                "validateFuel": cost.call,
                "memoryPages": cost.memory_pages,
            })
        )?,
    }
    Ok(())
}
