//! Answers the policy's lookups with the objects of the input, and records them.

use std::borrow::Cow;

use irsa::{Cluster, LookupError, Query};
use serde_json::json;

use super::index::{Entry, Index};

/// The objects that the policy may look up.
pub trait Objects<'i> {
    /// Finds an object.
    fn find(&self, kind: &'static str, namespace: &str, name: &str) -> Answer<'i>;

    /// Returns the service account of the input that `name` was probably meant to be. `None` if the input has no such
    /// account.
    fn meant_account(&self, _namespace: &str, _name: &str) -> Option<&'i str> {
        None
    }
}

/// The answer to a lookup.
#[derive(Debug)]
pub enum Answer<'i> {
    /// The object is in the input.
    Found(Cow<'i, Entry>),
    /// The object is not in the input, but it exists in every cluster: the service account `default` of a namespace.
    Default,
    /// The object does not exist.
    Missing,
    /// The object is not in the input, and may exist.
    Unknown,
}

/// The input, as an object of one file sees it.
#[derive(Debug, Clone, Copy)]
pub struct InFile<'i> {
    /// The objects of the input.
    pub index: &'i Index,
    /// The file. Its own objects come first if several objects have the same name.
    pub file: usize,
    /// Whether the input is complete: an object that is not in the input does not exist.
    pub is_complete: bool,
}

impl<'i> Objects<'i> for InFile<'i> {
    fn find(&self, kind: &'static str, namespace: &str, name: &str) -> Answer<'i> {
        match self.index.find(kind, namespace, name, self.file) {
            Some(entry) => Answer::Found(Cow::Borrowed(entry)),
            // Kubernetes creates the account `default` in every namespace, so the account exists without a manifest.
            None if kind == "ServiceAccount" && name == "default" => Answer::Default,
            None if self.is_complete => Answer::Missing,
            None => Answer::Unknown,
        }
    }

    fn meant_account(&self, namespace: &str, name: &str) -> Option<&'i str> {
        self.index.meant_account(namespace, name)
    }
}

/// Answers the lookups for one object, and records them.
pub struct Lookup<'l, 'i> {
    /// The objects that are looked up.
    pub objects: &'l dyn Objects<'i>,
    /// The service accounts that were found, each with `namespace/name` in backticks.
    pub accounts: Vec<(String, Cow<'i, Entry>)>,
    /// The ConfigMap that was found.
    pub config_map: Option<Cow<'i, Entry>>,
    /// The service accounts that are unknown, as `namespace/name`.
    pub unknown_accounts: Vec<String>,
    /// The ConfigMap that is unknown, as `namespace/name`.
    pub unknown_config_map: Option<String>,
}

impl<'l, 'i> Lookup<'l, 'i> {
    /// Answers the lookups with these objects.
    #[must_use]
    pub fn new(objects: &'l dyn Objects<'i>) -> Self {
        Self { objects, accounts: Vec::new(), config_map: None, unknown_accounts: Vec::new(), unknown_config_map: None }
    }

    /// Whether the input has the answer to each lookup.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.unknown_accounts.is_empty() && self.unknown_config_map.is_none()
    }
}

impl Cluster for Lookup<'_, '_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let Query { kind, namespace, name, .. } = *query;
        match self.objects.find(kind, namespace, name) {
            Answer::Found(entry) => {
                let json = entry.json.clone();
                match kind {
                    "ConfigMap" => self.config_map = Some(entry),
                    _ => self.accounts.push((format!("`{namespace}/{name}`"), entry)),
                }
                return Ok(json);
            }
            Answer::Default => {
                let metadata = json!({"namespace": namespace, "name": name});
                return Ok(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}).to_string());
            }
            Answer::Missing => {}
            Answer::Unknown if kind == "ConfigMap" => self.unknown_config_map = Some(format!("{namespace}/{name}")),
            Answer::Unknown => self.unknown_accounts.push(format!("{namespace}/{name}")),
        }
        Err(LookupError::NotFound)
    }
}
