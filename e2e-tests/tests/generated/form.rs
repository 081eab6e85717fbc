//! Generates `questions-ui.yml`, the form that Rancher shows for the settings.
//!
//! Rancher writes the default of every visible question into the settings, and creates the parent objects of the key.
//! So the default of a nested question would add its parent object to the settings. For this reason, only top-level
//! questions have a default. Source: `components/Questions` and `components/Policies/Create.vue` of
//! rancher/kubewarden-ui, 4.2.1. The module `rancher` imitates these components, and sends the result to the policy.

use irsa::internals::{Definition, ValueType};
use serde_json::{Value, json};

use crate::settings::{default, description, join, members};
use crate::{check_file, read};

const FILE: &str = "questions-ui.yml";

/// The text above the form. Its question has no visible input, so it never gets a value.
const NOTICE: &str = "\
    This form creates only one of the policies, in mode `monitor`, in which nothing is injected. The Helm chart \
    creates all policies, see https://github.com/irsa-policy/irsa-policy/blob/main/docs/install.md. If you use \
    the form: (1) Allow the policy server to read service accounts, or every pod is refused with `lookupFailed`: \
    `kubectl create clusterrole irsa-policy --verb=get --resource=serviceaccounts && kubectl create \
    clusterrolebinding irsa-policy --clusterrole=irsa-policy \
    --serviceaccount=cattle-kubewarden-system:policy-server` (outside Rancher, Kubewarden's namespace is usually \
    `kubewarden`). (2) Exempt the namespaces that the policy server needs to start, such as kube-system. (3) Set \
    the policy's mode to `protect`. The form does not create the policy `irsa-policy-checks`, which checks what \
    other webhooks add after this policy.";

#[test]
fn the_form_matches_the_code() {
    check_file(FILE, &form());
}

/// Makes the text of `questions-ui.yml`.
pub fn form() -> String {
    let mut questions = vec![json!({
        "variable": "notice",
        "label": "Before you start",
        "description": NOTICE,
        "group": "Settings",
        "required": false,
        "type": "string",
        "hide_input": true,
    })];
    for member in members("") {
        match member.value {
            // Rancher keeps only the last of several `enum` questions within a `map[`. So each action is a top-level
            // question.
            ValueType::Map { keys, of: ValueType::OneOf(words) } => {
                questions.extend(keys.iter().map(|name| action(member.key, name, words)));
            }
            _ => questions.push(question("", "", member)),
        }
    }
    let text = policy_host::yaml::to_string(&json!({ "questions": questions })).unwrap();
    format!("# Rancher's form for the settings. `make docs` writes it from irsa/src/settings/definition.rs.\n{text}")
}

/// Reads the questions of `questions-ui.yml`, as Rancher does.
pub fn current() -> Vec<Value> {
    let form: Value = yaml_serde::from_str(&read(FILE)).unwrap();
    form["questions"].as_array().unwrap().clone()
}

/// Makes the question about a member of the object at `path`. `variable` is the object's place in the form. Within an
/// array, `variable` is relative to the array's element.
fn question(path: &str, variable: &str, definition: &Definition) -> Value {
    let Definition { key, is_required, value, .. } = definition;
    let is_at_the_top = path.is_empty();
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
            // Without a default, the button "Add" does nothing. Rancher removes an empty array before it saves.
            question["default"] = json!([]);
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
        ValueType::Map { .. } => panic!("`{path}`: the form does not support this type"),
    }
    if let Some(default) = default(definition) {
        question[if is_at_the_top { "default" } else { "placeholder" }] = default;
    }
    question
}

fn action(variable: &str, name: &str, words: &[&str]) -> Value {
    json!({
        "variable": join(variable, name),
        "label": format!("Action: {}", label(name).to_lowercase()),
        "group": "Settings",
        "required": false,
        "type": "enum",
        "options": words,
    })
}

/// Splits a key into words: `tokenMountPath` becomes `Token mount path`.
fn label(key: &str) -> String {
    let mut label = String::new();
    for character in key.chars() {
        match character {
            _ if label.is_empty() => label.extend(character.to_uppercase()),
            upper if upper.is_uppercase() => label.extend([' '].into_iter().chain(upper.to_lowercase())),
            other => label.push(other),
        }
    }
    label
        .replace("config map", "ConfigMap")
        .replace(" arn", " ARN")
        .replace(" uri", " URI")
        .replace(" sts", " STS")
        .replace(" id", " ID")
}
