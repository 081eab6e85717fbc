//! Which containers of a pod get an identity, by `skip-containers` and `include-containers`.

use std::collections::BTreeSet;

use crate::objects::container::Container;

/// The containers that get an identity. `skip` wins over `include`.
#[derive(Debug, Default)]
pub(crate) struct ContainerSelection {
    skip: BTreeSet<String>,
    /// `None` includes all.
    include: Option<BTreeSet<String>>,
}

impl ContainerSelection {
    /// A selection by the names of containers.
    pub(crate) fn new(skip: Option<Vec<String>>, include: Option<Vec<String>>) -> Self {
        Self {
            skip: skip.into_iter().flatten().collect(),
            include: include.map(|include| include.into_iter().collect()),
        }
    }

    /// Whether a container gets an identity.
    pub(crate) fn covers(&self, container: &Container<'_>) -> bool {
        if self.skip.is_empty() && self.include.is_none() {
            return true;
        }
        let name = container.name().decode();
        !self.skip.contains(&*name) && self.include.as_ref().is_none_or(|include| include.contains(&*name))
    }
}
