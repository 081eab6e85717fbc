//! The settings' definition, as what is generated needs it.

use irsa::settings::{Definition, OBJECTS, Shape};
use serde_json::Value;

/// The members of the object at a path, such as `roles[]`; the settings themselves at the empty one.
pub fn members(path: &str) -> &'static [Definition] {
    let (_, members) = OBJECTS.iter().find(|(other, _)| *other == path).unwrap_or_else(|| panic!("no object `{path}`"));
    members
}

/// The path of a member.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A default that is a value, not a description of one.
pub fn default(definition: &Definition) -> Option<Value> {
    let text = definition.default.strip_prefix('`')?.strip_suffix('`')?;
    // The name of another setting is a description, too.
    if members("").iter().any(|other| other.key == text) {
        return None;
    }
    Some(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// A value that is right.
pub fn example(definition: &Definition) -> Value {
    serde_json::from_str(definition.example).unwrap_or_else(|error| panic!("{}: {error}", definition.key))
}

/// What a setting does, as a sentence; and in brackets the shape of its value, where its type does not say that already.
pub fn description(definition: &Definition) -> String {
    let Definition { meaning, shape, .. } = definition;
    let expected = shape.expected();
    match shape {
        Shape::Text { .. } | Shape::Lifetime => {
            // An example says as much as the name of the thing that it is one of.
            let shape = expected.split_once(", such as ").map(|(_, example)| format!("such as {example}"));
            sentence(&format!("{meaning} ({})", shape.as_deref().unwrap_or(&expected)))
        }
        _ => sentence(meaning),
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

#[test]
fn every_example_and_every_default_is_right() {
    for definition in members("") {
        for value in [Some(example(definition)), default(definition)].into_iter().flatten() {
            let settings = serde_json::json!({ definition.key: value }).to_string();
            irsa::Settings::parse(&settings).unwrap_or_else(|error| panic!("{settings}: {error}"));
        }
    }
}
