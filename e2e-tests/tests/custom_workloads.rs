//! Tests the entries of `docs/custom-workloads.yaml`. Each path must lead to the service account in an object of the
//! entry's kind.

mod support;

use std::collections::BTreeSet;
use std::fs;

use policy_host::admission::{self, Overrides, Request};
use policy_host::cluster::Cluster;
use policy_host::settings::Settings;
use serde::Deserialize;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use support::{Report, Subject, in_repository};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Product {
    name: String,
    #[serde(default, rename = "note")]
    _note: String,
    rules: Vec<Rule>,
    custom_workloads: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
    operations: Vec<String>,
}

fn read(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(in_repository(path)).unwrap();
    let [list] = <[Value; 1]>::try_from(policy_host::yaml::values(&text).unwrap()).unwrap();
    serde_json::from_value(list).unwrap()
}

fn products() -> Vec<Product> {
    read("docs/custom-workloads.yaml").into_iter().map(|product| serde_json::from_value(product).unwrap()).collect()
}

fn objects() -> Vec<Value> {
    read("e2e-tests/custom-workloads/objects.yaml").into_iter().filter(|object| object["kind"].is_string()).collect()
}

fn group(api_version: &Value) -> &str {
    api_version.as_str().unwrap().split_once('/').unwrap().0
}

/// Whether an entry applies to the kind of an object. Entries apply to any version.
fn is_about(entry: &Value, object: &Value) -> bool {
    entry["kind"] == object["kind"] && group(&entry["apiVersion"]) == group(&object["apiVersion"])
}

/// A cluster with the account `web`, which has this role.
fn cluster(role: &str) -> Cluster {
    let annotations = json!({"eks.amazonaws.com/role-arn": role});
    let metadata = json!({"name": "web", "namespace": "default", "annotations": annotations});
    Cluster::new(vec![json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})])
}

/// Returns the message of the rejection (empty if the object is accepted), and the warnings.
fn answer(subject: &dyn Subject, settings: &Value, object: &Value, cluster: &Cluster) -> (String, Vec<String>) {
    let settings = Settings::from_json(&settings.to_string()).unwrap();
    let request = Request::wrapping(to_raw_value(object).unwrap(), Overrides::default()).unwrap();
    let response = subject.validate(&admission::payload(&request, &settings), cluster).unwrap();
    (response.message.unwrap_or_default(), response.warnings.unwrap_or_default())
}

#[test]
fn finds_the_account_at_each_path() {
    const KINDS: [(&str, &str); 3] = [
        ("podTemplates", "pod template `"),
        ("podSpecs", "pod spec `"),
        ("serviceAccountNames", "service account name `"),
    ];
    let (mut report, objects) = (Report::default(), objects());
    for subject in support::subjects() {
        for product in products() {
            for entry in &product.custom_workloads {
                for (key, start) in KINDS {
                    for path in entry[key].as_array().into_iter().flatten() {
                        let title = format!("{}: {} {path} ({})", product.name, entry["kind"], subject.name());
                        let only = json!({"apiVersion": entry["apiVersion"], "kind": entry["kind"], key: [path]});
                        let settings = json!({"mode": "Validate", "customWorkloads": [only]});
                        let of_kind = || objects.iter().filter(|object| is_about(entry, object));
                        let is_rejected = of_kind().any(|object| {
                            let (message, _) = answer(&*subject, &settings, object, &cluster("not-an-arn"));
                            message.starts_with(start) && message.ends_with("[invalidRoleArn]")
                        });
                        let is_warned = of_kind().any(|object| {
                            let (message, warnings) = answer(&*subject, &settings, object, &Cluster::new(Vec::new()));
                            let is_about_path = |warning: &String| warning.starts_with(start);
                            message.is_empty()
                                && warnings.iter().any(|warning| warning.ends_with("[missingServiceAccount]"))
                                && warnings.iter().all(is_about_path)
                        });
                        let difference =
                            "the account at this path is not checked in any object of this kind".to_owned();
                        let differences = if is_rejected && is_warned { vec![] } else { vec![difference] };
                        report.add(&title, &differences);
                    }
                }
            }
        }
    }
    report.finish();
}

#[test]
fn accepts_every_object_whose_account_has_a_role() {
    let entries: Vec<Value> = products().into_iter().flat_map(|product| product.custom_workloads).collect();
    let settings = json!({"mode": "Validate", "customWorkloads": entries, "actions": {"missingRole": "Reject"}});
    let cluster = cluster("arn:aws:iam::111122223333:role/web");
    for subject in support::subjects() {
        for object in objects() {
            let answer = answer(&*subject, &settings, &object, &cluster);
            assert_eq!(answer, (String::new(), vec![]), "{} {}", object["apiVersion"], object["kind"]);
        }
    }
}

#[test]
fn has_a_rule_for_each_entry_and_an_entry_for_each_object() {
    let plural = |kind: &Value| {
        let kind = kind.as_str().unwrap().to_lowercase();
        let is_sibilant = ["s", "sh", "ch"].iter().any(|end| kind.ends_with(end));
        if is_sibilant { kind + "es" } else { kind + "s" }
    };
    let products = products();
    for Product { name, rules, custom_workloads, .. } in &products {
        let entries: BTreeSet<(String, String)> = custom_workloads
            .iter()
            .map(|entry| (group(&entry["apiVersion"]).to_owned(), plural(&entry["kind"])))
            .collect();
        let mut resources = BTreeSet::new();
        for rule in rules {
            assert_eq!(
                (&*rule.api_versions, &*rule.operations),
                (&["*".into()][..], &["CREATE".into(), "UPDATE".into()][..])
            );
            for group in &rule.api_groups {
                resources.extend(rule.resources.iter().map(|resource| (group.clone(), resource.clone())));
            }
        }
        assert_eq!(entries, resources, "{name}: the rules match the entries");
    }
    let entries: Vec<&Value> = products.iter().flat_map(|product| &product.custom_workloads).collect();
    for object in objects() {
        assert!(entries.iter().any(|entry| is_about(entry, &object)), "no entry is about {}", object["kind"]);
    }
}
