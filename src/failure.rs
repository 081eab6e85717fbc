//! Explains why a lookup failed, from the host's error message.
//!
//! The host has no error codes: it returns the text of a Rust error. Sources of the texts: `callback_handler` and
//! `runtimes/callback.rs` of Kubewarden's policy-evaluator, in its versions for Kubewarden 1.6 to 1.36, and `Error` of
//! the crate kube 0.82 to 3.1, which the host uses as its client.

use irsa::internals::contains;
use irsa::{Query, escaped_line};

/// The longest quote from the host's message, in bytes.
const QUOTE_LIMIT: usize = 96;

/// The longest reason or name of a user from the API server, in bytes.
const NAME_LIMIT: usize = 64;

/// The reason of kube's client if the body of an HTTP error is not a Kubernetes `Status`.
const NOT_A_STATUS: &str = "Failed to parse error data";

/// Why the lookup failed, as part of one line. If the fix is known, it comes last.
pub(crate) fn explain(message: &str, query: &Query<'_>) -> String {
    let message = without_wrappers(message);
    if let Some(error) = message.strip_prefix("ApiError: ") {
        return ApiError::read(error).explain(query);
    }
    if let Some(denied) = message.strip_prefix("Policy has not been granted access to ") {
        return explain_denied(denied, query);
    }
    let summary = summary(message);
    if let Some(detail) = message.strip_prefix("Error deserializing response") {
        let detail = detail.strip_prefix(": ").map_or_else(|| last_cause(message).unwrap_or_default(), first_line);
        let is_syntax = ["expected value", "EOF while parsing"].iter().any(|start| detail.starts_with(start));
        let what = if is_syntax { "is not JSON" } else { "has an unexpected format" };
        return format!("the API server's answer {what}: {}", quote(detail));
    }
    if let Some(error) = summary.strip_prefix("ServiceError: ") {
        return format!("no answer from the API server: {}", quote(error));
    }
    if summary == "kube::Client was not initialized properly" {
        return "the policy server has no connection to an API server".to_owned();
    }
    if summary.is_empty() { "the policy server gives no reason".to_owned() } else { quote(&summary) }
}

/// The host refused the call: the policy's manifest does not grant it.
fn explain_denied(denied: &str, query: &Query<'_>) -> String {
    let Query { api_version, kind, .. } = query;
    if denied.starts_with("Kubernetes ") {
        return format!(
            "the policy has no access to `{api_version}/{kind}`: add it to `contextAwareResources`, as in policy.yaml"
        );
    }
    // Only namespaced policies need a grant for a function of the host, and those can't have `contextAwareResources`.
    "the policy may not call `kubernetes/get_resource`: deploy it as a ClusterAdmissionPolicy, as in policy.yaml".into()
}

/// An HTTP error of the API server, or of a proxy before it.
#[derive(Debug, PartialEq, Eq)]
struct ApiError<'m> {
    message: &'m str,
    reason: &'m str,
    /// The HTTP status. Empty if the host's message does not contain it.
    code: &'m str,
}

impl<'m> ApiError<'m> {
    /// Reads `<message>: <reason> (<Rust debug text of both and the HTTP status>)`.
    fn read(text: &'m str) -> Self {
        let (shown, code) = if let Some((shown, debug)) = split_once(text, " (Status {") {
            (shown, split_once(first_line(debug), " code: "))
        } else if let Some((shown, debug)) = split_once(text, " (ErrorResponse {") {
            // Here the code is behind the message, which could contain the same words.
            (shown, rsplit_once(first_line(debug), " code: "))
        } else {
            (first_line(text), None)
        };
        let code = code.map_or("", |(_, code)| code);
        let (code, _) = code.split_once(|character: char| !character.is_ascii_digit()).unwrap_or((code, ""));
        let (message, reason) = rsplit_once(shown, ": ").unwrap_or((shown, ""));
        Self { message, reason, code }
    }

    fn explain(&self, query: &Query<'_>) -> String {
        let status = if self.code.is_empty() { String::new() } else { format!("HTTP {}", self.code) };
        if self.reason == NOT_A_STATUS {
            let separator = if status.is_empty() { "" } else { ": " };
            return format!("{status}{separator}the answer is not JSON: {}", quote(self.message));
        }
        let reason = escaped_line(self.reason, NAME_LIMIT);
        let head = if status.is_empty() || reason.is_empty() { status + &reason } else { format!("{status} {reason}") };
        if self.reason == "Forbidden"
            && let Some(resource) = self.forbidden_resource(query)
        {
            return format!("{head}: {}", self.explain_forbidden(resource));
        }
        match self.message {
            message if message.is_empty() || message == self.reason => head,
            message if head.is_empty() => quote(message),
            message => format!("{head}: {}", quote(message)),
        }
    }

    /// The resource that the API server refuses to return: `serviceaccounts "web" is forbidden: …`.
    fn forbidden_resource(&self, query: &Query<'_>) -> Option<&'static str> {
        ["serviceaccounts", "configmaps"].into_iter().find(|resource| {
            let object = self.message.strip_prefix(resource).and_then(|rest| rest.strip_prefix(" \""));
            let rest = object.and_then(|object| object.strip_prefix(query.name));
            rest.is_some_and(|rest| rest.starts_with("\" is forbidden"))
        })
    }

    fn explain_forbidden(&self, resource: &str) -> String {
        let user = split_once(self.message, "User \"").and_then(|(_, rest)| split_once(rest, "\""));
        let user = user.map_or_else(
            || "the policy server".to_owned(),
            |(user, _)| format!("`{}`", escaped_line(user, NAME_LIMIT)),
        );
        let role = if resource == "serviceaccounts" { "ClusterRole" } else { "Role for the ConfigMap" };
        format!("{user} lacks `get` on `{resource}`: bind it to the {role} in policy.yaml")
    }
}

/// The message without what waPC's guest library and the host put before it.
fn without_wrappers(message: &str) -> &str {
    ["Host error: ", "Callback evaluation failure: "]
        .into_iter()
        .fold(message, |message, wrapper| message.strip_prefix(wrapper).unwrap_or(message))
}

/// The first line and the innermost cause, without the backtrace and what is between.
fn summary(message: &str) -> String {
    let first = first_line(message);
    match last_cause(message) {
        Some(cause) if !contains(first, cause) => format!("{first}: {cause}"),
        _ => first.to_owned(),
    }
}

/// The last line of the section `Caused by:`, without its number.
fn last_cause(message: &str) -> Option<&str> {
    let (_, causes) = split_once(message, "\n\nCaused by:\n")?;
    let last = causes.lines().take_while(|line| !line.is_empty()).last()?.trim();
    let unnumbered = last.trim_start_matches(|character: char| character.is_ascii_digit());
    Some(unnumbered.strip_prefix(": ").unwrap_or(last))
}

fn first_line(text: &str) -> &str {
    text.split_once('\n').map_or(text, |(line, _)| line)
}

fn quote(text: &str) -> String {
    format!("`{}`", escaped_line(text, QUOTE_LIMIT))
}

/// Splits at the first occurrence of a string. The standard library's search adds 2.6 KB to the module.
fn split_once<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    text.char_indices().find_map(|(at, _)| split_at_separator(text, at, separator))
}

/// Splits at the last occurrence of a string.
fn rsplit_once<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    text.char_indices().rev().find_map(|(at, _)| split_at_separator(text, at, separator))
}

fn split_at_separator<'t>(text: &'t str, at: usize, separator: &str) -> Option<(&'t str, &'t str)> {
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

    /// The message of a host whose client is kube up to 2: Kubewarden 1.6 to 1.31.
    fn error_response(status: &str, message: &str, reason: &str, code: u16) -> String {
        let shown = format!("{message}: {reason}");
        let debug =
            format!("ErrorResponse {{ status: {status:?}, message: {message:?}, reason: {reason:?}, code: {code} }}");
        format!(
            "Host error: Callback evaluation failure: ApiError: {shown} ({debug})\n\nCaused by:\n    {shown}\n\n\
             Stack backtrace:\n   0: anyhow::error::<impl anyhow::Error>::new"
        )
    }

    /// The message of a host whose client is kube 3: Kubewarden 1.34 to 1.36.
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
        // Not about this object, so the role in policy.yaml would not help.
        let path = "forbidden: User \"system:anonymous\" cannot get path \"/api/v1\"";
        assert_eq!(explain(&status(path, "Forbidden", 403), &ACCOUNT), format!("HTTP 403 Forbidden: `{path}`"));
    }

    #[test]
    fn explains_every_other_failure_in_one_line() {
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
                "the policy has no access to `v1/ServiceAccount`: add it to `contextAwareResources`, as in policy.yaml",
            ),
            (
                "Host error: Policy has not been granted access to the 'kubernetes/get_resource' host capability. The \
                 violation has been reported."
                    .to_owned(),
                "the policy may not call `kubernetes/get_resource`: deploy it as a ClusterAdmissionPolicy, as in \
                 policy.yaml",
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
