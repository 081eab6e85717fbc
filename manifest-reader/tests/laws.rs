//! Property tests: no input makes the reader panic, and each value of a JSON input is found.

use manifest_reader::documents;
use proptest::prelude::*;
use serde_json::Value;

fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "[\\x00-\\x1f\"\\\\]{0,4}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z./~]{0,6}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Adds the JSON pointers of all values to `found`.
fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(index, element)| pointers(element, &format!("{pointer}/{index}"), found));
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn reads_any_text_without_a_panic(text in "(?s).{0,200}") {
        let _ = documents(&text);
    }

    #[test]
    fn reads_anything_that_looks_like_yaml_without_a_panic(text in "[-a:{}\\[\\]&*!|>#'\" \n\t%@,?~<]{0,80}") {
        for document in documents(&text).into_iter().flatten() {
            let json = document.json();
            prop_assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
        }
    }

    #[test]
    fn finds_every_value_of_json(value in json()) {
        let value = serde_json::json!({ "value": value });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let documents = documents(&text);
        let document = documents[0].as_ref().unwrap();
        prop_assert_eq!(document.json(), text.as_str());
        let mut found = Vec::new();
        pointers(&value, "", &mut found);
        for pointer in found {
            let (node, _) = document.root().unwrap().find(&pointer).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&node.to_json()).unwrap(), value.pointer(&pointer).unwrap());
        }
    }
}
