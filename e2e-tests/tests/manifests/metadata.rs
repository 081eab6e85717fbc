//! Tests metadata.yml, and the module that contains it.

use std::fs;

use policy_host::metadata::{Metadata, Rule};

use crate::support::{in_repository, policy_path};
use crate::{manifest, read};

const SECTION: &str = "io.kubewarden.metadata";

fn metadata() -> Metadata {
    Metadata::from_yaml(&read(&in_repository("metadata.yml"))).unwrap()
}

/// The metadata and policy.yaml must have the same rules, because Artifact Hub shows the rules of the metadata, and
/// `kwctl scaffold manifest` copies these rules.
#[test]
fn the_manifest_has_the_rules_of_the_metadata() {
    let metadata = metadata();
    let triples = |rules: &[Rule]| {
        let mut triples: Vec<String> = Vec::new();
        for rule in rules {
            for resource in &rule.resources {
                triples.extend(
                    rule.operations.iter().map(|operation| format!("{:?}/{resource} {operation}", rule.api_groups)),
                );
            }
        }
        triples.sort();
        triples.dedup();
        triples
    };
    let rules: Vec<Rule> = manifest().into_iter().flat_map(|policy| policy.spec.rules).collect();
    assert_eq!(triples(&rules), triples(&metadata.rules));
}

/// `timeoutEvalSeconds` exists since Kubewarden 1.29. A policy server compares only the major and minor version, but
/// expects three numbers.
#[test]
fn the_metadata_names_the_oldest_kubewarden_that_has_every_field() {
    let metadata = metadata();
    assert_eq!(metadata.minimum_kubewarden_version.as_deref(), Some("1.29.0"));
}

/// The module's own bytes stay the same, so a module in a registry can be compared with a module built from the
/// sources.
#[test]
fn annotating_appends_one_section_and_changes_nothing_else() {
    let module = fs::read(policy_path()).unwrap();
    let annotate = || metadata().embed(&module, "How to use it.").unwrap();
    let annotated = annotate();
    assert_eq!(annotated, annotate(), "the result depends only on its inputs");

    let (code, section) = annotated.split_at(module.len());
    assert!(code == module, "the bytes of the module stay the same");
    let (id, rest) = section.split_first().unwrap();
    assert_eq!(*id, 0, "a custom section, which a host does not run");
    let (length, body) = leb128(rest);
    assert_eq!(length, body.len(), "no bytes follow the section");
    let (length, body) = leb128(body);
    let (name, json) = body.split_at(length);
    assert_eq!(name, SECTION.as_bytes());
    serde_json::from_slice::<Metadata>(json).unwrap();
}

/// Reads a length in Wasm's variable-length encoding. Returns the length and the bytes after it.
fn leb128(bytes: &[u8]) -> (usize, &[u8]) {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let value = bytes[..end].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, &bytes[end..])
}
