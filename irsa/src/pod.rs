//! What is read of a pod, or of a template of one: by this module, [`container`](crate::container), [`volume`](crate::volume) and
//! [`metadata`](crate::metadata), and no other.
//!
//! Only what a rule needs is read; everything else is passed over, and survives because the object's text is added
//! to and never written anew. Field names and types are those of Kubernetes' `core/v1`.

use std::borrow::Cow;

use crate::container::Container;
use crate::json::{Array, Brackets, Field, RawStr, Reader, Result, Unreadable};
use crate::metadata::{Annotations, Metadata, POD_IDENTITY_ENABLED};
use crate::volume::Volume;

/// A pod, or a workload's template of one.
#[derive(Debug, Clone, Default)]
pub struct Pod<'j> {
    /// Where it stands.
    pub brackets: Brackets,
    /// Its `metadata`.
    pub metadata: Field<Metadata<'j>>,
    /// Its `spec`.
    pub spec: PodSpec<'j>,
}

/// What is read of a pod's `spec`.
#[derive(Debug, Clone, Default)]
pub struct PodSpec<'j> {
    /// Where it stands.
    pub brackets: Brackets,
    /// The name of the pod's service account, by `serviceAccountName`. Empty where there is none.
    service_account_name: Field<RawStr<'j>>,
    /// The same by the deprecated `serviceAccount`.
    service_account: Field<RawStr<'j>>,
    is_of_windows: Field<bool>,
    selects_windows: Field<bool>,
    /// The volumes.
    pub volumes: Array<Volume<'j>>,
    /// All containers that run with the pod: the init containers, then the others.
    pub containers: Vec<Container<'j>>,
    /// How many of them are init containers.
    init_containers: usize,
}

impl<'j> Pod<'j> {
    /// Reads a pod, or a template of one.
    ///
    /// # Errors
    /// Fails where it has no `spec`, or something that is read has another type than Kubernetes gives it.
    pub fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut metadata = Field::Missing;
        let mut spec = Field::Missing;
        let brackets = reader.object(|reader, key| match key {
            "metadata" => metadata.read(reader, Metadata::read),
            "spec" => spec.read(reader, PodSpec::read),
            _ => reader.skip(),
        })?;
        let spec = spec.into_option().ok_or_else(|| Unreadable::missing("an object").within("spec"))?;
        Ok(Self { brackets, metadata, spec })
    }

    /// Whether two pods say the same, as far as they are read. Of annotations only those count that `is_relevant`.
    #[must_use]
    pub fn says_the_same(&self, other: &Self, is_relevant: impl Fn(&str) -> bool) -> bool {
        let same_metadata = match (self.metadata.get(), other.metadata.get()) {
            (Some(one), Some(other)) => {
                one.opts_out() == other.opts_out() && one.annotations.agree_on(&other.annotations, is_relevant)
            }
            (Some(one), None) | (None, Some(one)) => {
                !one.opts_out() && one.annotations.agree_on(&Annotations::default(), is_relevant)
            }
            (None, None) => true,
        };
        same_metadata && self.spec.says_the_same(&other.spec)
    }

    /// Whether the pod carries the label of pods with container credentials.
    #[must_use]
    pub fn has_pod_identity_label(&self) -> bool {
        let label =
            self.metadata.get().and_then(|metadata| metadata.labels.get()).and_then(|labels| labels.pod_identity);
        label.is_some_and(|(value, _)| value == *POD_IDENTITY_ENABLED)
    }
}

impl<'j> PodSpec<'j> {
    /// The name of the service account that the pod runs as.
    #[must_use]
    pub fn service_account(&self) -> Cow<'j, str> {
        let mut names = [&self.service_account_name, &self.service_account].into_iter().filter_map(Field::get);
        names.find(|name| !name.is_empty()).map_or(Cow::Borrowed("default"), |name| name.decode())
    }

    /// Whether the pod says that it runs on Windows: by `os.name`, or by a `nodeSelector` for such nodes.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        [&self.is_of_windows, &self.selects_windows].into_iter().any(|says| says.get().is_some_and(|says| *says))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        // Named one by one, so that what is read in future is compared.
        let Self {
            brackets: _,
            service_account_name: _,
            service_account: _,
            is_of_windows: _,
            selects_windows: _,
            volumes,
            containers,
            init_containers,
        } = self;
        self.service_account() == other.service_account()
            && self.is_windows() == other.is_windows()
            && volumes.elements == other.volumes.elements
            && *init_containers == other.init_containers
            && containers.len() == other.containers.len()
            && containers.iter().zip(&other.containers).all(|(one, other)| one.says_the_same(other))
    }

    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut spec = Self::default();
        let mut init_containers = Array::default();
        let mut containers = Array::default();
        spec.brackets = reader.object(|reader, key| match key {
            "serviceAccountName" => spec.service_account_name.read(reader, Reader::string),
            "serviceAccount" => spec.service_account.read(reader, Reader::string),
            "os" => spec.is_of_windows.read(reader, read_os_is_windows),
            "nodeSelector" => spec.selects_windows.read(reader, read_selects_windows),
            "volumes" => spec.volumes.read(reader, Volume::read),
            "initContainers" => init_containers.read(reader, Container::read),
            "containers" => containers.read(reader, Container::read),
            _ => reader.skip(),
        })?;
        spec.init_containers = init_containers.elements.len();
        spec.containers = init_containers.elements;
        spec.containers.append(&mut containers.elements);
        Ok(spec)
    }
}

fn read_os_is_windows(reader: &mut Reader<'_>) -> Result<bool> {
    let mut name = Field::Missing;
    reader.object(|reader, key| match key {
        "name" => name.read(reader, Reader::string),
        _ => reader.skip(),
    })?;
    Ok(name.into_value() == *"windows")
}

fn read_selects_windows(reader: &mut Reader<'_>) -> Result<bool> {
    let mut is_windows = false;
    reader.string_map(|key, value, _| {
        if matches!(&*key.decode(), "kubernetes.io/os" | "beta.kubernetes.io/os") {
            is_windows |= value == *"windows";
        }
    })?;
    Ok(is_windows)
}
