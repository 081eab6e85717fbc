//! Imitates how Rancher turns the form into settings. The policy must accept the settings of an untouched form, of a
//! form with one entry in each array, and of a form that sets every action.
//!
//! Source: rancher/kubewarden-ui 4.2.1. The comment of each function names the function of Rancher that it imitates.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::form;
use crate::settings::{example, members};

/// The settings of the policy that is being created.
#[derive(Default)]
struct Form {
    questions: Vec<Value>,
    settings: Value,
}

impl Form {
    /// Opens the form. Each visible question writes its default.
    ///
    /// `Questions/index.vue`, `shownQuestions`: includes sub-questions; `Question.js`, `created`.
    fn open() -> Self {
        let mut form = Self { questions: form::current(), settings: json!({}) };
        for question in form.shown() {
            if let Some(default) = question.get("default")
                && form.get(variable(&question)).is_none()
            {
                form.set(variable(&question), default.clone());
            }
        }
        form
    }

    fn shown(&self) -> Vec<Value> {
        fn add(question: &Value, shown: &mut Vec<Value>) {
            shown.push(question.clone());
            for sub in array(&question["subquestions"]) {
                add(sub, shown);
            }
        }

        let mut shown = Vec::new();
        for question in &self.questions {
            add(question, &mut shown);
        }
        shown
    }

    fn get(&self, variable: &str) -> Option<&Value> {
        variable.split('.').try_fold(&self.settings, |value, key| value.get(key))
    }

    /// `@shell/utils/object`, `set`: creates the parents of a key.
    fn set(&mut self, variable: &str, value: Value) {
        let mut object = &mut self.settings;
        for key in variable.split('.') {
            if object.is_null() {
                *object = json!({});
            }
            object = &mut object[key];
        }
        *object = value;
    }

    /// Selects an option of an enum.
    ///
    /// `Enum.vue`, `update`; `Questions/index.vue`, `enumUpdate`: finds the last question whose variable is a part of
    /// this question's variable. If that question is a `map[`, removes all its properties before it sets the option.
    fn pick(&mut self, question: &Value, option: &Value) {
        let own = variable(question);
        let matching = self.questions.iter().rfind(|other| own.contains(variable(other))).cloned().unwrap();
        if kind(&matching).starts_with("map[") {
            for sub in array(&matching["subquestions"]) {
                let (parents, key) = variable(sub).rsplit_once('.').unwrap();
                if let Some(Value::Object(object)) =
                    self.settings.pointer_mut(&format!("/{}", parents.replace('.', "/")))
                {
                    object.remove(key);
                }
            }
        }
        self.set(own, option.clone());
    }

    /// Presses "Add" in an array. A new entry has the defaults of its questions.
    ///
    /// `Questions/index.vue`, `addSequence`: does nothing if the default is not an array.
    fn add_to_sequence(&mut self, question: &Value) {
        if !question["default"].is_array() {
            return;
        }
        let entry: Map<String, Value> = array(&question["sequence_questions"])
            .iter()
            .filter_map(|sub| Some((variable(sub).to_owned(), sub.get("default")?.clone())))
            .collect();
        if self.get(variable(question)).is_none() {
            self.set(variable(question), json!([]));
        }
        self.set_last(variable(question), Value::Object(entry));
    }

    fn set_last(&mut self, variable: &str, entry: Value) {
        let pointer = format!("/{}", variable.replace('.', "/"));
        self.settings.pointer_mut(&pointer).unwrap().as_array_mut().unwrap().push(entry);
    }

    /// Returns the settings that Rancher saves.
    ///
    /// `Policies/Create.vue`, `finish`, and `edit/policies.kubewarden.io.clusteradmissionpolicy.vue`.
    fn saved(mut self) -> Value {
        remove_empty(&mut self.settings);
        self.settings
    }
}

/// `utils/object.ts`, `removeEmptyAttrs`: does not change elements of arrays.
fn remove_empty(object: &mut Value) {
    let Value::Object(members) = object else { return };
    members.values_mut().for_each(remove_empty);
    members.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    });
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn variable(question: &Value) -> &str {
    question["variable"].as_str().unwrap()
}

fn kind(question: &Value) -> &str {
    question["type"].as_str().unwrap()
}

/// Panics if the policy rejects the settings.
fn accepted(settings: &Value) {
    let text = settings.to_string();
    irsa_policy::check_settings(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
}

/// A valid value of each member of the object at a path.
fn examples(path: &str) -> BTreeMap<&'static str, Value> {
    members(path).iter().map(|member| (member.key, example(member))).collect()
}

#[test]
fn an_untouched_form_gives_the_default_settings() {
    let form = Form::open();
    assert!(form.settings.as_object().unwrap().len() > 5, "the form writes defaults: {}", form.settings);
    let settings = form.saved().to_string();
    accepted(&serde_json::from_str(&settings).unwrap());
    assert_eq!(irsa::Settings::parse(&settings).unwrap(), irsa::Settings::default());
}

#[test]
fn one_entry_of_each_array_gives_valid_settings() {
    let mut form = Form::open();
    let mut added = 0;
    for question in form.shown() {
        let name = variable(&question);
        if kind(&question).starts_with("sequence[") {
            form.add_to_sequence(&question);
            let given = examples(&format!("{name}[]"));
            let entry = form.settings[name].as_array_mut().and_then(|list| list.last_mut());
            let entry = entry.unwrap_or_else(|| panic!("`Add` of `{name}` adds nothing"));
            for sub in array(&question["sequence_questions"]) {
                // An entry of `customWorkloads` needs one of three arrays. A form can't express this rule, so the form
                // requires no array.
                if sub["required"] == true || variable(sub) == "podTemplates" {
                    entry[variable(sub)] = given[variable(sub)].clone();
                }
            }
            added += 1;
        } else if kind(&question).starts_with("array[") {
            let (path, key) = name.rsplit_once('.').unwrap_or(("", name));
            let value = json!([examples(path)[key][0]]);
            form.set(name, value);
            added += 1;
        }
    }
    assert!(added > 4, "the form has arrays");
    accepted(&form.saved());
}

#[test]
fn every_action_can_be_set_in_one_form() {
    let mut form = Form::open();
    let actions: Vec<Value> = form.shown().into_iter().filter(|one| variable(one).starts_with("actions.")).collect();
    assert_eq!(actions.len(), irsa::FindingKind::ALL.len());
    for question in &actions {
        form.pick(question, &json!("Ignore"));
    }
    let settings = form.saved();
    assert_eq!(settings["actions"].as_object().unwrap().len(), actions.len(), "{settings}");
    accepted(&settings);
}

/// Checks that the emulation has the same bugs as Rancher. Without these bugs, the tests above would pass for a form
/// that fails in Rancher.
#[test]
fn the_emulation_has_the_same_bugs_as_rancher() {
    let required = json!([{"variable": "a", "type": "map[", "subquestions": [
        {"variable": "a.b", "type": "string", "default": "x"},
        {"variable": "a.c", "type": "enum", "options": ["y"]},
        {"variable": "a.d", "type": "enum", "options": ["y"]},
    ]}]);
    let mut form = Form { questions: array(&required).to_vec(), settings: json!({}) };
    for question in form.shown() {
        if kind(&question) == "enum" {
            form.pick(&question, &json!("y"));
        }
    }
    assert_eq!(form.saved(), json!({"a": {"d": "y"}}), "only the last enum of a map keeps its value");
    let mut form = Form { questions: Vec::new(), settings: json!({}) };
    form.add_to_sequence(&json!({"variable": "list", "type": "sequence[", "sequence_questions": []}));
    assert_eq!(form.saved(), json!({}), "`Add` does nothing without a default");
}
