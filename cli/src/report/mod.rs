//! Defines the report of a check, and writes it in several formats.

mod github;
mod json;
mod junit;
mod pretty;
mod printable;
mod sarif;

use std::fmt;
use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use manifest_reader::Position;
use serde::Serialize;
use serde_json::Value;

pub use irsa_explain::check::Level;
pub use pretty::{Layout, summary_line};

use crate::output;

/// The URL of the folder with the pages about findings.
const DOCS: &str = "https://github.com/irsa-policy/irsa-policy/blob/main/docs";

/// A format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Pretty,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for GitHub code scanning and editors
    Sarif,
    /// JUnit XML, for GitLab and other CI systems
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// A problem or a hint, and its place in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the finding, as the policy or this command defines it.
    pub name: &'static str,
    /// The severity.
    pub level: Level,
    /// The message: what is wrong. It never contains the value of an environment variable.
    pub message: String,
    /// The fix, if one is known.
    pub fix: Option<Fix>,
    /// The page that explains the finding.
    pub page: Page,
    /// The file.
    pub file: String,
    /// The position in the file, if it is known.
    pub at: Option<Position>,
    /// The object that the finding is about.
    pub object: Option<ObjectName>,
    /// The reason for ignoring the finding. `None` if it is not ignored.
    pub ignored: Option<String>,
}

/// The fix for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The instruction for the user, in one sentence.
    pub text: String,
    /// The statements of a trust policy that `text` refers to, in IAM's JSON.
    pub statements: Vec<Value>,
}

impl From<String> for Fix {
    fn from(text: String) -> Self {
        Self { text, statements: Vec::new() }
    }
}

impl From<&str> for Fix {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Formats the fix on one line.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for (index, statement) in self.statements.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { ", " })?;
            write!(f, "{statement}")?;
        }
        Ok(())
    }
}

/// The page that explains a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `findings.md`, about the policy's findings.
    Findings,
    /// `check.md`, about the findings of this command.
    Check,
}

impl Finding {
    /// Returns the URL of the finding's section in the docs.
    pub fn link(&self) -> String {
        let page = match self.page {
            Page::Findings => "findings.md",
            Page::Check => "check.md",
        };
        format!("{DOCS}/{page}#{}", self.name.to_ascii_lowercase())
    }
}

/// The fields that identify an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace. `None` if the object is not in a namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A path or a document that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// The position in the file, if it is known.
    pub at: Option<Position>,
    /// The reason, and what to do.
    pub message: String,
}

/// A command that recreates running pods, so that they get what the policy injects now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    /// The command, or a comment if no command recreates the pods.
    pub command: String,
    /// The number of pods that the command recreates.
    pub pods: usize,
}

/// A row of the table about service accounts and their roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetRow {
    /// The service account, as `namespace/name`.
    pub service_account: String,
    /// The cluster, as the command line names it, or `any` if the command line names no cluster.
    pub cluster: String,
    /// The role.
    pub role: String,
    /// The status that the files show: `trusted`, `refused`, `missing` or `unknown`.
    pub status: String,
    /// The reason for the status.
    pub reason: String,
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, sorted by file, position and name.
    pub findings: Vec<Finding>,
    /// The paths and documents that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The objects that were checked, with their files.
    pub checked: Vec<(String, ObjectName)>,
    /// The number of files that were read.
    pub files: usize,
    /// The number of documents that are not checked, because they are not complete objects.
    pub skipped: usize,
    /// The commands that recreate running pods.
    pub restarts: Vec<Restart>,
    /// The table about service accounts and their roles.
    pub fleet: Vec<FleetRow>,
}

/// The numbers of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Objects checked.
    pub objects: usize,
    /// Findings of the level `reject`.
    pub reject: usize,
    /// Findings of the level `warn`.
    pub warn: usize,
    /// Findings of the level `note`.
    pub note: usize,
    /// Findings that are ignored.
    pub ignored: usize,
    /// Documents that are not checked, because they are not complete objects.
    pub skipped: usize,
    /// Paths and documents that can't be read.
    pub unreadable: usize,
}

impl Report {
    /// Returns the findings that are not ignored.
    pub fn reported(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// Returns the worst level of the findings that are not ignored.
    pub fn worst(&self) -> Option<Level> {
        self.reported().map(|finding| finding.level).max()
    }

    /// Counts the files, objects and findings.
    pub fn summary(&self) -> Summary {
        let count = |level| self.reported().filter(|finding| finding.level == level).count();
        Summary {
            files: self.files,
            objects: self.checked.len(),
            reject: count(Level::Reject),
            warn: count(Level::Warn),
            note: count(Level::Note),
            ignored: self.findings.iter().filter(|finding| finding.ignored.is_some()).count(),
            skipped: self.skipped,
            unreadable: self.unreadable.len(),
        }
    }

    /// Writes the report. Only the pretty format uses `layout`.
    ///
    /// # Errors
    /// Fails if the report can't be written.
    pub fn write(&self, format: Format, layout: Layout, out: &mut dyn Write) -> Result<()> {
        match format {
            Format::Pretty => pretty::write(self, layout, out)?,
            Format::Json => writeln!(out, "{}", output::json(&json::report(self))?)?,
            Format::Sarif => writeln!(out, "{}", output::json(&sarif::log(self))?)?,
            Format::Junit => junit::write(self, out)?,
            Format::Github => github::write(self, out)?,
        }
        Ok(())
    }
}
