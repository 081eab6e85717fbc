//! Reads the pods to explain and their inputs from files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail, ensure};
use irsa_explain::selection::{Candidate, candidates, choose, service_accounts, with_container};
use irsa_explain::{Inputs, role_of, shell_word};

use super::Args;
use super::objects::{self, Object};
use crate::files::{read, single_document};
use crate::output;
use crate::policy_settings;

/// A pod to explain.
pub(super) struct Subject {
    /// The name of the pod or of its workload, such as `deployment/web`. `None` if there is only one subject.
    pub name: Option<String>,
    pub inputs: Inputs,
}

impl Args {
    /// Returns the pods in the files. If the command line chooses some of the pods, returns only these. If the command
    /// line names neither a pod nor a workload, returns one subject without a pod: its explanation is about any pod of
    /// the service account.
    pub(super) fn subjects(&self) -> Result<Vec<Subject>> {
        let (objects, of_pods) = self.objects()?;
        let texts: Vec<&str> = objects.iter().map(Object::json).collect();
        let common = self.common(&objects)?;
        let settings = common.settings.as_deref();
        let mut found = candidates(&texts, settings);
        // Pods and workloads in the files of other flags are explained only if the command line names them.
        if of_pods > 0 {
            found.retain(|candidate| candidate.object < of_pods);
        } else if self.target()?.is_none() {
            found.clear();
        }
        let chosen = self.choose(found, &texts, settings)?;
        let chosen = chosen.into_iter().map(|candidate| (candidate.inputs(&texts, &common), candidate)).collect();
        let chosen = self.of_role(chosen);
        let has_several = chosen.len() > 1;
        let subject = |(inputs, candidate): (Inputs, Candidate)| Subject {
            name: has_several.then_some(candidate.name),
            inputs: Inputs { is_one_of_several: has_several, ..inputs },
        };
        if !chosen.is_empty() {
            return Ok(chosen.into_iter().map(subject).collect());
        }
        ensure!(self.pod.is_none(), "the file of `--pod` contains no pod");
        let (service_account, other_service_accounts) = service_accounts(&texts, self.namespace.as_deref());
        let mut inputs = Inputs { service_account, other_service_accounts, ..common };
        if let Some(of_pods) = objects.get(..of_pods).filter(|_| self.workload.is_some()) {
            let workload =
                objects::other_workload(of_pods)?.context("the file of `--workload` contains no workload")?;
            inputs.workload = Some(workload.json().to_owned());
        } else if let Some(file) = self.files().next() {
            ensure!(
                inputs.service_account.is_some(),
                "`{}` contains no pod, no workload and no service account. If a custom resource creates the pods, name \
                 its kind in the setting `customWorkloads`, or give the file with `--workload`",
                file.display()
            );
        }
        Ok(vec![Subject { name: None, inputs }])
    }

    /// Reads the inputs in files. Used for a pod that is read from a cluster.
    pub(super) fn inputs_of_cluster(&self) -> Result<Inputs> {
        let (objects, _) = self.objects()?;
        let texts: Vec<&str> = objects.iter().map(Object::json).collect();
        let (service_account, other_service_accounts) = service_accounts(&texts, self.namespace.as_deref());
        Ok(Inputs { service_account, other_service_accounts, ..self.common(&objects)? })
    }

    /// Reads the objects of all files. The objects in the files that may contain the pods to explain come first: the
    /// arguments, `--pod` and `--workload`. Also returns the number of these objects.
    fn objects(&self) -> Result<(Vec<Object>, usize)> {
        let mut objects = Vec::new();
        for path in self.files() {
            let of_file = objects::read_file(path)?;
            ensure!(
                of_file.iter().all(|object| !object.kind().is_empty()),
                "`{}` contains a document without `kind`, which is no Kubernetes object. For a trust policy, use \
                 `--trust-policy`; `irsa explain --help` lists the flags for other files",
                path.display()
            );
            objects.extend(of_file);
        }
        for path in [&self.pod, &self.workload].into_iter().flatten() {
            objects.extend(objects::read_file(path)?);
        }
        let of_pods = objects.len();
        for (path, kind) in [(&self.service_account, "ServiceAccount"), (&self.config_map, "ConfigMap")] {
            let Some(path) = path else { continue };
            let of_file = objects::read_file(path)?;
            let has_kind = of_file.iter().any(|object| object.kind() == kind);
            ensure!(has_kind, "`{}` contains no {kind}", path.display());
            objects.extend(of_file);
        }
        Ok((objects, of_pods))
    }

    /// Keeps the candidates that the command line chooses: by name, by namespace and by container.
    fn choose(&self, found: Vec<Candidate>, texts: &[&str], settings: Option<&str>) -> Result<Vec<Candidate>> {
        let is_of_flag = |candidate: &Candidate| candidate.is_pod() == self.workload.is_none();
        let mut chosen = found;
        match self.target()? {
            Some(target) => chosen = choose(chosen, target).map_err(Error::msg)?,
            // With `--workload`, pods are left out if the file contains a workload. Otherwise, workloads are left out
            // if the files contain a pod.
            None if chosen.iter().any(is_of_flag) => chosen.retain(is_of_flag),
            None => {}
        }
        let is_of_namespace = |candidate: &Candidate| {
            candidate.namespace.is_none() || candidate.namespace.as_deref() == self.namespace.as_deref()
        };
        if self.namespace.is_some() && chosen.iter().any(is_of_namespace) {
            chosen.retain(is_of_namespace);
        }
        match &self.container {
            Some(container) if chosen.len() > 1 => {
                with_container(chosen, container, texts, settings).map_err(Error::msg)
            }
            _ => Ok(chosen),
        }
    }

    /// If there are several pods, and some have the role of `--role`, keeps only the pods with this role. Prints the
    /// names of the others.
    fn of_role(&self, pods: Vec<(Inputs, Candidate)>) -> Vec<(Inputs, Candidate)> {
        let Some(role) = self.role.as_deref().filter(|_| pods.len() > 1) else { return pods };
        let (kept, others): (Vec<_>, Vec<_>) =
            pods.into_iter().partition(|(inputs, _)| role_of(inputs).as_deref() == Some(role));
        if kept.is_empty() {
            return others;
        }
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|(_, candidate)| &*candidate.name).collect();
            output::warning(format_args!("not explained, because they do not have this role: {}", names.join(", ")));
        }
        kept
    }

    /// Reads the inputs that all pods share.
    fn common(&self, objects: &[Object]) -> Result<Inputs> {
        let mut settings = self.settings.read()?;
        let policies = self.policies.as_deref().map(policies).transpose()?.unwrap_or_default();
        if settings.is_none() {
            settings = policy_settings::of_objects(policies.iter().map(Object::json))?;
        }
        let config_map = objects::config_map(objects, settings.as_deref())?.map(|object| object.json().to_owned());
        if let Some(issuer) = self.issuer.as_deref().filter(|issuer| is_file_name(issuer)) {
            bail!("`--issuer`: `{issuer}` is a file: use `--discovery {}`", shell_word(issuer));
        }
        let document = |path: &Option<PathBuf>| -> Result<Option<String>> { path.as_deref().map(document).transpose() };
        Ok(Inputs {
            settings,
            config_map,
            trust_policy: self.trust_policy.as_deref().map(trust_policy).transpose()?,
            provider: document(&self.provider)?,
            association: document(&self.association)?,
            policies: self.policies.is_some().then(|| json_array(&policies)),
            container: self.container.clone(),
            issuer: self.issuer.clone(),
            discovery: document(&self.discovery)?,
            jwks: document(&self.jwks)?,
            token: self.token_file.as_ref().map(|path| read(path)).transpose()?,
            namespace: self.namespace.clone(),
            role: self.role.clone(),
            ..Inputs::default()
        })
    }
}

/// Whether the value of `--issuer` is the name of a file: the file exists, or the name ends with `.json` and contains
/// no host.
fn is_file_name(issuer: &str) -> bool {
    if issuer.contains("://") || issuer.trim_start().starts_with('{') {
        return false;
    }
    let host = issuer.split_once('/').map_or("", |(host, _)| host);
    let has_host = host.contains(|character: char| character != '.') && host.contains('.');
    let path = Path::new(issuer);
    path.is_file() || path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) && !has_host
}

/// Reads the only document of a file, as JSON.
fn document(path: &Path) -> Result<String> {
    only_document(&read(path)?, path)
}

/// Reads the file of a trust policy: a document, or the URL-encoded policy of the IAM API, which is not YAML.
fn trust_policy(path: &Path) -> Result<String> {
    let text = read(path)?;
    if text.trim_start().starts_with('%') { Ok(text) } else { only_document(&text, path) }
}

/// Returns the only document in the text of a file, as JSON.
fn only_document(text: &str, path: &Path) -> Result<String> {
    let document = single_document(text).with_context(|| format!("cannot read `{}`", path.display()))?;
    document.with_context(|| format!("expected one document in `{}`, but the file is empty", path.display()))
}

/// Reads the objects of the policy's own manifest.
fn policies(path: &Path) -> Result<Vec<Object>> {
    let objects = objects::read_file(path)?;
    let is_policy = |object: &Object| object.group() == "policies.kubewarden.io";
    ensure!(objects.iter().any(is_policy), "`{}` contains no policy of Kubewarden", path.display());
    Ok(objects)
}

fn json_array(objects: &[Object]) -> String {
    let objects: Vec<&str> = objects.iter().map(Object::json).collect();
    format!("[{}]", objects.join(","))
}
