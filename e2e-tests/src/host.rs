//! What a policy may ask of its host, and the answers to what it may not.
//!
//! The order of the checks and the texts are those of policy-evaluator's `src/runtimes/callback.rs`. Of Kubewarden's
//! capabilities this host serves one, `kubernetes/get_resource`, beside the log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::capabilities::Capabilities;
use crate::metadata::ContextAwareResource;

/// A request for one Kubernetes object. The name is that of the same request in policy-evaluator, and so in kwctl's
/// session files and messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubernetesGetResource {
    /// `v1`, or group and version as in `apps/v1`.
    pub api_version: String,
    /// The kind, as in `ServiceAccount`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace, where its kind has one.
    pub namespace: Option<String>,
    /// Whether an answer from the host's cache, which may be 5 seconds old, is not good enough.
    pub disable_cache: bool,
    /// The paths to which the answer may be cut down.
    pub field_masks: Option<BTreeSet<String>>,
}

/// Where the answers to permitted requests come from.
pub trait Backend: Send + Sync {
    /// The object as JSON.
    ///
    /// # Errors
    /// The text of the failure, as the policy server's Kubernetes client words it.
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String>;
}

/// The kinds that a policy may read.
#[derive(Clone, Debug)]
pub enum Access {
    /// Every kind.
    All,
    /// These, and no other.
    Only(Vec<ContextAwareResource>),
}

impl Access {
    /// No kind at all.
    #[must_use]
    pub fn none() -> Self {
        Self::Only(Vec::new())
    }

    fn allows(&self, api_version: &str, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.iter().any(|one| one.api_version == api_version && one.kind == kind),
        }
    }
}

/// The host of one or more calls.
pub struct Host {
    backend: Arc<dyn Backend>,
    access: Access,
    capabilities: Capabilities,
    log: Mutex<Vec<String>>,
}

impl Host {
    /// A host with these answers and permissions.
    pub fn new(backend: Arc<dyn Backend>, access: Access, capabilities: Capabilities) -> Self {
        Self { backend, access, capabilities, log: Mutex::default() }
    }

    /// A host that permits everything.
    pub fn permissive(backend: Arc<dyn Backend>) -> Self {
        Self::new(backend, Access::All, Capabilities::all())
    }

    /// Answers one call of the policy.
    ///
    /// # Errors
    /// The text that the policy is given, which its SDK wraps once more as `Host error: …`.
    pub fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if binding != "kubewarden" {
            return Err(format!("unknown binding: {binding}"));
        }
        let capability = format!("{namespace}/{operation}");
        if namespace != "tracing" && !self.capabilities.allow(&capability) {
            return Err(format!(
                "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
            ));
        }
        match (namespace, operation) {
            ("tracing", "log") => {
                self.log_entries().push(String::from_utf8_lossy(payload).into_owned());
                Ok(Vec::new())
            }
            ("kubernetes", "get_resource") => self.get_resource(payload),
            ("crypto" | "kubernetes" | "net" | "oci" | "tracing", _) => Err(format!("unknown operation: {operation}")),
            _ => Err(format!("unknown namespace: {namespace}")),
        }
    }

    /// What the policy has logged so far, each entry as the JSON that it sent.
    pub fn log(&self) -> Vec<String> {
        self.log_entries().clone()
    }

    fn get_resource(&self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let request: KubernetesGetResource = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let KubernetesGetResource { api_version, kind, .. } = &request;
        if !self.access.allows(api_version, kind) {
            return Err(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        self.backend
            .get_resource(&request)
            .map(String::into_bytes)
            .map_err(|failure| format!("Callback evaluation failure: {failure}"))
    }

    fn log_entries(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Backend for Echo {
        fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
            match request.name.as_str() {
                "missing" => Err("Cannot find it".to_owned()),
                name => Ok(name.to_owned()),
            }
        }
    }

    const REQUEST: &[u8] =
        br#"{"api_version":"v1","kind":"ServiceAccount","name":"web","namespace":"team-a","disable_cache":true}"#;

    fn host(access: Access, capabilities: &[&str]) -> Host {
        Host::new(Arc::new(Echo), access, Capabilities::parse(capabilities).unwrap())
    }

    fn error(host: &Host, binding: &str, namespace: &str, operation: &str) -> String {
        host.call(binding, namespace, operation, REQUEST).unwrap_err()
    }

    #[test]
    fn answers_what_is_permitted() {
        let service_account = ContextAwareResource { api_version: "v1".to_owned(), kind: "ServiceAccount".to_owned() };
        let host = host(Access::Only(vec![service_account]), &["kubernetes/get_resource"]);

        assert_eq!(host.call("kubewarden", "kubernetes", "get_resource", REQUEST).unwrap(), b"web");
    }

    #[test]
    fn wraps_the_failure_of_a_lookup() {
        let payload = String::from_utf8_lossy(REQUEST).replace("web", "missing");

        let error = Host::permissive(Arc::new(Echo))
            .call("kubewarden", "kubernetes", "get_resource", payload.as_bytes())
            .unwrap_err();

        assert_eq!(error, "Callback evaluation failure: Cannot find it");
    }

    #[test]
    fn denies_kinds_that_were_not_granted() {
        let config_map = ContextAwareResource { api_version: "v1".to_owned(), kind: "ConfigMap".to_owned() };

        for access in [Access::none(), Access::Only(vec![config_map])] {
            assert_eq!(
                error(&host(access, &["*"]), "kubewarden", "kubernetes", "get_resource"),
                "Policy has not been granted access to Kubernetes v1/ServiceAccount resources. \
                 The violation has been reported."
            );
        }
    }

    #[test]
    fn denies_capabilities_before_it_looks_at_the_kind() {
        assert_eq!(
            error(&host(Access::none(), &["oci/*"]), "kubewarden", "kubernetes", "get_resource"),
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. \
             The violation has been reported."
        );
    }

    #[test]
    fn names_what_it_does_not_know() {
        let host = Host::permissive(Arc::new(Echo));

        assert_eq!(error(&host, "other", "kubernetes", "get_resource"), "unknown binding: other");
        assert_eq!(error(&host, "kubewarden", "other", "get_resource"), "unknown namespace: other");
        assert_eq!(error(&host, "kubewarden", "kubernetes", "other"), "unknown operation: other");
    }

    #[test]
    fn takes_log_entries_from_a_policy_without_capabilities() {
        let host = host(Access::none(), &[]);

        host.call("kubewarden", "tracing", "log", br#"{"level":"info"}"#).unwrap();

        assert_eq!(host.log(), [r#"{"level":"info"}"#]);
    }
}
