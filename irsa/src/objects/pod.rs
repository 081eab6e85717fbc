//! Reads a pod, or the pod template of a workload.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cell::OnceCell;

use super::container::Container;
use super::metadata::{Annotations, Metadata, POD_IDENTITY_ENABLED};
use super::node_os::NodeOs;
use super::volume::Volume;
use crate::json::{Array, Brackets, Field, RawStr, Read, Reader, Result, Unreadable};
use crate::util::names::Names;

/// A pod or a pod template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pod<'j> {
    /// The position of the object.
    pub(crate) brackets: Brackets,
    /// Its `metadata`.
    pub(crate) metadata: Field<Metadata<'j>>,
    /// Its `spec`.
    pub(crate) spec: PodSpec<'j>,
}

/// A pod's `spec`.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodSpec<'j> {
    /// The position of `spec`.
    pub(crate) brackets: Brackets,
    /// `serviceAccountName`.
    service_account_name: Field<RawStr<'j>>,
    /// The deprecated `serviceAccount`.
    service_account: Field<RawStr<'j>>,
    node_os: NodeOs,
    /// The volumes.
    pub(crate) volumes: Array<Volume<'j>>,
    /// The index of the volumes by name. The first call of `volume` makes the index.
    volume_names: OnceCell<Names<'j>>,
    /// The init containers, then the containers.
    pub(crate) containers: Vec<Container<'j>>,
    /// The number of init containers among them.
    init_containers: usize,
}

impl<'j> Read<'j> for Pod<'j> {
    /// Reads a pod or a pod template.
    ///
    /// # Errors
    /// Fails if `spec` is missing, or if a field does not have its Kubernetes type.
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut metadata = Field::Missing;
        let mut spec = Field::Missing;
        let brackets = reader.members(&mut [("metadata", &mut metadata), ("spec", &mut spec)])?;
        let spec = spec.into_option().ok_or_else(|| Unreadable::missing("an object").within("spec"))?;
        Ok(Self { brackets, metadata, spec })
    }
}

impl Pod<'_> {
    /// Whether all values that the policy reads are equal in both pods. Annotations are compared only if `is_relevant`
    /// returns true for their key.
    pub(crate) fn is_equivalent(&self, other: &Self, is_relevant: impl Fn(&str) -> bool) -> bool {
        let same_metadata = match (self.metadata.get(), other.metadata.get()) {
            (Some(one), Some(other)) => {
                one.opts_out() == other.opts_out() && one.annotations.agree_on(&other.annotations, is_relevant)
            }
            (Some(one), None) | (None, Some(one)) => {
                !one.opts_out() && one.annotations.agree_on(&Annotations::default(), is_relevant)
            }
            (None, None) => true,
        };
        same_metadata && self.spec.is_equivalent(&other.spec)
    }

    /// Whether the pod has the label for container credentials.
    pub(crate) fn has_pod_identity_label(&self) -> bool {
        let label =
            self.metadata.get().and_then(|metadata| metadata.labels.get()).and_then(|labels| labels.pod_identity);
        label.is_some_and(|(value, _)| value == *POD_IDENTITY_ENABLED)
    }
}

impl<'j> PodSpec<'j> {
    /// The name of the service account: `serviceAccountName`, or the deprecated `serviceAccount`, or `default`.
    pub(crate) fn service_account(&self) -> Cow<'j, str> {
        let mut names = [&self.service_account_name, &self.service_account].into_iter().filter_map(Field::get);
        names.find(|name| !name.is_empty()).map_or(Cow::Borrowed("default"), |name| name.decode())
    }

    /// The volume of this name. If a name occurs twice, the first volume is used; the API server rejects such a pod.
    pub(crate) fn volume(&self, name: &str) -> Option<&Volume<'j>> {
        let volumes = &self.volumes.elements;
        let names = self.volume_names.get_or_init(|| Names::new(volumes.iter().map(|volume| volume.name.decode())));
        volumes.get(names.position(name)?)
    }

    /// Whether the pod runs on Windows, according to `os.name`, `nodeSelector`, required node affinity or
    /// `windowsOptions`.
    pub(crate) fn is_windows(&self) -> bool {
        self.node_os.is_windows(self.containers.iter().any(Container::has_windows_options))
    }

    fn is_equivalent(&self, other: &Self) -> bool {
        // The pattern lists each field, so that a new field does not compile until it is compared here.
        let Self {
            brackets: _,
            service_account_name: _,
            service_account: _,
            node_os: _,
            volumes,
            volume_names: _,
            containers,
            init_containers,
        } = self;
        self.service_account() == other.service_account()
            && self.is_windows() == other.is_windows()
            && volumes.elements == other.volumes.elements
            && *init_containers == other.init_containers
            && containers.len() == other.containers.len()
            && containers.iter().zip(&other.containers).all(|(one, other)| one.is_equivalent(other))
    }
}

impl<'j> Read<'j> for PodSpec<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut spec = Self::default();
        let mut init_containers = Array::default();
        let mut containers = Array::default();
        let NodeOs { os, selector, affinity, security_context } = &mut spec.node_os;
        spec.brackets = reader.members(&mut [
            ("serviceAccountName", &mut spec.service_account_name),
            ("serviceAccount", &mut spec.service_account),
            ("volumes", &mut spec.volumes),
            ("initContainers", &mut init_containers),
            ("containers", &mut containers),
            ("os", os),
            ("nodeSelector", selector),
            ("affinity", affinity),
            ("securityContext", security_context),
        ])?;
        spec.init_containers = init_containers.elements.len();
        spec.containers = init_containers.elements;
        spec.containers.append(&mut containers.elements);
        Ok(spec)
    }
}
