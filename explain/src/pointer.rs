//! JSON pointers (RFC 6901).

use serde_json::{Map, Value};

/// The pointer of a member or an element.
#[must_use]
pub fn child(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// Visits the objects of a value from the outside in, with their pointers. What `visit` answers `true` for is not
/// searched further.
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
