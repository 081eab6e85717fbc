//! The setups of `setups/`, as inputs.

#![allow(dead_code, reason = "the suite and an example compile this module, and each uses a part of it")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use irsa_explain::Inputs;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The identity provider of the walk-through.
pub const PROVIDER: &str = "oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";

/// The inputs of the setup `00-walk-through`, which has no mistake. The tests call them the walk-through.
pub fn right() -> Inputs {
    setup("00-walk-through").inputs()
}

/// A case that a user could meet, and its expected explanation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The mistake, described for users.
    pub title: String,
    /// The question of a user who made this mistake.
    pub question: String,
    /// The inputs. An object is passed as its JSON.
    pub inputs: Map<String, Value>,
    /// The expected explanation.
    pub expected: Expected,
}

/// The expected explanation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The overall outcome.
    pub outcome: String,
    /// The step of the cause, if there is a cause.
    pub step: Option<String>,
    /// The diagnosis of the cause.
    pub mistake: Option<String>,
}

impl Setup {
    /// Converts the setup to inputs.
    pub fn inputs(&self) -> Inputs {
        let texts = self.inputs.iter().map(|(name, value)| {
            let text = match value {
                Value::Object(_) => Value::from(serde_json::to_string_pretty(value).unwrap()),
                other => other.clone(),
            };
            (name.clone(), text)
        });
        serde_json::from_value(texts.collect::<Map<_, _>>().into()).unwrap()
    }
}

/// Reads all setups, with the names of their files, sorted by name.
pub fn setups() -> Vec<(String, Setup)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("setups");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let setup = yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, setup)
    };
    paths.iter().map(read).collect()
}

/// Reads the setup with this name.
pub fn setup(name: &str) -> Setup {
    setups().into_iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("there is no setup `{name}`")).1
}
