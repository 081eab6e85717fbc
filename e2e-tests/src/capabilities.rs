//! The host capabilities that a policy may use: the patterns of `--allowed-host-capabilities`.
//!
//! The patterns match as in policy-evaluator's `src/host_capabilities.rs`: `*`, a prefix that ends in `/*`, or a whole
//! path. A pattern that matches no capability of a host is rejected as a typing mistake.

use anyhow::{Result, ensure};

/// Every capability of Kubewarden's hosts, as `namespace/operation`.
const KNOWN: [&str; 11] = [
    "crypto/v1/is_certificate_trusted",
    "kubernetes/can_i",
    "kubernetes/get_resource",
    "kubernetes/list_resources_all",
    "kubernetes/list_resources_by_namespace",
    "net/v1/dns_lookup_host",
    "oci/v1/manifest_digest",
    "oci/v1/oci_manifest",
    "oci/v1/oci_manifest_config",
    "oci/v1/verify",
    "oci/v2/verify",
];

/// The patterns of the capabilities that a policy may use. An empty list allows no capability.
#[derive(Clone, Debug)]
pub struct Capabilities(Vec<Pattern>);

impl Capabilities {
    /// Allows every capability.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![Pattern::Prefix(String::new())])
    }

    /// Reads patterns such as `*`, `kubernetes/*` and `kubernetes/get_resource`.
    ///
    /// # Errors
    /// Fails if a pattern is malformed, or matches no capability of a host.
    pub fn parse<T: AsRef<str>>(patterns: &[T]) -> Result<Self> {
        patterns.iter().map(|text| Pattern::parse(text.as_ref())).collect::<Result<_>>().map(Self)
    }

    /// Whether a policy may use `namespace/operation`.
    #[must_use]
    pub fn allow(&self, capability: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(capability))
    }
}

#[derive(Clone, Debug)]
enum Pattern {
    Prefix(String),
    Exact(String),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let pattern = match text.trim() {
            "*" => return Ok(Self::Prefix(String::new())),
            trimmed => match trimmed.strip_suffix('*') {
                Some(prefix) => Self::Prefix(prefix.to_owned()),
                None => Self::Exact(trimmed.to_owned()),
            },
        };
        if let Self::Prefix(prefix) = &pattern {
            ensure!(
                prefix.ends_with('/') && !prefix.contains('*'),
                "Invalid host capabilities pattern: expected `*` alone or as the whole last segment, but got `{text}`"
            );
        }
        ensure!(
            KNOWN.iter().any(|known| pattern.matches(known)),
            "Invalid host capabilities pattern: expected one of {}, or the start of one followed by `/*`, \
             but got `{text}`",
            KNOWN.map(|known| format!("`{known}`")).join(", ")
        );
        Ok(pattern)
    }

    fn matches(&self, capability: &str) -> bool {
        match self {
            Self::Prefix(prefix) => capability.starts_with(prefix.as_str()),
            Self::Exact(exact) => capability == exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_the_capabilities_that_a_pattern_matches() {
        for (patterns, capability, allowed) in [
            (&["*"] as &[&str], "kubernetes/get_resource", true),
            (&["kubernetes/*"], "kubernetes/get_resource", true),
            (&["kubernetes/get_resource"], "kubernetes/get_resource", true),
            (&["oci/v1/*", "net/*"], "net/v1/dns_lookup_host", true),
            (&["kubernetes/can_i"], "kubernetes/get_resource", false),
            (&["oci/*"], "kubernetes/get_resource", false),
            (&[], "kubernetes/get_resource", false),
        ] {
            let capabilities = Capabilities::parse(patterns).unwrap();
            assert_eq!(capabilities.allow(capability), allowed, "{patterns:?} on {capability}");
        }
    }

    #[test]
    fn rejects_patterns_that_match_no_capability() {
        for pattern in ["", "oci*", "oci/v1/oci_*", "*/oci", "oci", "oci/v99/*", "kubernetes/get", "oci/*/*"] {
            assert!(Capabilities::parse(&[pattern]).is_err(), "{pattern:?}");
        }
    }
}
