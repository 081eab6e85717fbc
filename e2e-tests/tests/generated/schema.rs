//! Generates the JSON Schemas of the settings and of the chart's values, for editors, `helm` and CI. The version is
//! Draft 7, which YAML editors and `helm` support.

use std::fs;
use std::path::Path;

use irsa::FindingKind;
use irsa::internals::{Definition, ValueType};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::settings::{default, description, example, join, members};
use crate::{check_file, read, support};

const FILE: &str = "docs/settings.schema.json";

#[test]
fn the_schema_matches_the_code() {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://raw.githubusercontent.com/irsa-policy/irsa-policy/main/docs/settings.schema.json",
        "title": "Settings of irsa-policy",
    });
    extend(&mut schema, object(""));
    let text = serde_json::to_string_pretty(&schema).unwrap();
    check_file(FILE, &format!("{text}\n"));
}

const CHART_FILE: &str = "chart/values.schema.json";

/// `helm` checks values against this schema before it renders the chart.
#[test]
fn the_schema_of_the_chart_has_the_settings() {
    let text = serde_json::to_string_pretty(&chart_schema()).unwrap();
    check_file(CHART_FILE, &format!("{text}\n"));
    let schema = jsonschema::draft7::new(&chart_schema()).unwrap();
    let values: Value = yaml_serde::from_str(&read("chart/values.yaml")).unwrap();
    let errors: Vec<String> = schema.iter_errors(&values).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    for wrong in [
        json!({"mode": "audit-only"}),
        json!({"settings": {"regoin": "us-east-2"}}),
        json!({"settings": {"mode": "Validate"}}),
        json!({"policyServer": {"replica": 2}}),
        json!({"module": {"digest": "0123"}}),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

fn chart_schema() -> Value {
    // The chart itself sets `mode`, because one of its policies injects and another policy only checks.
    let mut settings = object("");
    settings["properties"].as_object_mut().unwrap().remove("mode");
    let text = json!({"type": "string"});
    let any_object = json!({"type": "object"});
    let any_list = json!({"type": "array"});
    let names = json!({"type": "array", "items": {"type": "string", "minLength": 1}});
    let labels = json!({"type": "object", "additionalProperties": {"type": "string"}});
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart irsa-policy",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "global": any_object,
            "mode": {"type": "string", "enum": ["inject", "guard", "auditOnly", "strict"]},
            "suspend": {"type": "boolean"},
            "settings": settings,
            "systemSettings": settings,
            "customWorkloadRules": any_list,
            "exemptNamespaces": names,
            "failOpenNamespaces": names,
            "module": closed(&json!({
                "registry": text, "repository": text, "tag": text,
                "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]+)?$"},
            })),
            "policyServer": closed(&json!({
                "name": {"type": "string", "minLength": 1},
                "namespace": text,
                "serviceAccountName": text,
                "create": {"type": "boolean"},
                "image": text,
                "replicas": {"type": "integer", "minimum": 1},
                "minAvailable": {"type": ["integer", "string"]},
                "priorityClassName": text,
                "affinity": any_object,
                "tolerations": any_list,
                "requests": any_object,
                "limits": any_object,
                "env": any_list,
                "imagePullSecret": text,
                "insecureSources": names,
                "sourceAuthorities": any_object,
                "verifySignature": {"type": "boolean"},
            })),
            "rbac": closed(&json!({"create": {"type": "boolean"}})),
            "monitoring": closed(&json!({
                "labels": labels,
                "prometheusRule": closed(&json!({
                    "enabled": {"type": "boolean"},
                    "latencySeconds": {"type": "number", "exclusiveMinimum": 0},
                })),
                "dashboard": closed(&json!({"enabled": {"type": "boolean"}, "labels": labels})),
            })),
        },
    })
}

fn closed(properties: &Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn object(path: &str) -> Value {
    let members = members(path);
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.key.to_owned(), property(path, member))).collect();
    let required: Vec<&str> = members.iter().filter(|member| member.is_required).map(|member| member.key).collect();
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

fn property(path: &str, definition: &Definition) -> Value {
    let mut property = json!({"description": description(definition)});
    extend(&mut property, value(&join(path, definition.key), &definition.value, definition.pattern));
    if let Some(default) = default(definition) {
        property["default"] = default;
    }
    property["examples"] = json!([example(definition)]);
    property
}

/// Makes the schema of a value. `path` is the value's place in the settings.
fn value(path: &str, of: &ValueType, pattern: &str) -> Value {
    match of {
        ValueType::Boolean => json!({"type": "boolean"}),
        ValueType::Lifetime => json!({"type": "integer", "minimum": 600, "maximum": 4_294_967_296_u64}),
        ValueType::OneOf(words) => json!({"type": "string", "enum": words}),
        ValueType::String { .. } if pattern.is_empty() => json!({"type": "string", "minLength": 1}),
        ValueType::String { .. } => json!({"type": "string", "pattern": pattern}),
        ValueType::Array { may_be_empty, of, .. } => {
            let mut list = json!({"type": "array", "items": value(&format!("{path}[]"), of, pattern)});
            if !may_be_empty {
                list["minItems"] = 1.into();
            }
            list
        }
        ValueType::Object => object(path),
        ValueType::Map { keys, of } => {
            let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), action(key, of))).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
    }
}

/// Makes the schema of the action for a finding.
fn action(name: &str, of: &ValueType) -> Value {
    let kind = FindingKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
    let mut action = json!({"description": kind.meaning().trim()});
    extend(&mut action, value("", of, ""));
    action["default"] = format!("{:?}", kind.default_action()).into();
    action
}

fn extend(object: &mut Value, with: Value) {
    let Value::Object(with) = with else { panic!("{with} is not an object") };
    object.as_object_mut().unwrap().extend(with);
}

fn schema() -> Validator {
    jsonschema::draft7::new(&serde_json::from_str(&read(FILE)).unwrap()).unwrap()
}

/// Parses the documents of a YAML file.
fn documents(file: &Path) -> Vec<Value> {
    policy_host::yaml::values(&fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error:#}", file.display()))
}

/// Tests the examples of the settings, and the settings of every case.
#[test]
fn the_schema_accepts_all_settings_that_the_policy_accepts() {
    let schema = schema();
    let mut accepted: Vec<Value> = members("").iter().map(|member| json!({ member.key: example(member) })).collect();
    let mut rejected = 0;
    for file in support::files("cases", "yaml") {
        for case in documents(&file) {
            let settings = case["settings"].clone();
            if case["expect"]["valid"] != false && !settings.is_null() {
                accepted.push(settings);
            } else if !settings.is_null() && !schema.is_valid(&settings) {
                rejected += 1;
            }
        }
    }
    for settings in &accepted {
        let errors: Vec<String> = schema.iter_errors(settings).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{settings}");
    }
    assert!(accepted.len() > 200, "{} settings are accepted", accepted.len());
    assert!(rejected > 0, "the schema rejects none of the settings that the policy rejects");
}

/// Tests errors that an editor should mark.
#[test]
fn the_schema_rejects_common_errors() {
    let schema = schema();
    for settings in [
        json!({"annotationPrefx": "x"}),
        json!({"mode": "mutate"}),
        json!({"tokenExpirationSeconds": 599}),
        json!({"tokenExpirationSeconds": "86400"}),
        json!({"region": "Ohio"}),
        json!({"roles": [{"serviceAccount": "web", "roleArn": "arn:aws:iam::111122223333:role/app"}]}),
        json!({"roles": [{"serviceAccount": "team-a/web"}]}),
        json!({"roles": [{"serviceAccount": "team-a/web", "roleArn": "arn:aws:iam::111122223333:user/app"}]}),
        json!({"allowedRoles": []}),
        json!({"actions": {"missingRoll": "Warn"}}),
        json!({"actions": {"missingRole": "Deny"}}),
    ] {
        assert!(!schema.is_valid(&settings), "{settings}");
        assert!(irsa::Settings::parse(&settings.to_string()).is_err(), "{settings}");
    }
}
