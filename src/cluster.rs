//! The one host call: an object of the cluster, by its name.
//!
//! Source: Kubewarden's context-aware policies, `kubernetes/get_resource`. The host answers with the object, or with
//! nothing but a text that says what went wrong. What such a text means is read here and nowhere else.

use irsa::internals::contains;
use irsa::json::write_string;
use irsa::{Cluster, LookupError, Query};
use wapc_guest::host_call;

/// The host that runs the policy.
pub struct Host;

impl Cluster for Host {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let mut request = String::new();
        for (key, value) in [
            ("{\"api_version\":", query.api_version),
            (",\"kind\":", query.kind),
            (",\"namespace\":", query.namespace),
            (",\"name\":", query.name),
        ] {
            request.push_str(key);
            write_string(value, &mut request);
        }
        request.push_str(",\"disable_cache\":");
        request.push_str(if query.may_be_cached { "false}" } else { "true}" });
        match host_call("kubewarden", "kubernetes", "get_resource", request.as_bytes()) {
            Ok(answer) => String::from_utf8(answer).map_err(|_| LookupError::mismatch("it is not UTF-8")),
            Err(error) => Err(understand(&error.to_string(), query)),
        }
    }
}

/// What the host's error text means.
///
/// That there is no such object is said in these words by the policy-evaluator of Kubewarden 1.6 to 1.34, which may
/// wrap them (`Host error: Callback evaluation failure: …`) and add a backtrace. Any other text says that the object
/// may exist.
#[must_use]
pub fn understand(text: &str, query: &Query<'_>) -> LookupError {
    let Query { api_version, kind, name, namespace, .. } = query;
    let not_found =
        format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace 'Some(\"{namespace}\")'");
    if contains(text, &not_found) {
        return LookupError::NotFound;
    }
    // A backtrace, where there is one, follows on lines of its own.
    let reason = text.lines().next().unwrap_or_default();
    let reason = reason.strip_prefix("Host error: ").unwrap_or(reason);
    LookupError::Failed(reason.strip_prefix("Callback evaluation failure: ").unwrap_or(reason).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: Query<'static> =
        Query { api_version: "v1", kind: "ServiceAccount", namespace: "team-a", name: "web", may_be_cached: false };

    #[test]
    fn knows_that_there_is_no_such_object_however_it_is_wrapped() {
        let text = "Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"team-a\")'";
        for text in [
            text.to_owned(),
            format!("Host error: Callback evaluation failure: {text}"),
            format!("Host error: Callback evaluation failure: {text}\n\nStack backtrace:\n   0: anyhow::error"),
        ] {
            assert_eq!(understand(&text, &QUERY), LookupError::NotFound, "{text}");
        }
    }

    #[test]
    fn takes_any_other_text_as_a_failure_and_keeps_its_reason() {
        for (text, reason) in [
            (
                "Host error: Callback evaluation failure: Cannot find v1/ServiceAccount named 'web2' inside of namespace 'Some(\"team-a\")'",
                "Cannot find v1/ServiceAccount named 'web2' inside of namespace 'Some(\"team-a\")'",
            ),
            (
                "Host error: Callback evaluation failure: ApiError: forbidden\n\nCaused by:\n    x",
                "ApiError: forbidden",
            ),
            ("", ""),
        ] {
            assert_eq!(understand(text, &QUERY), LookupError::Failed(reason.to_owned()), "{text}");
        }
    }
}
