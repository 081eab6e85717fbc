//! The command `irsa`.
//!
//! Each subcommand is a folder, except `completions` and `man`, which are in `generate`. `files` reads the files that
//! the command line names, `output` prints, and `terminal` breaks lines.

mod check;
mod documents;
mod explain;
mod files;
mod generate;
mod iam;
mod output;
mod policy_settings;
mod report;
mod terminal;
mod trust_policy;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// IAM roles for service accounts (IRSA): explain why a pod has no role, or the wrong role
#[derive(Parser)]
#[command(name = "irsa", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check manifests: report what the policy would find in them, with file, line and fix
    ///
    /// Exits with 2 if something can't be read, 1 if a finding has at least the level of `--fail-on`, and 0 otherwise.
    Check(Box<check::Args>),
    /// Explain why a pod has its role, or has no role: from its service account to the role's trust policy
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
