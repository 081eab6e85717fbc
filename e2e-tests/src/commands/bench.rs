//! `policy-host bench`: measures the cost of the policy, and compares it with the cost of the floor.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use policy_host::bench::kept::{Kept, TOLERANCE};
use policy_host::bench::{HEAD, Measurement, Subject, chart, golden, scenario, size};
use policy_host::policy::read_module;

use super::read;

/// The arguments of `bench`.
#[derive(ClapArgs)]
pub struct Args {
    /// The policy's Wasm module
    #[arg(value_name = "POLICY", default_value = "policy.wasm")]
    policy: PathBuf,

    /// The Wasm module of the floor: a policy that returns every object unchanged
    #[arg(long, value_name = "PATH")]
    floor: PathBuf,

    /// The folder of the golden pods
    #[arg(long, value_name = "FOLDER", default_value = "e2e-tests/golden")]
    golden: PathBuf,

    /// The name and version of the compiler that built the policy, as `rustc --version` prints them
    #[arg(long, value_name = "NAME", default_value = "")]
    compiler: String,

    /// The policy's module with the names of its functions. Prints the bytes of each crate in the module
    #[arg(long, value_name = "PATH")]
    named: Option<PathBuf>,

    /// Fail if a number is more than 2 % above the number in this file, or is not in this file
    #[arg(long, value_name = "PATH")]
    check: Option<PathBuf>,

    /// Write the numbers to this file, for a later `--check`
    #[arg(long, value_name = "PATH", conflicts_with = "check")]
    keep: Option<PathBuf>,

    /// Draw a chart of the fuel by the size of the request, as SVG
    #[arg(long, value_name = "PATH")]
    chart: Option<PathBuf>,
}

/// Measures and prints the cost.
pub fn execute(args: &Args) -> Result<()> {
    let (floor, policy) = (subject(&args.floor)?, subject(&args.policy)?);
    writeln!(anstream::stdout(), "module: {} bytes, floor: {} bytes\n\n{HEAD}", policy.bytes(), floor.bytes())?;
    let mut measurements = Vec::new();
    for scenario in scenario::all()? {
        let measurement = Measurement::new(scenario, &floor, &policy)?;
        writeln!(anstream::stdout(), "{measurement}")?;
        measurements.push(measurement);
    }
    writeln!(anstream::stdout(), "\n{}", golden::HEAD)?;
    let golden = golden::measure(&args.golden, &floor, &policy)?;
    for (name, spread) in &golden {
        writeln!(anstream::stdout(), "| {name} | {spread}")?;
    }
    let now = Kept::new(&args.compiler, &policy, &measurements, &golden);
    writeln!(anstream::stdout(), "\nstartup: {} fuel", now.startup_fuel)?;

    if let Some(named) = &args.named {
        writeln!(anstream::stdout(), "\n| crate | bytes |\n|---|---:|")?;
        for (name, bytes) in size::by_crate(&read_module(named)?)? {
            writeln!(anstream::stdout(), "| {name} | {bytes} |")?;
        }
    }
    if let Some(path) = &args.chart {
        let growing = scenario::growing()?.into_iter().map(|scenario| Measurement::new(scenario, &floor, &policy));
        chart::draw(&growing.collect::<Result<Vec<_>>>()?, path)?;
    }
    if let Some(path) = &args.keep {
        fs::write(path, serde_json::to_string_pretty(&now)? + "\n")
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if let Some(path) = &args.check {
        let kept: Kept = serde_json::from_str(&read(path)?).with_context(|| format!("`{}`", path.display()))?;
        check(&kept, &now)?;
    }
    Ok(())
}

fn check(kept: &Kept, now: &Kept) -> Result<()> {
    let grown = kept.grown_to(now);
    if grown.is_empty() {
        return Ok(());
    }
    let compiler = if kept.compiler == now.compiler {
        String::new()
    } else {
        format!("\nThe kept numbers are from `{}`, the new ones from `{}`.", kept.compiler, now.compiler)
    };
    bail!(
        "numbers that grew by more than {TOLERANCE} %, or that are not kept yet:\n{}{compiler}\n\
         To accept the new numbers, run `make bench`.",
        grown.join("\n")
    )
}

fn subject(path: &Path) -> Result<Subject> {
    Subject::new(read_module(path)?).with_context(|| format!("`{}`", path.display()))
}
