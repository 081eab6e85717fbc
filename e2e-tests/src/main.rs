//! Runs the policy without a cluster, for developers of the policy. `policy-host run` accepts the flags of `kwctl run`,
//! so that the same test suite runs with both. Users have the command `irsa`.

mod commands;

use std::io::{self, ErrorKind, Write};
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
    /// Let the policy decide on requests, or on Kubernetes objects as if they were being created
    ///
    /// Exits with 0 if the policy decided on every request, even if it rejected some, as `kwctl run` does. With
    /// `--fail-on-reject`, exits with 1 if the policy rejected a request. Exits with 1 if an input can't be read.
    Run(commands::run::Args),
    /// Embed the metadata in the policy's module, as registries and policy servers expect it
    Annotate(commands::annotate::Args),
    /// Print the size of the policy, and the cost of one typical call
    Fuel(commands::fuel::Args),
    /// Print the metadata of an annotated policy, as JSON
    Inspect(commands::inspect::Args),
    /// Print the cost of the policy, compared with the floor: a policy that returns every object unchanged
    Bench(commands::bench::Args),
    /// Let the policy decide on the requests of a live cluster, for tests and trials
    ///
    /// Takes `AdmissionReview`s at `https://127.0.0.1:PORT/validate/NAME`, on loopback only, and answers the policy's
    /// lookups from the cluster. In production use Kubewarden's policy-server, which adds replicas, limits, metrics and
    /// verified policies.
    #[cfg(feature = "serve")]
    Serve(Box<commands::serve::Args>),
}

/// The exit status that a shell reports for a program ended by `SIGPIPE`.
const CLOSED_PIPE: u8 = 141;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => commands::run::execute(&args),
        Command::Annotate(args) => commands::annotate::execute(&args).map(succeeded),
        Command::Fuel(args) => commands::fuel::execute(&args).map(succeeded),
        Command::Inspect(args) => commands::inspect::execute(&args).map(succeeded),
        Command::Bench(args) => commands::bench::execute(&args).map(succeeded),
        #[cfg(feature = "serve")]
        Command::Serve(args) => commands::serve::execute(&args).map(succeeded),
    };
    match result {
        Ok(status) => status,
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLOSED_PIPE),
        Err(error) => {
            // If the standard error is closed too, there is no place for the message.
            let _ = writeln!(anstream::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn succeeded(_: ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Whether the command failed only because its output was closed, as with `| head`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn has_a_valid_command_line() {
        Cli::command().debug_assert();
    }
}
