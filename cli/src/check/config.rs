//! Reads `.irsa.yaml`, the configuration of `irsa check` for a repository.

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

/// The content of `.irsa.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// The rules for findings to ignore.
    pub ignore: Vec<IgnoreRule>,
    /// Globs of files to skip in directories. A file that the command line names is not skipped.
    pub exclude: Vec<String>,
    /// The path of the file with the policy's settings, relative to `.irsa.yaml`.
    pub settings: Option<PathBuf>,
    /// The lowest level of a finding that makes the check fail.
    pub fail_on: Option<FailOn>,
    /// Whether the input is complete, as with `--strict`.
    pub strict: bool,
    /// The namespace for objects that specify no namespace.
    pub namespace: Option<String>,
    /// The directory that contains `.irsa.yaml`.
    #[serde(skip)]
    pub directory: PathBuf,
}

/// A rule that ignores findings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoreRule {
    /// The name of the finding.
    pub finding: String,
    /// Globs of the files. Empty: all files.
    #[serde(default)]
    pub files: Vec<String>,
    /// Globs of the objects, which are written as `Kind namespace/name`. Empty: all objects.
    #[serde(default)]
    pub objects: Vec<String>,
    /// Why the findings are ignored.
    pub reason: String,
}

impl Config {
    /// Reads `.irsa.yaml` in the working directory or, if it is not there, in the nearest directory above, up to the
    /// root of the repository. Returns the defaults if no directory contains the file.
    ///
    /// # Errors
    /// Fails if the file is invalid.
    pub fn find() -> Result<Self> {
        let directory = env::current_dir().context("cannot determine the working directory")?;
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
            ensure!(
                !rule.reason.trim().is_empty(),
                "`ignore`: `reason` of `{name}` is empty: write why the finding is ignored"
            );
        }
        let directory = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Self { directory, ..config })
    }

    /// Whether a file in a directory is skipped.
    pub fn excludes(&self, file: &str) -> bool {
        self.exclude.iter().any(|glob| matches(glob, file))
    }
}

impl IgnoreRule {
    /// Whether this rule ignores the finding.
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
        // `**/` also matches the empty string: `**/a` matches `a`.
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
