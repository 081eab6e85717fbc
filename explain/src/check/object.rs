//! An object of the input, and its place.

use serde_json::{Value, json};

/// The place of an object, or of a value in an object, in the input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// The index of the file in the input.
    pub file: usize,
    /// The index of the document in the file.
    pub document: usize,
    /// The JSON pointer from the document to the object or value.
    pub pointer: String,
}

impl Location {
    /// Returns the place of a value of the object at this place. `pointer` is the JSON pointer in the object.
    #[must_use]
    pub fn child(&self, pointer: &str) -> Self {
        Self { pointer: format!("{}{pointer}", self.pointer), ..self.clone() }
    }
}

/// An object of the input.
#[derive(Debug, Clone, Copy)]
pub struct Object<'o> {
    /// The object as JSON.
    pub json: &'o str,
    /// Its `apiVersion`.
    pub api_version: &'o str,
    /// Its `kind`.
    pub kind: &'o str,
    /// Its namespace. `None` if its kind is cluster-scoped.
    pub namespace: Option<&'o str>,
    /// Whether it was read from a cluster: it has a uid.
    pub is_live: bool,
    /// Its place.
    pub location: &'o Location,
}

impl Object<'_> {
    /// Whether the object is a pod that was read from a cluster.
    #[must_use]
    pub fn is_live_pod(&self) -> bool {
        self.is_live && self.kind == "Pod"
    }

    /// Returns the admission request, as JSON, that would create the object.
    #[must_use]
    pub fn request(&self) -> String {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", self.api_version));
        let kind = json!({"group": group, "version": version, "kind": self.kind});
        let namespace = Value::from(self.namespace.unwrap_or_default());
        let object = self.json;
        format!(r#"{{"uid":"check","kind":{kind},"namespace":{namespace},"operation":"CREATE","object":{object}}}"#)
    }
}
