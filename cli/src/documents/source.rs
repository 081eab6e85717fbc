//! Reads the objects of a file of the input.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use irsa_explain::check::{Location, Object};
use manifest_reader::{Comment, Position, documents};
use serde::Deserialize;

use super::chart::chart_of;
use super::classify::{self, Skipped, SkippedKind};
use super::walk::shown;
use crate::policy_settings::PolicySettings;

/// A file, or the standard input.
#[derive(Debug)]
pub struct Source {
    /// The name in messages: the path, or `<stdin>`.
    pub name: String,
    /// Whether the command line names the file itself, and not a directory that contains it.
    pub is_named: bool,
    path: Option<PathBuf>,
    /// The content of a source that can't be read again, such as the standard input. Empty for any other source.
    bytes: Vec<u8>,
}

/// The content of a file.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The objects.
    pub objects: Vec<InputObject>,
    /// Values of the policy's Helm chart.
    pub values: Vec<InputObject>,
    /// The documents that are not checked.
    pub skipped: Vec<Skipped>,
    /// The comments. Empty if the file does not contain `irsa:`.
    pub comments: Vec<Comment>,
}

/// A Kubernetes object of the input.
#[derive(Debug)]
pub struct InputObject {
    /// The index of its document in the file.
    pub document: usize,
    /// The JSON pointer from the document to the object.
    pub pointer: String,
    /// The object as JSON.
    pub json: String,
    /// The object's kind and metadata.
    pub head: Head,
}

impl InputObject {
    /// Returns the place of the object, which is in this file.
    pub fn location(&self, file: usize) -> Location {
        Location { file, document: self.document, pointer: self.pointer.clone() }
    }

    /// Returns the object for a check. `location` is its place.
    pub fn at<'o>(&'o self, location: &'o Location, default_namespace: &'o str) -> Object<'o> {
        Object {
            json: &self.json,
            api_version: &self.head.api_version,
            kind: &self.head.kind,
            namespace: self.head.scope(default_namespace),
            is_live: self.head.is_live(),
            location,
        }
    }

    /// Whether this is not a Kubernetes object, but values of the policy's Helm chart.
    fn is_values(&self) -> bool {
        serde_json::from_str(&self.json).is_ok_and(|values| PolicySettings::of_values(&values).is_some())
    }
}

/// The fields that identify an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Head {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: Metadata,
}

/// The metadata of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The name.
    pub name: Option<String>,
    /// The prefix of a name that the API server completes.
    pub generate_name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The uid. Only an object of a cluster has a uid.
    pub uid: Option<String>,
    /// The labels. Values that are not strings are read too, so that the policy can refuse them.
    pub labels: Option<BTreeMap<String, serde_json::Value>>,
    /// The owners of the object.
    pub owner_references: Option<Vec<OwnerReference>>,
}

/// An owner of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether the owner controls the object.
    pub controller: Option<bool>,
}

impl Head {
    /// Reads the fields of an object. For any other JSON, all fields are empty. Arrays are excluded here, because serde
    /// would read the elements of an array as these fields.
    fn of(json: &str) -> Self {
        let is_object = json.trim_start().starts_with('{');
        if is_object { serde_json::from_str(json).unwrap_or_default() } else { Self::default() }
    }

    /// Returns the name. If the API server generates the name, returns `generateName` followed by `*`.
    pub fn name(&self) -> String {
        let Metadata { name, generate_name, .. } = &self.metadata;
        match (name.as_deref(), generate_name.as_deref()) {
            (Some(name), _) if !name.is_empty() => name.to_owned(),
            (_, Some(prefix)) if !prefix.is_empty() => format!("{prefix}*"),
            _ => "(no name)".to_owned(),
        }
    }

    /// Returns the API group, which is empty for the core group, and the version.
    pub fn group_version(&self) -> (&str, &str) {
        self.api_version.split_once('/').unwrap_or(("", &self.api_version))
    }

    /// Whether the object was read from a cluster: it has a uid.
    pub fn is_live(&self) -> bool {
        self.metadata.uid.as_deref().is_some_and(|uid| !uid.is_empty())
    }

    /// Returns the object's namespace, or the argument `default` if the object specifies no namespace.
    pub fn namespace<'h>(&'h self, default: &'h str) -> &'h str {
        self.metadata.namespace.as_deref().filter(|namespace| !namespace.is_empty()).unwrap_or(default)
    }

    /// Returns the object's namespace. `None` if its kind is cluster-scoped.
    pub fn scope<'h>(&'h self, default: &'h str) -> Option<&'h str> {
        (!manifest_reader::is_cluster_scoped(&self.kind)).then(|| self.namespace(default))
    }

    /// Returns the owner that controls the object.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
    }
}

impl Source {
    /// Creates the source for a file, without reading it.
    pub fn file(path: PathBuf, is_named: bool) -> Self {
        Self { name: shown(&path), is_named, path: Some(path), bytes: Vec::new() }
    }

    /// Reads the standard input.
    ///
    /// # Errors
    /// Fails if the standard input can't be read.
    pub fn standard_input() -> Result<Self> {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("cannot read the standard input")?;
        Ok(Self { name: "<stdin>".to_owned(), is_named: true, path: None, bytes })
    }

    /// Reads a pipe, or another file that can be read only once, such as `<(helm template CHART)`.
    ///
    /// # Errors
    /// Fails if the file can't be read.
    pub fn stream(path: &Path) -> io::Result<Self> {
        Ok(Self { name: shown(path), is_named: true, path: None, bytes: fs::read(path)? })
    }

    /// Returns the content as text.
    ///
    /// # Errors
    /// Fails if the file can't be read, or is not UTF-8.
    pub fn text(&self) -> Result<String, Skipped> {
        let bytes = match &self.path {
            None => self.bytes.clone(),
            Some(path) => fs::read(path).map_err(|error| {
                Skipped::new(SkippedKind::Unreadable, Position::START, format!("cannot read the file: {error}"))
            })?,
        };
        classify::text(bytes)
    }

    /// Reads the objects. If `is_complete` is set, an object that looks like a patch is read as a complete object.
    pub fn parse(&self, is_complete: bool) -> Parsed {
        match self.text() {
            Ok(text) => {
                let mut parsed = parse(&text, is_complete);
                let chart = self.path.as_deref().filter(|_| !parsed.skipped.is_empty()).and_then(chart_of);
                if let Some(chart) = chart {
                    parsed.skipped.iter_mut().for_each(|skipped| skipped.assign(&chart));
                }
                // A directory can contain data files that are not manifests. Errors in such files are excused.
                if !self.is_named && !text.contains("apiVersion") {
                    parsed.skipped.iter_mut().for_each(Skipped::excuse);
                }
                parsed
            }
            Err(skipped) => Parsed { skipped: vec![skipped], ..Parsed::default() },
        }
    }
}

/// Reads the objects of a YAML or JSON string.
fn parse(text: &str, is_complete: bool) -> Parsed {
    let mut parsed = Parsed::default();
    let has_template_actions = classify::has_template_actions(text);
    for (index, document) in documents(text).into_iter().enumerate() {
        let document = match document {
            Ok(document) => document,
            Err(unreadable) => {
                let skipped = || classify::unreadable(&unreadable, has_template_actions);
                parsed.skipped.push(classify::conflict(text).unwrap_or_else(skipped));
                continue;
            }
        };
        parsed.skipped.extend(document.duplicates.iter().map(classify::duplicate));
        parsed.comments.extend(document.comments.iter().cloned());
        for object in document.objects() {
            let head = Head::of(&object.json);
            let at = || document.place(&object.pointer).map_or(document.start(), |place| place.value);
            let skipped = classify::object(&object.json, &head, at)
                .filter(|skipped| !is_complete || skipped.kind != SkippedKind::Patch);
            let (json, pointer) = (object.json.into_owned(), object.pointer);
            let object = InputObject { document: index, pointer, json, head };
            match skipped {
                None => parsed.objects.push(object),
                Some(skipped) if skipped.kind == SkippedKind::Fragment && object.is_values() => {
                    parsed.values.push(object);
                }
                Some(skipped) => parsed.skipped.push(skipped),
            }
        }
    }
    parsed
}
