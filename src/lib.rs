//! The policy: Kubewarden's entry points around the crate [`irsa`], which makes every decision.
//!
//! The host calls the waPC functions that are registered here. For a request, `payload` reads the request and the
//! settings once, [`irsa`] reviews the request, and `response` writes the answer. [`cluster`] makes the only host call,
//! which looks up an object in the cluster.

pub mod cluster;
mod failure;
mod json;
mod payload;
mod response;

use irsa::Cluster;
use irsa::json::Unreadable;
use irsa::{Review, Settings};
use wapc_guest::{CallResult, register_function};

use crate::cluster::Host;
use crate::payload::Payload;
use crate::response::{SettingsValidationResponse, ValidationResponse};

/// Registers the functions of a Kubewarden policy. The host calls it once per instance.
#[expect(unsafe_code, reason = "waPC finds the function by this name, which no other function has")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version);
}

#[expect(clippy::unnecessary_wraps, reason = "waPC requires this signature")]
fn validate(payload: &[u8]) -> CallResult {
    Ok(review(payload, &mut Host).into_bytes())
}

#[expect(clippy::unnecessary_wraps, reason = "waPC requires this signature")]
fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(SettingsValidationResponse::new(check_settings(payload)).to_json().into_bytes())
}

#[expect(clippy::unnecessary_wraps, reason = "waPC requires this signature")]
fn protocol_version(_: &[u8]) -> CallResult {
    Ok(br#""v1""#.to_vec())
}

/// Reviews the request in a payload, with lookups in `cluster`. Returns the answer's JSON.
pub fn review(payload: &[u8], cluster: &mut dyn Cluster) -> String {
    let Ok(text) = std::str::from_utf8(payload) else {
        return ValidationResponse::new(&Review::unreadable(&Unreadable::value("UTF-8"))).to_json();
    };
    let review = match Payload::read(text) {
        Ok(Payload { request, settings: Ok(settings) }) => Review::new(&request, &settings, cluster),
        Ok(Payload { settings: Err(errors), .. }) => Review::misconfigured(&errors),
        Err(unreadable) => Review::unreadable(&unreadable),
    };
    ValidationResponse::new(&review).to_json()
}

/// Checks settings, given as JSON.
///
/// # Errors
/// Fails if they are not valid. The error has one line for each problem.
pub fn check_settings(payload: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(payload).map_err(|_| Unreadable::value("UTF-8").to_string())?;
    Settings::parse(text).map(drop).map_err(|errors| errors.to_string())
}

#[cfg(test)]
mod tests;
