//! Tests the files that are generated from the code's tables: references, the schema of the settings, Rancher's form,
//! Artifact Hub's listing, the base of the kustomizations, and the chart's schema. A test fails if its file is
//! outdated. `make docs` updates all files.

mod artifact_hub;
mod custom_workloads;
mod form;
mod rancher;
mod reference;
mod schema;
mod settings;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use support::in_repository;

/// Whether to update the files, as `make docs` does.
fn is_update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Compares a whole file with its expected text. On update, writes the file.
fn check_file(file: &str, expected: &str) {
    if is_update() {
        fs::write(in_repository(file), expected).unwrap();
    }
    assert_eq!(read(file), expected, "{file} is stale: run `make docs`");
}

/// Compares the text between two markers with the expected text. On update, writes the expected text to the file.
fn check_part(file: &str, marker: &str, expected: &str) {
    let text = read(file);
    let (open, close) = (format!("<!-- {marker} -->\n"), format!("\n<!-- /{marker} -->"));
    let (before, rest) = text.split_once(&open).unwrap_or_else(|| panic!("{file} has no `{open}`"));
    let (current, after) = rest.split_once(&close).unwrap_or_else(|| panic!("{file} has no `{close}`"));
    if is_update() {
        fs::write(in_repository(file), format!("{before}{open}{expected}{close}{after}")).unwrap();
        return;
    }
    assert_eq!(current, expected, "{file} is stale: run `make docs`");
}

fn read(file: &str) -> String {
    fs::read_to_string(in_repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The kustomizations use a copy of policy.yaml, because kubectl does not read files outside a kustomization's folder.
#[test]
fn the_kustomizations_build_on_the_manifest() {
    let head = "# A copy of ../../policy.yaml, because a kustomization can't read it there. `make docs` writes it.\n";
    check_file("kustomize/base/policy.yaml", &format!("{head}{}", read("policy.yaml")));
}
