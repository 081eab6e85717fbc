//! Answers the host calls of a policy, if the policy has permission for them.
//!
//! The order of the checks and the error texts are the same as in policy-evaluator's `src/runtimes/callback.rs`. Apart
//! from the log, this host supports only the capability `kubernetes/get_resource`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::capabilities::Capabilities;
use crate::metadata::ContextAwareResource;

/// A request for one Kubernetes object. The type has the same name as policy-evaluator's type, because the name appears
/// in kwctl's session files and messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubernetesGetResource {
    /// `v1`, or group and version, such as `apps/v1`.
    pub api_version: String,
    /// The kind, such as `ServiceAccount`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace, if its kind has one.
    pub namespace: Option<String>,
    /// If `true`, the answer must not come from the host's cache. A cached answer may be 5 seconds old.
    pub disable_cache: bool,
    /// The fields to return. `None` returns the whole object.
    pub field_masks: Option<BTreeSet<String>>,
}

/// The backend that answers permitted requests.
pub trait Backend: Send + Sync {
    /// Looks up an object, and returns it as JSON.
    ///
    /// # Errors
    /// Fails with the same text as the policy server's Kubernetes client.
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String>;
}

/// The kinds that a policy may read.
#[derive(Clone, Debug)]
pub enum Access {
    /// Every kind.
    All,
    /// Only these kinds.
    Only(Vec<ContextAwareResource>),
}

impl Access {
    /// Allows no kind.
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

/// A host: a backend with permissions, and the log entries of the policy.
pub struct Host {
    backend: Arc<dyn Backend>,
    access: Access,
    capabilities: Capabilities,
    log: Mutex<Vec<String>>,
}

impl Host {
    /// Makes a host with this backend and these permissions.
    pub fn new(backend: Arc<dyn Backend>, access: Access, capabilities: Capabilities) -> Self {
        Self { backend, access, capabilities, log: Mutex::default() }
    }

    /// Makes a host that allows every call.
    pub fn permissive(backend: Arc<dyn Backend>) -> Self {
        Self::new(backend, Access::All, Capabilities::all())
    }

    /// Answers a call of the policy.
    ///
    /// # Errors
    /// Fails with the text that the policy gets. The SDK adds the prefix `Host error: `.
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

    /// Returns the policy's log entries, as JSON.
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
    fn answers_a_permitted_lookup() {
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
    fn checks_the_capability_before_the_kind() {
        assert_eq!(
            error(&host(Access::none(), &["oci/*"]), "kubewarden", "kubernetes", "get_resource"),
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. \
             The violation has been reported."
        );
    }

    #[test]
    fn names_an_unknown_binding_namespace_or_operation() {
        let host = Host::permissive(Arc::new(Echo));

        assert_eq!(error(&host, "other", "kubernetes", "get_resource"), "unknown binding: other");
        assert_eq!(error(&host, "kubewarden", "other", "get_resource"), "unknown namespace: other");
        assert_eq!(error(&host, "kubewarden", "kubernetes", "other"), "unknown operation: other");
    }

    #[test]
    fn accepts_log_entries_from_a_policy_without_capabilities() {
        let host = host(Access::none(), &[]);

        host.call("kubewarden", "tracing", "log", br#"{"level":"info"}"#).unwrap();

        assert_eq!(host.log(), [r#"{"level":"info"}"#]);
    }
}
