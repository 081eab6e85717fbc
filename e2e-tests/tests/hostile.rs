//! Tests hostile input: values of the wrong type in every field that the policy reads, escaped and duplicate keys,
//! invalid JSON, and requests that are too deep or very long. Each input has a defined outcome, and an unreadable pod
//! is never accepted.

mod support;

use std::collections::BTreeSet;
use std::fs;

use policy_host::cluster::Cluster;
use policy_host::policy::PolicyResponse;
use serde_json::{Value, json};

use support::{Report, Subject};

const ROLE: &str = "arn:aws:iam::111122223333:role/web";

/// Every field of a pod's request that the policy reads, with its type. `?` accepts any type, because only the presence
/// of the field matters. Init containers are read like containers, so their fields are not repeated.
const PLACES: [(&str, &str); 56] = [
    ("/uid", "string"),
    ("/namespace", "string"),
    ("/operation", "string"),
    ("/subResource", "string"),
    ("/kind", "object"),
    ("/kind/group", "string"),
    ("/kind/version", "string"),
    ("/kind/kind", "string"),
    ("/object", "object"),
    ("/object/metadata", "object"),
    ("/object/metadata/name", "string"),
    ("/object/metadata/namespace", "string"),
    ("/object/metadata/deletionTimestamp", "?"),
    ("/object/metadata/annotations", "object"),
    ("/object/metadata/annotations/example.com~1note", "string"),
    ("/object/metadata/labels", "object"),
    ("/object/metadata/labels/app", "string"),
    ("/object/spec", "object"),
    ("/object/spec/serviceAccountName", "string"),
    ("/object/spec/serviceAccount", "string"),
    ("/object/spec/os", "object"),
    ("/object/spec/os/name", "string"),
    ("/object/spec/nodeSelector", "object"),
    ("/object/spec/nodeSelector/zone", "string"),
    ("/object/spec/volumes", "array"),
    ("/object/spec/volumes/0", "object"),
    ("/object/spec/volumes/0/name", "string"),
    ("/object/spec/volumes/0/projected", "object"),
    ("/object/spec/volumes/0/projected/sources", "array"),
    ("/object/spec/volumes/0/projected/sources/0", "object"),
    ("/object/spec/volumes/0/projected/sources/0/serviceAccountToken", "object"),
    ("/object/spec/volumes/0/projected/sources/0/serviceAccountToken/audience", "string"),
    ("/object/spec/volumes/0/projected/sources/0/serviceAccountToken/path", "string"),
    ("/object/spec/initContainers", "array"),
    ("/object/spec/initContainers/0", "object"),
    ("/object/spec/containers", "array"),
    ("/object/spec/containers/0", "object"),
    ("/object/spec/containers/0/name", "string"),
    ("/object/spec/containers/0/env", "array"),
    ("/object/spec/containers/0/env/0", "object"),
    ("/object/spec/containers/0/env/0/name", "string"),
    ("/object/spec/containers/0/env/0/value", "string"),
    ("/object/spec/containers/0/env/0/valueFrom", "?"),
    ("/object/spec/containers/0/volumeMounts", "array"),
    ("/object/spec/containers/0/volumeMounts/0", "object"),
    ("/object/spec/containers/0/volumeMounts/0/name", "string"),
    ("/object/spec/containers/0/volumeMounts/0/mountPath", "string"),
    ("/object/spec/containers/0/volumeMounts/0/subPath", "string"),
    ("/object/spec/containers/0/volumeMounts/0/subPathExpr", "string"),
    ("/object/spec/containers/0/volumeMounts/0/readOnly", "boolean"),
    ("/object/spec/containers/0/securityContext", "object"),
    ("/object/spec/securityContext", "object"),
    ("/object/spec/containers/0/volumeDevices", "array"),
    ("/object/spec/containers/0/volumeDevices/0", "object"),
    ("/object/spec/containers/0/volumeDevices/0/devicePath", "string"),
    ("/oldObject", "?"),
];

/// Required fields. `null` is a wrong type for them, too.
const REQUIRED: [&str; 10] = [
    "/operation",
    "/namespace",
    "/kind",
    "/kind/kind",
    "/object",
    "/object/spec",
    "/object/spec/volumes/0",
    "/object/spec/volumes/0/projected/sources/0",
    "/object/spec/initContainers/0",
    "/object/spec/containers/0",
];

/// Array elements that can't be `null`.
const REQUIRED_ELEMENTS: [&str; 3] = [
    "/object/spec/containers/0/env/0",
    "/object/spec/containers/0/volumeMounts/0",
    "/object/spec/containers/0/volumeDevices/0",
];

/// A request that contains every field that the policy reads.
fn request() -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "image": "app",
            "env": [{"name": "LOG_LEVEL", "value": "info", "valueFrom": null}],
            "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "", "subPathExpr": "", "readOnly": true}],
            "securityContext": {},
            "volumeDevices": [{"name": "disk", "devicePath": "/dev/xvda"}],
        })
    };
    json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": "team-a",
        "operation": "CREATE",
        "subResource": "",
        "object": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "web-0",
                "namespace": "team-a",
                "deletionTimestamp": null,
                "annotations": {"example.com/note": "kept"},
                "labels": {"app": "web"},
            },
            "spec": {
                "securityContext": {},
                "serviceAccountName": "web",
                "serviceAccount": "web",
                "os": {"name": "linux"},
                "nodeSelector": {"zone": "a"},
                "volumes": [{
                    "name": "api",
                    "projected": {"sources": [{"serviceAccountToken": {"audience": "", "path": "token"}}]},
                }],
                "initContainers": [container("migrate")],
                "containers": [container("web")],
            },
        },
        "oldObject": null,
    })
}

fn cluster() -> Cluster {
    let account = |name: &str, annotations: Value| {
        json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": "team-a", "annotations": annotations},
        })
    };
    Cluster::new(vec![account("web", json!({"eks.amazonaws.com/role-arn": ROLE})), account("default", json!({}))])
}

fn payload(request: &str) -> String {
    format!("{{\"request\":{request},\"settings\":{{}}}}")
}

fn answer(subject: &dyn Subject, request: &str) -> PolicyResponse {
    subject.validate(&payload(request), &cluster()).unwrap_or_else(|error| panic!("{}: {error:#}", subject.name()))
}

/// Whether the policy accepted the pod and injected the role.
fn is_injected(answer: &PolicyResponse) -> bool {
    answer.accepted && answer.mutated_object.as_ref().is_some_and(|object| object.get().contains(ROLE))
}

/// Whether the policy rejected the request because it could not read this path.
fn is_rejected_at(answer: &PolicyResponse, path: &str) -> bool {
    let message = answer.message.as_deref().unwrap_or_default();
    !answer.accepted && answer.code == Some(400) && answer.mutated_object.is_none() && message.contains(path)
}

fn one_of_each_type() -> [(&'static str, Value); 6] {
    [
        ("null", Value::Null),
        ("boolean", json!(true)),
        ("number", json!(1e300)),
        ("string", json!("x")),
        ("array", json!([])),
        ("object", json!({})),
    ]
}

/// The path of a field in messages: `object.spec.containers[0].env`.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/");
        if part.parse::<usize>().is_ok() {
            path.extend(["[", &part, "]"]);
        } else {
            path += if path.is_empty() { "" } else { "." };
            path += &part;
        }
    }
    path
}

#[test]
fn rejects_a_wrong_type_at_every_place_that_is_read() {
    let mut report = Report::default();
    for subject in support::subjects() {
        assert!(
            is_injected(&answer(subject.as_ref(), &request().to_string())),
            "the pod with the right types is injected"
        );
        for (place, expected) in PLACES {
            for (name, value) in one_of_each_type() {
                if name == expected {
                    continue;
                }
                let is_missing = name == "null" && !REQUIRED.contains(&place) && !REQUIRED_ELEMENTS.contains(&place);
                let mut request = request();
                *request.pointer_mut(place).unwrap_or_else(|| panic!("the request has no {place}")) = value;
                let answer = answer(subject.as_ref(), &request.to_string());
                let is_right = is_missing || expected == "?";
                let holds = if is_right { answer.accepted } else { is_rejected_at(&answer, &path_of(place)) };
                let difference = format!("accepted: {}, {:?}: {:?}", answer.accepted, answer.code, answer.message);
                let differences = if holds { vec![] } else { vec![difference] };
                report.add(&format!("{place} is {name} ({})", subject.name()), &differences);
            }
        }
    }
    report.finish();
}

/// `PLACES` contains exactly the fields that the policy reads, apart from fields of type `?`. This test counts a field
/// as read if a value of the wrong type makes the request unreadable. The request contains every
/// field of every golden case, so the test fails if the policy starts to read one of these fields and `PLACES` lacks
/// the field.
#[test]
fn lists_every_place_that_is_read() {
    let request = request_with_every_field();
    let mut pointers = Vec::new();
    collect_pointers(&request, "", &mut pointers);
    let expected: BTreeSet<String> =
        PLACES.iter().filter(|(_, kind)| *kind != "?").map(|(place, _)| (*place).to_owned()).collect();
    // The first subject is the module, unless `POLICY_WASM` is empty. `agreement.rs` compares the module with the Rust
    // code.
    let subject = support::subjects().remove(0);
    assert_ne!(answer(subject.as_ref(), &request.to_string()).code, Some(400), "the request can be read");
    // Every field that is read rejects a number or a string, so one of these two values makes the request unreadable.
    let is_read = |pointer: &&String| {
        [json!(1), json!("x")].into_iter().any(|value| {
            let mut request = request.clone();
            *request.pointer_mut(pointer).unwrap() = value;
            answer(subject.as_ref(), &request.to_string()).code == Some(400)
        })
    };
    let read: BTreeSet<String> = pointers
        .iter()
        .filter(is_read)
        .map(|pointer| pointer.replace("/initContainers/0/", "/containers/0/"))
        .collect();
    assert_eq!(read, expected, "{}", subject.name());
}

/// The request of this file, extended with the fields of all golden cases. Each array has one element with the fields
/// of all elements. Annotations, labels and node selectors stay unchanged, because users choose their keys.
fn request_with_every_field() -> Value {
    let mut merged = request();
    let free_keys = ["/object/metadata/annotations", "/object/metadata/labels", "/object/spec/nodeSelector"];
    for path in support::files("golden", "jsonl") {
        for line in fs::read_to_string(path).unwrap().lines().skip(1) {
            let mut case: Value = serde_json::from_str(line).unwrap();
            for pointer in free_keys {
                if let Some(map) = case["request"].pointer_mut(pointer) {
                    *map = json!({});
                }
            }
            merge(&mut merged, case["request"].take());
        }
    }
    merged
}

/// Adds to `into` the fields of `from` that `into` lacks.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert_with(|| if value.is_array() { json!([]) } else { json!(null) }), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            for value in from {
                match into.first_mut() {
                    Some(first) => merge(first, value),
                    None => into.push(value),
                }
            }
        }
        (into @ Value::Null, from @ (Value::Object(_) | Value::Bool(_) | Value::Number(_))) => *into = from,
        _ => {}
    }
}

/// Collects the JSON pointers of all values inside `value`.
fn collect_pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    let mut add = |path: String, value: &Value| {
        collect_pointers(value, &path, found);
        found.push(path);
    };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                add(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), member);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                add(format!("{path}/{index}"), element);
            }
        }
        _ => {}
    }
}

/// Duplicate keys are detected even if one of the two keys is escaped, or if its value is `null` or empty.
#[test]
fn rejects_duplicate_keys_in_any_spelling() {
    let text = request().to_string();
    let twice = [
        (r#""serviceAccountName":"web""#, r#""serviceAccountName":"web","serviceAccountName":"default""#),
        (r#""serviceAccountName":"web""#, r#""serviceAccountName":"web","serviceAccountNam\u0065":"default""#),
        (r#""serviceAccountName":"web""#, r#""serviceAccountName":null,"serviceAccountName":"web""#),
        (r#""spec":{"#, r#""spec":{},"spec":{"#),
        (r#""env":["#, r#""env":[],"env":["#),
        (r#""env":["#, r#""env":null,"\u0065nv":["#),
        (r#""metadata":{"name":"web-0""#, r#""metadata":null,"metadata":{"name":"web-0""#),
        (r#""operation":"CREATE""#, r#""operation":"CREATE","operation":"DELETE""#),
        (
            r#""kind":{"group":"","version":"v1","kind":"Pod"}"#,
            r#""kind":{"group":"","version":"v1","kind":"Pod","kind":"Node"}"#,
        ),
        (r#""oldObject":null"#, r#""oldObject":null,"object":{}"#),
    ];
    for subject in support::subjects() {
        for (once, twice) in twice {
            assert!(text.contains(once), "{once}");
            let answer = answer(subject.as_ref(), &text.replacen(once, twice, 1));
            assert_eq!((answer.accepted, answer.code), (false, Some(400)), "{twice}: {answer:?}");
            assert!(
                answer.message.as_deref().is_some_and(|message| message.ends_with("but got it twice")),
                "{answer:?}"
            );
        }
    }
}

/// Escaped characters are decoded in keys and in values.
#[test]
fn decodes_escapes() {
    let text = request().to_string();
    let written = [
        (r#""serviceAccountName":"web""#, r#""serviceAccountNam\u0065":"w\u0065b""#),
        (r#""containers":"#, r#""contain\u0065rs":"#),
        (r#""kind":"Pod"}"#, r#""kind":"P\u006fd"}"#),
        (r#""object":{"#, "\"object\" : {"),
    ];
    for subject in support::subjects() {
        for (plain, escaped) in written {
            assert!(text.contains(plain), "{plain}");
            let answer = answer(subject.as_ref(), &text.replacen(plain, escaped, 1));
            assert!(is_injected(&answer), "{escaped}: {answer:?}");
        }
    }
}

/// For Kubernetes' decoder (`sigs.k8s.io/json`), `ServiceAccountName` and `serviceAccountName` are different keys. The
/// API server re-encodes objects of built-in kinds, so admission never sees a key in another letter case. The policy
/// ignores such a key.
#[test]
fn ignores_keys_in_another_letter_case() {
    for subject in support::subjects() {
        let text = request().to_string().replacen(r#""serviceAccountName":"web""#, r#""ServiceAccountName":"web""#, 1);
        // The deprecated field `serviceAccount` still names the account.
        assert!(is_injected(&answer(subject.as_ref(), &text)));
        let text = text.replacen(r#""serviceAccount":"web""#, r#""SERVICEACCOUNT":"web""#, 1);
        let answer = answer(subject.as_ref(), &text);
        assert!(answer.accepted && answer.mutated_object.is_none(), "the pod has the account `default`: {answer:?}");
    }
}

#[test]
fn rejects_invalid_json_and_too_deep_json() {
    let text = request().to_string();
    let note = r#""example.com/note":"kept""#;
    let deep = |depth: usize| format!("\"deep\":{}{},{note}", "[".repeat(depth), "]".repeat(depth));
    let mut broken: Vec<(String, String)> = [
        r#""example.com/note":"\ud83d""#,
        r#""example.com/note":"\ud83d\u0041""#,
        r#""example.com/note":"\udc00""#,
        "\"example.com/note\":\"a\nb\"",
        "\"example.com/note\":\"a\0b\"",
        r#""example.com/note":"\q""#,
        r#""example.com/note":"kept",}"#,
        r#""example.com/note":'kept'"#,
        r#""example.com/note":01"#,
        r#""example.com/note":NaN"#,
        r#""example.com/note":"kept" /* why */"#,
    ]
    .into_iter()
    .map(|broken| (broken.to_owned(), text.replacen(note, broken, 1)))
    .collect();
    broken.push((
        "10,000 nested arrays".to_owned(),
        text.replacen("\"os\":", &format!("\"x\":{},\"os\":", nested_array(10_000)), 1),
    ));
    broken.push(("201 nested arrays".to_owned(), text.replacen(note, &deep(201), 1)));
    broken.push(("a byte order mark".to_owned(), format!("\u{feff}{text}")));
    broken.push(("cut short".to_owned(), text[..text.len() / 2].to_owned()));
    for subject in support::subjects() {
        for (name, text) in &broken {
            let answer = answer(subject.as_ref(), text);
            assert_eq!((answer.accepted, answer.code), (false, Some(400)), "{name}: {answer:?}");
            assert!(answer.mutated_object.is_none(), "{name}");
        }
    }
}

fn nested_array(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Fields that the policy does not read keep every byte, at any length and up to the depth limit.
#[test]
fn keeps_fields_that_it_does_not_read() {
    let huge = "x".repeat(10 << 20);
    let numbers = "[1e999999, -0.0, 123456789012345678901234567890, 1E+2]";
    let text = request().to_string();
    for (name, more) in [
        ("10 MB", format!("\"huge\":\"{huge}\"")),
        ("numbers", format!("\"numbers\":{numbers}")),
        ("150 nested arrays", format!("\"deep\":{}", nested_array(150))),
        ("duplicate keys", "\"x\":{\"a\":1,\"a\":2}".to_owned()),
    ] {
        let text = text.replacen("\"os\":", &format!("{more},\"os\":"), 1);
        for subject in support::subjects() {
            let answer = answer(subject.as_ref(), &text);
            assert!(is_injected(&answer), "{name}");
            assert!(answer.mutated_object.unwrap().get().contains(&more), "{name}: every byte is kept");
        }
    }
}

/// Tests a pod with 1,000 containers, and a pod whose first container has 100,000 variables.
#[test]
fn injects_into_pods_of_any_size() {
    let mut many = request();
    let container = many["object"]["spec"]["containers"][0].clone();
    many["object"]["spec"]["containers"] = (0..1000)
        .map(|index| {
            let mut container = container.clone();
            container["name"] = json!(format!("web-{index}"));
            container
        })
        .collect();
    let mut long = request();
    long["object"]["spec"]["containers"][0]["env"] =
        (0..100_000).map(|index| json!({"name": format!("AWS_{index}"), "value": "x"})).collect();
    for subject in support::subjects() {
        for (request, roles) in [(&many, 1001), (&long, 2)] {
            let answer = answer(subject.as_ref(), &request.to_string());
            assert!(answer.accepted, "{:?}", answer.message);
            assert_eq!(answer.mutated_object.unwrap().get().matches(ROLE).count(), roles);
        }
    }
}

/// The host puts the namespace and the account's name into a URL without escaping them. So the policy must reject names
/// that would change the URL.
#[test]
fn never_looks_up_names_that_change_the_url() {
    for (place, name) in [
        ("/namespace", "../../kube-system"),
        ("/namespace", "team-a/serviceaccounts/web?"),
        ("/namespace", "Team-A"),
        ("/namespace", ""),
        ("/object/spec/serviceAccountName", "../secrets/web"),
        ("/object/spec/serviceAccountName", "web?watch=true"),
        ("/object/spec/serviceAccountName", "web%2f.."),
        ("/object/spec/serviceAccountName", "web\n"),
    ] {
        let mut request = request();
        *request.pointer_mut(place).unwrap() = json!(name);
        for subject in support::subjects() {
            let cluster = cluster();
            let answer = subject.validate(&payload(&request.to_string()), &cluster).unwrap();
            assert_eq!((answer.accepted, answer.code), (false, Some(400)), "{place} is {name:?}: {answer:?}");
            assert_eq!(cluster.lookups(), [], "{place} is {name:?}");
        }
    }
}
