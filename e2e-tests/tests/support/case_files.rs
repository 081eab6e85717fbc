//! Reads the case files in `cases/`. A case can take keys from the files in `cases/base/`. `cases/README.md` describes
//! the rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The keys that a case does not take from a base: the `description` of a base describes the base, and a base can't
/// define `expect`.
const NOT_INHERITED: [&str; 2] = ["description", "expect"];

/// The paths of all cases, sorted. Does not include bases.
pub fn paths() -> Vec<PathBuf> {
    let bases = bases();
    super::files("cases", "yaml").into_iter().filter(|path| !path.starts_with(&bases)).collect()
}

/// The folder of the bases.
pub fn bases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/base")
}

/// Reads a case together with its bases.
///
/// # Errors
/// Fails if a file can't be read, or breaks a rule about bases.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let case = resolve(path, &bases(), &mut BTreeSet::new())?;
    serde_json::from_value(Value::Object(case)).context("cannot read the case")
}

/// Reads the keys of a file and of its bases. Adds the names of the bases to `used`.
///
/// # Errors
/// Fails if a base does not exist or refers to itself, if a base defines `expect`, or if two bases define the same key.
pub fn resolve(path: &Path, folder: &Path, used: &mut BTreeSet<String>) -> Result<Map<String, Value>> {
    Resolver { folder, used, path_to_root: Vec::new() }.keys(path)
}

/// One name or several names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

struct Resolver<'a> {
    folder: &'a Path,
    used: &'a mut BTreeSet<String>,
    /// The names of the bases that are being read: a base of the case, then a base of that base, and so on.
    path_to_root: Vec<String>,
}

impl Resolver<'_> {
    fn keys(&mut self, path: &Path) -> Result<Map<String, Value>> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut own: Map<String, Value> = yaml_serde::from_str(&text).context("expected a YAML mapping")?;
        let names = match own.remove("base").map(serde_json::from_value).transpose().context("cannot read `base`")? {
            None => Vec::new(),
            Some(Names::One(name)) => vec![name],
            Some(Names::Several(names)) => names,
        };
        let mut inherited = Map::new();
        for name in names {
            for (key, value) in self.base(&name)? {
                ensure!(!inherited.contains_key(&key), "`{key}` comes from two bases, and `{name}` is the second");
                inherited.insert(key, value);
            }
        }
        // A key in the file replaces the whole value from a base.
        inherited.extend(own);
        Ok(inherited)
    }

    fn base(&mut self, name: &str) -> Result<Map<String, Value>> {
        if self.path_to_root.iter().any(|other| other == name) {
            bail!("the bases refer to themselves: {} -> {name}", self.path_to_root.join(" -> "));
        }
        let path = self.folder.join(format!("{name}.yaml"));
        ensure!(path.is_file(), "there is no base `{name}` in `{}`", self.folder.display());
        self.used.insert(name.to_owned());
        self.path_to_root.push(name.to_owned());
        let mut keys = self.keys(&path).with_context(|| format!("base `{name}`"))?;
        self.path_to_root.pop();
        ensure!(keys.contains_key("description"), "the base `{name}` has no `description`");
        ensure!(!keys.contains_key("expect"), "the base `{name}` defines `expect`, which belongs in a case");
        keys.retain(|key, _| !NOT_INHERITED.contains(&key.as_str()));
        Ok(keys)
    }
}
