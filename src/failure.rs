//! Explains why a lookup failed, from the host's error message.
//!
//! The host has no error codes. It returns the text of a Rust error. Sources of the texts: `callback_handler` and
//! `runtimes/callback.rs` of Kubewarden's policy-evaluator, in the versions for Kubewarden 1.6 to 1.36; `Error` of the
//! crate kube 0.82 to 3.1, the host's client.

use alloc::borrow::ToOwned;
use alloc::string::String;

use irsa::internals::contains;
use irsa::{Query, escaped_line};

/// The maximum length of a quote from the host's message, in bytes.
const QUOTE_LIMIT: usize = 96;

/// The maximum length of a reason or user name from the API server, in bytes.
const NAME_LIMIT: usize = 64;

/// The reason that kube's client reports if the body of an HTTP error is not a Kubernetes `Status`.
const NOT_A_STATUS: &str = "Failed to parse error data";

/// Returns why the lookup failed, for the end of a message. If the fix is known, the text ends with the fix.
#[cold]
pub(crate) fn explain(message: &str, query: &Query<'_>) -> String {
    let message = without(&["Host error: ", "Callback evaluation failure: "], message);
    if let Some(error) = message.strip_prefix("ApiError: ") {
        return ApiError::read(error).explain(query);
    }
    if let Some(denied) = message.strip_prefix("Policy has not been granted access to ") {
        return explain_denied(denied).to_owned();
    }
    let (first, cause) = (before(message, "\n"), last_cause(message));
    let detail = if contains(first, cause) { first.to_owned() } else { [first, ": ", cause].concat() };
    let (what, detail) = if let Some(error) = detail.strip_prefix("Error deserializing response: ") {
        let is_syntax = error.starts_with("expected value") || error.starts_with("EOF while parsing");
        let syntax = "the API server's answer is not JSON: ";
        (if is_syntax { syntax } else { "the API server's answer has an unexpected format: " }, error)
    } else if let Some(error) = detail.strip_prefix("ServiceError: ") {
        ("no answer from the API server: ", error)
    } else {
        ("", &*detail)
    };
    match detail {
        "" => "the policy server gives no reason".to_owned(),
        "kube::Client was not initialized properly" => {
            "the policy server has no connection to an API server".to_owned()
        }
        detail => quote(what, detail, QUOTE_LIMIT),
    }
}

/// Explains a call that the host rejected because the policy's manifest does not grant it.
fn explain_denied(denied: &str) -> &'static str {
    if denied.starts_with("Kubernetes ") {
        return "the policy is not allowed to read this kind: add it to `contextAwareResources`, as in policy.yaml";
    }
    // The host denies a host function only to a namespaced policy. Such a policy can't have `contextAwareResources`, so
    // the fix is a ClusterAdmissionPolicy.
    "the policy is not allowed to call `kubernetes/get_resource`: deploy it as a ClusterAdmissionPolicy, as in \
     policy.yaml"
}

/// An HTTP error of the API server, or of a proxy in front of the API server.
struct ApiError<'m> {
    message: &'m str,
    reason: &'m str,
    /// The HTTP status. Empty if the host's message does not contain it.
    code: &'m str,
}

impl<'m> ApiError<'m> {
    /// Reads `<message>: <reason> (<Rust debug text of both and the HTTP status>)`.
    fn read(text: &'m str) -> Self {
        const CODE: &str = " code: ";
        let (shown, code) = if let Some((shown, debug)) = split(text, " (Status {", Occurrence::First) {
            (shown, split(before(debug, "\n"), CODE, Occurrence::First))
        } else if let Some((shown, debug)) = split(text, " (ErrorResponse {", Occurrence::First) {
            // In this format, the code comes after the message. The message may contain ` code: ` too, so the last
            // occurrence is used.
            (shown, split(before(debug, "\n"), CODE, Occurrence::Last))
        } else {
            (before(text, "\n"), None)
        };
        let code = code.map_or("", |(_, code)| code);
        let digits = code.bytes().take_while(u8::is_ascii_digit).count();
        let (message, reason) = split(shown, ": ", Occurrence::Last).unwrap_or((shown, ""));
        Self { message, reason, code: code.get(..digits).unwrap_or_default() }
    }

    fn explain(&self, query: &Query<'_>) -> String {
        let (mut reason, mut what) = (escaped_line(self.reason, NAME_LIMIT), "");
        if self.reason == NOT_A_STATUS {
            reason.clear();
            what = "the answer is not JSON: ";
        }
        let detail = match self.forbidden_resource(query) {
            Some(resource) => self.explain_forbidden(resource),
            None if self.message.is_empty() || self.message == self.reason => String::new(),
            None => quote(what, self.message, QUOTE_LIMIT),
        };
        let code = self.code;
        let show = |condition: bool, text| if condition { text } else { "" };
        let has_head = !(code.is_empty() && reason.is_empty());
        [
            show(!code.is_empty(), "HTTP "),
            code,
            show(!code.is_empty() && !reason.is_empty(), " "),
            &reason,
            show(has_head && !detail.is_empty(), ": "),
            &detail,
        ]
        .concat()
    }

    /// The resource that the API server denies access to: `serviceaccounts "web" is forbidden: …`. `None` for any other
    /// error, and if the error is not about the object of the query.
    fn forbidden_resource(&self, query: &Query<'_>) -> Option<&'static str> {
        let resource = if query.kind == "ConfigMap" { "configmaps" } else { "serviceaccounts" };
        let start = [resource, " \"", query.name, "\" is forbidden"].concat();
        (self.reason == "Forbidden" && self.message.starts_with(&start)).then_some(resource)
    }

    fn explain_forbidden(&self, resource: &str) -> String {
        let user = match split(self.message, "User \"", Occurrence::First) {
            Some((_, rest)) => quote("", before(rest, "\""), NAME_LIMIT),
            None => "the policy server".to_owned(),
        };
        let role = if resource == "configmaps" { "Role for the ConfigMap" } else { "ClusterRole" };
        [&*user, " lacks `get` on `", resource, "`: bind it to the ", role, " in policy.yaml"].concat()
    }
}

/// Returns the message without these prefixes.
fn without<'m>(prefixes: &[&str], message: &'m str) -> &'m str {
    prefixes.iter().fold(message, |message, prefix| message.strip_prefix(prefix).unwrap_or(message))
}

/// Returns the last line of the section `Caused by:`, without its number. Empty if the section is missing.
fn last_cause(message: &str) -> &str {
    let Some((_, causes)) = split(message, "\n\nCaused by:\n", Occurrence::First) else { return "" };
    // A backtrace may follow, after an empty line.
    let causes = before(causes, "\n\n");
    let last = split(causes, "\n", Occurrence::Last).map_or(causes, |(_, last)| last);
    let last = last.trim_ascii_start();
    match split(last, ": ", Occurrence::First) {
        Some((number, cause)) if number.bytes().all(|byte| byte.is_ascii_digit()) => cause,
        _ => last,
    }
}

/// Returns `what`, followed by `detail` in backticks. Escapes `detail`, and cuts it to `limit` bytes.
fn quote(what: &str, detail: &str, limit: usize) -> String {
    [what, "`", &escaped_line(detail, limit), "`"].concat()
}

/// The text before the first occurrence of a string, or the whole text.
fn before<'t>(text: &'t str, separator: &str) -> &'t str {
    split(text, separator, Occurrence::First).map_or(text, |(before, _)| before)
}

#[derive(Clone, Copy)]
enum Occurrence {
    First,
    Last,
}

/// Splits at an occurrence of a string. The standard library's search adds 2.6 KB to the module.
fn split<'t>(text: &'t str, separator: &str, occurrence: Occurrence) -> Option<(&'t str, &'t str)> {
    let mut windows = text.as_bytes().windows(separator.len());
    let is_separator = |window: &[u8]| window == separator.as_bytes();
    let at = match occurrence {
        Occurrence::First => windows.position(is_separator),
        Occurrence::Last => windows.rposition(is_separator),
    }?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.strip_prefix(separator)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Query<'static> =
        Query { api_version: "v1", kind: "ServiceAccount", namespace: "team-a", name: "web", may_be_cached: false };
    const CONFIG_MAP: Query<'static> = Query {
        api_version: "v1",
        kind: "ConfigMap",
        namespace: "kube-system",
        name: "pod-identity-webhook",
        may_be_cached: false,
    };

    const FORBIDDEN: &str = "serviceaccounts \"web\" is forbidden: User \
        \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"serviceaccounts\" in API group \"\" \
        in the namespace \"team-a\"";

    /// The message of a host that uses kube 2 or older: Kubewarden 1.6 to 1.31.
    fn error_response(status: &str, message: &str, reason: &str, code: u16) -> String {
        let shown = format!("{message}: {reason}");
        let debug =
            format!("ErrorResponse {{ status: {status:?}, message: {message:?}, reason: {reason:?}, code: {code} }}");
        format!(
            "Host error: Callback evaluation failure: ApiError: {shown} ({debug})\n\nCaused by:\n    {shown}\n\n\
             Stack backtrace:\n   0: anyhow::error::<impl anyhow::Error>::new"
        )
    }

    /// The message of a host that uses kube 3: Kubewarden 1.34 to 1.36.
    fn status(message: &str, reason: &str, code: u16) -> String {
        let shown = format!("{message}: {reason}");
        let details = "Some(StatusDetails { name: \"web\", group: \"\", kind: \"serviceaccounts\", uid: \"\", \
                       causes: [], retry_after_seconds: 0 })";
        let debug = format!(
            "Status {{ status: Some(Failure), code: {code}, message: {message:?}, metadata: Some(ListMeta {{ \
             continue_: None, remaining_item_count: None, resource_version: None, self_link: None }}), \
             reason: {reason:?}, details: {details} }}"
        );
        format!("Host error: Callback evaluation failure: ApiError: {shown} ({debug})\n\nCaused by:\n    {shown}")
    }

    #[test]
    fn names_the_missing_permission_and_the_manifest_that_grants_it() {
        let expected = "HTTP 403 Forbidden: `system:serviceaccount:kubewarden:policy-server` lacks `get` on \
                        `serviceaccounts`: bind it to the ClusterRole in policy.yaml";
        for message in [error_response("Failure", FORBIDDEN, "Forbidden", 403), status(FORBIDDEN, "Forbidden", 403)] {
            assert_eq!(explain(&message, &ACCOUNT), expected, "{message}");
        }
        let message = "configmaps \"pod-identity-webhook\" is forbidden";
        assert_eq!(
            explain(&status(message, "Forbidden", 403), &CONFIG_MAP),
            "HTTP 403 Forbidden: the policy server lacks `get` on `configmaps`: bind it to the Role for the ConfigMap \
             in policy.yaml"
        );
        // This message is not about the object of the query, so the role in policy.yaml would not help.
        let path = "forbidden: User \"system:anonymous\" cannot get path \"/api/v1\"";
        assert_eq!(explain(&status(path, "Forbidden", 403), &ACCOUNT), format!("HTTP 403 Forbidden: `{path}`"));
    }

    #[test]
    fn explains_each_failure_in_one_line() {
        let html = "<html>\r\n<head><title>502 Bad Gateway</title></head>";
        let refused = "Host error: Callback evaluation failure: ServiceError: client error (Connect)\n\nCaused by:\n    \
                       0: client error (Connect)\n    1: tcp connect error\n    2: Connection refused (os error 111)";
        let serde = "Host error: Callback evaluation failure: Error deserializing response";
        for (message, expected) in [
            (status("etcdserver: request timed out", "", 500), "HTTP 500: `etcdserver: request timed out`"),
            (status("Unauthorized", "Unauthorized", 401), "HTTP 401 Unauthorized"),
            (status("a code: 7, and more", "InternalError", 500), "HTTP 500 InternalError: `a code: 7, and more`"),
            (
                error_response("Failure", "a code: 7, and more", "InternalError", 500),
                "HTTP 500 InternalError: `a code: 7, and more`",
            ),
            (
                status(html, NOT_A_STATUS, 502),
                "HTTP 502: the answer is not JSON: `<html>\\r\\n<head><title>502 Bad Gateway</title></head>`",
            ),
            (
                error_response("502 Bad Gateway", "\"bad gateway\"", NOT_A_STATUS, 502),
                "HTTP 502: the answer is not JSON: `\"bad gateway\"`",
            ),
            (
                refused.to_owned(),
                "no answer from the API server: `client error (Connect): Connection refused (os error 111)`",
            ),
            (
                format!(
                    "{serde}: expected value at line 1 column 1\n\nCaused by:\n    expected value at line 1 column 1"
                ),
                "the API server's answer is not JSON: `expected value at line 1 column 1`",
            ),
            (
                format!("{serde}\n\nCaused by:\n    EOF while parsing a value at line 1 column 0"),
                "the API server's answer is not JSON: `EOF while parsing a value at line 1 column 0`",
            ),
            (
                format!("{serde}: missing field `metadata` at line 1 column 2"),
                "the API server's answer has an unexpected format: `missing field `metadata` at line 1 column 2`",
            ),
            (
                "Host error: Callback evaluation failure: kube::Client was not initialized properly".to_owned(),
                "the policy server has no connection to an API server",
            ),
            (
                "Host error: Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The \
                 violation has been reported."
                    .to_owned(),
                "the policy is not allowed to read this kind: add it to `contextAwareResources`, as in policy.yaml",
            ),
            (
                "Host error: Policy has not been granted access to the 'kubernetes/get_resource' host capability. The \
                 violation has been reported."
                    .to_owned(),
                "the policy is not allowed to call `kubernetes/get_resource`: deploy it as a ClusterAdmissionPolicy, \
                 as in policy.yaml",
            ),
            (
                "Host error: Error sending request over callback channel: SendError".to_owned(),
                "`Error sending request over callback channel: SendError`",
            ),
            ("Host error: unknown operation: get_resource".to_owned(), "`unknown operation: get_resource`"),
            ("Host error: Callback evaluation failure: deadline has elapsed".to_owned(), "`deadline has elapsed`"),
            ("Host error: ApiError: x".to_owned(), "`x`"),
            (String::new(), "the policy server gives no reason"),
            ("Host error: ".to_owned(), "the policy server gives no reason"),
        ] {
            assert_eq!(explain(&message, &ACCOUNT), expected, "{message}");
        }
    }

    #[test]
    fn stays_short_whatever_the_host_says() {
        let long = "\u{202e}x\n".repeat(1_000);
        for message in [
            long.clone(),
            format!("ServiceError: {long}"),
            format!("ApiError: {long}"),
            status(&long, &long, 500),
            status(&long, NOT_A_STATUS, 500),
            status(&format!("serviceaccounts \"web\" is forbidden: User \"{long}\" cannot"), "Forbidden", 403),
            error_response(&long, &long, &long, 403),
        ] {
            let explanation = explain(&message, &ACCOUNT);
            assert!(explanation.len() <= 180, "{} bytes: {explanation}", explanation.len());
            assert!(!explanation.contains(['\n', '\u{202e}']), "{explanation}");
        }
    }
}
