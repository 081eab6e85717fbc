//! `make lint` runs this program, which fails if a file contains a term of `lint/words.txt`, or a comment over 120
//! columns.
//!
//! The program reads every source, script, configuration and document of the repository, and their names. In the names
//! of files and of Rust functions, `_` separates words. Terms match across line breaks. `lint/exceptions.txt` lists the
//! places where a term is right.

mod columns;
mod rules;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rules::{Exceptions, Rules};

/// Files that contain the terms on purpose, and files by other authors.
const EXCLUDED: [&str; 2] = ["LICENSE", "lint/"];

/// Extensions of files that people read. Lock files and recorded data are not among them.
const READ: [&str; 16] =
    ["bats", "css", "go", "html", "jq", "md", "mjs", "mk", "mod", "py", "rs", "svg", "toml", "ts", "yaml", "yml"];

/// A problem and its place.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            let files: BTreeSet<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
            eprintln!("{} places in {} files: see lint/words.txt", findings.len(), files.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Vec<Finding>, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let rules = Rules::parse(&read(&root, "lint/words.txt")?)?;
    let mut exceptions = Exceptions::parse(&read(&root, "lint/exceptions.txt")?, &rules)?;
    let mut findings = Vec::new();
    for path in tracked_files(&root)? {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        if !is_read(&path, &text) {
            continue;
        }
        for (line, rule) in words::matches(&path, &text, &rules) {
            if !exceptions.allows(&path, &rule.term) {
                let message = format!("`{}`: write {}", rule.term, rule.replacement);
                findings.push(Finding { path: path.clone(), line, message });
            }
        }
        for (line, width) in columns::wide_comments(&text) {
            let message = format!("the comment has {width} columns, but at most {} are allowed", columns::LIMIT);
            findings.push(Finding { path: path.clone(), line, message });
        }
    }
    findings.extend(exceptions.unused().map(|(line, message)| Finding {
        path: "lint/exceptions.txt".to_owned(),
        line,
        message,
    }));
    Ok(findings)
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
}

/// Returns the tracked and untracked files of the repository, sorted. Includes deleted files, which the caller skips
/// because they can't be read.
fn tracked_files(root: &Path) -> Result<Vec<String>, String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let names = String::from_utf8(output.stdout).map_err(|_| "git ls-files: a file's name is not UTF-8".to_owned())?;
    let names: BTreeSet<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Whether people read the file: a known extension, a Makefile, or a script.
fn is_read(path: &str, text: &str) -> bool {
    if EXCLUDED.iter().any(|excluded| path.starts_with(excluded)) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    name == "Makefile" || text.starts_with("#!") || extension.is_some_and(|extension| READ.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sources_scripts_and_documents() {
        for path in ["src/lib.rs", "make/docs.mk", "Makefile", "docs/index.md", "policy.yaml"] {
            assert!(is_read(path, ""), "{path}");
        }
        assert!(is_read(".ci/run", "#!/usr/bin/env bash\n"));
    }

    #[test]
    fn skips_lock_files_licences_and_its_own_data() {
        for path in ["Cargo.lock", "playground/package-lock.json", "LICENSE", "lint/src/words.rs", "release/go.sum"] {
            assert!(!is_read(path, ""), "{path}");
        }
    }
}
