//! Generates `artifacthub-pkg.yml` from `metadata.yml` and `questions-ui.yml`, as `kwctl scaffold artifacthub` does.
//!
//! Source: policy-evaluator's `policy_artifacthub.rs`, 1.36.

use policy_host::metadata::Metadata;
use serde_json::{Value, json};

use crate::form::form;
use crate::{check_file, read};

const FILE: &str = "artifacthub-pkg.yml";
const HEAD: &str = "# Kubewarden Artifacthub Package config
#
# Use this config to submit the policy to https://artifacthub.io.
#
# This config can be saved to its default location with:
#   kwctl scaffold artifacthub > artifacthub-pkg.yml
";

#[test]
fn keeps_the_listing_up_to_date() {
    let metadata = Metadata::from_yaml(&read("metadata.yml")).unwrap();
    let current: Value = yaml_serde::from_str(&read(FILE)).unwrap();
    let package = package(&metadata, &current["createdAt"], &form());
    check_file(FILE, &format!("{HEAD}{}", policy_host::yaml::to_string(&package).unwrap()));
}

/// `created_at` is the time of the version, which no other file contains.
fn package(metadata: &Metadata, created_at: &Value, questions: &str) -> Value {
    let annotation = |name: &str| metadata.annotations[name].as_str();
    let version = annotation("io.kubewarden.policy.version");
    let source = annotation("io.kubewarden.policy.source");
    let image = format!("{}:v{version}", annotation("io.kubewarden.policy.ociUrl"));
    let keywords: Vec<&str> = annotation("io.artifacthub.keywords").split(',').map(str::trim).collect();
    let (name, email) = annotation("io.kubewarden.policy.author").split_once(" <").unwrap();
    let install = format!(
        "The policy can be obtained using [kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n\
         ```console\nkwctl pull {image}\n```\n\
         Then, generate the policy manifest and tune it to your liking. For example:\n\
         ```console\nkwctl scaffold manifest -t ClusterAdmissionPolicy registry://{image}\n```\n"
    );
    json!({
        "version": version,
        "name": annotation("io.kubewarden.policy.title"),
        "displayName": annotation("io.artifacthub.displayName"),
        "createdAt": created_at,
        "description": annotation("io.kubewarden.policy.description"),
        "license": annotation("io.kubewarden.policy.license"),
        "homeURL": annotation("io.kubewarden.policy.url"),
        "containersImages": [{"name": "policy", "image": image}],
        "keywords": keywords,
        "links": [
            {"name": "policy", "url": format!("{source}/releases/download/v{version}/policy.wasm")},
            {"name": "source", "url": source},
        ],
        "install": install,
        "maintainers": [{"name": name, "email": email.trim_end_matches('>')}],
        "provider": {"name": "kubewarden"},
        "recommendations": [{"url": "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller"}],
        "annotations": {
            "kubewarden/contextAwareResources": yaml_serde::to_string(&metadata.context_aware_resources).unwrap(),
            "kubewarden/mutation": metadata.mutating.to_string(),
            "kubewarden/questions-ui": questions,
            "kubewarden/resources": annotation("io.artifacthub.resources"),
            "kubewarden/rules": yaml_serde::to_string(&metadata.rules).unwrap(),
        },
    })
}

/// The versions in all files that contain one.
#[test]
fn every_file_names_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    let metadata = Metadata::from_yaml(&read("metadata.yml")).unwrap();
    assert_eq!(metadata.annotations["io.kubewarden.policy.version"], version);
    let module = format!("registry://{}:v{version}\n", metadata.annotations["io.kubewarden.policy.ociUrl"]);
    let policy = read("policy.yaml");
    assert_eq!(policy.matches("  module: ").count(), policy.matches(&format!("  module: {module}")).count());
}
