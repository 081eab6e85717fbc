//! Finds the objects in a document. A `List`, as printed by `kubectl get`, is split into its items.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A document, or an item of a List: a Kubernetes object, or any other value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<'t> {
    /// The object as JSON.
    pub json: Cow<'t, str>,
    /// The JSON pointer from the document to the object: empty, or for example `/items/0`.
    pub pointer: String,
}

/// The part of a document that shows whether the document is a List.
#[derive(Deserialize)]
struct List<'j> {
    kind: Cow<'j, str>,
    #[serde(borrow)]
    items: Vec<&'j RawValue>,
}

/// Returns the objects in a JSON document: the document itself, or the items of a `List`, byte for byte. Lists in a
/// List are split too.
///
/// A List is an object whose `kind` ends with `List` and that has an array `items`.
#[must_use]
pub fn list_items(json: &str) -> Vec<Object<'_>> {
    let mut objects = Vec::new();
    collect(json, String::new(), &mut objects);
    objects
}

fn collect<'j>(json: &'j str, pointer: String, objects: &mut Vec<Object<'j>>) {
    match serde_json::from_str::<List<'j>>(json) {
        Ok(list) if list.kind.ends_with("List") => {
            for (index, item) in list.items.iter().enumerate() {
                collect(item.get(), format!("{pointer}/items/{index}"), objects);
            }
        }
        _ => objects.push(Object { json: json.into(), pointer }),
    }
}
