//! The policy: Kubewarden's entry points around the crate [`irsa`], which decides everything.
//!
//! A policy host calls the waPC functions registered here. A request's way: the [`payload`] is read once; the
//! [`cluster`] is asked for the pod's service account, by the one host call; the review is written as a [`response`].

mod cluster;
mod payload;
mod response;

use irsa::json::{Reader, Unreadable};
use irsa::{Review, Settings};
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use kubewarden_policy_sdk::{protocol_version_guest, wapc_guest};
use wapc_guest::{CallResult, register_function};

use crate::cluster::Host;
use crate::payload::Payload;

/// Registers the functions of a Kubewarden policy. The host calls it once for each instance.
#[expect(unsafe_code, reason = "waPC looks the function up by this name, and no other has it")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is waPC's")]
fn validate(payload: &[u8]) -> CallResult {
    let Ok(text) = std::str::from_utf8(payload) else {
        return Ok(response::write(&Review::unreadable(&Unreadable::value("UTF-8")), ""));
    };
    let review = match Payload::read(text) {
        Ok(Payload { request, settings: Ok(settings) }) => Review::new(&request, &settings, &mut Host),
        Ok(Payload { settings: Err(errors), .. }) => Review::misconfigured(&errors),
        Err(unreadable) => Review::unreadable(&unreadable),
    };
    Ok(response::write(&review, text))
}

fn validate_settings(payload: &[u8]) -> CallResult {
    let message = match std::str::from_utf8(payload) {
        Ok(text) => Settings::read(&mut Reader::new(text)).err().map(|errors| errors.to_string()),
        Err(_) => Some(Unreadable::value("UTF-8").to_string()),
    };
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: message.is_none(), message })?)
}
