//! Collects the service accounts and `ConfigMap`s of the input, and answers the policy's lookups with them.

use std::collections::HashMap;

use irsa::{Cluster, LookupError, Query};
use serde_json::{Value, json};

use crate::documents::InputObject;

/// The place of an object, or of a value in an object, in the input.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The index of the file in the input.
    pub file: usize,
    /// The index of the document in the file.
    pub document: usize,
    /// The JSON pointer from the document to the object or value.
    pub pointer: String,
}

/// An object that the policy may look up.
#[derive(Debug)]
pub struct Entry {
    /// The place of the object.
    pub location: Location,
    /// The object as JSON, reduced to the fields that the policy reads.
    pub json: String,
}

/// The objects that the policy may look up, by kind, namespace and name.
#[derive(Debug, Default)]
pub struct Index {
    entries: HashMap<(&'static str, String, String), Vec<Entry>>,
}

impl Index {
    /// Adds an object if it is a service account or a ConfigMap.
    pub fn add(&mut self, file: usize, object: &InputObject, default_namespace: &str) {
        let kind = match (object.head.api_version.as_str(), object.head.kind.as_str()) {
            ("v1", "ServiceAccount") => "ServiceAccount",
            ("v1", "ConfigMap") => "ConfigMap",
            _ => return,
        };
        let Some(name) = object.head.metadata.name.clone() else { return };
        let namespace = object.head.namespace(default_namespace).to_owned();
        let value: Value = serde_json::from_str(&object.json).unwrap_or_default();
        let annotations = value.pointer("/metadata/annotations").cloned().unwrap_or_default();
        let metadata = json!({"namespace": namespace, "name": name, "annotations": annotations});
        let mut entry = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
        if let (Some(data), Some(members)) = (value.get("data").filter(|_| kind == "ConfigMap"), entry.as_object_mut())
        {
            members.insert("data".to_owned(), data.clone());
        }
        let location = Location { file, document: object.document, pointer: object.pointer.clone() };
        let entries = self.entries.entry((kind, namespace, name)).or_default();
        entries.push(Entry { location, json: entry.to_string() });
    }

    /// Finds an object for a lookup from this file. If several objects match, returns the last match in the file, or
    /// else the last match in the input, because the last one stays in the cluster after `kubectl apply`.
    pub fn find(&self, kind: &'static str, namespace: &str, name: &str, file: usize) -> Option<&Entry> {
        let entries = self.entries.get(&(kind, namespace.to_owned(), name.to_owned()))?;
        entries.iter().rfind(|entry| entry.location.file == file).or(entries.last())
    }

    /// Returns the namespace, name and entry of each service account, sorted by namespace and name.
    pub fn accounts(&self) -> Vec<(&str, &str, &Entry)> {
        let mut accounts: Vec<_> = self
            .entries
            .iter()
            .filter(|((kind, ..), _)| *kind == "ServiceAccount")
            .filter_map(|((_, namespace, name), entries)| Some((namespace.as_str(), name.as_str(), entries.last()?)))
            .collect();
        accounts.sort_by_key(|(namespace, name, _)| (*namespace, *name));
        accounts
    }
}

/// Answers the lookups for one object, and records them.
#[derive(Debug)]
pub struct Lookup<'i> {
    index: &'i Index,
    file: usize,
    /// The service accounts that were found, each with `namespace/name` in backticks.
    pub accounts: Vec<(String, &'i Entry)>,
    /// The ConfigMap that was found.
    pub config_map: Option<&'i Entry>,
    /// The service accounts that are not in the input, as `namespace/name`.
    pub unknown_accounts: Vec<String>,
    /// The ConfigMap that is not in the input, as `namespace/name`.
    pub unknown_config_map: Option<String>,
}

impl<'i> Lookup<'i> {
    /// Answers the lookups for an object of this file.
    pub fn new(index: &'i Index, file: usize) -> Self {
        Self {
            index,
            file,
            accounts: Vec::new(),
            config_map: None,
            unknown_accounts: Vec::new(),
            unknown_config_map: None,
        }
    }
}

impl Cluster for Lookup<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let Query { kind, namespace, name, .. } = *query;
        let found = self.index.find(kind, namespace, name, self.file);
        if let Some(entry) = found {
            match kind {
                "ConfigMap" => self.config_map = Some(entry),
                _ => self.accounts.push((format!("`{namespace}/{name}`"), entry)),
            }
            return Ok(entry.json.clone());
        }
        let full_name = format!("{namespace}/{name}");
        match kind {
            "ConfigMap" => self.unknown_config_map = Some(full_name),
            // Kubernetes creates the account `default` in every namespace, so the account exists without a manifest.
            _ if name == "default" => {
                let metadata = json!({"namespace": namespace, "name": name});
                return Ok(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string());
            }
            _ => self.unknown_accounts.push(full_name),
        }
        Err(LookupError::NotFound)
    }
}
