//! Collects the service accounts and `ConfigMap`s of the input, and answers the policy's lookups with them.

use std::collections::{HashMap, HashSet};

use irsa::internals::edits;
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
    /// The service accounts that an object of the input names, as namespace and name.
    used: HashSet<(String, String)>,
}

impl Index {
    /// Adds an object if it is a service account or a ConfigMap. From any other object, adds the service accounts that
    /// the object names.
    pub fn add(&mut self, file: usize, object: &InputObject, default_namespace: &str) {
        let kind = match (object.head.api_version.as_str(), object.head.kind.as_str()) {
            ("v1", "ServiceAccount") => "ServiceAccount",
            ("v1", "ConfigMap") => "ConfigMap",
            _ => return self.add_used(object, default_namespace),
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

    /// Adds the service accounts that an object of any kind names, such as in `serviceAccountName`.
    fn add_used(&mut self, object: &InputObject, default_namespace: &str) {
        if !object.json.contains("\"serviceAccount") {
            return;
        }
        let namespace = object.head.namespace(default_namespace);
        let value: Value = serde_json::from_str(&object.json).unwrap_or_default();
        let mut values = vec![&value];
        while let Some(value) = values.pop() {
            match value {
                Value::Array(elements) => values.extend(elements),
                Value::Object(members) => {
                    let own = members.iter().filter(|(key, _)| key.starts_with("serviceAccount"));
                    let names = own.filter_map(|(_, value)| value.as_str().or_else(|| value.get("name")?.as_str()));
                    self.used.extend(names.map(|name| (namespace.to_owned(), name.to_owned())));
                    values.extend(members.values());
                }
                _ => {}
            }
        }
    }

    /// Returns the service account that the user probably meant by `name`: an account in `namespace` that has a similar
    /// name, and that no object of the input uses. `None` if the input has no such account.
    pub fn meant_account(&self, namespace: &str, name: &str) -> Option<&str> {
        let accounts = self.entries.keys().filter(|(kind, ..)| *kind == "ServiceAccount");
        let of_namespace = accounts.filter(|(_, own, _)| own == namespace).map(|(.., other)| other.as_str());
        of_namespace
            .filter(|other| is_misspelled(name, other))
            .filter(|other| !self.used.contains(&(namespace.to_owned(), (*other).to_owned())))
            .min()
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
    /// The objects that are looked up.
    pub index: &'i Index,
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

/// Whether one name is probably a misspelling of the other: a character is missing, added or replaced, or two
/// neighbours are swapped. Names that differ in a number or a letter of a series, such as `web` and `web2`, or `web-a`
/// and `web-b`, are not misspellings. Names of up to three characters are never misspellings.
fn is_misspelled(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 1 || !(4..=253).contains(&one.len().max(other.len())) {
        return false;
    }
    let sorted = |name: &str| -> Vec<char> {
        let mut chars: Vec<char> = name.chars().collect();
        chars.sort_unstable();
        chars
    };
    let stem = |name: &str| -> Vec<String> {
        let parts = name.split(['-', '.']).map(|part| part.trim_end_matches(|it: char| it.is_ascii_digit()));
        parts.filter(|part| part.len() > 1).map(str::to_owned).collect()
    };
    let is_near = match edits(one, other) {
        1 => true,
        2 => sorted(one) == sorted(other),
        _ => false,
    };
    is_near && stem(one) != stem(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_misspelled_names_from_a_series() {
        for (one, other, expected) in [
            ("apis", "api", true),
            ("payment-api", "payments-api", true),
            ("webapp", "web-app", true),
            ("chekcout", "checkout", true),
            ("web2", "web", false),
            ("web-v1", "web-v2", false),
            ("worker-a", "worker-b", false),
            ("web-1", "web", false),
            ("app", "api", false),
            ("app-us-east", "app-us-west", false),
            ("web", "web-admin", false),
        ] {
            assert_eq!(is_misspelled(one, other), expected, "{one} {other}");
            assert_eq!(is_misspelled(other, one), expected, "{other} {one}");
        }
    }
}
