//! `irsa check`: what the policy finds in manifests, before they are applied.
//!
//! The way of the input: `documents` reads objects, `index` collects the service accounts among them, `review` sends
//! each object through the policy, `locate` finds the line, `ignore` drops what does not count, and `report` prints the
//! rest. `iam` adds what the files of IAM show about roles.

mod config;
pub mod ignore;
mod index;
mod input;
pub mod names;
mod policy;
mod positions;
mod progress;
mod restarts;
mod review;
mod run;
mod skipped;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::{Context, Result, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use serde::Deserialize;
use terminal_size::Width;

pub use index::{Entry, Index, Location, Lookup};
pub use review::Found;

use crate::UNREADABLE;
use crate::files::SettingsArgs;
use crate::report::{Format, Layout, Level};

/// The arguments of `check`.
#[derive(ClapArgs)]
pub struct Args {
    /// Manifests: files, directories, or `-` for the standard input
    #[arg(value_name = "PATH", required_unless_present = "file")]
    paths: Vec<PathBuf>,

    /// The same, as kubectl has it
    #[arg(short, long, value_name = "PATH")]
    file: Vec<PathBuf>,

    /// The namespace of objects that name none. By default it is `default`
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    #[command(flatten)]
    settings: SettingsArgs,

    /// What AWS, Terraform or CloudFormation says about IAM: roles, trust policies, identity providers
    #[arg(long, value_name = "FILE", num_args = 1..)]
    iam: Vec<PathBuf>,

    /// The issuer of a cluster: `NAME=URL`, or `URL`. Several clusters are several issuers
    #[arg(long, value_name = "NAME=URL")]
    issuer: Vec<String>,

    /// The format of the report
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Pretty)]
    format: Format,

    /// Exit with 1 if there is a finding of this level. By default it is `reject`
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<FailOn>,

    /// The input is complete: a service account that is not in it does not exist, and a template is an error
    #[arg(long)]
    strict: bool,

    /// Print no notes and no summary
    #[arg(short, long)]
    quiet: bool,

    /// When to print colors
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

/// The level at which a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum FailOn {
    /// On any warning or rejection
    Warn,
    /// On a rejection
    Reject,
    /// Never
    Never,
}

impl FailOn {
    /// Whether a check fails whose worst finding is of this level.
    fn fails(self, worst: Option<Level>) -> bool {
        match self {
            Self::Warn => worst >= Some(Level::Warn),
            Self::Reject => worst >= Some(Level::Reject),
            Self::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Checks, and prints the report. The exit status is 0 if nothing counts as a failure, 1 on a finding, and 2 if
/// something can't be read.
pub fn execute(args: &Args) -> Result<ExitCode> {
    match args.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    let config = config::Config::find()?;
    let report = run::run(args, &config)?;
    let mut text = Vec::new();
    let width = terminal_width();
    report.write(args.format, Layout { is_quiet: args.quiet, width }, &mut text)?;
    let mut out = anstream::stdout();
    out.write_all(&text)?;
    out.flush()?;
    let fail_on = args.fail_on.or(config.fail_on).unwrap_or(FailOn::Reject);
    Ok(if !report.unreadable.is_empty() {
        ExitCode::from(UNREADABLE)
    } else if fail_on.fails(report.worst()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The width of the terminal, if the output goes to one.
fn terminal_width() -> Option<usize> {
    let (Width(width), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(width.into())
}

impl Args {
    /// The paths of the input.
    fn inputs(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.file).cloned().collect()
    }

    /// The namespace of objects that name none.
    fn default_namespace(&self, config: &config::Config) -> Result<String> {
        let name = self.namespace.clone().or_else(|| config.namespace.clone()).unwrap_or_else(|| "default".to_owned());
        let is_label = !name.is_empty()
            && name.len() <= 63
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        ensure!(is_label, "expected the name of a namespace, but got `{name}`");
        Ok(name)
    }

    /// The clusters, each a name and the URL of its issuer.
    fn issuers(&self) -> Result<Vec<(String, String)>> {
        self.issuer
            .iter()
            .map(|text| {
                let (name, url) = match text.split_once('=') {
                    Some((name, url)) if !name.contains('/') => (name, url),
                    _ => ("cluster", text.as_str()),
                };
                let url = url.trim().trim_end_matches('/');
                ensure!(url.starts_with("https://"), "expected the issuer as `NAME=https://…`, but got `{text}`");
                Ok((name.to_owned(), url.to_owned()))
            })
            .collect::<Result<_>>()
            .context("cannot read `--issuer`")
    }
}
