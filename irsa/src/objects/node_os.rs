//! Finds the operating system of the nodes that a pod can run on.

use crate::json::{Field, RawStr, Read, Reader, Result};

/// The fields of a pod that decide the operating system of its nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeOs {
    /// `os`.
    pub(super) os: Field<Os>,
    /// `nodeSelector`.
    pub(super) selector: Field<NodeSelector>,
    /// `affinity`.
    pub(super) affinity: Field<Affinity>,
    /// The pod's `securityContext`.
    pub(super) security_context: Field<SecurityContext>,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Os {
    Windows,
    /// Linux, or another system.
    Other,
}

/// `nodeSelector`.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeSelector {
    /// The operating system in the label `kubernetes.io/os`, or in its beta form.
    os: Option<Os>,
}

/// `affinity`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affinity {
    /// Whether every term of the required node affinity contains `In [windows]`.
    is_windows: bool,
}

/// The `securityContext` of a pod or of a container.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecurityContext {
    /// Whether it has `windowsOptions`.
    pub(super) has_windows_options: bool,
}

impl NodeOs {
    /// Whether the pod runs on Windows: `os.name`, the selector or the affinity requires Windows, or the pod or a
    /// container has `windowsOptions`. If `os.name` or the selector names another system, `windowsOptions` are ignored.
    pub(super) fn is_windows(&self, container_has_windows_options: bool) -> bool {
        let stated = [self.os.get().copied(), self.selector.get().and_then(|selector| selector.os)];
        let has_options = container_has_windows_options
            || self.security_context.get().is_some_and(|context| context.has_windows_options);
        stated.contains(&Some(Os::Windows))
            || self.affinity.get().is_some_and(|affinity| affinity.is_windows)
            || (has_options && !stated.contains(&Some(Os::Other)))
    }
}

impl<'j> Read<'j> for Os {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let name = reader.only_member("name", Reader::string)?.into_value();
        Ok(if name == *"windows" { Self::Windows } else { Self::Other })
    }
}

impl<'j> Read<'j> for NodeSelector {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut os = None;
        reader.string_map(|key, value, _| {
            if is_os_label(key) && os != Some(Os::Windows) {
                os = Some(if value == *"windows" { Os::Windows } else { Os::Other });
            }
        })?;
        Ok(Self { os })
    }
}

impl<'j> Read<'j> for Affinity {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        Ok(Self { is_windows: reader.only_member("nodeAffinity", read_node_affinity)?.into_value() })
    }
}

impl<'j> Read<'j> for SecurityContext {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let options = reader.only_member("windowsOptions", Reader::skip)?;
        Ok(Self { has_windows_options: options.get().is_some() })
    }
}

fn is_os_label(key: RawStr<'_>) -> bool {
    key == "kubernetes.io/os" || key == "beta.kubernetes.io/os"
}

fn read_node_affinity(reader: &mut Reader<'_>) -> Result<bool> {
    Ok(reader.only_member("requiredDuringSchedulingIgnoredDuringExecution", read_required)?.into_value())
}

fn read_required(reader: &mut Reader<'_>) -> Result<bool> {
    Ok(reader.only_member("nodeSelectorTerms", read_terms)?.into_value())
}

/// Whether there is at least one term, and each term requires Windows. A node needs to meet only one of the terms, so a
/// single term without Windows also allows other nodes.
fn read_terms(reader: &mut Reader<'_>) -> Result<bool> {
    let (mut count, mut windows) = (0_usize, 0_usize);
    reader.array(|reader, _| {
        let requires_windows = reader.only_member("matchExpressions", read_expressions)?.into_value();
        count = count.saturating_add(1);
        windows = windows.saturating_add(usize::from(requires_windows));
        Ok(())
    })?;
    Ok(count > 0 && windows == count)
}

/// Whether a term requires Windows. A node must meet all expressions of a term, so one expression that requires Windows
/// is enough.
fn read_expressions(reader: &mut Reader<'_>) -> Result<bool> {
    let mut requires_windows = false;
    reader.array(|reader, _| {
        let mut label = Field::<RawStr<'_>>::Missing;
        let mut operator = Field::<RawStr<'_>>::Missing;
        let mut is_windows_only = Field::Missing;
        reader.members(&mut [
            ("key", &mut label),
            ("operator", &mut operator),
            ("values", &mut |reader: &mut Reader<'_>| is_windows_only.read(reader, read_is_windows_only)),
        ])?;
        requires_windows |=
            is_os_label(label.into_value()) && operator.into_value() == *"In" && is_windows_only.into_value();
        Ok(())
    })?;
    Ok(requires_windows)
}

/// Reads the `values` of an expression. Returns whether all of them are `windows`.
fn read_is_windows_only(reader: &mut Reader<'_>) -> Result<bool> {
    let (mut count, mut windows) = (0_usize, 0_usize);
    reader.array(|reader, _| {
        let is_windows = reader.string()? == *"windows";
        count = count.saturating_add(1);
        windows = windows.saturating_add(usize::from(is_windows));
        Ok(())
    })?;
    Ok(count > 0 && windows == count)
}
