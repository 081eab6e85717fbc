//! The policy: Kubewarden's entry points around the crate [`irsa`], which decides everything.
//!
//! A policy host calls the waPC functions registered here. A request's way: the `payload` is read once; the
//! [`cluster`] is asked for the pod's service account, by the one host call; the review is written as a `response`.

pub mod cluster;
mod payload;
mod response;

use irsa::Cluster;
use irsa::json::Unreadable;
use irsa::{Review, Settings};
use wapc_guest::{CallResult, register_function};

use crate::cluster::Host;
use crate::payload::Payload;

/// Registers the functions of a Kubewarden policy. The host calls it once for each instance.
#[expect(unsafe_code, reason = "waPC looks the function up by this name, and no other has it")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", |_| Ok(br#""v1""#.to_vec()));
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is waPC's")]
fn validate(payload: &[u8]) -> CallResult {
    Ok(review(payload, &mut Host).into_bytes())
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is waPC's")]
fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(response::write_settings_validation(check_settings(payload)).into_bytes())
}

/// Reviews the request in a payload, by what this cluster holds, and writes the response.
pub fn review(payload: &[u8], cluster: &mut dyn Cluster) -> String {
    let Ok(text) = std::str::from_utf8(payload) else {
        return response::write(&Review::unreadable(&Unreadable::value("UTF-8")));
    };
    let review = match Payload::read(text) {
        Ok(Payload { request, settings: Ok(settings) }) => Review::new(&request, &settings, cluster),
        Ok(Payload { settings: Err(errors), .. }) => Review::misconfigured(&errors),
        Err(unreadable) => Review::unreadable(&unreadable),
    };
    response::write(&review)
}

/// Checks the text of settings.
///
/// # Errors
/// Fails with all that is wrong with them, a line each.
pub fn check_settings(payload: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(payload).map_err(|_| Unreadable::value("UTF-8").to_string())?;
    Settings::parse(text).map(drop).map_err(|errors| errors.to_string())
}
