//! Hostile input: values of the wrong type wherever something is read, keys in disguise, keys that are there twice, and texts
//! that are too deep, too long or no JSON. Each has a clear outcome, and none lets a pod through that was not read.

mod support;

use std::fs;

use policy_host::cluster::Cluster;
use policy_host::policy::PolicyResponse;
use serde_json::{Value, json};

use support::{Report, Subject};

const ROLE: &str = "arn:aws:iam::111122223333:role/web";

/// Where something is read in a request for a pod, and of what type it is. `?` stands for any type: only whether it is there
/// counts.
const PLACES: [(&str, &str); 53] = [
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
    ("/object/spec/containers/0/volumeDevices", "array"),
    ("/object/spec/containers/0/volumeDevices/0", "object"),
    ("/object/spec/containers/0/volumeDevices/0/devicePath", "string"),
    ("/oldObject", "?"),
];

/// Places of which the key is the user's own.
const OWN_KEYS: [&str; 3] =
    ["/object/metadata/annotations/example.com~1note", "/object/metadata/labels/app", "/object/spec/nodeSelector/zone"];

/// The modules that read no pod and no request: what the cluster answers, and of another object what is read of a pod's.
const OTHER_READERS: [&str; 4] = ["cluster.rs", "lookups.rs", "role_mapping.rs", "review.rs"];

/// Places that have to be there: `null` is as wrong as another type.
const NEEDED: [&str; 10] = [
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

/// Elements of lists, of which `null` is none either.
const NEEDED_ELEMENTS: [&str; 3] = [
    "/object/spec/containers/0/env/0",
    "/object/spec/containers/0/volumeMounts/0",
    "/object/spec/containers/0/volumeDevices/0",
];

/// A request in which everything that is read is there.
fn request() -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "image": "app",
            "env": [{"name": "LOG_LEVEL", "value": "info", "valueFrom": null}],
            "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "", "subPathExpr": ""}],
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

/// Whether the pod was read and given its role.
fn is_injected(answer: &PolicyResponse) -> bool {
    answer.accepted && answer.mutated_object.as_ref().is_some_and(|object| object.get().contains(ROLE))
}

/// Whether the request was refused because it cannot be read, at this place.
fn is_refused_at(answer: &PolicyResponse, path: &str) -> bool {
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

/// The path of a place, as messages name it: `object.spec.containers[0].env`.
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
fn refuses_a_wrong_type_wherever_something_is_read() {
    let mut report = Report::default();
    for subject in support::subjects() {
        assert!(is_injected(&answer(subject.as_ref(), &request().to_string())), "what is right is injected into");
        for (place, expected) in PLACES {
            for (name, value) in one_of_each_type() {
                if name == expected {
                    continue;
                }
                let is_missing = name == "null" && !NEEDED.contains(&place) && !NEEDED_ELEMENTS.contains(&place);
                let mut request = request();
                *request.pointer_mut(place).unwrap_or_else(|| panic!("the request has no {place}")) = value;
                let answer = answer(subject.as_ref(), &request.to_string());
                let is_right = is_missing || expected == "?";
                let holds = if is_right { answer.accepted } else { is_refused_at(&answer, &path_of(place)) };
                let difference = format!("accepted: {}, {:?}: {:?}", answer.accepted, answer.code, answer.message);
                let differences = if holds { vec![] } else { vec![difference] };
                report.add(&format!("{place} is {name}, through {}", subject.name()), &differences);
            }
        }
    }
    report.finish();
}

/// Each key that is read stands among the places, as often as a reader matches it. Of a reader that is called in two places,
/// one of them is enough.
#[test]
fn knows_every_place_where_something_is_read() {
    let mut read = Vec::new();
    for file in support::files("../irsa/src", "rs") {
        if OTHER_READERS.iter().any(|other| file.ends_with(other)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let arms = source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "));
        let arms = arms.filter(|(_, what)| what.contains(".read(reader, "));
        read.extend(arms.flat_map(|(keys, _)| keys.split("\" | \"")).map(str::to_owned));
    }
    read.sort();
    let places = PLACES.iter().map(|(place, _)| *place).filter(|place| !OWN_KEYS.contains(place));
    let keys = places.filter_map(|place| place.rsplit('/').next()).filter(|key| key.parse::<usize>().is_err());
    let mut keys: Vec<_> = keys.map(str::to_owned).collect();
    keys.sort();
    assert_eq!(keys, read);
}

/// Keys that are there twice, and what hides that from who compares texts.
#[test]
fn refuses_what_is_there_twice_in_any_disguise() {
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

/// Escapes mean the same as what they stand for, in keys and in values.
#[test]
fn reads_through_escapes() {
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

/// Kubernetes decodes objects by `sigs.k8s.io/json`, for which `ServiceAccountName` is another key than `serviceAccountName`,
/// and writes those of built-in kinds anew before anyone is asked. So a key in another letter case is one that is not known.
#[test]
fn takes_keys_of_another_letter_case_as_unknown() {
    for subject in support::subjects() {
        let text = request().to_string().replacen(r#""serviceAccountName":"web""#, r#""ServiceAccountName":"web""#, 1);
        // The deprecated `serviceAccount` is still there.
        assert!(is_injected(&answer(subject.as_ref(), &text)));
        let text = text.replacen(r#""serviceAccount":"web""#, r#""SERVICEACCOUNT":"web""#, 1);
        let answer = answer(subject.as_ref(), &text);
        assert!(answer.accepted && answer.mutated_object.is_none(), "it is a pod of `default`: {answer:?}");
    }
}

#[test]
fn refuses_what_is_no_json_and_what_is_too_deep() {
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
        "10,000 lists".to_owned(),
        text.replacen("\"os\":", &format!("\"x\":{},\"os\":", deep_list(10_000)), 1),
    ));
    broken.push(("201 lists".to_owned(), text.replacen(note, &deep(201), 1)));
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

fn deep_list(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// What is passed over may be of any depth that is allowed, and any length; numbers keep each digit.
#[test]
fn passes_over_what_it_does_not_read() {
    let huge = "x".repeat(10 << 20);
    let numbers = "[1e999999, -0.0, 123456789012345678901234567890, 1E+2]";
    let text = request().to_string();
    for (name, more) in [
        ("10 MB", format!("\"huge\":\"{huge}\"")),
        ("numbers", format!("\"numbers\":{numbers}")),
        ("150 lists", format!("\"deep\":{}", deep_list(150))),
        ("keys that are there twice", "\"x\":{\"a\":1,\"a\":2}".to_owned()),
    ] {
        let text = text.replacen("\"os\":", &format!("{more},\"os\":"), 1);
        for subject in support::subjects() {
            let answer = answer(subject.as_ref(), &text);
            assert!(is_injected(&answer), "{name}");
            assert!(answer.mutated_object.unwrap().get().contains(&more), "{name} is kept as it is");
        }
    }
}

/// A thousand containers, and a hundred thousand variables.
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

/// The host puts both names into a URL as they are.
#[test]
fn never_asks_for_names_that_lead_elsewhere() {
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
