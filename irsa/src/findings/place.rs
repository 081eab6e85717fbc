//! The place of a finding in an object, for tools that show the line.

use alloc::string::String;

/// The place of a finding. `irsa check` and the playground use it. The policy's answer does not contain it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The object that the finding is in.
    pub owner: Owner,
    /// The path that leads to the pod template or another target of a workload, such as `spec.template`. `None` for
    /// other objects.
    pub template: Option<String>,
    /// The kind of value that `template` leads to.
    pub target: TargetKind,
    /// The name of the container or init container.
    pub container: Option<String>,
    /// The kind of the item that the finding is about.
    pub kind: ItemKind,
    /// The name of the item: a key, a variable, a volume or a mount path.
    pub name: String,
}

/// The kind of a target: a value in a workload that describes the workload's pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// A pod template: the `metadata` and the `spec` of a pod.
    #[default]
    Template,
    /// A pod's spec without a template around it.
    Spec,
    /// The name of a service account.
    AccountName,
}

impl TargetKind {
    /// The name for messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Template => "pod template",
            Self::Spec => "pod spec",
            Self::AccountName => "service account name",
        }
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

/// The kind of the item that a finding is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// The whole object or container.
    #[default]
    Whole,
    /// The annotation with this key.
    Annotation,
    /// The label with this key.
    Label,
    /// The environment variable with this name.
    Variable,
    /// The volume with this name.
    Volume,
    /// The mount at this path.
    Mount,
    /// The field that names the service account.
    ServiceAccountName,
    /// The entry of the `ConfigMap` with this key.
    Entry,
}
