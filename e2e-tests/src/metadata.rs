//! What `kwctl annotate` embeds in a module, as far as running it needs: the kinds that the policy may read.

use anyhow::{Context, Result};
use serde::Deserialize;
use wasmparser::{Parser, Payload};

/// The custom section that holds the metadata as JSON.
const SECTION: &str = "io.kubewarden.metadata";

/// The metadata of an annotated policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The kinds that the policy asks to read.
    #[serde(default)]
    pub context_aware_resources: Vec<ContextAwareResource>,
}

/// A kind of Kubernetes objects.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ContextAwareResource {
    /// `v1`, or group and version as in `apps/v1`.
    pub api_version: String,
    /// The kind, as in `ServiceAccount`.
    pub kind: String,
}

impl Metadata {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    fn module_with_section(name: &str, data: &str) -> Vec<u8> {
        let mut body = vec![u8::try_from(name.len()).unwrap()];
        body.extend(name.as_bytes());
        body.extend(data.as_bytes());
        let size = u8::try_from(body.len()).unwrap();
        assert!(size < 0x80, "the size must fit in one byte of LEB128");
        [HEADER, &[0, size], &body].concat()
    }

    #[test]
    fn reads_the_kinds_of_an_annotated_module() {
        let json = r#"{"contextAwareResources":[{"apiVersion":"v1","kind":"ServiceAccount"}]}"#;

        let metadata = Metadata::of_module(&module_with_section(SECTION, json)).unwrap().unwrap();

        let expected = ContextAwareResource { api_version: "v1".to_owned(), kind: "ServiceAccount".to_owned() };
        assert_eq!(metadata.context_aware_resources, [expected]);
    }

    #[test]
    fn finds_none_in_other_modules() {
        assert!(Metadata::of_module(HEADER).unwrap().is_none());
        assert!(Metadata::of_module(&module_with_section("name", "{")).unwrap().is_none());
    }

    #[test]
    fn rejects_what_is_no_module() {
        assert!(Metadata::of_module(b"not wasm").is_err());
    }
}
