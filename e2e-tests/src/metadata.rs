//! Reads the metadata of a policy, from `metadata.yml` or from the module, and embeds it in the module.
//!
//! The metadata is appended to the module, so that the module's own bytes stay the same and can be compared with a
//! build from the sources. `kwctl annotate` re-encodes the module, so its output can't be compared byte for byte.
//!
//! Source: policy-evaluator's `policy_metadata.rs` and kwctl's `annotate.rs`, 1.36.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The name of the custom section with the metadata, which is JSON.
const SECTION: &str = "io.kubewarden.metadata";

/// The annotation for the usage text, which is Markdown.
const USAGE: &str = "io.kubewarden.policy.usage";

/// Annotations that Kubewarden, Artifact Hub and registries show.
const REQUIRED_ANNOTATIONS: [&str; 7] = [
    "io.kubewarden.policy.title",
    "io.kubewarden.policy.version",
    "io.kubewarden.policy.description",
    "io.kubewarden.policy.author",
    "io.kubewarden.policy.source",
    "io.kubewarden.policy.license",
    "io.kubewarden.policy.ociUrl",
];

/// The metadata of a policy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The version of the protocol between policy and host. `annotate` calls the policy to get it.
    pub protocol_version: Option<String>,
    /// The default rules: which requests to send to the policy.
    pub rules: Vec<Rule>,
    /// Descriptions of the policy, for people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// Whether the audit scanner may send existing objects to the policy.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// The interface between the policy and its host: `kubewarden-wapc`.
    #[serde(default = "wapc")]
    pub execution_mode: String,
    /// The subject of the requests: `kubernetes`.
    #[serde(default = "kubernetes")]
    pub policy_type: String,
    /// The kinds that the policy reads.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// The host functions that the policy calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The minimum version of Kubewarden: `MAJOR.MINOR.PATCH`. Hosts ignore the last number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

/// Which requests to send, as in Kubernetes' webhook configurations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// API groups; the core group is the empty string.
    pub api_groups: Vec<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// Resources: the plural names of kinds.
    pub resources: Vec<String>,
    /// Operations: `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, or `*`.
    pub operations: Vec<String>,
}

/// A kind of Kubernetes objects.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    /// The API version, such as `v1` or `apps/v1`.
    pub api_version: String,
    /// The kind, such as `ServiceAccount`.
    pub kind: String,
}

fn yes() -> bool {
    true
}

fn wapc() -> String {
    "kubewarden-wapc".to_owned()
}

fn kubernetes() -> String {
    "kubernetes".to_owned()
}

impl Metadata {
    /// Reads a `metadata.yml`.
    ///
    /// # Errors
    /// Fails if the text is not YAML, has an unknown key, or lacks a value that Kubewarden requires or shows.
    pub fn from_yaml(text: &str) -> Result<Self> {
        let metadata: Self = yaml_serde::from_str(text)?;
        if let Some(version) = &metadata.minimum_kubewarden_version {
            ensure!(
                is_version(version),
                "`minimumKubewardenVersion`: expected a version such as `1.29.0`, but got `{version}`"
            );
        }
        for (index, rule) in metadata.rules.iter().enumerate() {
            rule.check().with_context(|| format!("`rules[{index}]`"))?;
        }
        ensure!(metadata.execution_mode == wapc(), "`executionMode`: expected `{}`", wapc());
        for name in REQUIRED_ANNOTATIONS {
            ensure!(metadata.annotations.contains_key(name), "`annotations`: `{name}` is missing");
        }
        Ok(metadata)
    }

    /// Reads the metadata that is embedded in a module. `None` if the module has no metadata.
    ///
    /// # Errors
    /// Fails if the bytes are not a Wasm module, or if the metadata is malformed.
    pub fn of_module(module: &[u8]) -> Result<Option<Self>> {
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CustomSection(section) = payload.context("cannot read the Wasm module")?
                && section.name() == SECTION
            {
                let metadata = serde_json::from_slice(section.data())
                    .with_context(|| format!("cannot read the module's section `{SECTION}`"))?;
                return Ok(Some(metadata));
            }
        }
        Ok(None)
    }

    /// Appends this metadata and a usage text to a module, as one custom section.
    ///
    /// # Errors
    /// Fails if the module already has metadata.
    pub fn embed(mut self, module: &[u8], usage: &str) -> Result<Vec<u8>> {
        if Self::of_module(module)?.is_some() {
            bail!("the module already has metadata");
        }
        self.annotations.insert(USAGE.to_owned(), usage.to_owned());
        let mut section = leb128(SECTION.len());
        section.extend(SECTION.as_bytes());
        section.extend(serde_json::to_vec(&self)?);
        // The id of a custom section is 0.
        Ok([module, &[0], &leb128(section.len()), &section].concat())
    }
}

impl Rule {
    fn check(&self) -> Result<()> {
        let Self { api_groups, api_versions, resources, operations } = self;
        for (key, values) in [
            ("apiGroups", api_groups),
            ("apiVersions", api_versions),
            ("resources", resources),
            ("operations", operations),
        ] {
            ensure!(!values.is_empty(), "`{key}` is empty");
            ensure!(
                values.len() == 1 || !values.iter().any(|value| value == "*"),
                "`{key}`: `*` must be the only value"
            );
        }
        for operation in operations {
            ensure!(
                ["CREATE", "UPDATE", "DELETE", "CONNECT", "*"].contains(&operation.as_str()),
                "`operations`: `{operation}` is not an operation"
            );
        }
        Ok(())
    }
}

/// Whether a version has three numbers. kwctl rejects other versions, such as `1.29`.
fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Encodes a length in LEB128, Wasm's variable-length encoding.
fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    const METADATA: &str = include_str!("../../metadata.yml");

    #[test]
    fn reads_back_embedded_metadata() {
        let usage = "How to use it.\n".repeat(2000);
        let module = Metadata::from_yaml(METADATA).unwrap().embed(HEADER, &usage).unwrap();
        assert!(module.starts_with(HEADER), "the bytes of the module stay the same");

        let metadata = Metadata::of_module(&module).unwrap().unwrap();

        let names: Vec<_> = metadata.context_aware_resources.iter().map(|resource| resource.kind.as_str()).collect();
        assert_eq!(names, ["ConfigMap", "ServiceAccount"]);
        assert_eq!(metadata.annotations[USAGE], usage);
        assert!(metadata.embed(&module, "").is_err(), "metadata is not embedded twice");
    }

    #[test]
    fn finds_no_metadata_in_other_modules() {
        assert!(Metadata::of_module(HEADER).unwrap().is_none());
        assert!(Metadata::of_module(&[HEADER, b"\0\x05\x04name"].concat()).unwrap().is_none());
    }

    #[test]
    fn rejects_bytes_that_are_not_a_module() {
        assert!(Metadata::of_module(b"not wasm").is_err());
    }

    #[test]
    fn rejects_metadata_that_kubewarden_rejects() {
        for (right, wrong, error) in [
            ("mutating: true", "mutatin: true", "mutatin"),
            (r#"apiGroups: ["apps"]"#, r#"apiGroups: ["apps", "*"]"#, "`apiGroups`: `*` must be the only value"),
            (r#"apiVersions: ["v1"]"#, "apiVersions: []", "`apiVersions` is empty"),
            (
                "minimumKubewardenVersion: 1.29.0",
                "minimumKubewardenVersion: '1.29'",
                "`minimumKubewardenVersion`: expected",
            ),
            (r#""CREATE""#, r#""MAKE""#, "`MAKE` is not an operation"),
            ("io.kubewarden.policy.ociUrl", "io.kubewarden.policy.ociURL", "`io.kubewarden.policy.ociUrl` is missing"),
        ] {
            assert!(METADATA.contains(right), "{right}");
            let found = Metadata::from_yaml(&METADATA.replacen(right, wrong, 1)).unwrap_err();
            assert!(format!("{found:#}").contains(error), "{found:#}");
        }
    }
}
