//! Reads admission requests from files.
//!
//! A document in a file is one of:
//!
//! - an `AdmissionReview`, whose request is used,
//! - an `AdmissionRequest`,
//! - a Kubernetes object, which is wrapped in a request as if an administrator creates the object, or
//! - a `List`, whose items are wrapped in one request each.
//!
//! kwctl supports the first two (`kwctl/src/command/run/evaluator.rs`). A request's JSON reaches the policy byte for
//! byte. An API server adds many defaults to an object. A wrapped object gets only the two defaults that a policy about
//! service accounts needs: the namespace, and a pod's service account.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::settings::Settings;

/// A request to the policy.
#[derive(Clone, Debug)]
pub struct Request {
    json: Box<RawValue>,
    head: Head,
}

/// The fields of a request that this host reads. A policy server requires every field that is not an `Option`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    uid: String,
    kind: GroupVersionKind,
    #[serde(rename = "resource")]
    _resource: GroupVersionResource,
    name: Option<String>,
    namespace: Option<String>,
    operation: String,
    #[serde(rename = "userInfo")]
    _user_info: serde::de::IgnoredAny,
    object: Option<Box<RawValue>>,
}

/// A kind, with its group and version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// The group. Empty for the core group.
    pub group: String,
    /// The version, such as `v1`.
    pub version: String,
    /// The kind, such as `Pod`.
    pub kind: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct GroupVersionResource {
    group: String,
    version: String,
    resource: String,
}

/// Values that replace the defaults in the request of a wrapped object.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The operation. The default is `CREATE`. On `DELETE`, the object is sent as the old object.
    pub operation: Option<String>,
    /// The namespace. The default is the object's own namespace, or `default`.
    pub namespace: Option<String>,
    /// The object before the operation.
    pub old_object: Option<Value>,
    /// The request's uid.
    pub uid: Option<String>,
    /// The subresource, such as `ephemeralcontainers`.
    pub sub_resource: Option<String>,
}

/// Reads the requests in a file: one per document, or per item of a `List`.
///
/// # Errors
/// Fails if the text is neither JSON nor YAML, or if a document is neither a request nor a Kubernetes object.
pub fn requests(text: &str) -> Result<Vec<Request>> {
    let mut requests = Vec::new();
    for (index, document) in manifest_reader::documents(text).into_iter().enumerate() {
        let number = index + 1;
        let objects = document.with_context(|| format!("cannot read document {number} as YAML or JSON"))?.objects();
        for object in objects {
            let json = RawValue::from_string(object.json.into_owned())?;
            let request = Request::from_document(json, requests.len());
            requests.push(request.with_context(|| format!("document {number}{}", object.pointer.replace('/', " ")))?);
        }
    }
    if requests.is_empty() {
        bail!("the input contains no request and no Kubernetes object");
    }
    Ok(requests)
}

/// Makes the policy's input from a request and the settings. Both are passed on byte for byte.
#[must_use]
pub fn payload(request: &Request, settings: &Settings) -> String {
    format!(r#"{{"request":{},"settings":{}}}"#, request.json, settings.as_json())
}

impl Request {
    /// Reads the JSON of an admission request.
    ///
    /// # Errors
    /// Fails if the request lacks a field that a policy server requires.
    pub fn from_json(json: Box<RawValue>) -> Result<Self> {
        let head = serde_json::from_str(json.get()).context("cannot build AdmissionRequest object from given input")?;
        Ok(Self { json, head })
    }

    /// Reads the request in an `AdmissionReview`.
    ///
    /// # Errors
    /// Fails if the JSON is not an `AdmissionReview` with a request, or if the request lacks a field that a policy
    /// server requires.
    pub fn from_review(json: &[u8]) -> Result<Self> {
        /// The required fields of a review.
        #[derive(Deserialize)]
        struct Review {
            kind: String,
            request: Option<Box<RawValue>>,
        }

        let review: Review = serde_json::from_slice(json).context("cannot parse the AdmissionReview")?;
        if review.kind != "AdmissionReview" {
            bail!("expected an `AdmissionReview`, but got `{}`", review.kind);
        }
        Self::from_json(review.request.context("invalid AdmissionReview object")?)
    }

    /// Wraps a Kubernetes object in a request.
    ///
    /// # Errors
    /// Fails if the object has no `apiVersion` or no `kind`.
    pub fn wrapping(object: Box<RawValue>, overrides: Overrides) -> Result<Self> {
        let json = to_raw_value(&wrap(object, overrides)?)?;
        Self::from_json(json)
    }

    fn from_document(document: Box<RawValue>, index: usize) -> Result<Self> {
        /// The fields that show the kind of a document.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outline {
            api_version: Option<Value>,
            kind: Option<Value>,
            request: Option<Box<RawValue>>,
        }

        let outline: Outline =
            serde_json::from_str(document.get()).context("expected a request or a Kubernetes object")?;
        match (outline.kind, outline.request) {
            (None, Some(request)) => Self::from_json(request),
            (Some(Value::String(kind)), request) if kind == "AdmissionReview" => {
                Self::from_json(request.context("invalid AdmissionReview object")?)
            }
            (Some(Value::String(_)), _) if outline.api_version.is_some() => {
                let uid = format!("00000000-0000-4000-8000-{:012}", index + 1);
                Self::wrapping(document, Overrides { uid: Some(uid), ..Overrides::default() })
            }
            _ => Self::from_json(document),
        }
    }

    /// The request as JSON, byte for byte.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.json.get()
    }

    /// The request's uid, which the response repeats.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.head.uid
    }

    /// The object, byte for byte. `None` if the request has no object, as for `DELETE`.
    #[must_use]
    pub fn object(&self) -> Option<&RawValue> {
        self.head.object.as_deref()
    }

    /// A heading: the operation (unless it is `CREATE`), the kind and the name.
    #[must_use]
    pub fn title(&self) -> String {
        let Head { kind, name, namespace, operation, .. } = &self.head;
        let operation = match operation.as_str() {
            "CREATE" => String::new(),
            other => format!("{other} "),
        };
        let name = name.as_deref().filter(|name| !name.is_empty()).map(str::to_owned).or_else(|| self.generate_name());
        let name = name.as_deref().unwrap_or("(no name)");
        match namespace.as_deref() {
            None | Some("") => format!("{operation}{} {name}", kind.kind),
            Some(namespace) => format!("{operation}{} {namespace}/{name}", kind.kind),
        }
    }

    fn generate_name(&self) -> Option<String> {
        let object: Value = serde_json::from_str(self.object()?.get()).ok()?;
        Some(format!("{}*", object.pointer("/metadata/generateName")?.as_str()?))
    }
}

/// The fields of an admission request, in the order of an API server.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    uid: String,
    kind: GroupVersionKind,
    resource: GroupVersionResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_resource: Option<String>,
    request_kind: GroupVersionKind,
    request_resource: GroupVersionResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    operation: String,
    user_info: Value,
    object: Option<Box<RawValue>>,
    old_object: Option<Box<RawValue>>,
    dry_run: bool,
    options: Value,
}

fn wrap(object: Box<RawValue>, overrides: Overrides) -> Result<Wrapped> {
    let parsed: Value = serde_json::from_str(object.get()).context("cannot parse the object")?;
    let kind = kind_of(&parsed)?;
    let namespace = (!manifest_reader::is_cluster_scoped(&kind.kind)).then(|| {
        let own = parsed.pointer("/metadata/namespace").and_then(Value::as_str).filter(|name| !name.is_empty());
        overrides.namespace.or_else(|| own.map(str::to_owned)).unwrap_or_else(|| "default".to_owned())
    });
    let name = parsed.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
    let object = complete(object, parsed, &kind, namespace.as_deref())?;
    let old_object = overrides.old_object.as_ref().map(to_raw_value).transpose()?;
    let operation = overrides.operation.unwrap_or_else(|| "CREATE".to_owned());
    let (object, old_object) = match operation.as_str() {
        "DELETE" => (None, Some(old_object.unwrap_or(object))),
        _ => (Some(object), old_object),
    };
    let resource = resource_of(&kind);
    Ok(Wrapped {
        uid: overrides.uid.unwrap_or_else(|| "00000000-0000-4000-8000-000000000000".to_owned()),
        options: json!({"kind": options_of(&operation), "apiVersion": "meta.k8s.io/v1"}),
        request_kind: kind.clone(),
        kind,
        request_resource: resource.clone(),
        resource,
        request_sub_resource: overrides.sub_resource.clone(),
        sub_resource: overrides.sub_resource,
        name,
        namespace,
        operation,
        user_info: json!({"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}),
        object,
        old_object,
        dry_run: false,
    })
}

fn kind_of(object: &Value) -> Result<GroupVersionKind> {
    let (Some(api_version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
        bail!("expected a Kubernetes object with `apiVersion` and `kind`");
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Ok(GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() })
}

/// Derives the resource from the kind, by the rule of apimachinery's `UnsafeGuessKindToResource`. The rule is right for
/// all built-in kinds.
fn resource_of(kind: &GroupVersionKind) -> GroupVersionResource {
    let singular = kind.kind.to_lowercase();
    let resource = if singular.ends_with("endpoints") {
        singular
    } else if singular.ends_with('s') {
        format!("{singular}es")
    } else if let Some(stem) = singular.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{singular}s")
    };
    GroupVersionResource { group: kind.group.clone(), version: kind.version.clone(), resource }
}

fn options_of(operation: &str) -> &'static str {
    match operation {
        "UPDATE" => "UpdateOptions",
        "DELETE" => "DeleteOptions",
        _ => "CreateOptions",
    }
}

/// Adds the namespace, and a pod's service account, as an API server would. An object that already has them is returned
/// byte for byte.
fn complete(
    original: Box<RawValue>,
    mut object: Value,
    kind: &GroupVersionKind,
    namespace: Option<&str>,
) -> Result<Box<RawValue>> {
    let mut changed = namespace.is_some_and(|namespace| manifest_reader::in_namespace(&mut object, namespace));
    if kind.group.is_empty() && kind.kind == "Pod" {
        let account = irsa_explain::service_account_of(&object).to_owned();
        // A `spec` that is not an object stays unchanged, because the policy must reject it.
        if let Some(Value::Object(spec)) = object.get_mut("spec") {
            for key in ["serviceAccountName", "serviceAccount"] {
                if !spec.contains_key(key) {
                    spec.insert(key.to_owned(), Value::String(account.clone()));
                    changed = true;
                }
            }
        }
    }
    Ok(if changed { to_raw_value(&object)? } else { original })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Request {
        let mut requests = requests(text).unwrap();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    fn parsed(request: &Request) -> Value {
        serde_json::from_str(request.as_json()).unwrap()
    }

    const REQUEST: &str = r#"{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},
        "resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE","userInfo":{},
        "name":"web","namespace":"team-a",
        "object":{"n": 1234567890123456789012345678901234567890, "s": "\u00e9\/"}}"#;

    #[test]
    fn keeps_the_bytes_of_a_request() {
        for text in [REQUEST.to_owned(), format!(r#"{{"kind":"AdmissionReview","request":{REQUEST}}}"#)] {
            let request = only(&text);

            assert_eq!(request.as_json(), REQUEST);
            assert_eq!(
                request.object().unwrap().get(),
                r#"{"n": 1234567890123456789012345678901234567890, "s": "\u00e9\/"}"#
            );
            let expected = format!(r#"{{"request":{REQUEST},"settings":{{"a":1.0}}}}"#);
            assert_eq!(payload(&request, &Settings::from_json(r#"{"a":1.0}"#).unwrap()), expected);
        }
    }

    #[test]
    fn rejects_text_without_a_request_or_an_object() {
        for text in [
            "",
            "[]",
            "{}",
            "just text",
            r#"{"kind":"AdmissionReview"}"#,
            r#"{"uid":"1","operation":"CREATE"}"#,
            "metadata: {name: web}",
        ] {
            assert!(requests(text).is_err(), "{text}");
        }
    }

    #[test]
    fn wraps_a_pod_as_an_api_server_would() {
        let request = only("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: []}}");

        let pod = json!({"group": "", "version": "v1", "kind": "Pod"});
        let pods = json!({"group": "", "version": "v1", "resource": "pods"});
        assert_eq!(
            parsed(&request),
            json!({
                "uid": "00000000-0000-4000-8000-000000000001",
                "kind": pod,
                "resource": pods,
                "requestKind": pod,
                "requestResource": pods,
                "name": "web",
                "namespace": "default",
                "operation": "CREATE",
                "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]},
                "object": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": "web", "namespace": "default"},
                    "spec": {"containers": [], "serviceAccountName": "default", "serviceAccount": "default"},
                },
                "oldObject": null,
                "dryRun": false,
                "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            })
        );
        assert_eq!(request.title(), "Pod default/web");
    }

    #[test]
    fn gives_each_document_a_request_of_its_own() {
        let requests = requests(
            "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}}",
        )
        .unwrap();

        assert_eq!(requests.iter().map(Request::title).collect::<Vec<_>>(), ["Pod default/a", "Pod default/b"]);
        assert_ne!(requests[0].uid(), requests[1].uid());
    }

    #[test]
    fn gives_each_item_of_a_list_a_request_of_its_own() {
        let text = "kind: List
apiVersion: v1
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: b, namespace: ''}}
";
        let requests = requests(text).unwrap();

        let titles: Vec<_> = requests.iter().map(Request::title).collect();
        assert_eq!(titles, ["Pod shop/a", "ServiceAccount default/b"]);
        assert_ne!(requests[0].uid(), requests[1].uid());
    }

    #[test]
    fn names_the_list_item_that_is_not_a_kubernetes_object() {
        let error = requests("kind: List\nitems:\n- {kind: Pod, apiVersion: v1}\n- {kind: Pod}\n").unwrap_err();

        assert!(error.to_string().starts_with("document 1 items 1"), "{error:#}");
    }

    #[test]
    fn reads_the_deprecated_field_for_the_service_account() {
        let request = only("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {serviceAccount: web}}");

        assert_eq!(parsed(&request)["object"]["spec"]["serviceAccountName"], "web");
    }

    #[test]
    fn keeps_the_bytes_of_an_object_that_needs_no_defaults() {
        let object =
            r#"{ "apiVersion":"apps/v1", "kind":"Deployment", "metadata":{"name":"a","namespace":"b"}, "x":1e400 }"#;

        let request = only(object);

        assert_eq!(request.object().unwrap().get(), object);
        assert_eq!(parsed(&request)["resource"], json!({"group": "apps", "version": "v1", "resource": "deployments"}));
    }

    #[test]
    fn wraps_an_object_with_wrong_types() {
        let request = only("{apiVersion: v1, kind: Pod, metadata: 1, spec: []}");

        assert_eq!(parsed(&request)["object"]["spec"], json!([]));
        assert_eq!(request.title(), "Pod default/(no name)");
    }

    #[test]
    fn sends_the_object_as_the_old_object_on_delete() {
        let object = RawValue::from_string(r#"{"apiVersion":"v1","kind":"Pod","metadata":{}}"#.to_owned()).unwrap();
        let overrides = Overrides { operation: Some("DELETE".to_owned()), ..Overrides::default() };

        let request = Request::wrapping(object, overrides).unwrap();

        assert!(request.object().is_none());
        assert_eq!(parsed(&request)["oldObject"]["kind"], "Pod");
        assert_eq!(parsed(&request)["options"]["kind"], "DeleteOptions");
    }

    #[test]
    fn names_resources_as_kubernetes_does() {
        for (kind, resource) in [
            ("Pod", "pods"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Endpoints", "endpoints"),
            ("ServiceAccount", "serviceaccounts"),
        ] {
            let kind = GroupVersionKind { group: String::new(), version: "v1".to_owned(), kind: kind.to_owned() };
            assert_eq!(resource_of(&kind).resource, resource);
        }
    }
}
