//! Compares the paths of `customWorkloads` with two other implementations of JSONPath. All three must find the same pod
//! templates.

use irsa::GroupVersionKind;
use irsa::Settings;
use irsa::Workload;
use irsa::json::RawStr;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

/// Names of members. One of them needs quotes in a path.
const NAMES: [&str; 3] = ["a", "b", "c.d"];

/// Makes objects and arrays. Every object in them can become a pod template.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => Just(json!({})), 1 => Just(json!(7)), 1 => Just(Value::Null)];
    leaf.prop_recursive(4, 40, 3, |inner| {
        prop_oneof![
            3 => prop::collection::btree_map(select(&NAMES[..]), inner.clone(), 0..4).prop_map(|members| json!(members)),
            2 => prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    })
}

/// Makes paths in every notation that the settings accept. A path without steps leads to the document itself.
fn paths() -> impl Strategy<Value = String> {
    let step = select(vec![".a", ".b", "['c.d']", "[\"a\"]", ".*", "[*]"]);
    prop::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
}

/// Gives most objects a `spec` with a unique name. The others are not pod templates.
fn number(value: &mut Value, next: &mut u32) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| number(element, next)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| number(member, next));
            if *next % 4 != 3 {
                members.insert("spec".to_owned(), json!({"serviceAccountName": format!("n{next}")}));
            }
            *next += 1;
        }
        _ => {}
    }
}

/// Returns the names of the pod templates (the objects with a `spec`), sorted. `None` if a value is neither an object
/// nor `null`.
fn names<'v>(nodes: impl IntoIterator<Item = &'v Value>) -> Option<Vec<String>> {
    let nodes: Vec<&Value> = nodes.into_iter().filter(|node| !node.is_null()).collect();
    if !nodes.iter().all(|node| node.is_object()) {
        return None;
    }
    let specs = nodes.iter().filter_map(|node| node.get("spec"));
    let mut names: Vec<String> = specs.map(|spec| spec["serviceAccountName"].as_str().unwrap().to_owned()).collect();
    names.sort();
    Some(names)
}

fn ours(path: &str, document: &Value) -> Option<Vec<String>> {
    let settings =
        json!({"customWorkloads": [{"apiVersion": "example.com/v1", "kind": "Any", "podTemplates": [path]}]});
    let settings = settings.to_string();
    let settings = Settings::parse(&settings).expect("the path is accepted");
    let plain = RawStr::Plain;
    let kind = GroupVersionKind { group: plain("example.com"), version: plain("v1"), kind: plain("Any") };
    let workload = Workload::of_kind(&kind, &settings).expect("the kind is known");
    let text = document.to_string();
    let templates = workload.templates(&text).ok()?;
    let names = templates.iter().map(|template| {
        let template: Value = serde_json::from_str(template.text).ok()?;
        Some(template.pointer("/spec/serviceAccountName")?.as_str()?.to_owned())
    });
    let mut names: Vec<String> = names.collect::<Option<_>>()?;
    names.sort();
    Some(names)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn finds_the_templates_that_two_json_path_libraries_find(mut document in documents(), path in paths()) {
        number(&mut document, &mut 0);
        let rfc = JsonPath::parse(&path).expect("RFC 9535 allows the path");
        let expected = names(rfc.query(&document).all());
        prop_assert_eq!(ours(&path, &document), expected.clone());
        let other = jsonpath_lib::select(&document, &path).expect("the library supports the path");
        prop_assert_eq!(names(other), expected);
    }
}
