//! Where in an object a finding is, for tools that show the line.

use alloc::string::String;
use core::fmt;

/// Where a finding is. The policy's answer does not have it; `irsa check` and the playground use it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Which object it is in.
    pub owner: Owner,
    /// The path of the pod template, such as `spec.template`, or of another value by which a workload describes its
    /// pods. `None` for a pod and for other objects.
    pub template: Option<String>,
    /// What that path leads to.
    pub target: TargetKind,
    /// The name of the container or init container.
    pub container: Option<String>,
    /// What kind of thing within that it is about.
    pub kind: ItemKind,
    /// The name of that thing: a key, a variable, a volume, a mount path.
    pub name: String,
}

/// What a path of a workload leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// A pod template: the `metadata` and the `spec` of a pod.
    #[default]
    Template,
    /// The spec of a pod without a template around it.
    Spec,
    /// The name of a service account.
    AccountName,
}

impl fmt::Display for TargetKind {
    /// Writes the name in messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Template => "pod template",
            Self::Spec => "pod spec",
            Self::AccountName => "service account name",
        })
    }
}

/// The object that a finding is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Owner {
    /// The object of the request.
    #[default]
    Object,
    /// The service account of the pod.
    ServiceAccount,
    /// The `ConfigMap` of role mappings.
    ConfigMap,
}

/// The kind of thing that a finding is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// The whole.
    #[default]
    Whole,
    /// The annotation of this key.
    Annotation,
    /// The label of this key.
    Label,
    /// The environment variable of this name.
    Variable,
    /// The volume of this name.
    Volume,
    /// The mount at this path.
    Mount,
    /// The field that names the service account.
    ServiceAccountName,
    /// The entry of the `ConfigMap` with this key.
    Entry,
}
