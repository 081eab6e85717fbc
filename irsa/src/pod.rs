//! What is read of a pod, or of a template of one. No other module reads them.
//!
//! Only what a rule needs is read; everything else is passed over, and survives because the object's text is added
//! to and never written anew. Field names and types are those of Kubernetes' `core/v1`.

use std::borrow::Cow;

use crate::json::{Brackets, Field, List, RawStr, Reader, Result, Unreadable};
use crate::metadata::{Annotations, Metadata, POD_IDENTITY_ENABLED};
use crate::variable::Variable;

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
    pub volumes: List<Volume<'j>>,
    /// All containers that run with the pod: the init containers, then the others.
    pub containers: Vec<Container<'j>>,
    /// How many of them are init containers.
    init_containers: usize,
}

/// What is read of a container.
#[derive(Debug, Clone, Default)]
pub struct Container<'j> {
    /// Where it stands.
    pub brackets: Brackets,
    name: Field<RawStr<'j>>,
    /// The variables of `env` that AWS SDKs read.
    pub env: List<(Variable, VariableValue<'j>)>,
    /// Its `volumeMounts`.
    pub mounts: List<Mount<'j>>,
    /// The paths of its `volumeDevices`.
    pub device_paths: List<RawStr<'j>>,
}

/// What an environment variable is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableValue<'j> {
    /// To a text. It may be a secret: compare it, never print it.
    Literal(RawStr<'j>),
    /// To what something else holds (`valueFrom`).
    Reference,
}

/// What is read of an entry of `volumeMounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mount<'j> {
    /// The volume's name.
    pub volume: RawStr<'j>,
    /// Where in the container it is mounted.
    pub path: RawStr<'j>,
    /// Only a part of the volume is mounted (`subPath`, `subPathExpr`).
    pub is_partial: bool,
}

/// What is read of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume<'j> {
    /// Its name.
    pub name: RawStr<'j>,
    /// The service account tokens among its projected sources.
    pub tokens: Vec<TokenSource<'j>>,
    /// How many sources it projects. 0 for a volume of another kind.
    pub sources: usize,
}

/// What is read of a projected service account token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenSource<'j> {
    /// Whom the token is for. Empty for the API server.
    pub audience: RawStr<'j>,
    /// The file's path within the volume.
    pub path: RawStr<'j>,
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
        self.service_account() == other.service_account()
            && self.is_windows() == other.is_windows()
            && self.volumes.elements == other.volumes.elements
            && self.init_containers == other.init_containers
            && self.containers.len() == other.containers.len()
            && self.containers.iter().zip(&other.containers).all(|(one, other)| one.says_the_same(other))
    }

    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut spec = Self::default();
        let mut init_containers = List::default();
        let mut containers = List::default();
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

impl<'j> Container<'j> {
    /// Its name. Empty where it has none, which the API server refuses.
    #[must_use]
    pub fn name(&self) -> RawStr<'j> {
        self.name.get().copied().unwrap_or_default()
    }

    /// Whether it has one of these names.
    #[must_use]
    pub fn is_among(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.name() == **name)
    }

    /// Whether it mounts the volume of this name, wherever.
    #[must_use]
    pub fn mounts(&self, volume: &str) -> bool {
        self.mounts.elements.iter().any(|mount| mount.volume == *volume)
    }

    /// Whether one of the variables is set, to whatever value.
    #[must_use]
    pub fn sets(&self, variable: Variable) -> bool {
        self.env.elements.iter().any(|(name, _)| *name == variable)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.env.elements == other.env.elements
            && self.mounts.elements == other.mounts.elements
            && self.device_paths.elements == other.device_paths.elements
    }

    fn read(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut container = Self::default();
        container.brackets = reader.object(|reader, key| match key {
            "name" => container.name.read(reader, Reader::string),
            "env" => container.env.read(reader, read_variable),
            "volumeMounts" => container.mounts.read(reader, Mount::read),
            "volumeDevices" => container.device_paths.read(reader, read_device_path),
            _ => reader.skip(),
        })?;
        all.push(container);
        Ok(())
    }
}

/// Reads an entry of `env`, where it is one of the variables that AWS SDKs read.
fn read_variable<'j>(reader: &mut Reader<'j>, all: &mut Vec<(Variable, VariableValue<'j>)>) -> Result<()> {
    let mut name = Field::Missing;
    let mut value = Field::Missing;
    let mut value_from = Field::Missing;
    reader.object(|reader, key| match key {
        "name" => name.read(reader, Reader::string),
        "value" => value.read(reader, Reader::string),
        "valueFrom" => value_from.read(reader, Reader::skip),
        _ => reader.skip(),
    })?;
    if let Some(variable) = Variable::named(&name.into_value().decode()) {
        let value = match value_from.get() {
            Some(()) => VariableValue::Reference,
            None => VariableValue::Literal(value.into_value()),
        };
        all.push((variable, value));
    }
    Ok(())
}

fn read_device_path<'j>(reader: &mut Reader<'j>, all: &mut Vec<RawStr<'j>>) -> Result<()> {
    let mut path = Field::Missing;
    reader.object(|reader, key| match key {
        "devicePath" => path.read(reader, Reader::string),
        _ => reader.skip(),
    })?;
    all.extend(path.into_option());
    Ok(())
}

impl<'j> Mount<'j> {
    fn read(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut name = Field::Missing;
        let mut path = Field::Missing;
        let mut sub_path = Field::Missing;
        let mut sub_path_expr = Field::Missing;
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "mountPath" => path.read(reader, Reader::string),
            "subPath" => sub_path.read(reader, Reader::string),
            "subPathExpr" => sub_path_expr.read(reader, Reader::string),
            _ => reader.skip(),
        })?;
        all.push(Self {
            volume: name.into_value(),
            path: path.into_value(),
            is_partial: !sub_path.into_value().is_empty() || !sub_path_expr.into_value().is_empty(),
        });
        Ok(())
    }
}

impl<'j> Volume<'j> {
    fn read(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut name = Field::Missing;
        let mut projected = Field::Missing;
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "projected" => projected.read(reader, read_projected),
            _ => reader.skip(),
        })?;
        let (sources, tokens) = projected.into_value();
        all.push(Self { name: name.into_value(), tokens, sources });
        Ok(())
    }
}

fn read_projected<'j>(reader: &mut Reader<'j>) -> Result<(usize, Vec<TokenSource<'j>>)> {
    let mut sources = Field::Missing;
    reader.object(|reader, key| match key {
        "sources" => sources.read(reader, read_sources),
        _ => reader.skip(),
    })?;
    Ok(sources.into_value())
}

fn read_sources<'j>(reader: &mut Reader<'j>) -> Result<(usize, Vec<TokenSource<'j>>)> {
    let mut count = 0_usize;
    let mut tokens = Vec::new();
    reader.list(|reader, index| {
        count = index.saturating_add(1);
        let mut token = Field::Missing;
        reader.object(|reader, key| match key {
            "serviceAccountToken" => token.read(reader, TokenSource::read),
            _ => reader.skip(),
        })?;
        tokens.extend(token.into_option());
        Ok(())
    })?;
    Ok((count, tokens))
}

impl<'j> TokenSource<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut audience = Field::Missing;
        let mut path = Field::Missing;
        reader.object(|reader, key| match key {
            "audience" => audience.read(reader, Reader::string),
            "path" => path.read(reader, Reader::string),
            _ => reader.skip(),
        })?;
        Ok(Self { audience: audience.into_value(), path: path.into_value() })
    }
}
