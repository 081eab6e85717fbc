//! The policy's only host call: looks up an object in the cluster by its name.
//!
//! Source: Kubewarden's context-aware policies, `kubernetes/get_resource`. The host returns the object or an error
//! message. It has no error codes, so this module interprets the message.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use irsa::internals::contains;
use irsa::{Cluster, LookupError, Query};
use serde::Serialize;

use crate::failure::explain;
use crate::json::to_json;

/// The usual length of the parameters of the host call, in bytes.
const USUAL_LENGTH: usize = 256;

/// A function that calls the host with the parameters of `kubernetes/get_resource`. Fails with the host's message.
pub type HostCall = fn(&str) -> Result<Vec<u8>, Vec<u8>>;

/// The host that runs the policy.
pub struct Host {
    call: HostCall,
}

impl Host {
    /// Makes a host that is called with this function.
    #[must_use]
    pub fn new(call: HostCall) -> Self {
        Self { call }
    }
}

impl Cluster for Host {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let not_utf8 = |_| LookupError::Failed("the policy server's answer is not UTF-8".to_owned());
        match (self.call)(&GetResourceRequest::from(query).to_json()) {
            Ok(answer) => String::from_utf8(answer).map_err(not_utf8),
            Err(message) => {
                Err(String::from_utf8(message).map_or_else(not_utf8, |message| understand(&message, query)))
            }
        }
    }
}

/// The parameters of `kubernetes/get_resource`, in the order of the SDK's `GetResourceRequest`.
///
/// Without `field_masks`, which is optional, the host returns the whole object.
#[derive(Debug, Serialize)]
pub(crate) struct GetResourceRequest<'q> {
    api_version: &'q str,
    kind: &'q str,
    name: &'q str,
    namespace: &'q str,
    /// Whether the host must ask the API server. Otherwise the host may use its cache, which is at most 5 seconds old.
    disable_cache: bool,
}

impl<'q> From<&Query<'q>> for GetResourceRequest<'q> {
    fn from(query: &Query<'q>) -> Self {
        let Query { api_version, kind, namespace, name, may_be_cached } = *query;
        Self { api_version, kind, name, namespace, disable_cache: !may_be_cached }
    }
}

impl GetResourceRequest<'_> {
    /// The parameters as JSON.
    pub(crate) fn to_json(&self) -> String {
        to_json(self, USUAL_LENGTH)
    }
}

/// Interprets the host's error message.
///
/// If the object does not exist, Kubewarden's policy-evaluator returns `Cannot find …` (in its versions for Kubewarden
/// 1.6 to 1.36). It may prepend `Host error: Callback evaluation failure: ` and append a backtrace. After any other
/// message, the object may exist.
#[must_use]
pub fn understand(message: &str, query: &Query<'_>) -> LookupError {
    let Query { api_version, kind, name, namespace, .. } = query;
    let not_found =
        format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace 'Some(\"{namespace}\")'");
    if contains(message, &not_found) {
        return LookupError::NotFound;
    }
    LookupError::Failed(explain(message, query))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: Query<'static> =
        Query { api_version: "v1", kind: "ServiceAccount", namespace: "team-a", name: "web", may_be_cached: false };

    #[test]
    fn recognizes_that_the_object_does_not_exist() {
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
    fn returns_a_failure_if_the_message_names_another_object() {
        let text = "Cannot find v1/ServiceAccount named 'web2' inside of namespace 'Some(\"team-a\")'";
        for text in [text, &text.replace("web2", "web").replace("team-a", "team-b")] {
            assert_eq!(understand(text, &QUERY), LookupError::Failed(format!("`{text}`")));
        }
    }

    #[test]
    fn passes_on_the_answer_and_explains_the_error() {
        let mut host = Host::new(|request| {
            assert!(request.contains(r#""name":"web""#), "{request}");
            Ok(b"{}".to_vec())
        });
        assert_eq!(host.object(&QUERY).unwrap(), "{}");

        let mut host = Host::new(|_| Err(b"Callback evaluation failure: deadline has elapsed".to_vec()));
        let error = host.object(&QUERY).unwrap_err();
        assert!(matches!(&error, LookupError::Failed(text) if text == "`deadline has elapsed`"), "{error:?}");

        let mut host = Host::new(|_| {
            Err(b"Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"team-a\")'".to_vec())
        });
        assert!(matches!(host.object(&QUERY), Err(LookupError::NotFound)));
    }

    #[test]
    fn rejects_an_answer_or_an_error_that_is_not_utf8() {
        let calls: [HostCall; 2] = [|_| Ok(vec![0xff]), |_| Err(vec![0xff])];
        for call in calls {
            let error = Host::new(call).object(&QUERY).unwrap_err();
            assert!(matches!(&error, LookupError::Failed(text) if text.ends_with("is not UTF-8")), "{error:?}");
        }
    }
}
