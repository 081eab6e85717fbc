//! A simulated cluster: answers lookups from a list of objects, and records the lookups.
//!
//! The answers are the same as in policy-evaluator's Kubernetes client
//! (`src/callback_handler/kubernetes/client.rs`). As in `src/callback_handler.rs`, field masks do not remove an
//! object's type and metadata.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::Value;

use crate::host::{Backend, KubernetesGetResource};

/// A simulated cluster. A clone is another handle to the same cluster.
#[derive(Clone, Default)]
pub struct Cluster(Arc<Inner>);

#[derive(Default)]
struct Inner {
    objects: Vec<Value>,
    cached: Option<Vec<Value>>,
    answer: Option<Answer>,
    failing: Option<(String, String)>,
    lookups: Mutex<Vec<KubernetesGetResource>>,
}

/// An answer to every lookup, whatever objects the cluster has.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The lookup fails with this text.
    Failure(String),
    /// The lookup succeeds with this text. The text need not be JSON.
    Verbatim(String),
}

impl Cluster {
    /// Makes a cluster with these objects.
    #[must_use]
    pub fn new(objects: Vec<Value>) -> Self {
        Self(Arc::new(Inner { objects, ..Inner::default() }))
    }

    /// Makes a cluster with the objects in YAML or JSON, as `kubectl apply` would create them. Each item of a `List` is
    /// a separate object. An object without a namespace gets the namespace `default`.
    ///
    /// # Errors
    /// Fails if the text is neither YAML nor JSON.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut objects = Vec::new();
        for document in manifest_reader::documents(text) {
            for object in document?.objects() {
                let mut object = serde_json::from_str(&object.json)?;
                manifest_reader::in_namespace(&mut object, "default");
                objects.push(object);
            }
        }
        Ok(Self::new(objects))
    }

    /// Makes a cluster that gives this answer to every lookup.
    #[must_use]
    pub fn answering(answer: Answer) -> Self {
        Self(Arc::new(Inner { answer: Some(answer), ..Inner::default() }))
    }

    /// Makes a cluster that fails with this text when an object of this kind is looked up.
    #[must_use]
    pub fn failing_for(objects: Vec<Value>, kind: String, text: String) -> Self {
        Self(Arc::new(Inner { objects, failing: Some((kind, text)), ..Inner::default() }))
    }

    /// Makes a cluster whose host still has an earlier state in its cache. Lookups that allow the cache get the objects
    /// in `cached`.
    #[must_use]
    pub fn with_cache(objects: Vec<Value>, cached: Vec<Value>) -> Self {
        Self(Arc::new(Inner { objects, cached: Some(cached), ..Inner::default() }))
    }

    /// Returns every lookup so far, in order.
    #[must_use]
    pub fn lookups(&self) -> Vec<KubernetesGetResource> {
        self.0.lookups.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, request: &KubernetesGetResource) -> Option<&Value> {
        let objects = match &self.0.cached {
            Some(cached) if !request.disable_cache => cached,
            _ => &self.0.objects,
        };
        objects.iter().find(|object| is_requested(object, request))
    }
}

impl Backend for Cluster {
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
        self.0.lookups.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        match &self.0.answer {
            Some(Answer::Failure(text)) => return Err(text.clone()),
            Some(Answer::Verbatim(text)) => return Ok(text.clone()),
            None => {}
        }
        if let Some((_, text)) = self.0.failing.as_ref().filter(|(kind, _)| *kind == request.kind) {
            return Err(text.clone());
        }
        let object = self.find(request).ok_or_else(|| not_found(request))?;
        match &request.field_masks {
            Some(masks) if !masks.is_empty() => Ok(mask(object, masks).to_string()),
            _ => Ok(object.to_string()),
        }
    }
}

fn is_requested(object: &Value, request: &KubernetesGetResource) -> bool {
    let metadata = &object["metadata"];
    object["apiVersion"] == request.api_version.as_str()
        && object["kind"] == request.kind.as_str()
        && metadata["name"] == request.name.as_str()
        && metadata["namespace"].as_str() == request.namespace.as_deref()
}

pub(crate) fn not_found(request: &KubernetesGetResource) -> String {
    let KubernetesGetResource { api_version, kind, name, namespace, .. } = request;
    format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")
}

pub(crate) fn mask(object: &Value, masks: &BTreeSet<String>) -> Value {
    let paths: Vec<Vec<&str>> = masks.iter().map(|mask| mask.split('.').collect()).collect();
    let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
    let mut masked = prune(object, &paths);
    for whole in ["apiVersion", "kind", "metadata"] {
        if let Some(value) = object.get(whole) {
            masked[whole] = value.clone();
        }
    }
    masked
}

/// Keeps the values that the paths lead to. Paths apply to each element of an array. An empty path keeps everything.
fn prune(value: &Value, paths: &[&[&str]]) -> Value {
    if paths.iter().any(|path| path.is_empty()) {
        return value.clone();
    }
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter_map(|(key, field)| {
                let below: Vec<&[&str]> = paths.iter().filter(|path| path[0] == key).map(|path| &path[1..]).collect();
                (!below.is_empty()).then(|| (key.clone(), prune(field, &below)))
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| prune(item, paths)).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(name: &str, namespace: Option<&str>) -> KubernetesGetResource {
        KubernetesGetResource {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            disable_cache: true,
            field_masks: None,
        }
    }

    fn account(name: &str, namespace: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
    }

    #[test]
    fn finds_an_object_by_kind_name_and_namespace() {
        let cluster = Cluster::new(vec![account("web", "team-b"), account("web", "team-a")]);

        let answer = cluster.get_resource(&request("web", Some("team-a"))).unwrap();

        assert_eq!(answer, account("web", "team-a").to_string());
    }

    #[test]
    fn puts_an_object_without_a_namespace_into_the_namespace_default() {
        let cluster = Cluster::from_text("{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}").unwrap();

        let answer = cluster.get_resource(&request("web", Some("default"))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), account("web", "default"));
        assert!(cluster.get_resource(&request("web", Some("team-a"))).is_err());
    }

    #[test]
    fn finds_an_object_that_is_an_item_of_a_list() {
        let text =
            "kind: List\nitems:\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: team-a}}\n";

        assert!(Cluster::from_text(text).unwrap().get_resource(&request("web", Some("team-a"))).is_ok());
    }

    #[test]
    fn reports_a_missing_object_with_the_policy_servers_text() {
        let cluster = Cluster::default();

        assert_eq!(
            cluster.get_resource(&request("x", Some("y"))).unwrap_err(),
            r#"Cannot find v1/ServiceAccount named 'x' inside of namespace 'Some("y")'"#
        );
        assert_eq!(
            cluster.get_resource(&request("x", None)).unwrap_err(),
            "Cannot find v1/ServiceAccount named 'x' inside of namespace 'None'"
        );
    }

    #[test]
    fn answers_from_the_cache_only_if_the_request_allows_it() {
        let cluster = Cluster::with_cache(vec![account("new", "team-a")], vec![account("old", "team-a")]);
        let cached = |name| KubernetesGetResource { disable_cache: false, ..request(name, Some("team-a")) };

        assert!(cluster.get_resource(&cached("old")).is_ok());
        assert!(cluster.get_resource(&cached("new")).is_err());
        assert!(cluster.get_resource(&request("new", Some("team-a"))).is_ok());
    }

    #[test]
    fn gives_the_configured_answer_to_every_lookup() {
        let request = request("web", Some("team-a"));

        let failing = Cluster::answering(Answer::Failure("connection refused".to_owned()));
        let odd = Cluster::answering(Answer::Verbatim("null".to_owned()));

        assert_eq!(failing.get_resource(&request).unwrap_err(), "connection refused");
        assert_eq!(odd.get_resource(&request).unwrap(), "null");
    }

    #[test]
    fn records_the_lookups_of_every_handle() {
        let cluster = Cluster::default();

        let _ = cluster.clone().get_resource(&request("a", Some("b")));

        assert_eq!(cluster.lookups(), [request("a", Some("b"))]);
    }

    #[test]
    fn masks_fields_but_keeps_all_of_type_and_metadata() {
        let mut object = account("web", "team-a");
        object["secrets"] = json!([{"name": "a", "kind": "x"}, {"name": "b"}]);
        object["automountServiceAccountToken"] = json!(true);

        let masks = BTreeSet::from(["secrets.name".to_owned(), "metadata.uid".to_owned()]);
        let mut expected = account("web", "team-a");
        expected["secrets"] = json!([{"name": "a"}, {"name": "b"}]);

        assert_eq!(mask(&object, &masks), expected);
    }
}
