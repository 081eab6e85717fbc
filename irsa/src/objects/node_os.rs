//! Finds the operating system of the nodes that a pod can run on.

use crate::json::{Field, Reader, Result};

/// The fields of a pod that decide the operating system of its nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeOs {
    /// `os.name`.
    name: Field<Os>,
    /// `nodeSelector`: the label `kubernetes.io/os`, or its beta form.
    selector: Field<Option<Os>>,
    /// Whether every term of the required node affinity contains `In [windows]`.
    affinity_is_windows: Field<bool>,
    /// Whether the pod's `securityContext` has `windowsOptions`.
    windows_options: Field<bool>,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Os {
    Windows,
    /// Linux, or another one.
    Other,
}

impl NodeOs {
    /// Reads the member `key` of a pod's spec if it decides the operating system.
    pub(crate) fn read_member(&mut self, reader: &mut Reader<'_>, key: &str) -> Result<()> {
        match key {
            "os" => self.name.read(reader, read_os),
            "nodeSelector" => self.selector.read(reader, read_selector),
            "affinity" => self.affinity_is_windows.read(reader, read_affinity),
            "securityContext" => self.windows_options.read(reader, read_windows_options),
            _ => reader.skip(),
        }
    }

    /// Whether the pod runs on Windows. `windowsOptions` of the pod or a container apply unless `os.name` or the
    /// selector names another system.
    pub(crate) fn is_windows(&self, container_has_windows_options: bool) -> bool {
        let stated = [self.name.get().copied(), self.selector.get().copied().flatten()];
        let has_options = container_has_windows_options || self.windows_options.get() == Some(&true);
        stated.contains(&Some(Os::Windows))
            || self.affinity_is_windows.get() == Some(&true)
            || (has_options && !stated.contains(&Some(Os::Other)))
    }
}

/// Reads a `securityContext`. Returns whether it has `windowsOptions`.
pub(crate) fn read_windows_options(reader: &mut Reader<'_>) -> Result<bool> {
    let mut options = Field::Missing;
    reader.object(|reader, key| match key {
        "windowsOptions" => options.read(reader, Reader::skip),
        _ => reader.skip(),
    })?;
    Ok(options.get().is_some())
}

fn read_os(reader: &mut Reader<'_>) -> Result<Os> {
    let mut name = Field::Missing;
    reader.object(|reader, key| match key {
        "name" => name.read(reader, Reader::string),
        _ => reader.skip(),
    })?;
    Ok(if name.into_value() == *"windows" { Os::Windows } else { Os::Other })
}

fn read_selector(reader: &mut Reader<'_>) -> Result<Option<Os>> {
    let mut os = None;
    reader.string_map(|key, value, _| {
        if is_os_label(&key.decode()) && os != Some(Os::Windows) {
            os = Some(if value == *"windows" { Os::Windows } else { Os::Other });
        }
    })?;
    Ok(os)
}

fn is_os_label(key: &str) -> bool {
    matches!(key, "kubernetes.io/os" | "beta.kubernetes.io/os")
}

fn read_affinity(reader: &mut Reader<'_>) -> Result<bool> {
    let mut node_affinity = Field::Missing;
    reader.object(|reader, key| match key {
        "nodeAffinity" => node_affinity.read(reader, read_node_affinity),
        _ => reader.skip(),
    })?;
    Ok(node_affinity.into_value())
}

fn read_node_affinity(reader: &mut Reader<'_>) -> Result<bool> {
    let mut required = Field::Missing;
    reader.object(|reader, key| match key {
        "requiredDuringSchedulingIgnoredDuringExecution" => required.read(reader, read_node_selector),
        _ => reader.skip(),
    })?;
    Ok(required.into_value())
}

fn read_node_selector(reader: &mut Reader<'_>) -> Result<bool> {
    let mut terms = Field::Missing;
    reader.object(|reader, key| match key {
        "nodeSelectorTerms" => terms.read(reader, read_terms),
        _ => reader.skip(),
    })?;
    Ok(terms.into_value())
}

/// Whether each term requires Windows, and there is at least one. One term must be met.
fn read_terms(reader: &mut Reader<'_>) -> Result<bool> {
    let (mut count, mut windows) = (0_usize, 0_usize);
    reader.array(|reader, _| {
        let mut expressions = Field::Missing;
        reader.object(|reader, key| match key {
            "matchExpressions" => expressions.read(reader, read_expressions),
            _ => reader.skip(),
        })?;
        count = count.saturating_add(1);
        windows = windows.saturating_add(usize::from(expressions.into_value()));
        Ok(())
    })?;
    Ok(count > 0 && windows == count)
}

/// Whether an expression of a term requires Windows. All expressions must be met.
fn read_expressions(reader: &mut Reader<'_>) -> Result<bool> {
    let mut requires_windows = false;
    reader.array(|reader, _| {
        let mut label = Field::Missing;
        let mut operator = Field::Missing;
        let mut is_windows_only = Field::Missing;
        reader.object(|reader, key| match key {
            "key" => label.read(reader, Reader::string),
            "operator" => operator.read(reader, Reader::string),
            "values" => is_windows_only.read(reader, |reader| {
                let (mut count, mut windows) = (0_usize, 0_usize);
                reader.array(|reader, _| {
                    let is_windows = reader.string()? == *"windows";
                    count = count.saturating_add(1);
                    windows = windows.saturating_add(usize::from(is_windows));
                    Ok(())
                })?;
                Ok(count > 0 && windows == count)
            }),
            _ => reader.skip(),
        })?;
        requires_windows |=
            is_os_label(&label.into_value().decode()) && operator.into_value() == *"In" && is_windows_only.into_value();
        Ok(())
    })?;
    Ok(requires_windows)
}
