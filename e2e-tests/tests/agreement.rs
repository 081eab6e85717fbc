//! Tests that the built Wasm module and the same code, called as Rust functions, give the same answer, byte for byte.
//! The requests come from a real API server. Values and bytes in the requests are changed at random.

mod support;

use policy_host::cluster::Cluster;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use support::{InMemory, Module, Subject};

/// A random change of a request.
#[derive(Clone, Debug)]
enum Change {
    /// Replaces a value with this value.
    Value(Index, Value),
    /// Removes a member or an element.
    Gone(Index),
    /// Replaces a byte. The request may become invalid JSON.
    Byte(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let values = vec![
        json!(null),
        json!(""),
        json!("aws-iam-token"),
        json!("AWS_ROLE_ARN"),
        json!("../x"),
        json!("arn:aws:iam::111122223333:role/app"),
        json!("/var/run/secrets/eks.amazonaws.com/serviceaccount"),
        json!(true),
        json!(599),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        4 => (any::<Index>(), prop::sample::select(values)).prop_map(|(place, value)| Change::Value(place, value)),
        2 => any::<Index>().prop_map(Change::Gone),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
    ]
}

/// Collects the JSON pointers of all values.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                places(member, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                places(element, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn changed(request: &Value, changes: &[Change]) -> String {
    let mut request = request.clone();
    let mut bytes = Vec::new();
    for change in changes {
        let mut found = Vec::new();
        places(&request, "", &mut found);
        match change {
            Change::Value(place, value) => *request.pointer_mut(place.get::<String>(&found)).unwrap() = value.clone(),
            Change::Gone(place) => {
                // The root value can't be removed.
                let Some((parent, key)) = place.get::<String>(&found).rsplit_once('/') else { continue };
                match request.pointer_mut(parent) {
                    Some(Value::Object(members)) => drop(members.remove(&key.replace("~1", "/").replace("~0", "~"))),
                    Some(Value::Array(elements)) => drop(elements.remove(key.parse().unwrap())),
                    _ => {}
                }
            }
            Change::Byte(place, byte) => bytes.push((*place, *byte)),
        }
    }
    let mut text = request.to_string().into_bytes();
    for (place, byte) in bytes {
        let length = text.len();
        text[place.index(length)] = byte;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A file of golden cases: the settings, the objects of the cluster, and the requests.
struct Golden {
    settings: Value,
    objects: Vec<Value>,
    requests: Vec<Value>,
}

fn golden() -> Vec<Golden> {
    let files = support::files("golden", "jsonl");
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let head = lines.next().unwrap();
        Golden {
            settings: head["settings"].clone(),
            objects: ["serviceAccounts", "configMaps"]
                .iter()
                .flat_map(|key| head[key].as_array().unwrap().clone())
                .collect(),
            requests: lines.map(|case| case["request"].clone()).collect(),
        }
    };
    files.iter().map(read).collect()
}

#[test]
fn the_module_answers_as_the_rust_code_does() {
    let golden = golden();
    let module = Module::load();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let strategy = (any::<Index>(), any::<Index>(), prop::collection::vec(change(), 0..4));
    runner
        .run(&strategy, |(file, request, changes)| {
            let golden = file.get(&golden);
            let request = changed(request.get(&golden.requests), &changes);
            let payload = format!("{{\"request\":{request},\"settings\":{}}}", golden.settings);
            let cluster = Cluster::new(golden.objects.clone());
            let ours = InMemory.validate(&payload, &cluster).unwrap();
            let modules = module.validate(&payload, &cluster).unwrap();
            prop_assert_eq!(ours.raw, modules.raw);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
