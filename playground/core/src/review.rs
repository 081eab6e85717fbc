//! Asks the policy about each of several objects, as if the object were created: the same check as `irsa check`, with
//! the policy's response and the findings that the settings ignore.
//!
//! The policy's lookups search the objects of the question. A service account that is not in the question is unknown,
//! and so is an answer that depends on it. One exception: in one setup that contains a service account, no other
//! account exists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use irsa::internals::Mode;
use irsa::{Action, FindingKind, Settings};
use irsa_explain::check::{Answer as LookupAnswer, Checker, Entry, Found, InFile, Index, Location, Object, Objects};
use irsa_explain::explanation::{Rejected, Reviewed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    decision: Option<String>,
    rejection: Option<Rejected>,
    warnings: Vec<String>,
    audit_annotations: BTreeMap<String, String>,
    findings: Vec<Finding>,
    /// The paths to the pod templates in the object.
    templates: Vec<String>,
}

/// A finding, and its place.
#[derive(Serialize)]
struct Finding {
    name: &'static str,
    /// `reject`, `warn`, `note`, or `ignored` if the settings ignore the finding.
    level: &'static str,
    message: String,
    fix: String,
    /// The index of the object that contains the place.
    object: usize,
    /// The JSON pointer to the place in the object.
    pointer: String,
}

impl Finding {
    fn new(level: &'static str, found: Found) -> Self {
        let Found { name, message, fix, location, .. } = found;
        Self { name, level, message, fix, object: location.document, pointer: location.pointer }
    }
}

/// Returns the policy's answers, in the order of the objects. Uses the default settings if the settings are invalid.
pub fn answers(question: &Question) -> Vec<Answer> {
    let settings = question.settings.as_deref().and_then(|text| Settings::parse(text).ok()).unwrap_or_default();
    let given: Vec<Given> =
        question.objects.iter().enumerate().map(|(at, json)| Given::new(json, at, question)).collect();
    if question.is_one_setup {
        let setup = Setup { all: &given };
        let mut strict = settings.clone();
        for kind in FindingKind::ALL {
            strict.actions.choose(kind, Action::Reject);
        }
        let with =
            |settings| Checker { objects: &setup, settings, settings_of_live: settings, allows_placeholders: false };
        return given.iter().map(|given| given.answer(with(&settings), Some(with(&strict)), question)).collect();
    }
    let mut index = Index::default();
    for given in &given {
        index.add(&given.object());
    }
    // As `irsa check` does it: new objects are checked in mode `Mutate`, and running pods in mode `Validate`.
    let (mut new, mut live) = (settings.clone(), settings);
    (new.mode, live.mode) = (Mode::Mutate, Mode::Validate);
    let objects = InFile { index: &index, file: 0, is_complete: false };
    let checker = Checker { objects: &objects, settings: &new, settings_of_live: &live, allows_placeholders: true };
    given.iter().map(|given| given.answer(checker, None, question)).collect()
}

/// An object of the question.
struct Given<'q> {
    json: &'q str,
    value: Value,
    namespace: Option<String>,
    location: Location,
}

impl<'q> Given<'q> {
    fn new(json: &'q str, at: usize, question: &Question) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let own = value.pointer("/metadata/namespace").and_then(Value::as_str);
        let own = own.filter(|namespace| !namespace.is_empty() && !question.is_one_setup);
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        let namespace =
            (!manifest_reader::is_cluster_scoped(kind)).then(|| own.unwrap_or(&question.namespace).to_owned());
        Self { json, namespace, location: Location { document: at, ..Location::default() }, value }
    }

    fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn object(&self) -> Object<'_> {
        Object {
            json: self.json,
            api_version: self.text("/apiVersion"),
            kind: self.text("/kind"),
            namespace: self.namespace.as_deref(),
            is_live: !self.text("/metadata/uid").is_empty(),
            location: &self.location,
        }
    }

    /// Returns the object as the answer to a lookup of this name.
    fn entry(&self, namespace: &str, name: &str) -> Entry {
        let mut object = self.value.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), namespace.into());
            metadata.insert("name".to_owned(), name.into());
        }
        Entry { location: self.location.clone(), json: object.to_string() }
    }

    /// Returns the policy's answer by the check `lenient`. With `strict`, a check in which the settings ignore no
    /// finding, the answer also has the findings that the settings ignore.
    fn answer(&self, lenient: Checker<'_, '_>, strict: Option<Checker<'_, '_>>, question: &Question) -> Answer {
        let checked = lenient.check(&self.object());
        let findings = match strict {
            Some(strict) => with_levels(strict.check(&self.object()).found, &checked.found),
            None => checked.found.into_iter().map(|found| Finding::new(found.level.name(), found)).collect(),
        };
        let (decision, rejection, warnings, audit_annotations) = match checked.response {
            Some(Reviewed { decision, rejection, warnings, audit_annotations, .. }) => {
                (Some(decision), rejection, warnings, audit_annotations)
            }
            None => (None, None, Vec::new(), BTreeMap::new()),
        };
        Answer {
            kind: self.text("/kind").to_owned(),
            namespace: self.namespace.clone(),
            name: self.text("/metadata/name").to_owned(),
            decision,
            rejection,
            warnings,
            audit_annotations,
            findings,
            templates: irsa_explain::pod_templates(self.json, question.settings.as_deref()),
        }
    }
}

/// The objects of one setup. An object without a name is the one that is looked up.
struct Setup<'q> {
    all: &'q [Given<'q>],
}

impl<'i> Objects<'i> for Setup<'_> {
    fn find(&self, kind: &'static str, namespace: &str, name: &str) -> LookupAnswer<'i> {
        let of_kind = || self.all.iter().filter(|given| given.text("/kind") == kind);
        let is_it = |given: &&Given<'_>| {
            given.namespace.as_deref() == Some(namespace) && ["", name].contains(&given.text("/metadata/name"))
        };
        match of_kind().rfind(is_it) {
            Some(given) => LookupAnswer::Found(Cow::Owned(given.entry(namespace, name))),
            None if of_kind().next().is_some() => LookupAnswer::Missing,
            None => LookupAnswer::Unknown,
        }
    }
}

/// Returns all findings, each with the level that it has in `real`. The settings ignore those that are not in `real`.
fn with_levels(all: Vec<Found>, real: &[Found]) -> Vec<Finding> {
    let level = |found: &Found| {
        let same = real.iter().find(|it| (it.name, &it.location) == (found.name, &found.location));
        same.map_or("ignored", |it| it.level.name())
    };
    all.into_iter().map(|found| Finding::new(level(&found), found)).collect()
}
