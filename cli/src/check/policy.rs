//! The policy's settings: from the command line, from `.irsa.yaml`, or from the policy's own manifest in the input.

use serde_json::{Value, json};

use super::index::Location;
use crate::documents::InputObject;

/// Settings, as JSON, and where they come from.
#[derive(Debug, Clone)]
pub struct FoundSettings {
    /// The settings.
    pub json: String,
    /// Where they are in the input. `None` if they come from elsewhere.
    pub location: Option<Location>,
    /// Whether the policy changes objects.
    is_mutating: bool,
}

impl FoundSettings {
    /// Settings from outside the input.
    pub fn given(json: String) -> Self {
        Self { json, location: None, is_mutating: true }
    }

    /// The settings in an object of the input, if it is a manifest of this policy.
    pub fn of_manifest(file: usize, object: &InputObject) -> Option<Self> {
        let (group, _) = object.head.group_version();
        if group != "policies.kubewarden.io" || !object.head.kind.ends_with("AdmissionPolicy") {
            return None;
        }
        let value: Value = serde_json::from_str(&object.json).ok()?;
        let module = value.pointer("/spec/module").and_then(Value::as_str)?;
        // `registry://…/irsa-policy:v1`, `…/irsa-policy@sha256:…`, `file://…/irsa-policy.wasm`.
        let name = module.rsplit('/').next().unwrap_or_default();
        let name = name.split([':', '@']).next().unwrap_or_default();
        if name.trim_end_matches(".wasm") != "irsa-policy" {
            return None;
        }
        let settings = value.pointer("/spec/settings").filter(|settings| !settings.is_null());
        let json = settings.map_or_else(|| "{}".to_owned(), Value::to_string);
        let pointer = match settings {
            Some(_) => format!("{}/spec/settings", object.pointer),
            None => object.pointer.clone(),
        };
        let location = Location { file, document: object.document, pointer };
        let is_mutating = value.pointer("/spec/mutating").and_then(Value::as_bool).unwrap_or_default();
        Some(Self { json, location: Some(location), is_mutating })
    }

    /// Whether these settings count rather than others: the first policy that changes objects counts, else the first
    /// one.
    pub fn replaces(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.is_mutating && !other.is_mutating)
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
