//! The command `irsa`.
//!
//! Each subcommand is a folder, but for the two of `generate`. `files` reads what the command line names, `output` prints.

mod check;
mod documents;
mod explain;
mod files;
mod generate;
mod iam;
mod output;
mod policy_settings;
mod report;
mod trust_policy;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// IAM roles for service accounts (IRSA): explain why a pod has no role, or the wrong one
#[derive(Parser)]
#[command(name = "irsa", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check manifests: what the policy would find in them, with file, line and fix
    ///
    /// Exits with 0 if there is no finding of the level of `--fail-on`, 1 if there is one, and 2 if something can't be
    /// read.
    Check(Box<check::Args>),
    /// Explain why a pod has the role that it has, or has none: from its service account to the role's trust policy
    ///
    /// Exits with 0 if all steps passed, 1 if a step failed, 3 if a step is unknown, and 2 if an input can't be read.
    Explain(Box<explain::Args>),
    /// Print the trust policies that service accounts need
    TrustPolicy(trust_policy::Args),
    /// Print the completions of a shell, as in `source <(irsa completions bash)`
    Completions(generate::Completions),
    /// Write the man pages to a directory
    Man(generate::Man),
}

/// The exit status if an input can't be read, or the command line is invalid.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::command_line(&error),
    };
    let result = match cli.command {
        Command::Check(args) => check::execute(&args),
        Command::Explain(args) => explain::execute(&args),
        Command::TrustPolicy(args) => trust_policy::execute(&args),
        Command::Completions(args) => generate::completions(&args, Cli::command()),
        Command::Man(args) => generate::man(&args, Cli::command()),
    };
    result.unwrap_or_else(|error| {
        if output::is_closed_pipe(&error) {
            return ExitCode::from(output::CLOSED_PIPE);
        }
        output::error(&error);
        ExitCode::from(UNREADABLE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_valid_command_line() {
        Cli::command().debug_assert();
    }
}
