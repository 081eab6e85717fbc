//! Converts the table of settings to the form that the generated files need. Tests that the settings are read as the
//! table says.

use std::collections::{BTreeMap, BTreeSet};

use irsa::Settings;
use irsa::internals::{Definition, OBJECTS, ValueType};
use serde_json::{Value, json};

/// The members of the object at a path, such as `roles[]`. The empty path is the settings themselves.
pub fn members(path: &str) -> &'static [Definition] {
    let (_, members) = OBJECTS.iter().find(|(other, _)| *other == path).unwrap_or_else(|| panic!("no object `{path}`"));
    members
}

/// Returns the path of the member `key` of the object at `path`.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The default of a setting, as JSON. `None` if the table describes the default in words.
pub fn default(definition: &Definition) -> Option<Value> {
    let text = definition.default.strip_prefix('`')?.strip_suffix('`')?;
    // The name of another setting is a description, not a value.
    if members("").iter().any(|other| other.key == text) {
        return None;
    }
    Some(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// A valid value of a setting: the example in the table.
pub fn example(definition: &Definition) -> Value {
    serde_json::from_str(definition.example).unwrap_or_else(|error| panic!("{}: {error}", definition.key))
}

/// The meaning of a setting, as a sentence. For strings and numbers, the expected value follows in brackets.
pub fn description(definition: &Definition) -> String {
    let Definition { meaning, value, .. } = definition;
    let expected = value.expected();
    match value {
        ValueType::String { .. } | ValueType::Lifetime => {
            // If `expected` contains an example, only the example is shown: `such as …`.
            let example = expected.split_once(", such as ").map(|(_, example)| format!("such as {example}"));
            sentence(&format!("{meaning} ({})", example.as_deref().unwrap_or(&expected)))
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
fn every_example_and_every_default_is_valid() {
    let mut have_defaults = BTreeSet::new();
    for (path, members) in OBJECTS {
        let whole = members.iter().map(|member| (member.key, example(member))).collect();
        parse(&settings_with(path, &whole));
        for definition in members {
            let Some(default) = default(definition) else { continue };
            have_defaults.insert(path);
            let required = members.iter().filter(|member| member.is_required);
            let mut object: BTreeMap<_, _> = required.map(|member| (member.key, example(member))).collect();
            let without = settings_with(path, &object);
            object.insert(definition.key, default);
            let with = settings_with(path, &object);
            assert_eq!(parse(&with), parse(&without), "{with} equals {without}");
        }
    }
    assert_eq!(have_defaults, BTreeSet::from(["", "containerCredentials"]), "these objects have defaults");
}

/// Every key in the table is read, and the error for a wrong value contains the table's description of the expected
/// value. An assertion in the core finds the reverse: a key that is read, but is not in the table. The assertion runs
/// in every test that reads settings.
#[test]
fn every_key_is_read_as_the_table_says() {
    for (path, members) in OBJECTS {
        let whole: BTreeMap<_, _> = members.iter().map(|member| (member.key, example(member))).collect();
        for definition in members {
            let at = join(&path.replace("[]", "[0]"), definition.key);
            let expected = definition.value.expected();

            let mut object = whole.clone();
            object.insert(definition.key, Value::Null);
            assert_eq!(errors(path, &object), [format!("`{at}`: expected {expected}, but got `null`")]);

            object.remove(definition.key);
            let missing = format!("`{at}`: expected {expected}, but the key is missing");
            assert_eq!(errors(path, &object), if definition.is_required { vec![missing] } else { Vec::new() });

            if let ValueType::Array { may_be_empty: false, .. } = definition.value {
                object.insert(definition.key, json!([]));
                assert_eq!(errors(path, &object), [format!("`{at}`: expected {expected}, but got `[]`")]);
            }
            if let ValueType::Array { of, .. } = definition.value {
                object.insert(definition.key, json!([null]));
                let expected = of.expected();
                assert_eq!(errors(path, &object), [format!("`{at}[0]`: expected {expected}, but got `null`")]);
            }
            if let ValueType::Map { keys, of } = definition.value {
                for key in keys {
                    object.insert(definition.key, json!({ *key: null }));
                    let expected = of.expected();
                    assert_eq!(errors(path, &object), [format!("`{at}.{key}`: expected {expected}, but got `null`")]);
                }
            }
        }
        let unknown = BTreeMap::from([("x", json!(1))]).into_iter().chain(whole).collect();
        let at = join(&path.replace("[]", "[0]"), "x");
        let [error] = &*errors(path, &unknown) else { panic!("`{path}`: expected one error") };
        assert!(error.starts_with(&format!("`{at}`: unknown key, did you mean `")), "{error}");
    }
}

/// Returns the errors in settings with `object` at a path.
fn errors(path: &str, object: &BTreeMap<&str, Value>) -> Vec<String> {
    let mut settings: Value = serde_json::from_str(&settings_with(path, object)).unwrap();
    if path == "composeRoleArn" {
        // `region` is set, because `composeRoleArn` otherwise requires a partition.
        settings["region"] = json!("us-east-2");
    }
    let text = settings.to_string();
    let errors = Settings::parse(&text).err().map(|errors| errors.to_string());
    errors.iter().flat_map(|errors| errors.lines()).map(str::to_owned).collect()
}

/// Makes settings with `object` at a path.
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
