//! Compares `irsa check` with admission. The command and the policy's core check each case of `e2e-tests/cases`, and
//! must report the same findings.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa::json::Reader;
use irsa::{Action, Cluster, LookupError, Query, Request, Review, Settings};
use serde_json::{Map, Value, json};

/// Keys of a case that have no counterpart in `irsa check`. A case with such a key is not compared.
const OTHER: [&str; 9] =
    ["host", "cache", "operation", "oldObject", "subResource", "request", "namespace", "objectJson", "uid"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e-tests/cases")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

/// Reads a case, with the keys of its bases.
fn read(path: &Path) -> Map<String, Value> {
    let mut case: Map<String, Value> = yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let bases = match case.remove("base") {
        None => Vec::new(),
        Some(Value::Array(bases)) => bases,
        Some(base) => vec![base],
    };
    for base in bases {
        for (key, value) in read(&folder().join("base").join(format!("{}.yaml", base.as_str().unwrap()))) {
            case.entry(key).or_insert(value);
        }
    }
    case
}

/// Adds fields that Kubernetes requires, so that `irsa check` does not treat the object as a patch.
fn complete(mut object: Value) -> Value {
    let group = object["apiVersion"].as_str().unwrap_or_default().to_owned();
    if group == "apps/v1" && object["spec"].is_object() && object["spec"].get("selector").is_none() {
        object["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
    }
    for pod in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        for list in ["containers", "initContainers"] {
            let containers = object.pointer_mut(&format!("{pod}/{list}")).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
                container.entry("image").or_insert("web".into());
            }
        }
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && !metadata.contains_key("namespace")
    {
        metadata.insert("namespace".to_owned(), "default".into());
    }
    object
}

struct Objects<'o>(&'o [Value]);

impl Cluster for Objects<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let is_it = |object: &&Value| {
            object["kind"] == query.kind
                && object["metadata"]["name"] == query.name
                && object["metadata"]["namespace"] == query.namespace
        };
        match self.0.iter().find(is_it) {
            Some(object) => Ok(object.to_string()),
            None if query.name == "default" && query.kind == "ServiceAccount" => {
                Ok(json!({"metadata": {"namespace": query.namespace, "name": "default"}}).to_string())
            }
            None => Err(LookupError::NotFound),
        }
    }
}

/// Returns the name and the level of each finding that the policy reports when the object is created.
fn admission(object: &Value, objects: &[Value], settings: &Settings<'_>) -> BTreeSet<(String, String)> {
    let api_version = object["apiVersion"].as_str().unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let request = json!({
        "uid": "check",
        "kind": {"group": group, "version": version, "kind": object["kind"]},
        "namespace": object["metadata"]["namespace"],
        "operation": "CREATE",
        "object": object,
    })
    .to_string();
    let request = Request::read(&mut Reader::new(&request)).unwrap();
    let review = Review::new(&request, settings, &mut Objects(objects));
    let mut found: BTreeSet<(String, String)> = review
        .findings
        .iter()
        .map(|finding| {
            let level = if finding.action == Action::Reject { "reject" } else { "warn" };
            (finding.kind.name().to_owned(), level.to_owned())
        })
        .collect();
    if review.rejection.is_some_and(|rejection| rejection.code == 400) {
        found.insert(("unreadableObject".to_owned(), "reject".to_owned()));
    }
    found
}

#[test]
fn finds_what_admission_finds_in_every_case() {
    let mut paths = Vec::new();
    files(&folder(), &mut paths);
    paths.sort();
    let mut compared = 0;
    let mut differences = Vec::new();
    for path in paths.iter().filter(|path| !path.starts_with(folder().join("base"))) {
        let case = read(path);
        let Some(object) = case.get("object") else { continue };
        if OTHER.iter().any(|key| case.contains_key(*key))
            || object["metadata"].get("namespace").is_some_and(Value::is_null)
        {
            continue;
        }
        let mut objects: Vec<Value> = case.get("cluster").and_then(Value::as_array).cloned().unwrap_or_default();
        objects = objects.into_iter().map(complete).collect();
        let object = complete(object.clone());
        // The checked object is also one of the objects that the command and admission can look up.
        objects.push(object);
        let is_valid = |object: &Value| object["apiVersion"].is_string() && object["kind"].is_string();
        if !objects.iter().all(is_valid) {
            continue;
        }
        let mut settings = case.get("settings").cloned().unwrap_or_else(|| json!({}));
        // `irsa check` checks objects of files in mode `Mutate`, the default. So the case's mode is removed.
        if let Some(settings) = settings.as_object_mut() {
            settings.remove("mode");
        }
        let settings = settings.to_string();
        let Ok(parsed) = Settings::parse(&settings) else { continue };
        // Skips cases with an object that has a uid. `irsa check` treats such an object as running, and checks it in
        // mode `Validate`.
        if objects.iter().any(|object| object["metadata"].get("uid").is_some()) {
            continue;
        }
        let expected: BTreeSet<_> = objects.iter().flat_map(|object| admission(object, &objects, &parsed)).collect();

        let folder = tempfile::tempdir().unwrap();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        fs::write(folder.path().join("all.json"), list.to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
            .args(["check", "all.json", "--strict", "--format", "json", "--settings-json", &settings])
            .current_dir(&folder)
            .output()
            .unwrap();
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let findings = report["findings"].as_array().unwrap().iter();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let actual: BTreeSet<_> = findings
            .filter(|finding| finding["level"] != "note")
            .map(|finding| (text(finding, "finding"), text(finding, "level")))
            .collect();
        compared += 1;
        if actual != expected {
            differences.push(format!("{}: expected {expected:?}, but got {actual:?}", path.display()));
        }
    }
    assert!(differences.is_empty(), "{} of {compared} cases:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 200, "only {compared} cases were compared");
}
