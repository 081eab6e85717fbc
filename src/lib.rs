//! The policy: Kubewarden's entry points around the crate [`irsa`], which makes every decision.
//!
//! The host calls a function by its name, and [`call`] dispatches it. For a request, `payload` reads the request and
//! the settings once, [`irsa`] reviews the request, and `response` writes the answer. [`cluster`] makes the only host
//! call, which looks up an object in the cluster.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(any(target_arch = "wasm32", test))]
mod allocator;
pub mod cluster;
mod failure;
mod json;
#[cfg(target_arch = "wasm32")]
mod panic;
mod payload;
mod response;
mod utf8;
#[cfg(target_arch = "wasm32")]
mod wapc;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};

use irsa::Cluster;
use irsa::json::Unreadable;
use irsa::{Review, Settings};

use crate::payload::Payload;
use crate::response::{SettingsValidationResponse, ValidationResponse};
use crate::utf8::text;

/// Calls the function of the policy that the host names. Returns its answer.
///
/// # Errors
/// Fails if the policy has no such function.
pub fn call(function: &[u8], payload: &[u8], cluster: &mut dyn Cluster) -> Result<String, &'static str> {
    match function {
        b"validate" => Ok(review(payload, cluster)),
        b"validate_settings" => Ok(SettingsValidationResponse::new(check_settings(payload)).to_json()),
        b"protocol_version" => Ok(r#""v1""#.to_owned()),
        _ => Err("the policy has no such function: expected `validate`, `validate_settings` or `protocol_version`"),
    }
}

/// Reviews the request in a payload, with lookups in `cluster`. Returns the answer's JSON.
pub fn review(payload: &[u8], cluster: &mut dyn Cluster) -> String {
    let Some(text) = text(payload) else {
        return ValidationResponse::new(&Review::unreadable(&Unreadable::value("UTF-8"))).to_json();
    };
    let payload = Payload::read(text);
    let review = match &payload {
        Ok(Payload { request, settings: Ok(settings) }) => Review::new(request, settings, cluster),
        Ok(Payload { settings: Err(errors), .. }) => Review::misconfigured(errors),
        Err(unreadable) => Review::unreadable(unreadable),
    };
    let answer = ValidationResponse::new(&review).to_json();
    // After the answer, the host frees the whole memory of the module. Freeing each string before that would take 1 %
    // of the instructions.
    #[cfg(target_arch = "wasm32")]
    core::mem::forget((review, payload));
    answer
}

/// Checks settings, given as JSON.
///
/// # Errors
/// Fails if the settings are not valid. The error has one line for each problem.
pub fn check_settings(payload: &[u8]) -> Result<(), String> {
    let text = text(payload).ok_or_else(|| Unreadable::value("UTF-8").to_string())?;
    Settings::parse(text).map(drop).map_err(|errors| errors.to_string())
}

#[cfg(test)]
mod tests;
