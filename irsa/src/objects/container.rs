//! Reads a container: its AWS environment variables and its mounts.

use alloc::vec::Vec;

use super::env_var::EnvVar;
use super::node_os::SecurityContext;
use crate::json::{Array, Brackets, Element, Field, RawStr, Reader, Result};

/// A container or init container.
#[derive(Debug, Clone, Default)]
pub(crate) struct Container<'j> {
    /// The position of the container.
    pub(crate) brackets: Brackets,
    name: Field<RawStr<'j>>,
    /// The AWS variables of its `env`.
    pub(crate) env: Array<(EnvVar, EnvVarValue<'j>)>,
    /// Its `volumeMounts`.
    pub(crate) mounts: Array<Mount<'j>>,
    /// The paths of its `volumeDevices`.
    pub(crate) device_paths: Array<RawStr<'j>>,
    security_context: Field<SecurityContext>,
}

/// The value of an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvVarValue<'j> {
    /// A literal. It may be a secret: compare it, never print it.
    Literal(RawStr<'j>),
    /// A reference (`valueFrom`): the value is unknown at admission.
    Reference {
        /// Whether it is a `secretKeyRef` or `configMapKeyRef` with `optional: true`. Then the variable may be unset.
        is_optional: bool,
    },
}

/// An entry of `volumeMounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mount<'j> {
    /// The name of the volume.
    pub(crate) volume: RawStr<'j>,
    /// The mount path in the container.
    pub(crate) path: RawStr<'j>,
    /// `subPath`: the part of the volume to mount. Empty for the whole volume.
    pub(crate) sub_path: RawStr<'j>,
    /// Whether `subPathExpr` is set. The part of the volume is then unknown at admission.
    pub(crate) has_sub_path_expr: bool,
    /// `readOnly`.
    pub(crate) is_read_only: bool,
}

impl<'j> Container<'j> {
    /// The container's name. Empty if the name is missing: the API server rejects such a container.
    pub(crate) fn name(&self) -> RawStr<'j> {
        self.name.get().copied().unwrap_or_default()
    }

    /// Whether the container mounts the volume of this name, at any path.
    pub(crate) fn mounts(&self, volume: &str) -> bool {
        self.mounts.elements.iter().any(|mount| mount.volume == *volume)
    }

    /// Whether the variable is set, whatever its value.
    pub(crate) fn sets(&self, variable: EnvVar) -> bool {
        self.env.elements.iter().any(|(name, _)| *name == variable)
    }

    /// The value of a variable. If a name occurs twice, the last value wins, as in the kubelet.
    pub(crate) fn value(&self, variable: EnvVar) -> Option<EnvVarValue<'j>> {
        self.env.elements.iter().rev().find(|(name, _)| *name == variable).map(|(_, value)| *value)
    }

    /// Whether `securityContext` has `windowsOptions`.
    pub(crate) fn has_windows_options(&self) -> bool {
        self.security_context.get().is_some_and(|context| context.has_windows_options)
    }

    /// Whether all values that the policy reads are equal in both containers.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        // The pattern lists each field, so that a new field does not compile until it is compared here.
        let Self { brackets: _, name: _, env, mounts, device_paths, security_context: _ } = self;
        self.name() == other.name()
            && env.elements == other.env.elements
            && mounts.elements == other.mounts.elements
            && device_paths.elements == other.device_paths.elements
    }
}

impl<'j> Element<'j> for Container<'j> {
    fn read_element(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut container = Self::default();
        container.brackets = reader.members(&mut [
            ("name", &mut container.name),
            ("env", &mut |reader: &mut Reader<'j>| container.env.read(reader, read_variable)),
            ("volumeMounts", &mut container.mounts),
            ("securityContext", &mut container.security_context),
            ("volumeDevices", &mut |reader: &mut Reader<'j>| container.device_paths.read(reader, read_device_path)),
        ])?;
        all.push(container);
        Ok(())
    }
}

/// Reads an entry of `env`. Adds it to `all` only if it is an AWS variable.
fn read_variable<'j>(reader: &mut Reader<'j>, all: &mut Vec<(EnvVar, EnvVarValue<'j>)>) -> Result<()> {
    let mut name = Field::<RawStr<'j>>::Missing;
    let mut value = Field::Missing;
    let mut value_from = Field::Missing;
    reader.members(&mut [
        ("name", &mut name),
        ("value", &mut value),
        ("valueFrom", &mut |reader: &mut Reader<'j>| value_from.read(reader, |reader| Ok(reader.raw()?.0))),
    ])?;
    if let Some(variable) = EnvVar::named(&name.into_value().decode()) {
        let value = match value_from.get() {
            // Parse `valueFrom` only for AWS variables. Most variables of a pod are not AWS variables, so this saves
            // work.
            Some(text) => EnvVarValue::Reference {
                is_optional: read_reference(&mut Reader::new(text)).map_err(|error| error.within("valueFrom"))?,
            },
            None => EnvVarValue::Literal(value.into_value()),
        };
        all.push((variable, value));
    }
    Ok(())
}

/// Reads `valueFrom`. Returns whether it refers to an optional key of a Secret or ConfigMap.
fn read_reference(reader: &mut Reader<'_>) -> Result<bool> {
    let mut secret = Field::Missing;
    let mut config_map = Field::Missing;
    reader.members(&mut [
        ("secretKeyRef", &mut |reader: &mut Reader<'_>| secret.read(reader, read_is_optional)),
        ("configMapKeyRef", &mut |reader: &mut Reader<'_>| config_map.read(reader, read_is_optional)),
    ])?;
    Ok(secret.into_value() || config_map.into_value())
}

fn read_is_optional(reader: &mut Reader<'_>) -> Result<bool> {
    Ok(reader.only_member("optional", Reader::boolean)?.into_value())
}

fn read_device_path<'j>(reader: &mut Reader<'j>, all: &mut Vec<RawStr<'j>>) -> Result<()> {
    all.extend(reader.only_member("devicePath", Reader::string)?.into_option());
    Ok(())
}

impl<'j> Element<'j> for Mount<'j> {
    fn read_element(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut name = Field::Missing;
        let mut path = Field::Missing;
        let mut sub_path = Field::Missing;
        let mut sub_path_expr = Field::<RawStr<'j>>::Missing;
        let mut read_only = Field::Missing;
        reader.members(&mut [
            ("name", &mut name),
            ("mountPath", &mut path),
            ("subPath", &mut sub_path),
            ("subPathExpr", &mut sub_path_expr),
            ("readOnly", &mut read_only),
        ])?;
        all.push(Self {
            volume: name.into_value(),
            path: path.into_value(),
            sub_path: sub_path.into_value(),
            has_sub_path_expr: !sub_path_expr.into_value().is_empty(),
            is_read_only: read_only.into_value(),
        });
        Ok(())
    }
}

impl Mount<'_> {
    /// Whether only a part of the volume is mounted.
    pub(crate) fn is_partial(&self) -> bool {
        !self.sub_path.is_empty() || self.has_sub_path_expr
    }
}
