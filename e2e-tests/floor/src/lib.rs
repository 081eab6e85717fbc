//! The floor of the measurements: a policy that finds the object in the payload and returns it unchanged. Every
//! mutating policy does at least this work, so the cost of irsa-policy is measured as a multiple of the floor's cost.

use kubewarden_policy_sdk::{protocol_version_guest, wapc_guest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wapc_guest::{CallResult, register_function};

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
    Ok(serde_json::to_vec(&Response { accepted: true, mutated_object: request.object })?)
}
