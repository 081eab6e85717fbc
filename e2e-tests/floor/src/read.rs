//! Reads the pod's service account.

use std::error::Error;

use kubewarden_policy_sdk::wapc_guest::host_call;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Pod<'p> {
    #[serde(borrow)]
    metadata: Metadata<'p>,
    #[serde(borrow)]
    spec: Spec<'p>,
}

#[derive(Deserialize)]
struct Metadata<'p> {
    namespace: &'p str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'p> {
    service_account_name: &'p str,
}

/// Asks the API server for the pod's service account, without the host's cache.
pub fn service_account(pod: &RawValue) -> Result<(), Box<dyn Error + Send + Sync>> {
    let pod: Pod<'_> = serde_json::from_str(pod.get())?;
    let query = json!({
        "api_version": "v1",
        "kind": "ServiceAccount",
        "name": pod.spec.service_account_name,
        "namespace": pod.metadata.namespace,
        "disable_cache": true,
    });
    host_call("kubewarden", "kubernetes", "get_resource", query.to_string().as_bytes())?;
    Ok(())
}
