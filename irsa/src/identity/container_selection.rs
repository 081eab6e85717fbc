//! Selects the containers of a pod that get an identity, from `skip-containers` and `include-containers`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::objects::container::Container;
use crate::util::names::Names;

/// The containers that get an identity. `skip` takes precedence over `include`.
#[derive(Debug, Default)]
pub(crate) struct ContainerSelection {
    skip: Names<'static>,
    /// `None` includes all containers.
    include: Option<Names<'static>>,
}

impl ContainerSelection {
    /// A selection by the names of containers.
    pub(crate) fn new(skip: Option<Vec<String>>, include: Option<Vec<String>>) -> Self {
        let index = |names: Vec<String>| Names::new(names.into_iter().map(Cow::Owned));
        Self { skip: index(skip.unwrap_or_default()), include: include.map(index) }
    }

    /// Whether a container gets an identity.
    pub(crate) fn covers(&self, container: &Container<'_>) -> bool {
        if self.skip.is_empty() && self.include.is_none() {
            return true;
        }
        let name = container.name().decode();
        !self.skip.contains(&name) && self.include.as_ref().is_none_or(|include| include.contains(&name))
    }
}
