//! Chooses which pods to explain, if the files have several: pods, workloads, or a workload with several pod templates.

use serde_json::Value;

use crate::explanation::{Explanation, Outcome};
use crate::inputs::Inputs;
use crate::policy_answer::metadata;
use crate::scenario::{pod_templates, service_account_of, template_value};

/// A pod that can be explained: an object that is a pod, or a pod template in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The candidate's name, as `kubectl` writes it: `pod/web-0`, `deployment/web`. If the workload has several pod
    /// templates, the template's path follows: `jobset/train spec.replicatedJobs[1].template.spec.template`. If another
    /// candidate has the same name in another namespace, the namespace follows.
    pub name: String,
    /// The position of the candidate's object.
    pub object: usize,
    /// The position of the pod template in the workload, from 0. `None` for a pod.
    pub template: Option<usize>,
    /// The namespace of the candidate's object. `None` if the object has no namespace.
    pub namespace: Option<String>,
    kind: String,
    object_name: String,
}

/// Finds the pods and workloads among objects (JSON), in order. `settings` (JSON) define the custom workloads.
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
            namespace: metadata(&object, "namespace").filter(|it| !it.is_empty()).map(str::to_owned),
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
    distinguish(&mut candidates);
    candidates
}

/// Adds the namespace to each name that candidates in several namespaces share.
fn distinguish(candidates: &mut [Candidate]) {
    let names: Vec<(String, Option<String>)> =
        candidates.iter().map(|it| (it.name.clone(), it.namespace.clone())).collect();
    for candidate in candidates {
        let is_other =
            |(name, namespace): &(String, Option<String>)| *name == candidate.name && *namespace != candidate.namespace;
        if let (true, Some(namespace)) = (names.iter().any(is_other), &candidate.namespace) {
            candidate.name = format!("{} of namespace {namespace}", candidate.name);
        }
    }
}

/// Returns the candidates that a choice names: `deploy/web`, `deployments/web`, `deployment.apps/web`, `pod/web-0`, or
/// `web` of any kind. Kinds may be written as `kubectl` accepts them: singular, plural, short, or with their group.
///
/// # Errors
/// Fails if no candidate matches. The message lists the candidates.
pub fn choose(candidates: Vec<Candidate>, choice: &str) -> Result<Vec<Candidate>, String> {
    let (kind, name) = match choice.split_once('/') {
        Some((kind, name)) => (Some(kind.to_lowercase()), name),
        None => (None, choice),
    };
    let kind = kind.as_deref().map(|kind| kind.split_once('.').map_or(kind, |(kind, _)| kind));
    let is_kind = |candidate: &Candidate| {
        kind.is_none_or(|kind| {
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

/// Returns the candidates whose pod has a container of this name.
///
/// # Errors
/// Fails if no pod has such a container. The message lists the containers.
pub fn with_container(
    candidates: Vec<Candidate>,
    container: &str,
    objects: &[&str],
    settings: Option<&str>,
) -> Result<Vec<Candidate>, String> {
    let mut all: Vec<String> = Vec::new();
    let mut chosen = Vec::new();
    for candidate in candidates {
        let containers = candidate.containers(objects, settings);
        if containers.iter().any(|name| name == container) {
            chosen.push(candidate);
        }
        for name in containers.iter().map(|name| format!("`{name}`")) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    match (chosen.is_empty(), all.is_empty()) {
        (false, _) => Ok(chosen),
        (true, false) => Err(format!("expected a container {}, but got `{container}`", all.join(" or "))),
        (true, true) => Err(format!("expected a pod with a container `{container}`, but no pod has containers")),
    }
}

fn plural(kind: &str) -> String {
    format!("{kind}s")
}

/// Returns kubectl's short name of a kind. `None` if kubectl has no short name for it.
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
    /// Whether the candidate is a pod, and not a pod template of a workload.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.template.is_none()
    }

    /// Returns the inputs to explain this candidate: the common inputs with the candidate's object. If the common
    /// inputs have no service account, the service accounts among the objects are added.
    #[must_use]
    pub fn inputs(&self, objects: &[&str], common: &Inputs) -> Inputs {
        let mut inputs = common.clone();
        let Some(text) = objects.get(self.object) else { return inputs };
        if inputs.service_account.is_none() {
            let accounts = ServiceAccounts::of(objects, common.namespace.as_deref());
            let namespace = common.namespace.as_deref().or(self.namespace.as_deref());
            let name = self.pod_or_template(objects, common.settings.as_deref());
            let name = name.as_ref().map(service_account_of);
            (inputs.service_account, inputs.other_service_accounts) = accounts.split(name, namespace);
        }
        let text = (*text).to_owned();
        if self.template.is_some() {
            (inputs.pod, inputs.workload, inputs.template) = (None, Some(text), self.template);
        } else {
            (inputs.pod, inputs.workload, inputs.template) = (Some(text), None, None);
        }
        inputs
    }

    /// Returns the names of the pod's containers, init containers and ephemeral containers.
    fn containers(&self, objects: &[&str], settings: Option<&str>) -> Vec<String> {
        let Some(pod) = self.pod_or_template(objects, settings) else { return Vec::new() };
        let spec = pod.get("spec");
        let arrays = ["initContainers", "containers", "ephemeralContainers"];
        let arrays = arrays.iter().filter_map(|key| spec?.get(key)?.as_array());
        let names = arrays.flatten().filter_map(|container| container.get("name")?.as_str());
        names.map(str::to_owned).collect()
    }

    fn pod_or_template(&self, objects: &[&str], settings: Option<&str>) -> Option<Value> {
        let text = objects.get(self.object)?;
        match self.template {
            None => serde_json::from_str(text).ok(),
            Some(position) => template_value(text, settings, position),
        }
    }
}

/// The service accounts among objects.
struct ServiceAccounts<'o> {
    accounts: Vec<(&'o str, Value)>,
    /// The namespace in which `kubectl` creates an object that has no namespace.
    default_namespace: &'o str,
}

impl<'o> ServiceAccounts<'o> {
    fn of(objects: &[&'o str], namespace: Option<&'o str>) -> Self {
        // Most objects are not service accounts. This check avoids parsing them again for each pod.
        let read = |text: &'o str| {
            let text = Some(text).filter(|text| text.contains("ServiceAccount"))?;
            Some((text, serde_json::from_str::<Value>(text).ok()?))
        };
        let is_account =
            |(_, object): &(&str, Value)| object.get("kind").and_then(Value::as_str) == Some("ServiceAccount");
        Self {
            accounts: objects.iter().filter_map(|text| read(text)).filter(is_account).collect(),
            default_namespace: namespace.unwrap_or("default"),
        }
    }

    /// Splits the accounts into the account to explain and the others. The account to explain is the account of this
    /// name in this namespace, else the first account of this name, else the only account. So it may not be the pod's
    /// account. The explanation then reports the difference.
    fn split(&self, name: Option<&str>, namespace: Option<&str>) -> (Option<String>, Vec<String>) {
        let namespace = namespace.unwrap_or(self.default_namespace);
        let has_name = |object: &Value| name.is_some_and(|name| metadata(object, "name") == Some(name));
        let is_in_namespace = |object: &Value| {
            let own = metadata(object, "namespace").filter(|own| !own.is_empty());
            own.unwrap_or(self.default_namespace) == namespace
        };
        let find = |is_it: &dyn Fn(&Value) -> bool| self.accounts.iter().position(|(_, object)| is_it(object));
        let found = find(&|object| has_name(object) && is_in_namespace(object)).or_else(|| find(&has_name));
        let found = found.or_else(|| (self.accounts.len() == 1).then_some(0));
        let others = self.accounts.iter().enumerate().filter(|(position, _)| Some(*position) != found);
        let others = others.map(|(_, (text, _))| (*text).to_owned()).collect();
        let account = found.and_then(|position| self.accounts.get(position)).map(|(text, _)| (*text).to_owned());
        (account, others)
    }
}

/// Returns the service account to explain, and the other service accounts. If there is not exactly one service account
/// among the objects, there is no account to explain. Used if no pod names a service account.
#[must_use]
pub fn service_accounts(objects: &[&str], namespace: Option<&str>) -> (Option<String>, Vec<String>) {
    ServiceAccounts::of(objects, namespace).split(None, namespace)
}

/// Returns the rank by which the explanations of several pods are sorted: failed explanations come first.
#[must_use]
pub fn rank(explanation: &Explanation) -> u8 {
    match explanation.outcome {
        Outcome::Failed => 0,
        Outcome::Unknown => 1,
        Outcome::Passed | Outcome::Skipped => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTS: [&str; 6] = [
        r#"{"kind": "ServiceAccount", "metadata": {"name": "web", "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"}}}"#,
        r#"{"kind": "ServiceAccount", "metadata": {"name": "seed"}}"#,
        r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}}}"#,
        r#"{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "seed"}, "spec": {"template": {"spec": {"serviceAccountName": "seed", "containers": [{"name": "seed"}]}}}}"#,
        r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "app"}]}}"#,
        r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}"#,
    ];

    fn chosen(choice: &str) -> Result<Vec<String>, String> {
        let chosen = choose(candidates(&OBJECTS, None), choice)?;
        Ok(chosen.into_iter().map(|candidate| candidate.name).collect())
    }

    #[test]
    fn chooses_by_kind_and_name_as_kubectl_does() {
        for choice in ["deploy/web", "deployment/web", "deployments/web", "Deployment/web", "deployment.apps/web"] {
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
    fn finds_the_account_of_a_pod() {
        let account = |namespace: Option<&str>| {
            let mut metadata = serde_json::json!({"name": "web"});
            if let Some(namespace) = namespace {
                metadata["namespace"] = namespace.into();
            }
            serde_json::json!({"kind": "ServiceAccount", "metadata": metadata}).to_string()
        };
        let accounts = [account(Some("one")), account(Some("two")), account(None)];
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let namespace_of = |pod_namespace, default| {
            let (account, others) = ServiceAccounts::of(&accounts, default).split(Some("web"), pod_namespace);
            assert_eq!(others.len(), 2);
            let account: Value = serde_json::from_str(&account.unwrap()).unwrap();
            metadata(&account, "namespace").map(str::to_owned)
        };

        assert_eq!(namespace_of(Some("two"), None).as_deref(), Some("two"));
        assert_eq!(namespace_of(None, None), None, "an account without a namespace is in `default`");
        assert_eq!(
            namespace_of(Some("shop"), Some("shop")),
            None,
            "an account without a namespace is in the namespace that `-n` names"
        );
        assert_eq!(
            namespace_of(Some("other"), None).as_deref(),
            Some("one"),
            "an account of the same name in another namespace"
        );
        assert_eq!(ServiceAccounts::of(&accounts, None).split(Some("other"), Some("one")).0, None);
        let only = ServiceAccounts::of(&accounts[..1], None).split(Some("other"), Some("shop"));
        assert!(only.0.is_some() && only.1.is_empty(), "the only account, whatever its name");
    }

    #[test]
    fn chooses_the_pods_that_have_a_container() {
        let chosen = |container| {
            let chosen = with_container(candidates(&OBJECTS, None), container, &OBJECTS, None)?;
            Ok::<_, String>(chosen.into_iter().map(|candidate| candidate.name).collect::<Vec<_>>())
        };
        assert_eq!(chosen("seed").unwrap(), ["job/seed"]);
        assert_eq!(chosen("app").unwrap(), ["deployment/web", "pod/web"]);
        assert_eq!(chosen("web").unwrap_err(), "expected a container `app` or `seed`, but got `web`");
    }

    #[test]
    fn names_the_namespace_of_pods_with_the_same_name() {
        let pod =
            |namespace: &str| format!(r#"{{"kind": "Pod", "metadata": {{"name": "a", "namespace": "{namespace}"}}}}"#);
        let (one, two) = (pod("one"), pod("two"));
        let names = |objects: &[&str]| candidates(objects, None).into_iter().map(|it| it.name).collect::<Vec<_>>();
        assert_eq!(names(&[&one, &two]), ["pod/a of namespace one", "pod/a of namespace two"]);
        assert_eq!(names(&[&one]), ["pod/a"]);
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
        let explanation = crate::explain(&inputs);
        assert!(explanation.problems.is_empty(), "{:?}", explanation.problems);
        let said = serde_json::to_string(&explanation.steps[0]).unwrap();
        assert!(said.contains("default/two"), "{said}");
    }
}
