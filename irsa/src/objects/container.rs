//! A container: its AWS environment variables and its mounts.

use alloc::vec::Vec;

use super::env_var::EnvVar;
use super::node_os::read_windows_options;
use crate::json::{Array, Brackets, Field, RawStr, Reader, Result};

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
    windows_options: Field<bool>,
}

/// The value of an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvVarValue<'j> {
    /// A literal. It may be a secret: compare it, never print it.
    Literal(RawStr<'j>),
    /// A reference (`valueFrom`): the value is unknown at admission.
    Reference {
        /// Whether it is a `secretKeyRef` or `configMapKeyRef` with `optional: true`: the variable may not be set at all.
        is_optional: bool,
    },
}

/// An entry of `volumeMounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mount<'j> {
    /// The volume's name.
    pub(crate) volume: RawStr<'j>,
    /// The mount path in the container.
    pub(crate) path: RawStr<'j>,
    /// `subPath`: the part of the volume that is mounted. Empty for the whole volume.
    pub(crate) sub_path: RawStr<'j>,
    /// Whether `subPathExpr` gives the part: it is unknown at admission.
    pub(crate) has_sub_path_expr: bool,
    /// `readOnly`.
    pub(crate) is_read_only: bool,
}

impl<'j> Container<'j> {
    /// Its name. Empty if it has none, which the API server rejects.
    pub(crate) fn name(&self) -> RawStr<'j> {
        self.name.get().copied().unwrap_or_default()
    }

    /// Whether it mounts the volume of this name, at any path.
    pub(crate) fn mounts(&self, volume: &str) -> bool {
        self.mounts.elements.iter().any(|mount| mount.volume == *volume)
    }

    /// Whether the variable is set, whatever its value.
    pub(crate) fn sets(&self, variable: EnvVar) -> bool {
        self.env.elements.iter().any(|(name, _)| *name == variable)
    }

    /// The value of a variable. Of a duplicate name the last counts, as for the kubelet.
    pub(crate) fn value(&self, variable: EnvVar) -> Option<EnvVarValue<'j>> {
        self.env.elements.iter().rev().find(|(name, _)| *name == variable).map(|(_, value)| *value)
    }

    /// Whether its `securityContext` has `windowsOptions`.
    pub(crate) fn has_windows_options(&self) -> bool {
        self.windows_options.get() == Some(&true)
    }

    /// Whether all that is read of both containers is equal.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        // Each field by name, so that a new one must be added here to compile.
        let Self { brackets: _, name: _, env, mounts, device_paths, windows_options: _ } = self;
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
            "securityContext" => container.windows_options.read(reader, read_windows_options),
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
        "valueFrom" => value_from.read(reader, |reader| Ok(reader.raw()?.0)),
        _ => reader.skip(),
    })?;
    if let Some(variable) = EnvVar::named(&name.into_value().decode()) {
        let value = match value_from.get() {
            // Read only now, because most variables of a pod are not AWS's.
            Some(text) => EnvVarValue::Reference {
                is_optional: read_reference(&mut Reader::new(text)).map_err(|error| error.within("valueFrom"))?,
            },
            None => EnvVarValue::Literal(value.into_value()),
        };
        all.push((variable, value));
    }
    Ok(())
}

/// Reads a `valueFrom`: whether it is an optional key of a Secret or ConfigMap.
fn read_reference(reader: &mut Reader<'_>) -> Result<bool> {
    let mut secret = Field::Missing;
    let mut config_map = Field::Missing;
    reader.object(|reader, key| match key {
        "secretKeyRef" => secret.read(reader, read_is_optional),
        "configMapKeyRef" => config_map.read(reader, read_is_optional),
        _ => reader.skip(),
    })?;
    Ok(secret.into_value() || config_map.into_value())
}

fn read_is_optional(reader: &mut Reader<'_>) -> Result<bool> {
    let mut optional = Field::Missing;
    reader.object(|reader, key| match key {
        "optional" => optional.read(reader, Reader::boolean),
        _ => reader.skip(),
    })?;
    Ok(optional.into_value())
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
        let mut read_only = Field::Missing;
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "mountPath" => path.read(reader, Reader::string),
            "subPath" => sub_path.read(reader, Reader::string),
            "subPathExpr" => sub_path_expr.read(reader, Reader::string),
            "readOnly" => read_only.read(reader, Reader::boolean),
            _ => reader.skip(),
        })?;
        all.push(Self {
            volume: name.into_value(),
            path: path.into_value(),
            sub_path: sub_path.into_value(),
            has_sub_path_expr: !sub_path_expr.into_value().is_empty(),
            is_read_only: read_only.into_value(),
        });
        Ok(())
    }

    /// Whether only a part of the volume is mounted.
    pub(crate) fn is_partial(&self) -> bool {
        !self.sub_path.is_empty() || self.has_sub_path_expr
    }
}
