//! Generates `artifacthub-pkg.yml`. The file is the output of `kwctl scaffold artifacthub` for `metadata.yml` and
//! `questions-ui.yml`, except for `install`: kwctl's text recommends `kwctl scaffold manifest`, which does not write
//! the `ClusterRole` that the policy needs.
//!
//! Source: policy-evaluator's `policy_artifacthub.rs`, 1.36.

use policy_host::metadata::Metadata;
use serde_json::{Value, json};

use crate::form::form;
use crate::{check_file, read};

const FILE: &str = "artifacthub-pkg.yml";
const HEAD: &str =
    "# The listing on https://artifacthub.io. `make docs` writes it from metadata.yml and questions-ui.yml, like
# `kwctl scaffold artifacthub`, but with our own `install`.
";

/// The commands that install a version. `docs/install.md` has the same commands.
fn install(version: &str, source: &str) -> String {
    let raw = source.replace("https://github.com/", "https://raw.githubusercontent.com/");
    format!(
        "On a cluster with [Kubewarden](https://docs.kubewarden.io/quick-start):\n\
         ```console\n\
         kubectl apply -f {raw}/v{version}/policy.yaml\n\
         ```\n\
         This applies four policies and the ClusterRole that lets the policy server read service accounts. \
         On EKS, where AWS runs its own webhook, apply this instead:\n\
         ```console\n\
         kubectl apply -k '{source}//kustomize/eks-guard?ref=v{version}'\n\
         ```\n\
         Or use the Helm chart:\n\
         ```console\n\
         helm install irsa-policy oci://ghcr.io/irsa-policy/charts/irsa-policy --version {version} \
         --namespace kubewarden\n\
         ```\n\
         [The guide]({source}/blob/v{version}/docs/install.md) says which namespaces to exempt, and how to try \
         the policy without refusing anything.\n\n\
         `kwctl scaffold manifest` is not enough: it writes a single policy, without the ClusterRole, so every pod \
         would be refused.\n"
    )
}

#[test]
fn keeps_the_listing_up_to_date() {
    let metadata = Metadata::from_yaml(&read("metadata.yml")).unwrap();
    let current: Value = yaml_serde::from_str(&read(FILE)).unwrap();
    let package = package(&metadata, &current["createdAt"], &form());
    check_file(FILE, &format!("{HEAD}{}", policy_host::yaml::to_string(&package).unwrap()));
}

/// Makes the listing. `created_at` is the time of the release, which no other file contains.
fn package(metadata: &Metadata, created_at: &Value, questions: &str) -> Value {
    let annotation = |name: &str| metadata.annotations[name].as_str();
    let version = annotation("io.kubewarden.policy.version");
    let source = annotation("io.kubewarden.policy.source");
    let image = format!("{}:v{version}", annotation("io.kubewarden.policy.ociUrl"));
    let keywords: Vec<&str> = annotation("io.artifacthub.keywords").split(',').map(str::trim).collect();
    let (name, email) = annotation("io.kubewarden.policy.author").split_once(" <").unwrap();
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
        "install": install(version, source),
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

#[test]
fn every_file_with_the_policys_version_has_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    let metadata = Metadata::from_yaml(&read("metadata.yml")).unwrap();
    assert_eq!(metadata.annotations["io.kubewarden.policy.version"], version);
    let module = format!("registry://{}:v{version}\n", metadata.annotations["io.kubewarden.policy.ociUrl"]);
    let policy = read("policy.yaml");
    assert_eq!(policy.matches("  module: ").count(), policy.matches(&format!("  module: {module}")).count());
    let chart: Value = yaml_serde::from_str(&read("chart/Chart.yaml")).unwrap();
    assert_eq!((&chart["version"], &chart["appVersion"]), (&json!(version), &json!(version)));
    let action: Value = yaml_serde::from_str(&read("action.yml")).unwrap();
    assert_eq!(action["inputs"]["version"]["default"], format!("v{version}"));
    let hooks: Value = yaml_serde::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(hooks[1]["entry"], format!("ghcr.io/irsa-policy/irsa:v{version} check"));
}
