//! What Kubewarden is answered.
//!
//! Source: Kubewarden's policy specification, "Mutating policies". The SDK's own type holds the mutated object as a
//! parsed value, in which numbers and the order of keys would be lost; so the response is written here, around the
//! object's text.

use irsa::Review;
use irsa::json::write_string;
use irsa::review::Decision;

/// Writes the answer to the request in `payload`.
pub(crate) fn write(review: &Review, payload: &str) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(if review.rejection.is_none() { b"{\"accepted\":true" } else { b"{\"accepted\":false" });
    if let Some(rejection) = &review.rejection {
        out.extend_from_slice(b",\"code\":");
        out.extend_from_slice(rejection.code.to_string().as_bytes());
        out.extend_from_slice(b",\"message\":");
        write_string(&rejection.message, &mut out);
    }
    if review.decision == Decision::Injected {
        out.extend_from_slice(b",\"mutated_object\":");
        review.edits.write(payload, review.object, &mut out);
    }
    out.extend_from_slice(b",\"audit_annotations\":{");
    write_separated(&review.audit_annotations, &mut out, |(key, value), out| {
        write_string(key, out);
        out.push(b':');
        write_string(value, out);
    });
    out.push(b'}');
    if !review.warnings.is_empty() {
        out.extend_from_slice(b",\"warnings\":[");
        write_separated(&review.warnings, &mut out, |warning, out| write_string(warning, out));
        out.push(b']');
    }
    out.push(b'}');
    out
}

/// Writes whether settings are right, and if not, what is wrong with them.
///
/// Source: Kubewarden's policy specification, "Validating settings".
pub(crate) fn write_settings_validation(checked: Result<(), String>) -> Vec<u8> {
    let Err(message) = checked else { return br#"{"valid":true}"#.to_vec() };
    let mut out = br#"{"valid":false,"message":"#.to_vec();
    write_string(&message, &mut out);
    out.push(b'}');
    out
}

fn write_separated<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}
