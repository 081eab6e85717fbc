//! The inputs of an explanation, from files.

use std::path::Path;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use irsa_explain::{Inputs, service_account_of};
use serde_json::Value;

use super::Args;
use super::objects::{self, Object};
use crate::files::{read, single_document};

impl Args {
    /// Reads all files that the arguments name.
    pub(super) fn inputs(&self) -> Result<Inputs> {
        let mut objects = Vec::new();
        for path in [&self.pod, &self.workload, &self.service_account, &self.config_map].into_iter().flatten() {
            let read = objects::read(&read(path)?);
            objects.extend(read.with_context(|| format!("cannot read the objects in `{}`", path.display()))?);
        }
        let text = |object: Option<&Object>| object.map(|object| object.json().to_owned());
        let pod = match &self.pod {
            Some(_) => objects::only(&objects, "Pod", self.target.as_deref())?,
            None => None,
        };
        ensure!(self.pod.is_none() || pod.is_some(), "expected a Pod, but the files have none of this name");
        let settings = self.settings.read()?;
        let workload = match &self.workload {
            Some(_) => objects::workload(&objects, |object| irsa_explain::makes_pods(object, settings.as_deref()))?,
            None => None,
        };
        ensure!(self.workload.is_none() || workload.is_some(), "expected a workload, but the files have none");
        let pod_value: Value = pod.map(|pod| serde_json::from_str(pod.json())).transpose()?.unwrap_or_default();
        let account_name = pod.map(|_| service_account_of(&pod_value));
        // kubectl puts an object without a namespace into that of `-n`, or into `default`.
        let default_namespace = self.namespace.as_deref().unwrap_or("default");
        let namespace = pod_value.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(default_namespace);
        let account = objects::account(&objects, account_name, namespace, default_namespace);
        let document = |path: &Option<PathBuf>| -> Result<Option<String>> { path.as_deref().map(document).transpose() };
        Ok(Inputs {
            pod: text(pod),
            workload: text(workload),
            service_account: text(account),
            settings,
            config_map: text(objects::only(&objects, "ConfigMap", None)?),
            trust_policy: self.trust_policy.as_deref().map(trust_policy).transpose()?,
            provider: document(&self.provider)?,
            association: document(&self.association)?,
            policies: self.policies.as_deref().map(all_documents).transpose()?,
            container: self.container.clone(),
            other_service_accounts: objects::other_accounts(&objects, account),
            issuer: self.issuer.clone(),
            discovery: document(&self.discovery)?,
            jwks: document(&self.jwks)?,
            token: self.token_file.as_ref().map(|path| read(path)).transpose()?,
            namespace: self.namespace.clone(),
            role: self.role.clone(),
            now: Some(self.now.unwrap_or_else(now)),
            ..Inputs::default()
        })
    }
}

/// The only document of a file, as JSON.
fn document(path: &Path) -> Result<String> {
    let document = single_document(&read(path)?).with_context(|| format!("cannot read `{}`", path.display()))?;
    document.with_context(|| format!("expected one document in `{}`, but it is empty", path.display()))
}

/// A trust policy's file: a document, or the URL-encoded policy of the IAM API, which is not YAML.
fn trust_policy(path: &Path) -> Result<String> {
    let text = read(path)?;
    if text.trim_start().starts_with('%') {
        return Ok(text);
    }
    let document = single_document(&text).with_context(|| format!("cannot read `{}`", path.display()))?;
    document.with_context(|| format!("expected one document in `{}`, but it is empty", path.display()))
}

/// All objects of a file, as a JSON array.
fn all_documents(path: &Path) -> Result<String> {
    let objects = objects::read(&read(path)?).with_context(|| format!("cannot read `{}`", path.display()))?;
    let objects: Vec<&str> = objects.iter().map(Object::json).collect();
    Ok(format!("[{}]", objects.join(",")))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
