//! What is read of a container: the variables that AWS SDKs read, and what is mounted in it.

use crate::json::{Array, Brackets, Field, RawStr, Reader, Result};
use crate::variable::Variable;

/// What is read of a container.
#[derive(Debug, Clone, Default)]
pub struct Container<'j> {
    /// Where it stands.
    pub brackets: Brackets,
    name: Field<RawStr<'j>>,
    /// The variables of `env` that AWS SDKs read.
    pub env: Array<(Variable, VariableValue<'j>)>,
    /// Its `volumeMounts`.
    pub mounts: Array<Mount<'j>>,
    /// The paths of its `volumeDevices`.
    pub device_paths: Array<RawStr<'j>>,
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

    /// Whether two containers say the same, as far as they are read.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        // Named one by one, so that what is read in future is compared.
        let Self { brackets: _, name: _, env, mounts, device_paths } = self;
        self.name() == other.name()
            && env.elements == other.env.elements
            && mounts.elements == other.mounts.elements
            && device_paths.elements == other.device_paths.elements
    }

    /// Reads a container of a list.
    pub(crate) fn read(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
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
