//! Asks the policy about each of several objects, as if the object were created.
//!
//! The policy's lookups search the objects of the question. A service account that is not in the question is unknown,
//! and so is an answer that depends on it. There are two exceptions: in one setup that contains a service account, no
//! other account exists; otherwise, the account `default` exists in every namespace.

use std::collections::BTreeMap;

use irsa::json::Reader;
use irsa::{Action, Cluster, Finding, FindingKind, LookupError, Owner, Query, Request, Review, Settings};
use irsa_explain::{finding_fix, finding_place};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request to review objects: the objects, the settings and the default namespace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// The objects, each as JSON.
    objects: Vec<String>,
    /// The policy's settings, as JSON.
    settings: Option<String>,
    /// The namespace of objects without `metadata.namespace`.
    namespace: String,
    /// Whether the objects are one setup: a pod, its service account and the ConfigMap. Then all of them are in
    /// `namespace`, and if a service account is given, no other service account exists.
    is_one_setup: bool,
}

/// The policy's answer about one object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    kind: String,
    /// The object's namespace. `null` for a kind that is cluster-scoped.
    namespace: Option<String>,
    name: String,
    /// The decision. `null` if it depends on an object that is not in the question.
    decision: Option<&'static str>,
    rejection: Option<Rejected>,
    warnings: Vec<String>,
    audit_annotations: BTreeMap<String, String>,
    findings: Vec<Found>,
    /// The paths to the pod templates in the object.
    templates: Vec<String>,
}

#[derive(Serialize)]
struct Rejected {
    code: u16,
    message: String,
}

/// A finding, and its place.
#[derive(Serialize)]
struct Found {
    name: &'static str,
    level: Level,
    message: String,
    fix: String,
    /// The index of the object that contains the place.
    object: usize,
    /// The JSON pointer to the place in the object.
    pointer: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum Level {
    Reject,
    Warn,
    /// Something that the policy could not check, because an object is not in the question.
    Note,
    /// The action of the finding in the settings is `Ignore`.
    Ignored,
}

/// Returns the policy's answers, in the order of the objects. Uses the default settings if the settings are invalid.
pub fn answers(question: &Question) -> Vec<Answer> {
    let settings = question.settings.as_deref().and_then(|text| Settings::parse(text).ok()).unwrap_or_default();
    let objects: Vec<Object> = question.objects.iter().map(|json| Object::new(json, question)).collect();
    (0..objects.len()).filter_map(|index| answer(index, &objects, &settings, question)).collect()
}

struct Object<'q> {
    json: &'q str,
    value: Value,
    kind: String,
    name: Option<String>,
    namespace: String,
}

impl<'q> Object<'q> {
    fn new(json: &'q str, question: &Question) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let metadata = |key: &str| value.get("metadata")?.get(key)?.as_str().filter(|it| !it.is_empty());
        let own = metadata("namespace").filter(|_| !question.is_one_setup);
        Self {
            json,
            kind: value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned(),
            name: metadata("name").map(str::to_owned),
            namespace: own.unwrap_or(&question.namespace).to_owned(),
            value,
        }
    }

    fn is_cluster_scoped(&self) -> bool {
        manifest_reader::is_cluster_scoped(&self.kind)
    }

    fn request(&self) -> String {
        let api_version = self.value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = json!({"group": group, "version": version, "kind": self.kind});
        let namespace = Value::from(if self.is_cluster_scoped() { "" } else { &self.namespace });
        let json = self.json;
        format!(r#"{{"uid":"page","kind":{kind},"namespace":{namespace},"operation":"CREATE","object":{json}}}"#)
    }
}

/// The cluster that the policy sees: it consists of the objects of the question.
#[derive(Clone)]
struct Objects<'o> {
    all: &'o [Object<'o>],
    is_one_setup: bool,
    /// The indexes of the objects that the policy looked up and found.
    read: Vec<usize>,
    /// The kind and name of each object that the policy looked up, and of which the question does not say whether it
    /// exists. For messages.
    unknown: Vec<String>,
}

impl Cluster for Objects<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let Query { kind, namespace, name, .. } = *query;
        let is_asked_for = |object: &Object<'_>| {
            object.kind == kind
                && object.namespace == namespace
                && object.name.as_deref().map_or(self.is_one_setup, |own| own == name)
        };
        if let Some(index) = self.all.iter().rposition(is_asked_for) {
            self.read.push(index);
            let mut object = self.all.get(index).map(|object| object.value.clone()).unwrap_or_default();
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("namespace".to_owned(), namespace.into());
                metadata.insert("name".to_owned(), name.into());
            }
            return Ok(object.to_string());
        }
        if kind == "ServiceAccount" && name == "default" && !self.is_one_setup {
            // Kubernetes creates this account in every namespace.
            let metadata = json!({"namespace": namespace, "name": name});
            return Ok(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}).to_string());
        }
        let is_known = self.is_one_setup && self.all.iter().any(|object| object.kind == kind);
        if !is_known {
            let words = if kind == "ServiceAccount" { "service account" } else { kind };
            self.unknown.push(format!("{words} `{namespace}/{name}`"));
        }
        Err(LookupError::NotFound)
    }
}

fn review<'r>(request: &'r str, settings: &Settings<'_>, cluster: &mut Objects<'_>) -> Review<'r> {
    match Request::read(&mut Reader::new(request)) {
        Ok(request) => Review::new(&request, settings, cluster),
        Err(unreadable) => Review::unreadable(&unreadable),
    }
}

fn answer(index: usize, objects: &[Object<'_>], settings: &Settings<'_>, question: &Question) -> Option<Answer> {
    let object = objects.get(index)?;
    let request = object.request();
    let mut cluster =
        Objects { all: objects, is_one_setup: question.is_one_setup, read: Vec::new(), unknown: Vec::new() };
    // With the action `Reject` for all findings, the review also returns the findings that the settings ignore.
    let mut strict = settings.clone();
    for kind in FindingKind::ALL {
        strict.actions.choose(kind, Action::Reject);
    }
    let all = review(&request, &strict, &mut cluster.clone());
    let real = review(&request, settings, &mut cluster);
    let context = Context { index, object, objects, cluster: &cluster };
    let mut findings: Vec<Found> = all.findings.iter().map(|finding| context.found(finding, &real)).collect();
    let lines: Vec<String> = all.findings.iter().map(Finding::line).collect();
    let reasons = real.rejection.iter().flat_map(|rejection| rejection.message.lines());
    let reasons = reasons.filter(|reason| !reason.is_empty() && !lines.iter().any(|line| line == reason));
    // A rejection whose message has only part of the findings ends with "and N more", which is not a finding.
    let is_unreadable = real.rejection.as_ref().is_some_and(|rejection| rejection.code == 400) && lines.is_empty();
    findings.extend(reasons.filter(|_| is_unreadable).map(|reason| context.unreadable(reason)));
    let is_known = cluster.unknown.is_empty();
    let audit_annotations = real.audit_annotations.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    Some(Answer {
        kind: object.kind.clone(),
        namespace: (!object.is_cluster_scoped()).then(|| object.namespace.clone()),
        name: object.name.clone().unwrap_or_default(),
        decision: is_known.then(|| real.decision.name()),
        rejection: real
            .rejection
            .as_ref()
            .filter(|_| is_known)
            .map(|it| Rejected { code: it.code, message: it.message.clone() }),
        warnings: if is_known { real.warnings.clone() } else { Vec::new() },
        templates: irsa_explain::pod_templates(object.json, question.settings.as_deref()),
        audit_annotations: if is_known { audit_annotations.collect() } else { BTreeMap::new() },
        findings,
    })
}

/// The object that was reviewed, and the objects that the policy found.
struct Context<'c> {
    index: usize,
    object: &'c Object<'c>,
    objects: &'c [Object<'c>],
    cluster: &'c Objects<'c>,
}

impl Context<'_> {
    fn found(&self, finding: &Finding, real: &Review<'_>) -> Found {
        let line = finding.line();
        let (object, pointer) = self.place(finding, &line);
        let name = finding.kind.name();
        let is_lookup = matches!(finding.kind, FindingKind::MissingServiceAccount | FindingKind::LookupFailed);
        if let Some(unknown) = self.cluster.unknown.first().filter(|_| is_lookup) {
            return Found {
                name: "unknownServiceAccount",
                level: Level::Note,
                message: format!("{unknown} is not in the input, so its role is not known"),
                fix: "add its manifest to the input".to_owned(),
                object,
                pointer,
            };
        }
        let kept = real.findings.iter().find(|it| it.kind == finding.kind && it.place == finding.place);
        let level = match kept.map(|it| it.action) {
            Some(Action::Reject) => Level::Reject,
            Some(Action::Warn) => Level::Warn,
            Some(Action::Ignore) | None => Level::Ignored,
        };
        let message = line.strip_suffix(&format!(" [{name}]")).unwrap_or(&line).to_owned();
        Found { name, level, message, fix: finding_fix::fix(finding.kind).to_owned(), object, pointer }
    }

    /// Returns the index of the object that a finding is about, and the JSON pointer to the finding's place in that
    /// object.
    fn place(&self, finding: &Finding, line: &str) -> (usize, String) {
        let kind = match finding.place.owner {
            Owner::Object => None,
            Owner::ServiceAccount => Some("ServiceAccount"),
            Owner::ConfigMap => Some("ConfigMap"),
        };
        let Some(kind) = kind.filter(|kind| *kind != self.object.kind) else {
            return (self.index, finding_place::pointer(&finding.place, &self.object.value));
        };
        let place = irsa::Place { template: None, container: None, ..finding.place.clone() };
        let read = self.cluster.read.iter().filter_map(|index| Some((*index, self.objects.get(*index)?)));
        let mut read: Vec<(usize, &Object<'_>)> = read.filter(|(_, object)| object.kind == kind).collect();
        if let Some(named) = read.iter().position(|(_, object)| {
            object.name.as_ref().is_some_and(|name| line.contains(&format!("`{}/{name}`", object.namespace)))
        }) {
            read.swap(0, named);
        }
        let Some((index, object)) = read.first() else {
            let place = irsa::Place {
                template: finding.place.template.clone(),
                kind: irsa::ItemKind::ServiceAccountName,
                ..irsa::Place::default()
            };
            return (self.index, finding_place::pointer(&place, &self.object.value));
        };
        (*index, finding_place::pointer(&place, &object.value))
    }

    /// Converts the reason of a rejection without findings to a [`Found`]: the policy can't read a field.
    fn unreadable(&self, reason: &str) -> Found {
        let path = reason.strip_prefix('`').and_then(|rest| rest.split_once('`')).map_or("", |(path, _)| path);
        let path = path.strip_prefix("object").unwrap_or_default();
        Found {
            name: "unreadableObject",
            level: Level::Reject,
            message: reason.to_owned(),
            fix: "correct the field: Kubernetes refuses the object, too".to_owned(),
            object: self.index,
            pointer: finding_place::existing(&finding_place::path_pointer(path), &self.object.value),
        }
    }
}
