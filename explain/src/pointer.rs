//! Builds JSON pointers (RFC 6901), and visits objects with their pointers.

use serde_json::{Map, Value};

/// Returns the pointer of a member or an element: `segment` is the key or the index.
#[must_use]
pub fn child(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// Visits the objects of a value with their pointers, outer objects first. If `visit` returns `true`, the values in
/// that object are not visited.
pub fn visit_objects(value: &Value, pointer: &str, visit: &mut dyn FnMut(&Map<String, Value>, &str) -> bool) {
    match value {
        Value::Object(members) => {
            if visit(members, pointer) {
                return;
            }
            for (key, member) in members {
                visit_objects(member, &child(pointer, key), visit);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                visit_objects(element, &child(pointer, &index.to_string()), visit);
            }
        }
        _ => {}
    }
}
