//! The first pass over the input: collects what the check of one object needs to know about other objects.

use std::collections::HashSet;

use anyhow::Result;
use irsa_explain::check::Index;
use serde_json::Value;

use super::Args;
use super::config::Config;
use super::policy::FoundSettings;
use super::restarts::{Owners, Templates};
use crate::documents::{InputObject, Parsed, Source, sources};
use crate::report::Unreadable;

/// The maximum size of the parsed objects that are kept for the second pass, in bytes. Files beyond this limit are read
/// and parsed again.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// The result of the first pass over the input.
pub struct Input {
    /// The files of the input.
    pub sources: Vec<Source>,
    /// The service accounts and `ConfigMap`s.
    pub index: Index,
    /// The policy's settings, if the input contains them.
    pub settings: Option<FoundSettings>,
    /// The pod templates of the workloads that were read from a cluster.
    pub templates: Templates,
    /// The owners that control the objects.
    pub owners: Owners,
    /// The workloads of the input, as kind, namespace and name.
    workloads: HashSet<(String, String, String)>,
    /// The paths that can't be read.
    pub unreadable: Vec<Unreadable>,
}

impl Input {
    /// Reads all files, and collects what the check of each object needs to know about other objects. Also returns the
    /// parsed files: `None` for a file beyond the limit [`KEPT_BYTES`].
    ///
    /// # Errors
    /// Fails if the standard input can't be read.
    pub fn read(args: &Args, config: &Config, namespace: &str) -> Result<(Self, Vec<Option<Parsed>>)> {
        let walk = sources(&args.inputs(), &|file| config.excludes(file))?;
        let mut input = Self {
            index: Index::default(),
            settings: None,
            templates: Templates::new(),
            owners: Owners::new(),
            workloads: HashSet::new(),
            unreadable: walk
                .unreadable
                .into_iter()
                .map(|(file, message)| Unreadable { file, at: None, message })
                .collect(),
            sources: walk.sources,
        };
        let mut kept = Vec::new();
        let mut budget = KEPT_BYTES;
        for file in 0..input.sources.len() {
            let Some(source) = input.sources.get(file) else { break };
            let parsed = source.parse(args.strict || config.strict);
            for object in &parsed.objects {
                input.add(file, object, namespace);
            }
            for values in &parsed.values {
                input.add_settings(file, values);
            }
            let size = parsed.objects.iter().map(|object| object.json.len()).fold(0, usize::saturating_add);
            kept.push((size <= budget).then_some(parsed));
            budget = budget.saturating_sub(size);
        }
        Ok((input, kept))
    }

    fn add(&mut self, file: usize, object: &InputObject, default_namespace: &str) {
        self.index.add(&object.at(&object.location(file), default_namespace));
        self.add_settings(file, object);
        let head = &object.head;
        let key = || (head.kind.clone(), head.namespace(default_namespace).to_owned(), head.name());
        if let Some(owner) = head.controller() {
            self.owners.insert(key(), (owner.kind.clone(), owner.name.clone()));
        }
        if matches!(head.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") {
            self.workloads.insert(key());
            // Running pods were created from the template in the cluster. The template of a manifest that is not
            // applied yet is ignored.
            if head.is_live() {
                let value: Value = serde_json::from_str(&object.json).unwrap_or_default();
                self.templates.extend(value.pointer("/spec/template").map(|template| (key(), template.clone())));
            }
        }
    }

    fn add_settings(&mut self, file: usize, document: &InputObject) {
        let found = FoundSettings::in_document(file, document);
        if let Some(found) = found.filter(|found| found.replaces(self.settings.as_ref())) {
            self.settings = Some(found);
        }
    }

    /// Whether an object of a cluster, such as a `ReplicaSet` or a Job, was created by a workload of the input. Such an
    /// object is not checked, because the workload has the same pod template. Always false for a pod.
    pub fn is_owned(&self, object: &InputObject, default_namespace: &str) -> bool {
        let head = &object.head;
        let (true, Some(owner)) = (head.is_live() && head.kind != "Pod", head.controller()) else { return false };
        let namespace = head.namespace(default_namespace).to_owned();
        self.workloads.contains(&(owner.kind.clone(), namespace, owner.name.clone()))
    }
}
