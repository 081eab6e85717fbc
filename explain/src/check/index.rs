//! Collects the service accounts and `ConfigMap`s of the input, which the policy may look up.

use std::collections::{HashMap, HashSet};

use irsa::internals::edits;
use serde_json::{Value, json};

use super::object::{Location, Object};

/// An object that the policy may look up.
#[derive(Debug, Clone)]
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
    pub fn add(&mut self, object: &Object<'_>) {
        let kind = match (object.api_version, object.kind) {
            ("v1", "ServiceAccount") => "ServiceAccount",
            ("v1", "ConfigMap") => "ConfigMap",
            _ => return self.add_used(object),
        };
        let value: Value = serde_json::from_str(object.json).unwrap_or_default();
        let Some(name) = value.pointer("/metadata/name").and_then(Value::as_str) else { return };
        let namespace = object.namespace.unwrap_or_default();
        let annotations = value.pointer("/metadata/annotations").cloned().unwrap_or_default();
        let metadata = json!({"namespace": namespace, "name": name, "annotations": annotations});
        let mut entry = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
        if let (Some(data), Some(members)) = (value.get("data").filter(|_| kind == "ConfigMap"), entry.as_object_mut())
        {
            members.insert("data".to_owned(), data.clone());
        }
        let entries = self.entries.entry((kind, namespace.to_owned(), name.to_owned())).or_default();
        entries.push(Entry { location: object.location.clone(), json: entry.to_string() });
    }

    /// Adds the service accounts whose names are in an object of any kind, for example in `serviceAccountName`.
    fn add_used(&mut self, object: &Object<'_>) {
        if !object.json.contains("\"serviceAccount") {
            return;
        }
        let namespace = object.namespace.unwrap_or_default();
        let value: Value = serde_json::from_str(object.json).unwrap_or_default();
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
    #[must_use]
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
    #[must_use]
    pub fn find(&self, kind: &'static str, namespace: &str, name: &str, file: usize) -> Option<&Entry> {
        let entries = self.entries.get(&(kind, namespace.to_owned(), name.to_owned()))?;
        entries.iter().rfind(|entry| entry.location.file == file).or(entries.last())
    }

    /// Returns the namespace, name and entry of each service account, sorted by namespace and name.
    #[must_use]
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
