//! Runs the policy without a cluster. `policy-host run` takes the flags of `kwctl run`, so that one test suite serves
//! both.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Run a Kubewarden policy without a cluster
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Have the policy decide on requests, or on Kubernetes objects as if they were being created
    Run(commands::run::Args),
    /// Explain why a pod has the role that it has, or has not: from its service account to the role's trust policy
    ///
    /// Exits with 0 where all is right, 1 where something is wrong, 3 where something is not known, and 2 where something can't be read.
    Explain(Box<commands::explain::Args>),
    /// Print the size of the policy, and what one typical call costs
    Fuel(commands::fuel::Args),
    /// Print what the policy costs, beside the least that a policy has to do
    Bench(commands::bench::Args),
    /// Have the policy decide on what a live cluster asks, for tests and trials
    ///
    /// Takes `AdmissionReview`s at `https://127.0.0.1:PORT/validate/NAME`, on loopback only, and reads what the policy asks for from
    /// the cluster. In production Kubewarden's policy-server does this, with what this lacks: replicas, limits, metrics, verified
    /// policies.
    #[cfg(feature = "serve")]
    Serve(Box<commands::serve::Args>),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => commands::run::execute(&args),
        Command::Explain(args) => return commands::explain::execute(&args),
        Command::Fuel(args) => commands::fuel::execute(&args),
        Command::Bench(args) => commands::bench::execute(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => commands::serve::execute(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn has_a_sound_command_line() {
        Cli::command().debug_assert();
    }
}
