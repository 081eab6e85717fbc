//! Tests the rules for the bases of cases. `cases/README.md` describes the rules.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use support::case_files;

/// Writes the files to a new folder, and resolves `case.yaml` with the bases in the same folder.
fn resolve(files: &[(&str, &str)]) -> Result<Map<String, Value>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    case_files::resolve(&folder.path().join("case.yaml"), folder.path(), &mut BTreeSet::new())
        .map_err(|error| format!("{error:#}"))
}

#[test]
fn takes_the_keys_of_every_base() {
    let keys = resolve(&[
        ("case.yaml", "description: A case.\nbase: [pod, account]\nexpect: {allowed: true}"),
        ("pod.yaml", "description: A pod.\nobject: {kind: Pod}"),
        ("account.yaml", "description: An account.\ncluster: [{kind: ServiceAccount}]"),
    ]);
    let expected = json!({
        "description": "A case.",
        "expect": {"allowed": true},
        "object": {"kind": "Pod"},
        "cluster": [{"kind": "ServiceAccount"}],
    });
    assert_eq!(keys.map(Value::Object), Ok(expected));
}

#[test]
fn replaces_the_whole_value_of_a_base() {
    let keys = resolve(&[
        ("case.yaml", "description: A case.\nbase: named\nsettings: {region: eu-west-1}"),
        ("named.yaml", "description: Named.\nbase: plain\nuid: a"),
        ("plain.yaml", "description: Plain.\nsettings: {region: us-east-2, mode: Validate}\nuid: b"),
    ]);
    let expected = json!({"description": "A case.", "settings": {"region": "eu-west-1"}, "uid": "a"});
    assert_eq!(keys.map(Value::Object), Ok(expected));
}

#[test]
fn rejects_a_base_that_does_not_exist() {
    let error = resolve(&[("case.yaml", "description: A case.\nbase: pods")]).unwrap_err();
    assert!(error.contains("there is no base `pods`"), "{error}");
}

#[test]
fn rejects_bases_that_refer_to_themselves() {
    let error = resolve(&[
        ("case.yaml", "description: A case.\nbase: one"),
        ("one.yaml", "description: One.\nbase: two"),
        ("two.yaml", "description: Two.\nbase: one"),
    ])
    .unwrap_err();
    assert!(error.contains("the bases refer to themselves: one -> two -> one"), "{error}");
}

#[test]
fn rejects_two_bases_that_define_the_same_key() {
    let error = resolve(&[
        ("case.yaml", "description: A case.\nbase: [one, two]\nobject: {}"),
        ("one.yaml", "description: One.\nobject: {}"),
        ("two.yaml", "description: Two.\nobject: {}"),
    ])
    .unwrap_err();
    assert!(error.contains("`object` comes from two bases"), "{error}");
}

#[test]
fn rejects_a_base_with_an_expectation_or_without_a_description() {
    for (base, message) in [("description: One.\nexpect: {allowed: true}", "`expect`"), ("object: {}", "`description`")]
    {
        let error = resolve(&[("case.yaml", "description: A case.\nbase: one"), ("one.yaml", base)]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn every_base_is_used_by_a_case() {
    let mut used = BTreeSet::new();
    for path in case_files::paths() {
        case_files::resolve(&path, &case_files::bases(), &mut used)
            .unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
    }
    let name = |path: &Path| path.strip_prefix(case_files::bases()).unwrap().with_extension("").display().to_string();
    let existing: BTreeSet<String> = support::files("cases/base", "yaml").iter().map(|path| name(path)).collect();
    assert_eq!(used, existing);
}
