//! `irsa completions` and `irsa man`: generate files for a shell and for `man` from the definition of the command line.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::{Shell, generate};
use clap_mangen::generate_to;

/// The arguments of `completions`.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// The arguments of `man`.
#[derive(Args)]
pub struct Man {
    /// The directory, which is created if it does not exist
    directory: PathBuf,
}

/// Prints the completions of a shell.
pub fn completions(args: &Completions, mut command: Command) -> Result<ExitCode> {
    // Generates the script before it is written to the output, because `generate` panics if writing fails.
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(args.shell, &mut command, name, &mut script);
    let mut out = anstream::stdout();
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a man page for the command, and one for each subcommand.
pub fn man(args: &Man, command: Command) -> Result<ExitCode> {
    write_pages(&args.directory, command).with_context(|| format!("can't write to `{}`", args.directory.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn write_pages(directory: &Path, command: Command) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    generate_to(command, directory)
}
