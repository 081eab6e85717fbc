//! Kubernetes objects in files, found by their kind.

use anyhow::{Result, bail};
use serde::Deserialize;

/// An object: its JSON, and what identifies it.
#[derive(Debug, Clone)]
pub struct Object {
    json: String,
    head: Head,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Head {
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
    /// The object as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        &self.head.kind
    }

    fn new(json: String) -> Self {
        let head = serde_json::from_str(&json).unwrap_or_default();
        Self { json, head }
    }

    fn name(&self) -> &str {
        self.head.metadata.name.as_deref().unwrap_or_default()
    }
}

/// The objects of a YAML or JSON text: its documents, and the items of Lists.
pub fn read(text: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for document in manifest_reader::documents(text) {
        objects.extend(document?.objects().into_iter().map(|object| Object::new(object.json.into_owned())));
    }
    Ok(objects)
}

/// The only object of a kind; of this name, if one is given.
pub fn only<'o>(objects: &'o [Object], kind: &str, name: Option<&str>) -> Result<Option<&'o Object>> {
    let is_wanted = |object: &&Object| object.kind() == kind && name.is_none_or(|name| object.name() == name);
    let found: Vec<_> = objects.iter().filter(is_wanted).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names: Vec<_> = several.iter().map(|object| object.name()).collect();
            bail!("expected one {kind}, but got {}: {}; name the pod, as `pod/NAME`", several.len(), names.join(", "))
        }
    }
}

/// The only object that creates pods. If none is known to, the only one that is neither a pod nor what a pod refers to.
pub fn workload(objects: &[Object], makes_pods: impl Fn(&str) -> bool) -> Result<Option<&Object>> {
    let mut found: Vec<_> = objects.iter().filter(|object| makes_pods(object.json())).collect();
    if found.is_empty() {
        let is_other = |object: &&Object| !matches!(object.kind(), "Pod" | "ServiceAccount" | "ConfigMap");
        found = objects.iter().filter(is_other).collect();
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names = several.iter().map(|object| format!("{} `{}`", object.kind(), object.name()));
            bail!("expected one workload, but got {}: {}", several.len(), names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The service account of this name in this namespace, else of this name, else the only one.
///
/// An account without a namespace is in `default_namespace`. An account that is not the pod's still counts, so that the
/// explanation can say so.
pub fn account<'o>(
    objects: &'o [Object],
    name: Option<&str>,
    namespace: &str,
    default_namespace: &str,
) -> Option<&'o Object> {
    let accounts: Vec<&Object> = objects.iter().filter(|object| object.kind() == "ServiceAccount").collect();
    let has_name = |object: &&&Object| name.is_some_and(|name| object.name() == name);
    let is_in_namespace = |object: &&&Object| {
        let own = object.head.metadata.namespace.as_deref().filter(|own| !own.is_empty());
        own.unwrap_or(default_namespace) == namespace
    };
    let exact = accounts.iter().find(|object| has_name(object) && is_in_namespace(object));
    let found = exact.or_else(|| accounts.iter().find(has_name)).copied();
    found.or(if let [one] = accounts.as_slice() { Some(one) } else { None })
}

/// The service accounts but this one, as JSON.
pub fn other_accounts(objects: &[Object], account: Option<&Object>) -> Vec<String> {
    let is_other = |object: &&Object| {
        object.kind() == "ServiceAccount" && !account.is_some_and(|account| std::ptr::eq(account, *object))
    };
    objects.iter().filter(is_other).map(|object| object.json().to_owned()).collect()
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
- {kind: ServiceAccount, metadata: {name: web, namespace: one}}
- {kind: ServiceAccount, metadata: {name: web, namespace: two}}
- {kind: ServiceAccount, metadata: {name: web, labels: {is: default}}}
";

    #[test]
    fn finds_objects_by_kind_and_name() {
        let objects = read(TEXT).unwrap();

        assert_eq!(objects.len(), 5);
        assert!(only(&objects, "Deployment", None).unwrap().is_none());
        assert_eq!(only(&objects, "Pod", Some("b")).unwrap().unwrap().name(), "b");
        let error = only(&objects, "Pod", None).unwrap_err().to_string();
        assert_eq!(error, "expected one Pod, but got 2: a, b; name the pod, as `pod/NAME`");
    }

    #[test]
    fn finds_the_workload_among_other_objects() {
        let text = "{kind: Service, metadata: {name: web}}\n---\n{kind: Deployment, metadata: {name: web}}\n---\n{kind: Job, metadata: {name: seed}}";
        let objects = read(text).unwrap();
        let kind = |kinds: &[&str]| {
            let makes_pods = |object: &str| kinds.iter().any(|kind| object.contains(kind));
            workload(&objects, makes_pods).map(|found| found.map(|object| object.kind().to_owned()))
        };

        assert_eq!(kind(&["Deployment"]).unwrap().as_deref(), Some("Deployment"));
        let error = kind(&["Deployment", "Job"]).unwrap_err().to_string();
        assert_eq!(error, "expected one workload, but got 2: Deployment `web`, Job `seed`");
        assert!(kind(&[]).is_err(), "no kind is known to create pods, and each object may be the one");
        assert!(workload(&read("{kind: Pod, metadata: {name: a}}").unwrap(), |_| false).unwrap().is_none());
    }

    #[test]
    fn finds_the_account_of_a_pod() {
        let objects = read(TEXT).unwrap();
        let namespace = |namespace, default| {
            let account = account(&objects, Some("web"), namespace, default).unwrap();
            account.head.metadata.namespace.as_deref()
        };

        assert_eq!(namespace("two", "default"), Some("two"));
        assert_eq!(namespace("default", "default"), None, "no namespace is the namespace `default`");
        assert_eq!(namespace("shop", "shop"), None, "no namespace is that of `-n`");
        assert_eq!(namespace("other", "default"), Some("one"), "the name counts if the namespace has none");
        assert!(account(&objects, Some("other"), "one", "default").is_none());
        let one = read("{kind: ServiceAccount, metadata: {name: web}}").unwrap();
        assert!(account(&one, Some("other"), "shop", "default").is_some(), "the only account counts");
    }
}
