//! `.irsa.yaml`: what a repository sets for every check.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::FailOn;
use super::names;
use crate::files::single_document;
use crate::report::Finding;

/// The name of the file.
pub const FILE: &str = ".irsa.yaml";

/// The settings of a repository.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// Findings that do not count.
    pub ignore: Vec<IgnoreRule>,
    /// Files of directories that are not read, as globs.
    pub exclude: Vec<String>,
    /// The file of the policy's settings, relative to this file.
    pub settings: Option<PathBuf>,
    /// The level at which a check fails.
    pub fail_on: Option<FailOn>,
    /// Whether an unknown service account is a finding.
    pub strict: bool,
    /// The namespace of objects that name none.
    pub namespace: Option<String>,
    /// The directory of the file.
    #[serde(skip)]
    pub directory: PathBuf,
}

/// Findings that do not count.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoreRule {
    /// The name of the finding.
    pub finding: String,
    /// The files, as globs. Empty for all.
    #[serde(default)]
    pub files: Vec<String>,
    /// The objects, as globs of `Kind namespace/name`. Empty for all.
    #[serde(default)]
    pub objects: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Config {
    /// The configuration of the working directory: of the nearest directory above it that has one, up to the root of
    /// the repository. Defaults if no directory has one.
    ///
    /// # Errors
    /// If the file is invalid.
    pub fn find() -> Result<Self> {
        let directory = env::current_dir().context("cannot tell the working directory")?;
        for directory in directory.ancestors() {
            let path = directory.join(FILE);
            if path.is_file() {
                return Self::read(&path).with_context(|| format!("cannot read `{}`", path.display()));
            }
            if directory.join(".git").exists() {
                break;
            }
        }
        Ok(Self::default())
    }

    fn read(path: &Path) -> Result<Self> {
        let Some(json) = single_document(&fs::read_to_string(path)?)? else { return Ok(Self::default()) };
        let config: Self = serde_json::from_str(&json)?;
        for rule in &config.ignore {
            let name = irsa::escaped_line(&rule.finding, 100);
            ensure!(names::exists(&rule.finding), "`ignore`: there is no finding `{name}`");
            ensure!(!rule.reason.trim().is_empty(), "`ignore`: expected a reason for `{name}`, but got an empty one");
        }
        let directory = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Self { directory, ..config })
    }

    /// Whether a file of a directory is not read.
    pub fn excludes(&self, file: &str) -> bool {
        self.exclude.iter().any(|glob| matches(glob, file))
    }
}

impl IgnoreRule {
    /// Whether the finding does not count.
    pub fn matches(&self, finding: &Finding) -> bool {
        let object = finding.object.as_ref().map(ToString::to_string).unwrap_or_default();
        self.finding == finding.name
            && (self.files.is_empty() || self.files.iter().any(|glob| matches(glob, &finding.file)))
            && (self.objects.is_empty() || self.objects.iter().any(|glob| matches(glob, &object)))
    }
}

/// Whether a glob matches a whole string: `?` and `*` match within a path segment, `**` across segments.
fn matches(glob: &str, text: &str) -> bool {
    let Some(next) = glob.chars().next() else { return text.is_empty() };
    let rest = glob.get(next.len_utf8()..).unwrap_or_default();
    if next != '*' {
        let mut chars = text.chars();
        return match chars.next() {
            Some(char) if (next == '?' && char != '/') || next == char => matches(rest, chars.as_str()),
            _ => false,
        };
    }
    let (rest, crosses) = match rest.strip_prefix('*') {
        // `**/` also matches no directory at all.
        Some(rest) => {
            if rest.strip_prefix('/').is_some_and(|rest| matches(rest, text)) {
                return true;
            }
            (rest, true)
        }
        None => (rest, false),
    };
    let mut remaining = text;
    loop {
        if matches(rest, remaining) {
            return true;
        }
        let mut chars = remaining.chars();
        match chars.next() {
            Some(char) if crosses || char != '/' => remaining = chars.as_str(),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_globs() {
        for (glob, text, expected) in [
            ("a.yaml", "a.yaml", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("**/*.yaml", "b/c/a.yaml", true),
            ("**/*.yaml", "a.yaml", true),
            ("b/**", "b/c/a.yaml", true),
            ("b/?.yaml", "b/a.yaml", true),
            ("b/?.yaml", "b/aa.yaml", false),
            ("Deployment */web", "Deployment shop/web", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }
}
