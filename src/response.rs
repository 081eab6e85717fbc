//! The policy's answers to Kubewarden, as types.
//!
//! Source: Kubewarden's policy specification, "Mutating policies" and "Validating settings". The SDK's
//! `ValidationResponse` contains the mutated object as a parsed tree. Here the object is copied as text, without
//! parsing it. The tests parse every answer with the SDK's types.

use alloc::string::String;

use irsa::{MutatedObject, Review};
use serde::{Serialize, Serializer};

use crate::json::{JSON_TEXT, to_json};

/// The usual length of an answer without its mutated object, in bytes.
const USUAL_LENGTH: usize = 1024;

/// The answer to a request.
#[derive(Debug, Serialize)]
pub(crate) struct ValidationResponse<'r> {
    accepted: bool,
    /// The HTTP status. Only with a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// The reasons, one per line. Only with a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutated_object: Option<JsonText<'r>>,
    #[serde(serialize_with = "as_object")]
    audit_annotations: &'r [(&'static str, String)],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'r [String],
}

impl<'r> ValidationResponse<'r> {
    /// Makes the answer to a review.
    pub(crate) fn new(review: &'r Review<'r>) -> Self {
        let rejection = review.rejection.as_ref();
        Self {
            accepted: rejection.is_none(),
            code: rejection.map(|rejection| rejection.code),
            message: rejection.map(|rejection| rejection.message.as_str()),
            mutated_object: review.mutated_object.as_ref().map(JsonText),
            audit_annotations: &review.audit_annotations,
            warnings: &review.warnings,
        }
    }

    /// The answer as JSON.
    pub(crate) fn to_json(&self) -> String {
        let object = self.mutated_object.map_or(0, |object| object.0.max_length());
        to_json(self, object.saturating_add(USUAL_LENGTH))
    }
}

/// The mutated object. It is already JSON text.
#[derive(Debug, Clone, Copy)]
struct JsonText<'r>(&'r MutatedObject<'r>);

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(JSON_TEXT, &format_args!("{}", self.0))
    }
}

/// Writes pairs as an object, in the given order.
fn as_object<S: Serializer>(pairs: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// The result of checking settings.
#[derive(Debug, Serialize)]
pub(crate) struct SettingsValidationResponse {
    valid: bool,
    /// The errors, one per line. Only if the settings are not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl SettingsValidationResponse {
    /// Makes the answer to a request to check settings.
    pub(crate) fn new(checked: Result<(), String>) -> Self {
        let message = checked.err();
        Self { valid: message.is_none(), message }
    }

    /// The answer as JSON.
    pub(crate) fn to_json(&self) -> String {
        to_json(self, USUAL_LENGTH)
    }
}
