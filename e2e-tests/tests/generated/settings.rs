//! The settings' definition, as what is generated needs it.

use std::collections::{BTreeMap, BTreeSet};

use irsa::Settings;
use irsa::settings::{Definition, OBJECTS, Shape};
use serde_json::{Value, json};

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

/// What a setting does, as a sentence; and in brackets the shape of its value, where its type does not say that
/// already.
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
    let mut have_defaults = BTreeSet::new();
    for (path, members) in OBJECTS {
        let whole = members.iter().map(|member| (member.key, example(member))).collect();
        parse(&settings_with(path, &whole));
        for definition in members {
            let Some(default) = default(definition) else { continue };
            have_defaults.insert(path);
            let needed = members.iter().filter(|member| member.is_needed);
            let mut object: BTreeMap<_, _> = needed.map(|member| (member.key, example(member))).collect();
            let without = settings_with(path, &object);
            object.insert(definition.key, default);
            let with = settings_with(path, &object);
            assert_eq!(parse(&with), parse(&without), "{with} says what {without} does");
        }
    }
    assert_eq!(have_defaults, BTreeSet::from(["", "containerCredentials"]), "these objects have defaults");
}

/// Settings in which an object, by its path, is this one.
fn settings_with(path: &str, object: &BTreeMap<&str, Value>) -> String {
    match path.strip_suffix("[]") {
        Some(list) => json!({ list: [object] }),
        None if path.is_empty() => json!(object),
        None => json!({ path: object }),
    }
    .to_string()
}

fn parse(settings: &str) -> Settings<'_> {
    Settings::parse(settings).unwrap_or_else(|error| panic!("{settings}: {error}"))
}
