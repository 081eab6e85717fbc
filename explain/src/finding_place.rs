//! Finds the field that a finding is about: converts the policy's [`Place`] into a JSON pointer.

use irsa::{ItemKind, Place};
use serde_json::Value;

use crate::pointer::child;

/// Returns the JSON pointer of the field in its object. If the field is missing, returns the pointer of the nearest
/// enclosing value that exists.
#[must_use]
pub fn pointer(place: &Place, object: &Value) -> String {
    let mut pointer = place.template.as_deref().map(path_pointer).unwrap_or_default();
    if let Some(name) = &place.container {
        return container(&pointer, name, place, object)
            .unwrap_or_else(|| existing(&format!("{pointer}/spec"), object));
    }
    let found = match place.kind {
        ItemKind::Annotation => child(&format!("{pointer}/metadata/annotations"), &place.name),
        ItemKind::Label => child(&format!("{pointer}/metadata/labels"), &place.name),
        ItemKind::Volume => {
            let volumes = format!("{pointer}/spec/volumes");
            element(&volumes, "name", &place.name, object).unwrap_or(volumes)
        }
        ItemKind::ServiceAccountName => {
            let field = |name| format!("{pointer}/spec/{name}");
            let is_set =
                |name| object.pointer(&field(name)).and_then(Value::as_str).is_some_and(|name| !name.is_empty());
            // The deprecated `serviceAccount` is used only if `serviceAccountName` is missing.
            let is_deprecated = !is_set("serviceAccountName") && is_set("serviceAccount");
            field(if is_deprecated { "serviceAccount" } else { "serviceAccountName" })
        }
        ItemKind::Entry => format!("{pointer}/data/config"),
        ItemKind::Whole | ItemKind::Variable | ItemKind::Mount => {
            if place.template.is_some() {
                pointer.push_str("/spec");
            }
            pointer
        }
    };
    existing(&found, object)
}

/// Converts a path in a message of the policy, such as `spec.containers[0].env`, into a JSON pointer.
#[must_use]
pub fn path_pointer(path: &str) -> String {
    let mut pointer = String::new();
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let (key, indices) = segment.split_once('[').unwrap_or((segment, ""));
        pointer = child(&pointer, key);
        for index in indices.split('[').filter(|index| !index.is_empty()) {
            pointer.push('/');
            pointer.push_str(index.trim_end_matches(']'));
        }
    }
    pointer
}

/// Returns the pointer if the object has a value there, else the pointer of the nearest enclosing value.
#[must_use]
pub fn existing(pointer: &str, object: &Value) -> String {
    let mut pointer = pointer;
    while object.pointer(pointer).is_none() {
        let Some((parent, _)) = pointer.rsplit_once('/') else { return String::new() };
        pointer = parent;
    }
    pointer.to_owned()
}

fn container(template: &str, name: &str, place: &Place, object: &Value) -> Option<String> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let container = lists.iter().find_map(|list| element(&format!("{template}/spec/{list}"), "name", name, object))?;
    let within = match place.kind {
        ItemKind::Variable => element(&format!("{container}/env"), "name", &place.name, object),
        ItemKind::Mount => element(&format!("{container}/volumeMounts"), "mountPath", &place.name, object)
            .or_else(|| element(&format!("{container}/volumeDevices"), "devicePath", &place.name, object)),
        _ => None,
    };
    Some(within.unwrap_or(container))
}

/// Returns the pointer of the array's element whose member `key` is `text`.
fn element(array: &str, key: &str, text: &str, object: &Value) -> Option<String> {
    let elements = object.pointer(array)?.as_array()?;
    let index = elements.iter().position(|element| element.get(key).and_then(Value::as_str) == Some(text))?;
    Some(format!("{array}/{index}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_value_of_a_place() {
        let object = json!({"spec": {"template": {
            "metadata": {"annotations": {"eks.amazonaws.com/token-expiration": "x"}},
            "spec": {
                "serviceAccount": "web",
                "containers": [
                    {"name": "a"},
                    {"name": "b", "env": [{"name": "X"}, {"name": "Y"}], "volumeMounts": [{"mountPath": "/t"}]},
                ],
                "volumes": [{"name": "v"}],
            },
        }}});
        let place = |container: Option<&str>, kind, name: &str| Place {
            template: Some("spec.template".to_owned()),
            container: container.map(str::to_owned),
            kind,
            name: name.to_owned(),
            ..Place::default()
        };
        for (place, expected) in [
            (
                place(None, ItemKind::Annotation, "eks.amazonaws.com/token-expiration"),
                "/metadata/annotations/eks.amazonaws.com~1token-expiration",
            ),
            (place(None, ItemKind::Label, "missing"), "/metadata"),
            (place(None, ItemKind::Volume, "v"), "/spec/volumes/0"),
            (place(None, ItemKind::ServiceAccountName, ""), "/spec/serviceAccount"),
            (place(None, ItemKind::Whole, ""), "/spec"),
            (place(Some("b"), ItemKind::Variable, "Y"), "/spec/containers/1/env/1"),
            (place(Some("b"), ItemKind::Variable, "Z"), "/spec/containers/1"),
            (place(Some("b"), ItemKind::Mount, "/t"), "/spec/containers/1/volumeMounts/0"),
            (place(Some("c"), ItemKind::Whole, ""), "/spec"),
        ] {
            assert_eq!(pointer(&place, &object), format!("/spec/template{expected}"), "{place:?}");
        }
    }

    #[test]
    fn turns_a_path_into_a_pointer() {
        assert_eq!(path_pointer("spec.jobs[12].template"), "/spec/jobs/12/template");
        assert_eq!(path_pointer(""), "");
    }
}
