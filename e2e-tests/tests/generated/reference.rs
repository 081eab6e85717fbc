//! Generates the tables in docs/settings.md, docs/findings.md and docs/explain.md.

use irsa::FindingKind;
use irsa::internals::{Definition, OBJECTS};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::StepKind;
use irsa_explain::sdk::SDKS;

use crate::{check_part, read};

#[test]
fn the_settings_reference_matches_the_code() {
    let tables = OBJECTS.map(|(path, members)| {
        let rows = members.iter().map(row);
        let table = table("| key | value | default | example | what it does |\n|---|---|---|---|---|", rows);
        if path.is_empty() { table } else { format!("### `{path}`\n\n{table}") }
    });
    check_part("docs/settings.md", "settings", &tables.join("\n\n"));
}

fn row(definition: &Definition) -> String {
    let Definition { key, is_required, value, default, meaning, example, webhook_flags, .. } = definition;
    let default = if *is_required { "required" } else { default };
    let flags = match *webhook_flags {
        "" => String::new(),
        flags => format!(". Replaces the webhook's {flags}"),
    };
    format!("| `{key}` | {} | {default} | `{example}` | {meaning}{flags} |", value.expected())
}

#[test]
fn the_findings_reference_matches_the_code() {
    let rows = FindingKind::ALL.iter().map(|kind| {
        let anchor = kind.name().to_lowercase();
        format!("| [`{}`](#{anchor}) | `{:?}` | {} |", kind.name(), kind.default_action(), kind.meaning().trim())
    });
    check_part("docs/findings.md", "findings", &table("| finding | default | what it says |\n|---|---|---|", rows));
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_finding_is_explained() {
    let text = read("docs/findings.md");
    for kind in FindingKind::ALL {
        let heading = format!("\n### {}\n", kind.name());
        let [_, section] = *text.split(&heading).collect::<Vec<_>>() else {
            panic!("docs/findings.md must have exactly one section `{}`", kind.name());
        };
        let section = section.split("\n### ").next().unwrap_or_default();
        for part in ["**Why it matters:**", "**Fix:**", "**Silence:**"] {
            assert!(section.contains(part), "docs/findings.md: section `{}` has no `{part}`", kind.name());
        }
    }
    assert_eq!(
        text.matches("\n### ").count(),
        FindingKind::ALL.len(),
        "docs/findings.md has a section without a finding"
    );
}

#[test]
fn the_table_of_steps_matches_the_code() {
    let rows = StepKind::ALL
        .iter()
        .enumerate()
        .map(|(index, step)| format!("| {} | `{}` | {} |", index + 1, step.name(), step.meaning().trim()));
    check_part("docs/explain.md", "steps", &table("| | step | what it looks at |\n|---|---|---|", rows));
}

#[test]
fn the_table_of_mistakes_matches_the_code() {
    let rows = Diagnosis::ALL.iter().map(|mistake| format!("| `{}` | {} |", mistake.name(), mistake.meaning().trim()));
    check_part("docs/explain.md", "mistakes", &table("| mistake | what it means |\n|---|---|", rows));
}

#[test]
fn the_table_of_sdks_matches_the_code() {
    let rows = SDKS.iter().map(|sdk| {
        let order: Vec<_> = sdk.order.iter().map(|place| place.words()).collect();
        format!("| [{}]({}) | {} |", sdk.name, sdk.docs, order.join("; "))
    });
    check_part("docs/explain.md", "sdks", &table("| SDK | where it looks, in its order |\n|---|---|", rows));
}
