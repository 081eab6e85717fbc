//! Finds the policy's settings in a document: a manifest of the policy, or the values of its Helm chart.

use anyhow::{Result, bail, ensure};
use manifest_reader::{Document, documents};
use serde_json::{Map, Value, json};

/// The name of the policy's module and of the policy's chart.
const POLICY: &str = "irsa-policy";

/// The keys of the chart's `values.yaml`.
const VALUES: [&str; 12] = [
    "mode",
    "suspend",
    "settings",
    "systemSettings",
    "customWorkloadRules",
    "exemptNamespaces",
    "failOpenNamespaces",
    "module",
    "policyServer",
    "rbac",
    "monitoring",
    "global",
];

/// The keys of [`VALUES`] that other charts don't have. Values of this chart without `settings` have one of these keys,
/// or one of the chart's modes.
const DISTINCTIVE: [&str; 4] = ["systemSettings", "customWorkloadRules", "exemptNamespaces", "failOpenNamespaces"];

/// The findings that the chart's mode `strict` rejects.
const STRICT: [&str; 4] = ["missingRole", "optedOut", "foreignToken", "staticCredentials"];

/// The findings that the chart's mode `auditOnly` reports as rejections, besides `notInjected`.
const AUDIT_ONLY: [&str; 6] =
    ["missingRole", "missingServiceAccount", "optedOut", "misspelledAnnotation", "foreignToken", "staticCredentials"];

/// The finding that the chart's modes `guard` and `auditOnly` reject: a pod that did not get its role.
const GUARD: [&str; 1] = ["notInjected"];

/// The kind of document that contains settings, in ascending priority. If the input contains several such documents,
/// the first document of the kind with the highest priority is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Values of the chart.
    Values,
    /// A Kubewarden manifest of the policy without `mutating: true`.
    CheckingPolicy,
    /// A Kubewarden manifest of the policy with `mutating: true`.
    MutatingPolicy,
}

/// Settings in a document.
#[derive(Debug, Clone)]
pub struct PolicySettings {
    /// The settings, as JSON.
    pub json: String,
    /// The JSON pointer from the document to the settings.
    pub pointer: String,
    /// The kind of document that contains the settings.
    pub source: Source,
}

impl PolicySettings {
    /// Returns the settings in a manifest of this policy: a `ClusterAdmissionPolicy` or an `AdmissionPolicy` that runs
    /// the policy's module. `None` for any other object.
    pub fn of_manifest(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let is_policy = text("/apiVersion")?.starts_with("policies.kubewarden.io/")
            && text("/kind")?.ends_with("AdmissionPolicy")
            && module_name(text("/spec/module")?) == POLICY;
        if !is_policy {
            return None;
        }
        let is_mutating = object.pointer("/spec/mutating").and_then(Value::as_bool).unwrap_or_default();
        let source = if is_mutating { Source::MutatingPolicy } else { Source::CheckingPolicy };
        Some(match object.pointer("/spec/settings").filter(|settings| !settings.is_null()) {
            Some(settings) => Self { json: settings.to_string(), pointer: "/spec/settings".to_owned(), source },
            None => Self { json: "{}".to_owned(), pointer: String::new(), source },
        })
    }

    /// Returns the settings in values of the chart: in the chart's own `values.yaml`, or in the values of a chart that
    /// depends on this chart. `None` for any other values.
    pub fn of_values(values: &Value) -> Option<Self> {
        let root = values.as_object()?;
        if root.contains_key("apiVersion") || root.contains_key("kind") {
            return None;
        }
        match root.get(POLICY) {
            Some(of_dependency) => Self::of_own_values(of_dependency.as_object()?, &format!("/{POLICY}")),
            // Values whose only key is `settings` or `mode` may be the values of another chart.
            None if root.len() == 1 && (root.contains_key("settings") || root.contains_key("mode")) => None,
            None => Self::of_own_values(root, ""),
        }
    }

    fn of_own_values(values: &Map<String, Value>, pointer: &str) -> Option<Self> {
        if !values.keys().all(|key| VALUES.contains(&key.as_str())) {
            return None;
        }
        let mode = values.get("mode").and_then(Value::as_str);
        let (injects, rejected): (bool, &[&[&str]]) = match mode {
            None | Some("inject") => (true, &[]),
            Some("strict") => (true, &[&STRICT]),
            Some("guard") => (false, &[&GUARD]),
            Some("auditOnly") => (false, &[&GUARD, &AUDIT_ONLY]),
            Some(_) => return None,
        };
        let (mut settings, pointer) = match values.get("settings").filter(|settings| !settings.is_null()) {
            Some(settings) => (settings.as_object()?.clone(), format!("{pointer}/settings")),
            None if mode.is_some() || DISTINCTIVE.iter().any(|key| values.contains_key(*key)) => {
                (Map::new(), String::new())
            }
            None => return None,
        };
        if !injects {
            settings.insert("mode".to_owned(), json!("Validate"));
        }
        if !rejected.is_empty()
            && let Some(actions) = settings.entry("actions").or_insert_with(|| json!({})).as_object_mut()
        {
            for finding in rejected.iter().copied().flatten() {
                actions.entry(*finding).or_insert_with(|| json!("Reject"));
            }
        }
        let json = Value::Object(settings).to_string();
        Some(Self { json, pointer, source: Source::Values })
    }
}

/// Returns, as JSON, the settings in the text of a settings file: the settings themselves, manifests of the policy, or
/// values of its chart. `None` if the text is empty.
///
/// # Errors
/// Fails if the text can't be read. If no document is a manifest of the policy or values of its chart, also fails if
/// the text contains several documents, or if its only document is another Kubernetes object.
pub fn in_text(text: &str) -> Result<Option<String>> {
    let documents: Vec<Document<'_>> = documents(text).into_iter().collect::<Result<_, _>>()?;
    let objects: Vec<_> = documents.iter().flat_map(Document::objects).collect();
    if let Some(json) = of_objects(objects.iter().map(|object| &*object.json))? {
        return Ok(Some(json));
    }
    ensure!(documents.len() <= 1, "expected the policy's settings, but got {} documents", documents.len());
    let Some(document) = documents.first() else { return Ok(None) };
    let json = document.json().into_owned();
    let value: Value = serde_json::from_str(&json)?;
    // A file that the user names may have only one key of the chart's values.
    if let Some(settings) = value.as_object().and_then(|values| PolicySettings::of_own_values(values, "")) {
        return Ok(Some(settings.json));
    }
    if value.get("apiVersion").is_some() && value.get("kind").is_some() {
        bail!(
            "expected the policy's settings, its manifest or values of its chart, but got a Kubernetes object of another kind"
        );
    }
    Ok(Some(json))
}

/// Returns, as JSON, the settings in objects: in a manifest of the policy, or else in values of its chart. `None` if
/// there is neither.
///
/// # Errors
/// Fails if an object is not JSON.
pub fn of_objects<'o>(objects: impl IntoIterator<Item = &'o str>) -> Result<Option<String>> {
    let mut best: Option<PolicySettings> = None;
    for json in objects {
        let value: Value = serde_json::from_str(json)?;
        let found = PolicySettings::of_manifest(&value).or_else(|| PolicySettings::of_values(&value));
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| found.source > best.source)
        {
            best = Some(found);
        }
    }
    Ok(best.map(|best| best.json))
}

/// Returns the name in a module's address, such as `registry://…/irsa-policy:v1`, `…/irsa-policy@sha256:…` or
/// `file://…/irsa-policy.wasm`.
fn module_name(module: &str) -> &str {
    let file = module.rsplit('/').next().unwrap_or_default();
    file.split([':', '@']).next().unwrap_or_default().trim_end_matches(".wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_in_a_modules_address() {
        for module in [
            "registry://example.com/irsa-policy:v1",
            "registry://example.com/x/irsa-policy@sha256:0a1b",
            "file:///tmp/irsa-policy.wasm",
        ] {
            assert_eq!(module_name(module), "irsa-policy", "{module}");
        }
    }

    /// Compares [`VALUES`] and the findings of each mode with the chart.
    #[test]
    fn follows_the_chart() {
        let values: Value = serde_json::from_str(include_str!("../../chart/values.schema.json")).unwrap();
        let mut keys: Vec<&str> =
            values.pointer("/properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        let mut own = VALUES.to_vec();
        keys.sort_unstable();
        own.sort_unstable();
        assert_eq!(own, keys);
        let helpers = include_str!("../../chart/templates/_helpers.tpl");
        let strict: Vec<String> = STRICT.iter().map(|finding| format!("\"{finding}\" \"Reject\"")).collect();
        assert!(helpers.contains(&format!("$actions = dict {} -", strict.join(" "))));
        assert!(helpers.contains(&format!("$actions = dict \"{}\" \"Reject\" -", GUARD[0])));
        let audit_only: Vec<String> = AUDIT_ONLY.iter().map(|finding| format!("\"{finding}\"")).collect();
        assert!(helpers.contains(&format!("range list {} -", audit_only.join(" "))));
    }

    #[test]
    fn finds_settings_in_each_kind_of_file() {
        let manifest = |mutating: bool, region: &str| {
            format!(
                "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nspec:\n  module: a/irsa-policy:v1\n  mutating: {mutating}\n  settings: {{region: {region}}}\n"
            )
        };
        for (text, expected) in [
            ("region: us-east-2", Some(r#"{"region":"us-east-2"}"#)),
            ("", None),
            ("mode: inject\nsettings: {region: us-east-2}", Some(r#"{"region":"us-east-2"}"#)),
            ("irsa-policy: {settings: {region: us-east-2}}\nother: {}", Some(r#"{"region":"us-east-2"}"#)),
            (
                "mode: strict\nsettings: {actions: {optedOut: Warn}}",
                Some(
                    r#"{"actions":{"optedOut":"Warn","missingRole":"Reject","foreignToken":"Reject","staticCredentials":"Reject"}}"#,
                ),
            ),
            (
                "mode: guard\nsettings: {allowedRoles: []}",
                Some(r#"{"allowedRoles":[],"mode":"Validate","actions":{"notInjected":"Reject"}}"#),
            ),
            ("mode: guard\nmodule: {tag: v1}", Some(r#"{"mode":"Validate","actions":{"notInjected":"Reject"}}"#)),
            ("mode: guard", Some(r#"{"mode":"Validate","actions":{"notInjected":"Reject"}}"#)),
            ("mode: Validate", Some(r#"{"mode":"Validate"}"#)),
            ("exemptNamespaces: [karpenter]", Some("{}")),
            ("mode: inject\nsettings:\nsuspend: true", Some("{}")),
            (
                &format!("{}---\n{}", manifest(false, "us-east-1"), manifest(true, "us-east-2")),
                Some(r#"{"region":"us-east-2"}"#),
            ),
        ] {
            assert_eq!(in_text(text).unwrap().as_deref(), expected, "{text}");
        }
        for text in ["a: 1\n---\nb: 1", "apiVersion: v1\nkind: Pod", "a: ["] {
            assert!(in_text(text).is_err(), "{text}");
        }
    }
}
