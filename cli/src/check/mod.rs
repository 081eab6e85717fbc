//! `irsa check`: reports what the policy would find in manifests, before they are applied.
//!
//! The steps: `documents` reads objects, `input` collects the service accounts and `ConfigMap`s, `review` runs the
//! policy on each object, `positions` finds the lines of the findings, `ignore` marks the findings to ignore, and
//! `report` prints the report. `iam` compares the service accounts with files about IAM.

mod config;
pub mod ignore;
mod input;
pub mod names;
mod policy;
mod positions;
mod progress;
mod restarts;
mod review;
mod run;
mod skipped;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use irsa_explain::PastedIssuer;
use serde::Deserialize;

pub use review::Found;

use crate::UNREADABLE;
use crate::files::SettingsArgs;
use crate::report::{Format, Layout, Level};
use crate::terminal;

/// The arguments of `check`.
#[derive(ClapArgs)]
pub struct Args {
    /// Manifests: files, directories, or `-` for the standard input
    #[arg(value_name = "PATH", required_unless_present = "file")]
    paths: Vec<PathBuf>,

    /// Same as the argument PATH. The option exists for users of `kubectl -f`
    #[arg(short, long, value_name = "PATH")]
    file: Vec<PathBuf>,

    /// The namespace for objects that specify no namespace. By default it is `default`
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    #[command(flatten)]
    settings: SettingsArgs,

    /// A file about IAM from the AWS CLI, Terraform or CloudFormation: roles, trust policies, identity providers.
    /// Repeat the flag for each file
    #[arg(long, value_name = "FILE")]
    iam: Vec<PathBuf>,

    /// The issuer of a cluster: `NAME=URL`, or `URL`. Repeat the flag for each cluster
    #[arg(long, value_name = "NAME=URL", requires = "iam")]
    issuer: Vec<String>,

    /// The format of the report
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Pretty)]
    format: Format,

    /// Exit with 1 if a finding has at least this level. By default it is `reject`
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<FailOn>,

    /// Treat the input as complete: a service account that is not in the input does not exist, and a template that is
    /// not rendered is an error
    #[arg(long)]
    strict: bool,

    /// Print no notes and no summary
    #[arg(short, long)]
    quiet: bool,

    /// When to print colors
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

/// The lowest level of a finding that makes the check fail.
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
    /// Whether the check fails if `worst` is the level of its worst finding.
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

/// Runs the check, and prints the report. The exit status is 2 if something can't be read, 1 if a finding has at least
/// the level of `--fail-on`, and 0 otherwise.
pub fn execute(args: &Args) -> Result<ExitCode> {
    match args.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    let config = config::Config::find()?;
    let report = run::run(args, &config)?;
    let mut text = Vec::new();
    let width = terminal::width();
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

impl Args {
    /// Returns the paths of the input.
    fn inputs(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.file).cloned().collect()
    }

    /// Returns the namespace for objects that specify no namespace.
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

    /// Returns the name and the issuer's URL of each cluster.
    fn issuers(&self) -> Result<Vec<(String, String)>> {
        self.issuer
            .iter()
            .map(|text| {
                let (name, url) = match text.split_once('=') {
                    Some((name, url)) if !name.contains(['/', ':', '{']) => (name, url),
                    _ => ("cluster", text.as_str()),
                };
                let pasted = PastedIssuer::read(url).map_err(|error| anyhow!("{error}"))?;
                let url = pasted.url.trim_end_matches('/');
                // If the user typed no `https://`, a word without a dot is the name of a cluster, and not its issuer.
                let is_issuer = url.strip_prefix("https://").is_some_and(|rest| {
                    text.contains("https://") || rest.split('/').next().unwrap_or_default().contains('.')
                });
                ensure!(is_issuer, "expected the issuer as `NAME=https://…`, but got `{text}`");
                Ok((name.to_owned(), url.to_owned()))
            })
            .collect::<Result<_>>()
            .context("cannot read `--issuer`")
    }
}
