//! Makes the edits and the commands of a fix. They do what the fix's sentence says.
//!
//! A program can apply the edits to the inputs without understanding the sentence. The playground's "Apply fix" does
//! so.

use serde_json::Value;

use crate::explanation::Edit;
use crate::fix::quoted;
use crate::inputs::Input;
use crate::pointer::child;
use crate::policy_answer::metadata;
use crate::scenario::{Origin, Scenario};

/// A fix: a sentence, with the edits and the commands that do what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fix {
    /// The sentence.
    pub says: String,
    /// The edits of the inputs, in the order in which to apply them.
    pub edits: Vec<Edit>,
    /// The commands, ready to paste. Parts in capitals, such as `NAME`, must be replaced first.
    pub commands: Vec<String>,
}

impl Fix {
    /// Makes a fix that is only a sentence.
    pub fn new(says: impl Into<String>) -> Self {
        Self { says: says.into(), ..Self::default() }
    }

    /// Makes a fix whose sentence ends with a command.
    pub fn command(says: &str, command: String) -> Self {
        Self::new(format!("{says}: `{command}`.")).run([command])
    }

    /// Adds edits.
    pub fn edit(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edits.extend(edits);
        self
    }

    /// Adds commands.
    pub fn run(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.commands.extend(commands);
        self
    }
}

impl From<String> for Fix {
    fn from(says: String) -> Self {
        Self::new(says)
    }
}

impl From<&str> for Fix {
    fn from(says: &str) -> Self {
        Self::new(says)
    }
}

/// A change of an annotation of the service account.
#[derive(Debug)]
pub struct AnnotationChange {
    /// The edits. Empty if the service account was not given.
    pub edits: Vec<Edit>,
    /// The command.
    pub command: String,
}

/// Sets one of the policy's annotations, such as `role-arn`, on the service account. `None` removes the annotation.
pub fn annotation(scenario: &Scenario<'_>, name: &str, value: Option<&str>) -> AnnotationChange {
    let key = format!("{}/{name}", scenario.settings.annotation_prefix);
    let change = value.map_or_else(|| format!("{key}-"), |value| format!("{key}={value}"));
    let edit = scenario.documents.service_account.get().map(|_| Edit {
        input: Input::ServiceAccount,
        pointer: child("/metadata/annotations", &key),
        value: value.map(Value::from),
    });
    let command = format!(
        "kubectl annotate --overwrite serviceaccount -n {} {} {}",
        quoted(&scenario.namespace),
        quoted(scenario.account.as_deref().unwrap_or("NAME")),
        quoted(&change),
    );
    AnnotationChange { edits: edit.into_iter().collect(), command }
}

/// Sets one of the policy's settings.
pub fn setting(key: &str, value: &str) -> Edit {
    Edit { input: Input::Settings, pointer: child("", key), value: Some(value.into()) }
}

/// Sets the name of the pod's service account.
pub fn service_account_name(scenario: &Scenario<'_>, name: &str) -> Option<Edit> {
    Some(Manifest::of(scenario)?.edit("/spec/serviceAccountName", Some(name.into())))
}

/// Removes a label of the pod.
pub fn without_label(scenario: &Scenario<'_>, label: &str) -> Option<Edit> {
    let manifest = Manifest::of(scenario)?;
    manifest.pod.pointer("/metadata/labels")?.get(label)?;
    Some(manifest.edit(&child("/metadata/labels", label), None))
}

/// Removes variables from the `env` of the pod's containers. `is_removed` gets the names of the container and of the
/// variable.
pub fn without_variables(scenario: &Scenario<'_>, is_removed: impl Fn(&str, &str) -> bool) -> Vec<Edit> {
    let Some(manifest) = Manifest::of(scenario) else { return Vec::new() };
    let removed = manifest.variables().into_iter().filter(|it| is_removed(it.container, it.name));
    let mut edits: Vec<Edit> = removed.map(|it| manifest.edit(&it.pointer, None)).collect();
    // The last element of an array is removed first, so that the positions of the others stay the same.
    edits.reverse();
    edits
}

/// Changes the value of a variable in a container. `None` if the container's `env` has no value for it.
pub fn variable(scenario: &Scenario<'_>, container: &str, name: &str, value: &str) -> Option<Edit> {
    let manifest = Manifest::of(scenario)?;
    // If a variable is set twice, the last entry is used.
    let variables = manifest.variables();
    let found = variables.iter().rfind(|it| it.container == container && it.name == name)?;
    let pointer = child(&found.pointer, "value");
    manifest.pod.pointer(&pointer)?;
    Some(manifest.edit(&pointer, Some(value.into())))
}

/// If exactly one projected token of the pod has no audience, sets the audience of that token. Otherwise `None`.
pub fn audience_of_volume(scenario: &Scenario<'_>, audience: &str) -> Option<Edit> {
    let manifest = Manifest::of(scenario)?;
    let mut found = Vec::new();
    for (volume, value) in elements(manifest.pod, "/spec/volumes") {
        for (source, value) in elements(value, "/projected/sources") {
            let token = value.get("serviceAccountToken");
            if token.is_some_and(|token| token.get("audience").and_then(Value::as_str).is_none_or(str::is_empty)) {
                found.push(format!("/spec/volumes/{volume}/projected/sources/{source}/serviceAccountToken/audience"));
            }
        }
    }
    match found.as_slice() {
        [pointer] => Some(manifest.edit(pointer, Some(audience.into()))),
        _ => None,
    }
}

/// Returns the command that recreates the pod. `None` if the inputs do not show an object in the cluster that creates
/// the pod again.
pub fn recreate(scenario: &Scenario<'_>) -> Option<String> {
    let manifest = Manifest::of(scenario)?;
    let object = manifest.object;
    metadata(object, "uid")?;
    let (namespace, name) = (quoted(&scenario.namespace), quoted(metadata(object, "name")?));
    if manifest.input == Input::Pod {
        let owners = elements(object, "/metadata/ownerReferences");
        // Other controllers, such as a Job, may count a deleted pod as failed.
        let recreates = |owner: &Value| {
            owner.get("controller").and_then(Value::as_bool) == Some(true)
                && matches!(text(owner, "kind"), "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet")
        };
        let has_controller = owners.iter().any(|(_, owner)| recreates(owner));
        return has_controller.then(|| format!("kubectl delete pod -n {namespace} {name}"));
    }
    let kind = object.get("kind").and_then(Value::as_str)?;
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet")
        .then(|| format!("kubectl rollout restart -n {namespace} {}/{name}", kind.to_ascii_lowercase()))
}

/// The pod as it was given, or the pod template of the workload.
struct Manifest<'s> {
    input: Input,
    /// The whole input.
    object: &'s Value,
    /// The JSON pointer of the pod or the template in the input.
    pointer: &'s str,
    pod: &'s Value,
}

/// An entry of `env`.
struct Variable<'s> {
    container: &'s str,
    name: &'s str,
    /// The JSON pointer of the entry in the pod.
    pointer: String,
}

impl<'s> Manifest<'s> {
    /// Finds the pod in the inputs. `None` if only a service account was given.
    fn of(scenario: &'s Scenario<'_>) -> Option<Self> {
        let documents = scenario.documents;
        let (input, object, pointer) = match &scenario.has_pod()?.origin {
            Origin::New | Origin::Stored => (Input::Pod, &documents.pod.get()?.1, ""),
            Origin::Template { pointer, .. } => (Input::Workload, &documents.workload.get()?.1, pointer.as_str()),
            Origin::Account => return None,
        };
        Some(Self { input, object, pointer, pod: object.pointer(pointer)? })
    }

    fn edit(&self, pointer: &str, value: Option<Value>) -> Edit {
        Edit { input: self.input, pointer: format!("{}{pointer}", self.pointer), value }
    }

    /// The variables of the init containers and the containers, in order. Ephemeral containers can't be edited.
    fn variables(&self) -> Vec<Variable<'s>> {
        let mut variables = Vec::new();
        for list in ["initContainers", "containers"] {
            for (container, value) in elements(self.pod, &format!("/spec/{list}")) {
                for (index, entry) in elements(value, "/env") {
                    variables.push(Variable {
                        container: text(value, "name"),
                        name: text(entry, "name"),
                        pointer: format!("/spec/{list}/{container}/env/{index}"),
                    });
                }
            }
        }
        variables
    }
}

/// The elements of the array at a JSON pointer, with their positions.
fn elements<'v>(value: &'v Value, pointer: &str) -> Vec<(usize, &'v Value)> {
    let array = value.pointer(pointer).and_then(Value::as_array);
    array.map(|array| array.iter().enumerate().collect()).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
