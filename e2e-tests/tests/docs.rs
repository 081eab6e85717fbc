//! The tables in the docs are made from the code: these tests fail where one is stale. `make docs` writes them anew.

use std::fs;
use std::path::Path;

use irsa::finding::FindingKind;
use irsa::settings::{Definition, OBJECTS};

/// Set by `make docs`.
const UPDATE: &str = "UPDATE_DOCS";

#[test]
fn the_settings_reference_is_that_of_the_code() {
    let [(_, settings), objects @ ..] = &OBJECTS;
    let head = "| key | value | default | what it does | the webhook's flag |\n|---|---|---|---|---|";
    let rows = settings.iter().map(|setting| {
        let Definition { key, shape, default, meaning, webhook_flags, .. } = setting;
        format!("| `{key}` | {} | {default} | {meaning} | {webhook_flags} |", shape.expected())
    });
    let mut text = table(head, rows);
    for (path, members) in objects {
        let head = "| key | value | default | what it is |\n|---|---|---|---|";
        let rows = members.iter().map(|member| {
            let Definition { key, is_needed, shape, default, meaning, .. } = member;
            let default = if *is_needed { "needed" } else { default };
            format!("| `{key}` | {} | {default} | {meaning} |", shape.expected())
        });
        text.extend(["\n\n### `", path, "`\n\n", &table(head, rows)]);
    }
    check("docs/settings.md", "settings", &text);
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_findings_reference_is_that_of_the_code() {
    let rows = FindingKind::ALL.map(|kind| {
        format!(
            "| [`{0}`](#{1}) | `{2:?}` | {3} |",
            kind.name(),
            kind.name().to_lowercase(),
            kind.default_action(),
            kind.meaning().trim()
        )
    });
    let head = "| finding | default | what it says |\n|---|---|---|";
    check("docs/findings.md", "findings", &format!("{head}\n{}", rows.join("\n")));
}

#[test]
fn every_finding_is_explained() {
    let text = read("docs/findings.md");
    for kind in FindingKind::ALL {
        let heading = format!("\n### {}\n", kind.name());
        let [_, section] = *text.split(&heading).collect::<Vec<_>>() else {
            panic!("docs/findings.md has no section `{}`, or two", kind.name());
        };
        let section = section.split("\n### ").next().unwrap_or_default();
        for part in ["**Why it matters:**", "**Fix:**", "**Silence:**"] {
            assert!(section.contains(part), "docs/findings.md: section `{}` has no `{part}`", kind.name());
        }
    }
    assert_eq!(text.matches("\n### ").count(), FindingKind::ALL.len(), "docs/findings.md explains what is no finding");
}

/// Compares what stands between two markers with what should, or writes it there.
fn check(file: &str, marker: &str, expected: &str) {
    let text = read(file);
    let (open, close) = (format!("<!-- {marker} -->\n"), format!("\n<!-- /{marker} -->"));
    let (before, rest) = text.split_once(&open).unwrap_or_else(|| panic!("{file} has no `{open}`"));
    let (current, after) = rest.split_once(&close).unwrap_or_else(|| panic!("{file} has no `{close}`"));
    if std::env::var_os(UPDATE).is_some() {
        fs::write(path(file), format!("{before}{open}{expected}{close}{after}")).unwrap();
        return;
    }
    assert_eq!(current, expected, "{file} is stale: run `make docs`");
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn path(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}
