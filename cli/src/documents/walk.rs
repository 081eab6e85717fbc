//! Finds the files of the input.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use irsa_explain::redact_tokens;

use super::source::Source;

/// The extensions of the files that are read in a directory.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// The files of the input.
#[derive(Debug, Default)]
pub struct Walk {
    /// The files, in the order of the command line. The files of a directory are sorted by name.
    pub sources: Vec<Source>,
    /// Paths that can't be read, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Finds the files that the paths name. A directory is searched for `.yaml`, `.yml` and `.json` files, including its
/// subdirectories. Hidden files and directories are left out, and so are files of a directory that `is_excluded`
/// matches.
///
/// # Errors
/// Fails if the standard input can't be read.
pub fn sources(paths: &[PathBuf], is_excluded: &dyn Fn(&str) -> bool) -> Result<Walk> {
    let mut walk = Walk::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path == Path::new("-") {
            walk.sources.push(Source::standard_input()?);
            continue;
        }
        match fs::metadata(path) {
            Err(error) => walk.unreadable.push((named(path), format!("cannot read the path: {error}"))),
            Ok(metadata) if metadata.is_dir() => {
                let mut files = Vec::new();
                collect(path, &mut files, &mut walk.unreadable);
                files.retain(|file| !is_excluded(&shown(file)));
                if files.is_empty() {
                    let reason = "the directory has no `.yaml`, `.yml` or `.json` file";
                    walk.unreadable.push((named(path), reason.to_owned()));
                }
                for file in files {
                    if seen.insert(shown(&file)) {
                        walk.sources.push(Source::file(file, false));
                    }
                }
            }
            Ok(metadata) if seen.insert(shown(path)) => {
                if metadata.is_file() {
                    walk.sources.push(Source::file(path.clone(), true));
                } else {
                    match Source::stream(path) {
                        Ok(source) => walk.sources.push(source),
                        Err(error) => walk.unreadable.push((named(path), error.to_string())),
                    }
                }
            }
            Ok(_) => {}
        }
    }
    Ok(walk)
}

/// Formats a path for messages: with forward slashes, and without `./` at its start.
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").map_or_else(|| text.clone(), str::to_owned)
}

/// Formats a path that can't be read. Tokens are redacted, because a user may type a token instead of a path.
fn named(path: &Path) -> String {
    redact_tokens(&shown(path))
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>, unreadable: &mut Vec<(String, String)>) {
    let mut entries = match entries(directory) {
        Ok(entries) => entries,
        Err(error) => return unreadable.push((named(directory), format!("cannot read the directory: {error:#}"))),
    };
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // A link to a directory could lead back to a parent directory, so it is not followed.
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            collect(&path, files, unreadable);
        } else if path.extension().is_some_and(|own| EXTENSIONS.iter().any(|other| own.eq_ignore_ascii_case(other))) {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => files.push(path),
                Ok(_) => {}
                // For example, the path is a link to a file that does not exist.
                Err(error) => unreadable.push((shown(&path), format!("cannot read the file: {error}"))),
            }
        }
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry.context("cannot read an entry")?.path())).collect()
}
