//! Finds running pods that do not have what the policy would inject into a new pod, and the commands that recreate
//! them.
//!
//! To find what a new pod would get, the injected fields are removed from the running pod, and the policy is run on the
//! result. Variables and volumes that the pod's workload sets itself are kept.

use std::collections::{BTreeMap, HashMap};

use irsa::json::Reader;
use irsa::{Decision, Request, Review};
use irsa_explain::check::{InFile, Lookup};
use irsa_explain::shell_word;
use serde_json::Value;

use super::names;
use super::review::{Checker, Found, object_name};
use crate::documents::InputObject;
use crate::report::Restart;

/// The variables that the policy injects.
const INJECTED: [&str; 9] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_ROLE_SESSION_NAME",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The injected variables that AWS's webhook sets from its own settings. The input does not show these settings.
const SET_BY_WEBHOOK: [&str; 3] = ["AWS_DEFAULT_REGION", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS"];

/// The injected variables that define the source of the pod's credentials. If the input does not contain the pod's
/// template, only these variables are compared, because the template may set the others.
const OF_CREDENTIALS: [&str; 4] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The volumes that the policy injects, by their default names.
const VOLUMES: [&str; 2] = ["aws-iam-token", "eks-pod-identity-token"];

/// The pod templates of the input's workloads, by kind, namespace and name.
pub type Templates = HashMap<(String, String, String), Value>;

/// The owners that control the objects of the input, such as the Deployment of a `ReplicaSet`. The key is the object's
/// kind, namespace and name, and the value is the owner's kind and name.
pub type Owners = HashMap<(String, String, String), (String, String)>;

/// A running pod that must be recreated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalePod {
    namespace: String,
    name: String,
    /// The kind and name of the workload that creates the pod.
    workload: Option<(String, String)>,
}

/// Whether the object is a pod that was read from a cluster, and that has not ended: its phase is neither `Succeeded`
/// nor `Failed`.
pub fn is_running(pod: &InputObject) -> bool {
    if pod.head.kind != "Pod" || pod.head.api_version != "v1" || !pod.head.is_live() {
        return false;
    }
    let value: Value = serde_json::from_str(&pod.json).unwrap_or_default();
    !matches!(value.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"))
}

/// Returns the kind and name of the workload that creates a pod. `None` if the pod has no controller.
pub fn workload_of(pod: &InputObject, namespace: &str, owners: &Owners) -> Option<(String, String)> {
    let controller = pod.head.controller()?;
    let (kind, name) = (controller.kind.clone(), controller.name.clone());
    if let Some(owner) = owners.get(&(kind.clone(), namespace.to_owned(), name.clone())) {
        return Some(owner.clone());
    }
    let hash = pod.head.metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash")?.as_str());
    match (kind.as_str(), hash) {
        // The name of a `ReplicaSet` is the name of its Deployment, `-` and this hash.
        ("ReplicaSet", Some(hash)) => match name.strip_suffix(hash).and_then(|name| name.strip_suffix('-')) {
            Some(deployment) => Some(("Deployment".to_owned(), deployment.to_owned())),
            None => Some((kind, name)),
        },
        _ => Some((kind, name)),
    }
}

/// Compares what was injected into a running pod with what a new pod would get. Returns a finding if they differ.
/// `None` if they are equal, or if the input does not show what a new pod would get.
pub fn stale(checker: &Checker<'_>, file: usize, pod: &InputObject, template: Option<&Value>) -> Option<Found> {
    let location = pod.location(file);
    let running: Value = serde_json::from_str(&pod.json).ok()?;
    let fresh = InputObject {
        document: pod.document,
        pointer: pod.pointer.clone(),
        json: without_injected(&running, template).to_string(),
        head: pod.head.clone(),
    };
    let request = fresh.at(&location, checker.namespace).request();
    let objects = InFile { index: checker.index, file, is_complete: false };
    let mut lookup = Lookup::new(&objects);
    let review = Review::new(&Request::read(&mut Reader::new(&request)).ok()?, checker.settings, &mut lookup);
    if !lookup.is_known() {
        return None;
    }
    let expected: Value = match (review.decision, review.mutated_object) {
        (Decision::Injected, Some(object)) => serde_json::from_str(&object.to_string()).ok()?,
        (Decision::Unchanged, _) => serde_json::from_str(&fresh.json).ok()?,
        // The pod opts out, or the policy would refuse a new pod.
        _ => return None,
    };
    // On EKS, an association of EKS Pod Identity has priority over the account's role, and the input does not show
    // associations.
    let container_uri = |pod: &Value| has_variable(pod, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if container_uri(&running) && !container_uri(&expected) {
        return None;
    }
    let variables = if template.is_some() { &INJECTED[..] } else { &OF_CREDENTIALS[..] };
    let differences = differences(&running, &expected, variables);
    if differences.is_empty() {
        return None;
    }
    let account = lookup.accounts.first().map_or("its service account", |(name, _)| name);
    let message = format!(
        "running pod: {} {} from what a new pod of {account} would get now",
        differences.join(", "),
        if differences.len() == 1 { "differs" } else { "differ" },
    );
    Some(Found {
        name: names::STALE_POD.name,
        level: names::STALE_POD.level,
        message,
        fix: Some("recreate the pod: the commands are at the end of the report".into()),
        location,
        object: object_name(pod, checker.namespace),
        is_in_account: false,
    })
}

/// Returns the pod without the injected fields. Keeps the fields that `template`, the pod template of its workload,
/// sets.
fn without_injected(pod: &Value, template: Option<&Value>) -> Value {
    let mut pod = pod.clone();
    let own_variables = |container: &str| -> Vec<String> {
        let containers = ["/spec/containers", "/spec/initContainers"]
            .iter()
            .filter_map(|list| template?.pointer(list)?.as_array())
            .flatten();
        let own = containers.filter(|it| it.get("name").and_then(Value::as_str) == Some(container));
        let variables = own.filter_map(|container| container.get("env")?.as_array()).flatten();
        variables.filter_map(|variable| variable.get("name")?.as_str().map(str::to_owned)).collect()
    };
    let own_volumes: Vec<&str> = template
        .and_then(|template| template.pointer("/spec/volumes")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.get("name")?.as_str())
        .collect();
    let is_injected_volume = |name: &str| VOLUMES.contains(&name) && !own_volumes.contains(&name);
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return pod };
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let own = own_variables(&name);
            if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut) {
                env.retain(|variable| {
                    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
                    !INJECTED.contains(&name) || own.iter().any(|own| own == name)
                });
            }
            if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                mounts.retain(|mount| !mount.get("name").and_then(Value::as_str).is_some_and(is_injected_volume));
            }
        }
    }
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.retain(|volume| !volume.get("name").and_then(Value::as_str).is_some_and(is_injected_volume));
    }
    pod
}

/// Returns the names of the variables in `variables`, and of the injected volumes, that differ between two pods. Leaves
/// out the values, because the value of a variable may be a secret.
fn differences(running: &Value, expected: &Value, variables: &[&str]) -> Vec<String> {
    let mut differences: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !differences.contains(&name) {
            differences.push(name);
        }
    };
    for list in ["containers", "initContainers"] {
        let containers = |pod: &Value| -> Vec<Value> {
            pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let (running, expected) = (containers(running), containers(expected));
        for (running, expected) in running.iter().zip(&expected) {
            for &variable in variables {
                let [running, expected] = [running, expected].map(|container| variable_value(container, variable));
                // If a new pod would not get the variable, the running pod may have it from AWS's webhook.
                let may_be_of_webhook = expected.is_none() && SET_BY_WEBHOOK.contains(&variable);
                if running != expected && !may_be_of_webhook {
                    add(format!("`{variable}`"));
                }
            }
        }
    }
    for name in VOLUMES {
        let token = |pod: &Value| -> Option<Value> {
            let volumes = pod.pointer("/spec/volumes")?.as_array()?;
            let volume = volumes.iter().find(|volume| volume.get("name").and_then(Value::as_str) == Some(name))?;
            volume.pointer("/projected/sources/0/serviceAccountToken/audience").cloned()
        };
        if token(running) != token(expected) {
            add(format!("volume `{name}`"));
        }
    }
    differences
}

/// Whether a container of the pod has this variable.
fn has_variable(pod: &Value, name: &str) -> bool {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    containers.into_iter().flatten().any(|container| variable_value(container, name).is_some())
}

fn variable_value<'v>(container: &'v Value, name: &str) -> Option<&'v Value> {
    let variables = container.get("env")?.as_array()?;
    // If several variables have the same name, the last one is used.
    let variable = variables.iter().rfind(|variable| variable.get("name").and_then(Value::as_str) == Some(name))?;
    variable.get("value").or_else(|| variable.get("valueFrom"))
}

impl StalePod {
    /// Finds the workload that creates the pod.
    pub fn new(pod: &InputObject, namespace: &str, owners: &Owners) -> Self {
        let workload = workload_of(pod, namespace, owners);
        Self { namespace: namespace.to_owned(), name: pod.head.name(), workload }
    }

    fn command(&self) -> String {
        let Self { namespace, name, workload } = self;
        match workload.as_ref().map(|(kind, name)| (kind.as_str(), name)) {
            Some((kind @ ("Deployment" | "StatefulSet" | "DaemonSet"), workload)) => {
                let target = shell_word(&format!("{}/{workload}", kind.to_ascii_lowercase()));
                format!("kubectl rollout restart {target} -n {}", shell_word(namespace))
            }
            Some((kind @ ("ReplicaSet" | "ReplicationController"), workload)) => {
                let (name, namespace) = (shell_word(name), shell_word(namespace));
                format!("kubectl delete pod {name} -n {namespace} # {kind} {workload} recreates it")
            }
            Some((kind, workload)) => {
                format!(
                    "# {kind} {namespace}/{workload} controls pod {name}: restart the pod in the way that a {kind} requires"
                )
            }
            None => {
                format!("# no controller recreates pod {namespace}/{name}: delete the pod, then apply its manifest")
            }
        }
    }
}

/// Returns the commands that recreate these pods, each with the number of pods that it recreates.
pub fn commands(pods: &[StalePod]) -> Vec<Restart> {
    let mut commands: BTreeMap<String, usize> = BTreeMap::new();
    for pod in pods {
        let count = commands.entry(pod.command()).or_default();
        *count = count.saturating_add(1);
    }
    commands.into_iter().map(|(command, pods)| Restart { command, pods }).collect()
}
