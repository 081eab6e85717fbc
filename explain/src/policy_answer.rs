//! Gets the policy's answer about a pod, with the policy's own code (`irsa`).

use irsa::Decision;
use irsa::json::Reader;
use irsa::{Action, Finding, FindingKind, ItemKind, Place};
use irsa::{Cluster, LookupError, Query};
use irsa::{Request, Review, Settings};
use serde_json::{Map, Value};

use crate::documents::Given;
use crate::explanation::{Rejected, Reviewed};
use crate::inputs::Input;

/// The objects that were given. The policy reads them instead of a cluster's objects.
#[derive(Debug, Clone)]
pub struct Objects<'d> {
    service_account: &'d Given<Value>,
    config_map: &'d Given<Value>,
    /// The input that the policy tried to look up, but that was not given.
    lacking: Option<Input>,
}

impl<'d> Objects<'d> {
    /// Makes a cluster with only these objects.
    pub fn new(service_account: &'d Given<Value>, config_map: &'d Given<Value>) -> Self {
        Self { service_account, config_map, lacking: None }
    }
}

impl Cluster for Objects<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let (input, object) = match query.kind {
            "ServiceAccount" => (Input::ServiceAccount, self.service_account),
            _ => (Input::ConfigMap, self.config_map),
        };
        let object = match object {
            Given::Present(object) => object,
            Given::NotFound => return Err(LookupError::NotFound),
            Given::Missing | Given::Unreadable => {
                self.lacking = Some(input);
                return Err(LookupError::Failed(object.lack(input)));
            }
        };
        let object = in_namespace(object, query.namespace);
        let is_it = |key, expected: &str| metadata(&object, key).is_none_or(|value| value == expected);
        if !is_it("name", query.name) || !is_it("namespace", query.namespace) {
            return Err(LookupError::NotFound);
        }
        Ok(object.to_string())
    }
}

/// Returns a string of an object's metadata.
pub fn metadata<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get("metadata")?.get(key)?.as_str()
}

/// Returns a copy of the object. If the object has no namespace, the copy is in `namespace`.
fn in_namespace(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && metadata.get("namespace").is_none_or(Value::is_null)
    {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    object
}

/// The policy's answer about a pod.
#[derive(Debug)]
pub struct PolicyAnswer {
    /// The answer. `None` if the policy tried to look up an object that was not given.
    pub answer: Option<Reviewed>,
    /// All findings, including those that the settings ignore.
    pub found: Vec<Found>,
    /// Why the pod can't be read. `None` if it can.
    pub unreadable: Option<String>,
    /// The role of the service account.
    pub role: Option<String>,
    /// The source of the role: `annotation`, `settings`, `config-map` or `container-credentials`.
    pub source: Option<String>,
    /// The input that the policy tried to look up, but that was not given.
    pub lacking: Option<Input>,
    /// The pod with everything that the policy would add, even if it rejects the pod.
    pub pod: Value,
    /// Whether the policy would add something.
    pub adds: bool,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The finding's kind.
    pub kind: FindingKind,
    /// The finding's line, as the policy writes it.
    pub line: String,
    /// The action that the settings choose for this kind.
    pub action: Action,
    /// The place in the pod or its service account.
    pub place: Place,
}

impl Found {
    fn new(finding: &Finding, settings: &Settings<'_>) -> Self {
        let Finding { kind, .. } = *finding;
        let place = finding.place.clone();
        Self { kind, line: finding.line(), action: settings.actions.of(kind, false), place }
    }
}

impl PolicyAnswer {
    /// Asks the policy about a pod that is being created.
    pub fn of_pod(text: &str, pod: &Value, namespace: &str, settings: &Settings<'_>, objects: &Objects<'_>) -> Self {
        let request = request("Pod", namespace, text);
        let mut cluster = objects.clone();
        let real = review(&request, settings, &mut cluster);
        let strict = review(&request, &with_actions(settings, Action::Reject), &mut objects.clone());
        let lenient = review(&request, &with_actions(settings, Action::Ignore), &mut objects.clone());
        let annotation = |key| annotation(&strict, key);
        let is_refused = real.decision == Decision::Rejected;
        let mutated_pod = |review: &Review<'_>| mutated(review).unwrap_or_else(|| pod.clone());
        Self {
            answer: cluster.lacking.is_none().then(|| reviewed(&real, (!is_refused).then(|| mutated_pod(&real)))),
            found: strict.findings.iter().map(|finding| Found::new(finding, settings)).collect(),
            unreadable: strict.rejection.as_ref().filter(|it| it.code == 400).map(|it| it.message.clone()),
            role: annotation("role-arn"),
            source: annotation("role-source"),
            lacking: cluster.lacking,
            pod: mutated_pod(&lenient),
            adds: lenient.mutated_object.is_some(),
        }
    }

    /// Asks the policy about a service account that is being created.
    pub fn of_account(account: &Value, namespace: &str, settings: &Settings<'_>) -> Reviewed {
        let request = request("ServiceAccount", namespace, &account.to_string());
        reviewed(&review(&request, settings, &mut Objects::new(&Given::Missing, &Given::Missing)), None)
    }

    /// Returns the first finding of these kinds.
    pub fn first(&self, kinds: &[FindingKind]) -> Option<&Found> {
        self.found.iter().find(|found| kinds.contains(&found.kind))
    }

    /// Returns the first finding of these kinds that keeps the role out of a container. Findings about an empty region
    /// variable are skipped, because the region has its own step.
    pub fn first_about_role(&self, kinds: &[FindingKind]) -> Option<&Found> {
        self.all_about_role(kinds).next()
    }

    /// Returns all findings of these kinds that keep the role out of a container.
    pub fn all_about_role(&self, kinds: &[FindingKind]) -> impl Iterator<Item = &Found> {
        let is_about_region = |found: &&Found| {
            let is_region = matches!(&*found.place.name, "AWS_REGION" | "AWS_DEFAULT_REGION");
            found.place.kind == ItemKind::Variable && is_region
        };
        self.found.iter().filter(move |found| !is_about_region(found) && kinds.contains(&found.kind))
    }

    /// Removes the findings about containers other than this one.
    pub fn only_about(&mut self, container: &str) {
        self.found.retain(|found| found.place.container.as_deref().is_none_or(|other| other == container));
    }

    /// Returns the lines of the findings of these kinds.
    pub fn lines(&self, kinds: &[FindingKind]) -> Vec<String> {
        self.found.iter().filter(|found| kinds.contains(&found.kind)).map(|found| found.line.clone()).collect()
    }
}

/// Makes the pod that a workload creates from its template.
pub fn pod_of_template(template: &Value, namespace: &str) -> Value {
    let mut pod = Map::new();
    pod.insert("apiVersion".to_owned(), "v1".into());
    pod.insert("kind".to_owned(), "Pod".into());
    let metadata = template.get("metadata").filter(|metadata| metadata.is_object()).cloned();
    pod.insert("metadata".to_owned(), metadata.unwrap_or_else(|| Map::new().into()));
    pod.extend(template.get("spec").map(|spec| ("spec".to_owned(), spec.clone())));
    in_namespace(&pod.into(), namespace)
}

fn request(kind: &str, namespace: &str, object: &str) -> String {
    let namespace = Value::from(namespace);
    let kind = format!(r#"{{"group":"","version":"v1","kind":"{kind}"}}"#);
    format!(r#"{{"uid":"explain","kind":{kind},"namespace":{namespace},"operation":"CREATE","object":{object}}}"#)
}

fn review<'r>(request: &'r str, settings: &Settings<'_>, cluster: &mut Objects<'_>) -> Review<'r> {
    match Request::read(&mut Reader::new(request)) {
        Ok(request) => Review::new(&request, settings, cluster),
        Err(unreadable) => Review::unreadable(&unreadable),
    }
}

fn with_actions<'s>(settings: &Settings<'s>, action: Action) -> Settings<'s> {
    let mut settings = settings.clone();
    for kind in FindingKind::ALL {
        settings.actions.choose(kind, action);
    }
    settings
}

fn annotation(review: &Review<'_>, key: &str) -> Option<String> {
    review.audit_annotations.iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone())
}

fn mutated(review: &Review<'_>) -> Option<Value> {
    serde_json::from_str(&review.mutated_object.as_ref()?.to_string()).ok()
}

/// Converts the policy's answer.
pub fn reviewed(review: &Review<'_>, pod: Option<Value>) -> Reviewed {
    let rejection = review.rejection.as_ref();
    Reviewed {
        decision: review.decision.name().to_owned(),
        rejection: rejection.map(|it| Rejected { code: it.code, message: it.message.clone() }),
        warnings: review.warnings.clone(),
        audit_annotations: review
            .audit_annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
        pod,
    }
}
