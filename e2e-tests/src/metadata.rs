//! A policy's metadata: what `metadata.yml` says of it, and what `kwctl annotate` embeds in its module.
//!
//! Source: policy-evaluator's `policy_metadata.rs` and kwctl's `annotate.rs`, 1.36.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The custom section that holds the metadata as JSON.
const SECTION: &str = "io.kubewarden.metadata";

/// The annotation for how the policy is used: Markdown.
const USAGE: &str = "io.kubewarden.policy.usage";

/// What Kubewarden, Artifact Hub and registries show of a policy.
const NEEDED_ANNOTATIONS: [&str; 7] = [
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
    /// The version of the protocol between policy and host. It is asked of the policy, not written down.
    pub protocol_version: Option<String>,
    /// What the policy is to be asked about, where whoever applies it does not say.
    pub rules: Vec<Rule>,
    /// Texts about the policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether it may change objects.
    pub mutating: bool,
    /// Whether the audit scanner may ask it about what is in the cluster.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// How it is run.
    #[serde(default = "wapc")]
    pub execution_mode: String,
    /// What it decides on.
    #[serde(default = "kubernetes")]
    pub policy_type: String,
    /// The kinds that it asks to read.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// The functions of the host that it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The oldest Kubewarden that can run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

/// What a policy is asked about, as in Kubernetes' webhook configurations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Groups of kinds; the core group is the empty text.
    pub api_groups: Vec<String>,
    /// Their versions.
    pub api_versions: Vec<String>,
    /// The kinds, in their plural.
    pub resources: Vec<String>,
    /// What is done with an object of theirs.
    pub operations: Vec<String>,
}

/// A kind of Kubernetes objects.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    /// `v1`, or group and version as in `apps/v1`.
    pub api_version: String,
    /// The kind, as in `ServiceAccount`.
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
    /// Where it is no YAML, has an unknown key, or lacks what Kubewarden wants or shows.
    pub fn from_yaml(text: &str) -> Result<Self> {
        let metadata: Self = yaml_serde::from_str(text)?;
        for (index, rule) in metadata.rules.iter().enumerate() {
            rule.check().with_context(|| format!("`rules[{index}]`"))?;
        }
        ensure!(metadata.execution_mode == wapc(), "`executionMode`: expected `{}`", wapc());
        for name in NEEDED_ANNOTATIONS {
            ensure!(metadata.annotations.contains_key(name), "`annotations`: `{name}` is missing");
        }
        Ok(metadata)
    }

    /// The metadata of a module, or `None` where it is not annotated.
    ///
    /// # Errors
    /// Where the bytes are no Wasm module, or the metadata is malformed.
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

    /// The module with this metadata in it, and a text on its usage, as `kwctl annotate` embeds them.
    ///
    /// # Errors
    /// Where the module has metadata already.
    pub fn embed(mut self, module: &[u8], usage: &str) -> Result<Vec<u8>> {
        if Self::of_module(module)?.is_some() {
            bail!("the module has metadata already");
        }
        self.annotations.insert(USAGE.to_owned(), usage.to_owned());
        let mut section = leb128(SECTION.len());
        section.extend(SECTION.as_bytes());
        section.extend(serde_json::to_vec(&self)?);
        // A custom section has the id 0.
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
            ensure!(values.len() == 1 || !values.iter().any(|value| value == "*"), "`{key}`: `*` stands alone");
        }
        for operation in operations {
            ensure!(
                ["CREATE", "UPDATE", "DELETE", "CONNECT", "*"].contains(&operation.as_str()),
                "`operations`: `{operation}` is none"
            );
        }
        Ok(())
    }
}

/// A length, as Wasm writes it.
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
    fn reads_what_it_has_embedded() {
        let usage = "How to use it.\n".repeat(2000);
        let module = Metadata::from_yaml(METADATA).unwrap().embed(HEADER, &usage).unwrap();
        assert!(module.starts_with(HEADER), "the module itself stays");

        let metadata = Metadata::of_module(&module).unwrap().unwrap();

        let names: Vec<_> = metadata.context_aware_resources.iter().map(|resource| resource.kind.as_str()).collect();
        assert_eq!(names, ["ConfigMap", "ServiceAccount"]);
        assert_eq!(metadata.annotations[USAGE], usage);
        assert!(metadata.embed(&module, "").is_err(), "it is not embedded twice");
    }

    #[test]
    fn finds_none_in_other_modules() {
        assert!(Metadata::of_module(HEADER).unwrap().is_none());
        assert!(Metadata::of_module(&[HEADER, b"\0\x05\x04name"].concat()).unwrap().is_none());
    }

    #[test]
    fn rejects_what_is_no_module() {
        assert!(Metadata::of_module(b"not wasm").is_err());
    }

    #[test]
    fn rejects_metadata_that_kubewarden_would() {
        for (right, wrong, error) in [
            ("mutating: true", "mutatin: true", "mutatin"),
            (r#"apiGroups: ["apps"]"#, r#"apiGroups: ["apps", "*"]"#, "`apiGroups`: `*` stands alone"),
            (r#"apiVersions: ["v1"]"#, "apiVersions: []", "`apiVersions` is empty"),
            (r#""CREATE""#, r#""MAKE""#, "`MAKE` is none"),
            ("io.kubewarden.policy.ociUrl", "io.kubewarden.policy.ociURL", "`io.kubewarden.policy.ociUrl` is missing"),
        ] {
            assert!(METADATA.contains(right), "{right}");
            let found = Metadata::from_yaml(&METADATA.replacen(right, wrong, 1)).unwrap_err();
            assert!(format!("{found:#}").contains(error), "{found:#}");
        }
    }
}
