//! Where in an object a finding is, for tools that show the line.

/// Where a finding is. The policy's answer does not have it; `irsa check` and the playground use it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Which object it is in.
    pub owner: Owner,
    /// The path of the pod template, such as `spec.template`. `None` for a pod and for other objects.
    pub template: Option<String>,
    /// The name of the container or init container.
    pub container: Option<String>,
    /// What kind of thing within that it is about.
    pub kind: ItemKind,
    /// The name of that thing: a key, a variable, a volume, a mount path.
    pub name: String,
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
