//! What Kubewarden is answered.
//!
//! Source: Kubewarden's policy specification, "Mutating policies". The SDK's own type holds the mutated object as a
//! parsed value, in which numbers and the order of keys would be lost; so the response is written here, around the
//! object's text.

use irsa::Review;
use irsa::json::write_string;

/// Writes the answer to a request.
pub(crate) fn write(review: &Review<'_>) -> String {
    let mut out = String::new();
    out.push_str(if review.rejection.is_none() { "{\"accepted\":true" } else { "{\"accepted\":false" });
    if let Some(rejection) = &review.rejection {
        out.push_str(",\"code\":");
        out.push_str(&rejection.code.to_string());
        out.push_str(",\"message\":");
        write_string(&rejection.message, &mut out);
    }
    if let Some(object) = &review.mutated_object {
        out.push_str(",\"mutated_object\":");
        object.write(&mut out);
    }
    out.push_str(",\"audit_annotations\":{");
    write_separated(&review.audit_annotations, &mut out, |(key, value), out| {
        write_string(key, out);
        out.push(':');
        write_string(value, out);
    });
    out.push('}');
    if !review.warnings.is_empty() {
        out.push_str(",\"warnings\":[");
        write_separated(&review.warnings, &mut out, |warning, out| write_string(warning, out));
        out.push(']');
    }
    out.push('}');
    out
}

/// Writes whether settings are right, and if not, what is wrong with them.
///
/// Source: Kubewarden's policy specification, "Validating settings".
pub(crate) fn write_settings_validation(checked: Result<(), String>) -> String {
    let Err(message) = checked else { return r#"{"valid":true}"#.to_owned() };
    let mut out = r#"{"valid":false,"message":"#.to_owned();
    write_string(&message, &mut out);
    out.push('}');
    out
}

fn write_separated<T>(items: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
}
