//! Generates the entries of docs/custom-workloads.md from docs/custom-workloads.yaml.

use crate::{check_part, read};

#[test]
fn the_custom_workloads_page_matches_the_data() {
    let text = read("docs/custom-workloads.yaml");
    let sections = policy_host::yaml::values(&text).unwrap().remove(0);
    let sections: Vec<String> = sections.as_array().unwrap().iter().map(section).collect();
    check_part("docs/custom-workloads.md", "entries", &sections.join("\n\n"));
}

fn section(product: &serde_json::Value) -> String {
    let name = product["name"].as_str().unwrap();
    let note = product["note"].as_str().map(|note| format!("{note}\n\n")).unwrap_or_default();
    let list = |key: &str| -> String {
        let elements = product[key].as_array().unwrap();
        elements.iter().flat_map(|element| ["  - ".to_owned(), element.to_string(), "\n".to_owned()]).collect()
    };
    let (rules, workloads) = (list("rules"), list("customWorkloads"));
    format!("### {name}\n\n{note}```yaml\nrules:\n{rules}settings:\n  customWorkloads:\n{}```", indent(&workloads))
}

fn indent(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
