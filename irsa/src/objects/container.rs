//! A container: its AWS environment variables and its mounts.

use super::env_var::EnvVar;
use crate::json::{Array, Brackets, Field, RawStr, Reader, Result};
use crate::util::names::Names;

/// A container or init container.
#[derive(Debug, Clone, Default)]
pub(crate) struct Container<'j> {
    /// Its position.
    pub(crate) brackets: Brackets,
    name: Field<RawStr<'j>>,
    /// The AWS variables of its `env`.
    pub(crate) env: Array<(EnvVar, EnvVarValue<'j>)>,
    /// Its `volumeMounts`.
    pub(crate) mounts: Array<Mount<'j>>,
    /// The paths of its `volumeDevices`.
    pub(crate) device_paths: Array<RawStr<'j>>,
}

/// The value of an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvVarValue<'j> {
    /// A literal. It may be a secret: compare it, never print it.
    Literal(RawStr<'j>),
    /// A reference (`valueFrom`): the value is unknown at admission.
    Reference,
}

/// An entry of `volumeMounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mount<'j> {
    /// The volume's name.
    pub(crate) volume: RawStr<'j>,
    /// The mount path in the container.
    pub(crate) path: RawStr<'j>,
    /// Whether only a part of the volume is mounted (`subPath`, `subPathExpr`).
    pub(crate) is_partial: bool,
}

impl<'j> Container<'j> {
    /// Its name. Empty if it has none, which the API server rejects.
    pub(crate) fn name(&self) -> RawStr<'j> {
        self.name.get().copied().unwrap_or_default()
    }

    /// Whether its name is one of these.
    pub(crate) fn is_among(&self, names: &Names<'_>) -> bool {
        names.contains(&self.name().decode())
    }

    /// Whether it mounts the volume of this name, at any path.
    pub(crate) fn mounts(&self, volume: &str) -> bool {
        self.mounts.elements.iter().any(|mount| mount.volume == *volume)
    }

    /// Whether the variable is set, whatever its value.
    pub(crate) fn sets(&self, variable: EnvVar) -> bool {
        self.env.elements.iter().any(|(name, _)| *name == variable)
    }

    /// Whether all that is read of both containers is equal.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        // Each field by name, so that a new one must be added here to compile.
        let Self { brackets: _, name: _, env, mounts, device_paths } = self;
        self.name() == other.name()
            && env.elements == other.env.elements
            && mounts.elements == other.mounts.elements
            && device_paths.elements == other.device_paths.elements
    }

    /// Reads an element of an array of containers.
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

/// Reads an entry of `env`; keeps it only if it is an AWS variable.
fn read_variable<'j>(reader: &mut Reader<'j>, all: &mut Vec<(EnvVar, EnvVarValue<'j>)>) -> Result<()> {
    let mut name = Field::Missing;
    let mut value = Field::Missing;
    let mut value_from = Field::Missing;
    reader.object(|reader, key| match key {
        "name" => name.read(reader, Reader::string),
        "value" => value.read(reader, Reader::string),
        "valueFrom" => value_from.read(reader, Reader::skip),
        _ => reader.skip(),
    })?;
    if let Some(variable) = EnvVar::named(&name.into_value().decode()) {
        let value = match value_from.get() {
            Some(()) => EnvVarValue::Reference,
            None => EnvVarValue::Literal(value.into_value()),
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
