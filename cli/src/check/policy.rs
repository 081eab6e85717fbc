//! The policy's settings for a check: from the command line, from `.irsa.yaml`, or from a document of the input.

use std::fs;

use anyhow::{Context, Result};
use irsa_explain::check::Location;
use serde_json::{Value, json};

use super::Args;
use super::config::{Config, FILE};
use crate::documents::InputObject;
use crate::policy_settings::{PolicySettings, Source, in_text};

/// The policy's settings as JSON, and their source.
#[derive(Debug, Clone)]
pub struct FoundSettings {
    /// The settings.
    pub json: String,
    /// The place of the settings. `None` if they are not from the input.
    pub location: Option<Location>,
    /// The kind of document that contains the settings. `None` if they are not from the input.
    source: Option<Source>,
}

impl Default for FoundSettings {
    fn default() -> Self {
        Self { json: "{}".to_owned(), location: None, source: None }
    }
}

impl FoundSettings {
    /// Reads the settings that the command line sets, or else the file of settings that `.irsa.yaml` names. `None` if
    /// neither is set.
    ///
    /// # Errors
    /// Fails if the settings can't be read.
    pub fn given(args: &Args, config: &Config) -> Result<Option<Self>> {
        let json = match (args.settings.read()?, &config.settings) {
            (Some(json), _) => json,
            (None, Some(path)) => {
                let path = config.directory.join(path);
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read `{}`, which `{FILE}` names", path.display()))?;
                let json =
                    in_text(&text).with_context(|| format!("cannot read the settings in `{}`", path.display()))?;
                json.unwrap_or_else(|| "{}".to_owned())
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { json, location: None, source: None }))
    }

    /// Finds the settings in a manifest of this policy, or in values of its chart. `None` for any other document.
    pub fn in_document(file: usize, document: &InputObject) -> Option<Self> {
        let is_manifest = document.head.group_version().0 == "policies.kubewarden.io";
        if !is_manifest && !document.head.kind.is_empty() {
            return None;
        }
        let value: Value = serde_json::from_str(&document.json).ok()?;
        let found = if is_manifest { PolicySettings::of_manifest(&value) } else { PolicySettings::of_values(&value) }?;
        let location = document.location(file).child(&found.pointer);
        Some(Self { json: found.json, location: Some(location), source: Some(found.source) })
    }

    /// Whether these settings are used instead of `other`, which were found earlier in the input.
    pub fn replaces(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.source > other.source)
    }

    /// Returns these settings as JSON, with another `mode`.
    pub fn in_mode(&self, mode: &str) -> String {
        match serde_json::from_str::<Value>(&self.json) {
            Ok(Value::Object(mut members)) => {
                members.insert("mode".to_owned(), json!(mode));
                Value::Object(members).to_string()
            }
            // Invalid settings are not changed, so that their errors are reported.
            _ => self.json.clone(),
        }
    }
}
