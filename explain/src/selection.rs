//! Which pod to explain, if the files have several: pods, workloads, or a workload with several pod templates.

use serde_json::Value;

use crate::chain::explain;
use crate::explanation::{Explanation, Outcome};
use crate::inputs::Inputs;
use crate::policy_answer::metadata;
use crate::scenario::{account_of_template, pod_templates, service_account_of};

/// A pod that can be explained: one of the objects, or a pod template in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, as `kubectl` writes it: `pod/web-0`, `deployment/web`. If the workload has several pod templates, also
    /// the template's path: `jobset/train spec.replicatedJobs[1].template.spec.template`.
    pub name: String,
    /// The position of its object.
    pub object: usize,
    /// Which of the workload's pod templates, from 0. `None` for a pod.
    pub template: Option<usize>,
    kind: String,
    object_name: String,
}

/// The pods and workloads among objects (JSON), in their order. `settings` (JSON) name the custom workloads.
#[must_use]
pub fn candidates(objects: &[&str], settings: Option<&str>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (position, text) in objects.iter().enumerate() {
        let Ok(object) = serde_json::from_str::<Value>(text) else { continue };
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let object_name = metadata(&object, "name").or_else(|| metadata(&object, "generateName")).unwrap_or_default();
        let full = format!("{kind}/{object_name}");
        let candidate = |name: String, template| Candidate {
            name,
            object: position,
            template,
            kind: kind.clone(),
            object_name: object_name.to_owned(),
        };
        if kind == "pod" {
            candidates.push(candidate(full, None));
            continue;
        }
        match pod_templates(text, settings).as_slice() {
            [_] => candidates.push(candidate(full, Some(0))),
            several => {
                let of_template = |(index, path): (usize, &String)| candidate(format!("{full} {path}"), Some(index));
                candidates.extend(several.iter().enumerate().map(of_template));
            }
        }
    }
    candidates
}

/// The candidates that a choice names: `deploy/web`, `deployments/web`, `pod/web-0`, or `web` for any kind. Kinds may
/// be written as `kubectl` accepts them: singular, plural or short.
///
/// # Errors
/// If it names none. The message lists the candidates.
pub fn choose(candidates: Vec<Candidate>, choice: &str) -> Result<Vec<Candidate>, String> {
    let (kind, name) = match choice.split_once('/') {
        Some((kind, name)) => (Some(kind.to_lowercase()), name),
        None => (None, choice),
    };
    let is_kind = |candidate: &Candidate| {
        kind.as_deref().is_none_or(|kind| {
            candidate.kind == kind || plural(&candidate.kind) == kind || Some(kind) == short(&candidate.kind)
        })
    };
    let names: Vec<String> = candidates.iter().map(|candidate| format!("`{}`", candidate.name)).collect();
    let chosen: Vec<Candidate> = candidates.into_iter().filter(|it| is_kind(it) && it.object_name == name).collect();
    if chosen.is_empty() {
        let expected = if names.is_empty() { "a file with a pod or a workload".to_owned() } else { names.join(" or ") };
        return Err(format!("expected {expected}, but got `{choice}`"));
    }
    Ok(chosen)
}

fn plural(kind: &str) -> String {
    format!("{kind}s")
}

/// kubectl's short name of a kind.
fn short(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "pod" => "po",
        "deployment" => "deploy",
        "statefulset" => "sts",
        "daemonset" => "ds",
        "replicaset" => "rs",
        "replicationcontroller" => "rc",
        "cronjob" => "cj",
        _ => return None,
    })
}

impl Candidate {
    /// The inputs to explain this candidate: the common ones, with its object, and with its service account from the
    /// objects unless the common ones have one.
    #[must_use]
    pub fn inputs(&self, objects: &[&str], common: &Inputs) -> Inputs {
        let mut inputs = common.clone();
        let Some(text) = objects.get(self.object) else { return inputs };
        let text = (*text).to_owned();
        if inputs.service_account.is_none() {
            inputs.service_account = self.service_account(&text, objects, common);
        }
        if self.template.is_some() {
            (inputs.pod, inputs.workload, inputs.template) = (None, Some(text), self.template);
        } else {
            (inputs.pod, inputs.workload, inputs.template) = (Some(text), None, None);
        }
        inputs
    }

    /// The service account that the pod runs as; else the only one of the objects, so that it can be reported as
    /// another.
    fn service_account(&self, text: &str, objects: &[&str], common: &Inputs) -> Option<String> {
        let object: Value = serde_json::from_str(text).ok()?;
        let settings = common.settings.as_deref();
        let namespace = common.namespace.as_deref().or_else(|| metadata(&object, "namespace"));
        let name = match self.template {
            None => service_account_of(&object).to_owned(),
            Some(position) => account_of_template(text, settings, position)?,
        };
        let accounts: Vec<(&str, Value)> = objects
            .iter()
            .filter_map(|text| Some((*text, serde_json::from_str::<Value>(text).ok()?)))
            .filter(|(_, value)| value.get("kind").and_then(Value::as_str) == Some("ServiceAccount"))
            .collect();
        let is_in = |account: &Value| match (metadata(account, "namespace"), namespace) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        let of_name = accounts.iter().find(|(_, it)| metadata(it, "name") == Some(name.as_str()) && is_in(it));
        let only = if let [one] = accounts.as_slice() { Some(one) } else { None };
        of_name.or(only).map(|(text, _)| (*text).to_owned())
    }
}

/// Explains several candidates, those that fail first, then those of which something is not known.
#[must_use]
pub fn explain_all(candidates: &[Candidate], objects: &[&str], common: &Inputs) -> Vec<(String, Explanation)> {
    let explain = |candidate: &Candidate| (candidate.name.clone(), explain(&candidate.inputs(objects, common)));
    let mut explained: Vec<_> = candidates.iter().map(explain).collect();
    explained.sort_by_key(|(_, explanation)| match explanation.outcome {
        Outcome::Failed => 0,
        Outcome::Unknown => 1,
        Outcome::Passed | Outcome::Skipped => 2,
    });
    explained
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTS: [&str; 6] = [
        r#"{"kind": "ServiceAccount", "metadata": {"name": "web", "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"}}}"#,
        r#"{"kind": "ServiceAccount", "metadata": {"name": "seed"}}"#,
        r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}}}"#,
        r#"{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "seed"}, "spec": {"template": {"spec": {"serviceAccountName": "seed", "containers": [{"name": "app"}]}}}}"#,
        r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "app"}]}}"#,
        r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}"#,
    ];

    fn chosen(choice: &str) -> Result<Vec<String>, String> {
        let chosen = choose(candidates(&OBJECTS, None), choice)?;
        Ok(chosen.into_iter().map(|candidate| candidate.name).collect())
    }

    #[test]
    fn chooses_by_kind_and_name_as_kubectl_does() {
        for choice in ["deploy/web", "deployment/web", "deployments/web", "Deployment/web"] {
            assert_eq!(chosen(choice).unwrap(), ["deployment/web"], "{choice}");
        }
        assert_eq!(chosen("seed").unwrap(), ["job/seed"]);
        assert_eq!(chosen("web").unwrap(), ["deployment/web", "pod/web"]);
        assert_eq!(
            chosen("sts/web").unwrap_err(),
            "expected `deployment/web` or `job/seed` or `pod/web`, but got `sts/web`"
        );
        assert_eq!(choose(Vec::new(), "web").unwrap_err(), "expected a file with a pod or a workload, but got `web`");
    }

    #[test]
    fn explains_all_with_their_own_accounts_and_the_failing_first() {
        let common = Inputs { settings: Some(r#"{"region": "us-east-2"}"#.into()), ..Inputs::default() };
        let explained = explain_all(&candidates(&OBJECTS, None), &OBJECTS, &common);
        let outcomes: Vec<_> = explained.iter().map(|(name, it)| (name.as_str(), it.outcome)).collect();
        assert_eq!(
            outcomes,
            [("job/seed", Outcome::Failed), ("deployment/web", Outcome::Unknown), ("pod/web", Outcome::Unknown)]
        );
    }

    #[test]
    fn names_each_template_of_a_custom_workload() {
        let settings = r#"{"customWorkloads": [{"apiVersion": "example.com/v1", "kind": "Train", "podTemplates": ["$.spec.jobs[*].template"]}]}"#;
        let job =
            |name: &str| format!(r#"{{"template": {{"spec": {{"serviceAccountName": "{name}", "containers": []}}}}}}"#);
        let text = format!(
            r#"{{"apiVersion": "example.com/v1", "kind": "Train", "metadata": {{"name": "a"}}, "spec": {{"jobs": [{}, {}]}}}}"#,
            job("one"),
            job("two")
        );
        let candidates = candidates(&[&text], Some(settings));
        let names: Vec<_> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
        assert_eq!(names, ["train/a spec.jobs[0].template", "train/a spec.jobs[1].template"]);
        let common = Inputs { settings: Some(settings.into()), ..Inputs::default() };
        let inputs = candidates[1].inputs(&[&text], &common);
        assert_eq!((inputs.template, inputs.workload.is_some()), (Some(1), true));
        let explanation = explain(&inputs);
        assert!(explanation.problems.is_empty(), "{:?}", explanation.problems);
        let said = serde_json::to_string(&explanation.steps[0]).unwrap();
        assert!(said.contains("default/two"), "{said}");
    }
}
