//! The policy's settings for a check: from the command line, from `.irsa.yaml`, or from a document of the input.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Args;
use super::config::{Config, FILE};
use super::index::Location;
use crate::documents::InputObject;
use crate::policy_settings::{PolicySettings, Source, in_text};

/// Settings, as JSON, and where they come from.
#[derive(Debug, Clone)]
pub struct FoundSettings {
    /// The settings.
    pub json: String,
    /// Where they are in the input. `None` if they come from elsewhere.
    pub location: Option<Location>,
    /// The document of the input that has them. `None` if they come from elsewhere.
    source: Option<Source>,
}

impl Default for FoundSettings {
    fn default() -> Self {
        Self { json: "{}".to_owned(), location: None, source: None }
    }
}

impl FoundSettings {
    /// The settings of the command line, or of `.irsa.yaml`.
    ///
    /// # Errors
    /// If they can't be read.
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

    /// The settings in a manifest of this policy, or in values of its chart.
    pub fn in_document(file: usize, document: &InputObject) -> Option<Self> {
        let is_manifest = document.head.group_version().0 == "policies.kubewarden.io";
        if !is_manifest && !document.head.kind.is_empty() {
            return None;
        }
        let value: Value = serde_json::from_str(&document.json).ok()?;
        let found = if is_manifest { PolicySettings::of_manifest(&value) } else { PolicySettings::of_values(&value) }?;
        let pointer = format!("{}{}", document.pointer, found.pointer);
        let location = Location { file, document: document.document, pointer };
        Some(Self { json: found.json, location: Some(location), source: Some(found.source) })
    }

    /// Whether these settings count rather than others of the input.
    pub fn replaces(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.source > other.source)
    }

    /// The same settings in another mode.
    pub fn in_mode(&self, mode: &str) -> String {
        match serde_json::from_str::<Value>(&self.json) {
            Ok(Value::Object(mut members)) => {
                members.insert("mode".to_owned(), json!(mode));
                Value::Object(members).to_string()
            }
            // Invalid settings stay as they are, so that they are reported.
            _ => self.json.clone(),
        }
    }
}
