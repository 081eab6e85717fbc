//! Reads Kubernetes objects from files, and finds them by their kind.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::documents::has_template_actions;
use crate::files;

/// An object: its JSON, and what identifies it.
#[derive(Debug, Clone)]
pub struct Object {
    json: String,
    head: Head,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
}

impl Object {
    /// Returns the object as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Returns the object's kind.
    pub fn kind(&self) -> &str {
        &self.head.kind
    }

    /// Returns the object's API group. Empty for the core group.
    pub fn group(&self) -> &str {
        self.head.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    fn new(json: String) -> Self {
        let head = serde_json::from_str(&json).unwrap_or_default();
        Self { json, head }
    }

    fn name(&self) -> &str {
        self.head.metadata.name.as_deref().unwrap_or_default()
    }
}

/// Reads the objects of a YAML or JSON file: its documents, and the items of Lists.
///
/// # Errors
/// Fails if the file can't be read, or is a template that is not rendered.
pub fn read_file(path: &Path) -> Result<Vec<Object>> {
    let text = files::read(path)?;
    let read = read(&text);
    let is_named_by_template = |objects: &Vec<Object>| objects.iter().any(|object| has_template_actions(object.name()));
    if read.as_ref().map_or_else(|_| has_template_actions(&text), is_named_by_template) {
        bail!(
            "`{}` is a template that is not rendered: explain what `helm template` prints, as in \
             `helm template CHART | irsa explain --workload -`",
            path.display()
        );
    }
    read.with_context(|| format!("cannot read the objects in `{}`", path.display()))
}

/// Reads the objects of a YAML or JSON text: its documents, and the items of Lists.
fn read(text: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for document in manifest_reader::documents(text) {
        objects.extend(document?.objects().into_iter().map(|object| Object::new(object.json.into_owned())));
    }
    Ok(objects)
}

/// Finds a workload of an unknown kind: the only object that is not a pod, a service account or a ConfigMap. Fails if
/// there are several.
pub fn other_workload(objects: &[Object]) -> Result<Option<&Object>> {
    let is_other = |object: &&Object| !matches!(object.kind(), "Pod" | "ServiceAccount" | "ConfigMap");
    let found: Vec<_> = objects.iter().filter(is_other).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names = several.iter().map(|object| format!("{} `{}`", object.kind(), object.name()));
            bail!("expected one workload, but got {}: {}", several.len(), names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Finds the ConfigMap that the settings name, or else the only ConfigMap. `None` if there is no ConfigMap, or if there
/// are several and the settings name no ConfigMap.
///
/// # Errors
/// Fails if there are several, and the ConfigMap that the settings name is missing.
pub fn config_map<'o>(objects: &'o [Object], settings: Option<&str>) -> Result<Option<&'o Object>> {
    let found: Vec<_> = objects.iter().filter(|object| object.kind() == "ConfigMap").collect();
    let wanted = settings.and_then(roles_config_map);
    let is_wanted = |object: &&&Object| {
        let own = object.head.metadata.namespace.as_deref().filter(|own| !own.is_empty());
        wanted.as_ref().is_some_and(|(namespace, name)| object.name() == name && own.is_none_or(|own| own == namespace))
    };
    match (found.iter().find(is_wanted), found.as_slice()) {
        (Some(one), _) | (None, [one]) => Ok(Some(one)),
        (None, []) => Ok(None),
        (None, several) => match wanted {
            // The settings name no ConfigMap, so the policy does not read these ConfigMaps.
            None => Ok(None),
            Some((namespace, name)) => {
                let names: Vec<_> = several.iter().map(|object| format!("`{}`", object.name())).collect();
                bail!("expected the ConfigMap `{namespace}/{name}`, but got {}", names.join(", "))
            }
        },
    }
}

/// Returns the namespace and the name of the ConfigMap that the settings name.
pub fn roles_config_map(settings: &str) -> Option<(String, String)> {
    let settings: serde_json::Value = serde_json::from_str(settings).ok()?;
    let config_map = settings.get("rolesConfigMap")?;
    let of_key = |key| config_map.get(key)?.as_str().map(str::to_owned);
    Some((of_key("namespace")?, of_key("name")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
kind: Pod
metadata: {name: a}
---
kind: List
items:
- {kind: Pod, metadata: {name: b}}
- {kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}
- {kind: ConfigMap, metadata: {name: roles, namespace: kube-system}}
- {kind: ServiceAccount, metadata: {name: web, namespace: one}}
";

    #[test]
    fn reads_documents_and_the_items_of_lists() {
        let objects = read(TEXT).unwrap();
        let kinds: Vec<_> = objects.iter().map(Object::kind).collect();
        assert_eq!(kinds, ["Pod", "Pod", "ConfigMap", "ConfigMap", "ServiceAccount"]);
    }

    #[test]
    fn finds_the_config_map_that_the_settings_name() {
        let objects = read(TEXT).unwrap();
        let settings =
            |name: &str| format!(r#"{{"rolesConfigMap": {{"namespace": "kube-system", "name": "{name}"}}}}"#);
        let name = |settings: Option<&str>, objects: &[Object]| {
            config_map(objects, settings).map(|found| found.map(|object| object.name().to_owned()))
        };

        assert_eq!(name(Some(&settings("roles")), &objects).unwrap().as_deref(), Some("roles"));
        assert_eq!(name(None, &objects).unwrap(), None);
        let error = name(Some(&settings("other")), &objects).unwrap_err().to_string();
        assert_eq!(error, "expected the ConfigMap `kube-system/other`, but got `kube-root-ca.crt`, `roles`");
        let one = read("{kind: ConfigMap, metadata: {name: other}}").unwrap();
        assert_eq!(
            name(Some(&settings("roles")), &one).unwrap().as_deref(),
            Some("other"),
            "the only ConfigMap is used, whatever its name"
        );
    }

    #[test]
    fn finds_a_workload_of_an_unknown_kind() {
        let workload = |text: &str| {
            let objects = read(text).unwrap();
            other_workload(&objects).map(|found| found.map(|object| object.kind().to_owned()))
        };
        let rollout = "{kind: Rollout, metadata: {name: web}}\n---\n{kind: ServiceAccount, metadata: {name: web}}";

        assert_eq!(workload(rollout).unwrap().as_deref(), Some("Rollout"));
        assert_eq!(workload("{kind: Pod, metadata: {name: a}}").unwrap(), None);
        let error = workload(&format!("{rollout}\n---\n{{kind: Service, metadata: {{name: web}}}}")).unwrap_err();
        assert_eq!(error.to_string(), "expected one workload, but got 2: Rollout `web`, Service `web`");
    }
}
