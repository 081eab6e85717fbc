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
        let (trust_policy, role) = self.trust_policy()?;
        let document = |path: &Option<PathBuf>| -> Result<Option<String>> { path.as_deref().map(document).transpose() };
        Ok(Inputs {
            pod: text(pod),
            workload: text(workload),
            service_account: text(account),
            settings,
            config_map: text(objects::only(&objects, "ConfigMap", None)?),
            trust_policy,
            issuer: self.issuer.clone(),
            discovery: document(&self.discovery)?,
            jwks: document(&self.jwks)?,
            token: self.token_file.as_ref().map(|path| read(path)).transpose()?,
            namespace: self.namespace.clone(),
            role: self.role.clone().or(role),
            now: Some(self.now.unwrap_or_else(now)),
            not_found: Vec::new(),
        })
    }

    /// The trust policy, and the ARN of its role if the file has it.
    fn trust_policy(&self) -> Result<(Option<String>, Option<String>)> {
        let Some(path) = &self.trust_policy else { return Ok((None, None)) };
        let text = document(path)?;
        let value: Value = serde_json::from_str(&text)?;
        match value.pointer("/Role/AssumeRolePolicyDocument") {
            Some(policy) => {
                let arn = value.pointer("/Role/Arn").and_then(Value::as_str);
                Ok((Some(policy.to_string()), arn.map(str::to_owned)))
            }
            None => Ok((Some(text), None)),
        }
    }
}

/// The only document of a file, as JSON.
fn document(path: &Path) -> Result<String> {
    let document = single_document(&read(path)?).with_context(|| format!("cannot read `{}`", path.display()))?;
    document.with_context(|| format!("expected one document in `{}`, but it is empty", path.display()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
