//! The tables in the docs are made from the code: these tests fail where one is stale. `make docs` writes them anew.

use std::fs;
use std::path::Path;

use irsa::finding::FindingKind;
use irsa::settings::{Definition, OBJECTS};
use irsa_explain::explanation::StepKind;
use irsa_explain::mistake::Mistake;
use irsa_explain::sdk::SDKS;

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
        assert_eq!(text.matches(&heading).count(), 1, "docs/findings.md has no section `{}`", kind.name());
    }
    assert_eq!(text.matches("\n### ").count(), FindingKind::ALL.len(), "docs/findings.md explains what is no finding");
}

#[test]
fn the_steps_of_an_explanation_are_those_of_the_code() {
    let rows = StepKind::ALL
        .iter()
        .enumerate()
        .map(|(index, step)| format!("| {} | `{}` | {} |", index + 1, step.name(), step.meaning().trim()));
    check("docs/explain.md", "steps", &table("| | step | what it looks at |\n|---|---|---|", rows));
}

#[test]
fn the_mistakes_of_an_explanation_are_those_of_the_code() {
    let rows = Mistake::ALL.iter().map(|mistake| format!("| `{}` | {} |", mistake.name(), mistake.meaning().trim()));
    check("docs/explain.md", "mistakes", &table("| mistake | what it means |\n|---|---|", rows));
}

#[test]
fn the_orders_of_the_sdks_are_those_of_the_code() {
    let rows = SDKS.iter().map(|sdk| {
        let order: Vec<_> = sdk.order.iter().map(|place| place.words()).collect();
        format!("| [{}]({}) | {} |", sdk.name, sdk.docs, order.join("; "))
    });
    check("docs/explain.md", "sdks", &table("| SDK | where it looks, in its order |\n|---|---|", rows));
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
