//! Kubernetes objects in files, found by their kind.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::yaml;

/// An object: its text, and what it is.
#[derive(Debug, Clone)]
pub struct Object {
    text: Box<RawValue>,
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

/// What `kubectl get -o yaml` makes of several objects.
#[derive(Deserialize)]
struct List {
    items: Vec<Box<RawValue>>,
}

impl Object {
    /// The object's JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get()
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.head.kind
    }

    fn of(text: Box<RawValue>) -> Self {
        let head = serde_json::from_str(text.get()).unwrap_or_default();
        Self { text, head }
    }
}

/// The objects of a text: of its documents, and of lists among them.
///
/// # Errors
/// Where the text is neither JSON nor YAML.
pub fn read(text: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for document in yaml::documents(text)? {
        let object = Object::of(document);
        match serde_json::from_str::<List>(object.text()) {
            Ok(list) if object.kind().ends_with("List") => objects.extend(list.items.into_iter().map(Object::of)),
            _ => objects.push(object),
        }
    }
    Ok(objects)
}

/// The one object of a kind; of this name, if one is given.
///
/// # Errors
/// Where there are several.
pub fn only<'o>(objects: &'o [Object], kind: &str, name: Option<&str>) -> Result<Option<&'o Object>> {
    let is_it = |object: &&Object| {
        object.kind() == kind && name.is_none_or(|name| object.head.metadata.name.as_deref() == Some(name))
    };
    let found: Vec<_> = objects.iter().filter(is_it).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names: Vec<_> = several.iter().filter_map(|it| it.head.metadata.name.as_deref()).collect();
            bail!("expected one {kind}, but got {}: {}; name the pod, as `pod/NAME`", several.len(), names.join(", "))
        }
    }
}

/// The one object that makes pods; where none is known to, the one that is neither a pod nor what a pod refers to.
///
/// # Errors
/// Where there are several.
pub fn workload(objects: &[Object], makes_pods: impl Fn(&str) -> bool) -> Result<Option<&Object>> {
    let mut found: Vec<_> = objects.iter().filter(|object| makes_pods(object.text())).collect();
    if found.is_empty() {
        let is_other = |object: &&Object| !matches!(object.kind(), "Pod" | "ServiceAccount" | "ConfigMap");
        found = objects.iter().filter(is_other).collect();
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names = several
                .iter()
                .map(|it| format!("{} `{}`", it.kind(), it.head.metadata.name.as_deref().unwrap_or_default()));
            bail!("expected one workload, but got {}: {}", several.len(), names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The service account of this name; else, where there is only one, that one.
#[must_use]
pub fn account<'o>(objects: &'o [Object], name: Option<&str>, namespace: Option<&str>) -> Option<&'o Object> {
    let accounts: Vec<_> = objects.iter().filter(|object| object.kind() == "ServiceAccount").collect();
    let is_it = |object: &&&Object| {
        let metadata = &object.head.metadata;
        let in_namespace = match (metadata.namespace.as_deref(), namespace) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        name.is_some() && metadata.name.as_deref() == name && in_namespace
    };
    let only = || if let [one] = accounts.as_slice() { Some(*one) } else { None };
    accounts.iter().find(is_it).copied().or_else(only)
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
";

    #[test]
    fn finds_objects_by_kind_and_name() {
        let objects = read(TEXT).unwrap();

        assert_eq!(objects.len(), 4);
        assert!(only(&objects, "Deployment", None).unwrap().is_none());
        assert_eq!(only(&objects, "Pod", Some("b")).unwrap().unwrap().head.metadata.name.as_deref(), Some("b"));
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
        assert!(kind(&[]).is_err(), "none is known to make pods, and each could be the one");
        assert!(workload(&read("{kind: Pod, metadata: {name: a}}").unwrap(), |_| false).unwrap().is_none());
    }

    #[test]
    fn finds_the_account_of_a_pod() {
        let objects = read(TEXT).unwrap();
        let namespace = |account: Option<&Object>| account.and_then(|account| account.head.metadata.namespace.clone());

        assert_eq!(namespace(account(&objects, Some("web"), Some("two"))).as_deref(), Some("two"));
        assert!(account(&objects, Some("other"), None).is_none());
        let one = read("{kind: ServiceAccount, metadata: {name: web}}").unwrap();
        assert!(
            account(&one, Some("other"), None).is_some(),
            "what was given counts, so that it can be said to be another"
        );
    }
}
