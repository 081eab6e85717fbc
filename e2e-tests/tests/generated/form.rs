//! Rancher's form for the settings, `questions-ui.yml`, in the format of Kubewarden's own policies.

use irsa::internals::{Definition, ValueType};
use serde_json::{Value, json};

use crate::settings::{default, description, join, members};
use crate::{check_file, read};

const FILE: &str = "questions-ui.yml";

#[test]
fn the_form_matches_the_code() {
    check_file(FILE, &form());
}

/// The text of the form.
pub fn form() -> String {
    let questions: Vec<Value> = members("").iter().map(|member| question("", "", member)).collect();
    let text = policy_host::yaml::to_string(&json!({ "questions": questions })).unwrap();
    format!("# Rancher's form for the settings. `make docs` writes it, from irsa/src/settings/definition.rs.\n{text}")
}

/// A question about a member of the object at `path`. `variable` is the object's place in the form; in an array, it starts
/// at the element.
fn question(path: &str, variable: &str, definition: &Definition) -> Value {
    let Definition { key, is_required, value, .. } = definition;
    let mut question = json!({
        "variable": join(variable, key),
        "label": label(key),
        "description": description(definition),
        "group": "Settings",
        "required": is_required,
    });
    let path = join(path, key);
    match value {
        ValueType::Boolean => question["type"] = "boolean".into(),
        ValueType::Lifetime => {
            question["type"] = "int".into();
            question["min"] = 600.into();
            question["max"] = 4_294_967_296_u64.into();
        }
        ValueType::OneOf(words) => {
            question["type"] = "enum".into();
            question["options"] = json!(words);
        }
        ValueType::String { .. } => question["type"] = "string".into(),
        ValueType::Array { of: ValueType::Object, .. } => {
            question["type"] = "sequence[".into();
            question["hide_input"] = true.into();
            let path = format!("{path}[]");
            question["sequence_questions"] =
                members(&path).iter().map(|member| self::question(&path, "", member)).collect();
        }
        ValueType::Array { .. } => question["type"] = "array[".into(),
        ValueType::Object => {
            question["type"] = "map[".into();
            question["hide_input"] = true.into();
            let variable = join(variable, key);
            question["subquestions"] =
                members(&path).iter().map(|member| self::question(&path, &variable, member)).collect();
        }
        ValueType::Map { keys, of: ValueType::OneOf(words) } => {
            question["type"] = "map[".into();
            question["hide_input"] = true.into();
            question["subquestions"] = keys.iter().map(|name| action(&join(variable, key), name, words)).collect();
        }
        ValueType::Map { .. } => panic!("`{path}`: the form does not support this type"),
    }
    if let Some(default) = default(definition) {
        question["default"] = default;
    }
    question
}

fn action(variable: &str, name: &str, words: &[&str]) -> Value {
    json!({
        "variable": join(variable, name),
        "label": label(name),
        "group": "Settings",
        "required": false,
        "type": "enum",
        "options": words,
    })
}

/// A key as words: `tokenMountPath` becomes `Token mount path`.
fn label(key: &str) -> String {
    let mut label = String::new();
    for character in key.chars() {
        match character {
            _ if label.is_empty() => label.extend(character.to_uppercase()),
            upper if upper.is_uppercase() => label.extend([' '].into_iter().chain(upper.to_lowercase())),
            other => label.push(other),
        }
    }
    label.replace(" arn", " ARN").replace(" uri", " URI").replace(" sts", " STS").replace(" id", " ID")
}

/// For a form that the user does not change, Rancher writes the defaults into the policy.
#[test]
fn an_unchanged_form_gives_valid_default_settings() {
    let form: Value = yaml_serde::from_str(&read(FILE)).unwrap();
    let questions = form["questions"].as_array().unwrap();
    let settings: serde_json::Map<String, Value> = questions
        .iter()
        .filter_map(|question| Some((question["variable"].as_str()?.to_owned(), question.get("default")?.clone())))
        .collect();
    assert!(settings.len() > 5, "{settings:?}");
    let text = Value::from(settings).to_string();
    let parsed = irsa::Settings::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(parsed, irsa::Settings::default());
}
