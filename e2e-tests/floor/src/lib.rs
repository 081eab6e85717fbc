//! The floor of the measurements: a policy that finds the object in the payload and returns it unchanged. Every
//! mutating policy does at least this work, so the cost of irsa-policy is measured as a multiple of the floor's cost.
//!
//! With the feature `read`, it also reads the pod's service account, as irsa-policy does. With the feature `add`, it
//! also makes irsa-policy's changes to the typical pod, by editing the text of that one pod.

use kubewarden_policy_sdk::{protocol_version_guest, wapc_guest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wapc_guest::{CallResult, register_function};

#[cfg(feature = "add")]
mod add;
#[cfg(feature = "read")]
mod read;

#[derive(Deserialize)]
struct Payload<'p> {
    #[serde(borrow)]
    request: Request<'p>,
}

#[derive(Deserialize)]
struct Request<'p> {
    #[serde(borrow)]
    object: &'p RawValue,
}

#[derive(Serialize)]
struct Response<'p> {
    accepted: bool,
    mutated_object: &'p RawValue,
}

/// Registers the functions of a Kubewarden policy. The host calls this once per instance.
#[expect(unsafe_code, reason = "waPC looks up the function by this name, and no other function has the name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", |_| Ok(b"{\"valid\":true}".to_vec()));
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let Payload { request } = serde_json::from_slice(payload)?;
    #[cfg(feature = "read")]
    read::service_account(request.object)?;
    #[cfg(feature = "add")]
    let object = add::identity(request.object)?;
    #[cfg(feature = "add")]
    let request = Request { object: &object };
    Ok(serde_json::to_vec(&Response { accepted: true, mutated_object: request.object })?)
}
