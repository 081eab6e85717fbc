//! The result of a check, and its formats.

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

pub use pretty::{Layout, summary_line};

use crate::output;

/// Where the pages about findings are.
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

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Something that the check does not know, or that is worth knowing.
    Note,
    /// Admission accepts the object with a warning.
    Warn,
    /// Admission refuses the object.
    Reject,
}

impl Level {
    /// The level's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }
}

/// One thing wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name: that of the policy's finding, or one of this command.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong. It holds no value of an environment variable.
    pub message: String,
    /// What to do.
    pub fix: Option<Fix>,
    /// The page and the section about it.
    pub page: Page,
    /// The file.
    pub file: String,
    /// Where in the file, if it is known.
    pub at: Option<Position>,
    /// The object that it is about.
    pub object: Option<ObjectName>,
    /// Why it does not count, if it is ignored.
    pub ignored: Option<String>,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to do, in one sentence.
    pub text: String,
    /// The statements of a trust policy that the sentence is about, in IAM's JSON.
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

/// On one line.
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
    /// The policy's findings.
    Findings,
    /// This command's findings.
    Check,
}

impl Finding {
    /// The address of its section in the docs.
    pub fn link(&self) -> String {
        let page = match self.page {
            Page::Findings => "findings.md",
            Page::Check => "check.md",
        };
        format!("{DOCS}/{page}#{}", self.name.to_ascii_lowercase())
    }
}

/// An object's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace. `None` if it has none.
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

/// A file or a path that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// Where in the file, if it is known.
    pub at: Option<Position>,
    /// Why, and what to do.
    pub message: String,
}

/// A command that creates pods again, so that they get what their account says now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    /// The command, or a comment if no command does it.
    pub command: String,
    /// The number of pods that need it.
    pub pods: usize,
}

/// A row of the table about service accounts and their roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetRow {
    /// The service account, as `namespace/name`.
    pub service_account: String,
    /// The cluster, as the command line names it.
    pub cluster: String,
    /// The role.
    pub role: String,
    /// What the files show: `trusted`, `refused`, `missing` or `unknown`.
    pub status: String,
    /// Why.
    pub reason: String,
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, in the order of the input.
    pub findings: Vec<Finding>,
    /// What can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The objects that were checked, with their files.
    pub checked: Vec<(String, ObjectName)>,
    /// How many files were read.
    pub files: usize,
    /// How many documents are not checked, because they are not objects.
    pub skipped: usize,
    /// The commands for running pods that need to be created again.
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
    /// Findings of each level.
    pub reject: usize,
    /// Findings of each level.
    pub warn: usize,
    /// Findings of each level.
    pub note: usize,
    /// Findings that are ignored.
    pub ignored: usize,
    /// Documents that are not objects.
    pub skipped: usize,
    /// Paths and documents that can't be read.
    pub unreadable: usize,
}

impl Report {
    /// The findings that count.
    pub fn reported(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// The worst level of a finding that counts.
    pub fn worst(&self) -> Option<Level> {
        self.reported().map(|finding| finding.level).max()
    }

    /// The numbers.
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

    /// Writes the report. `layout` is that of the pretty format.
    ///
    /// # Errors
    /// If it can't be written.
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
