//! Answers the lookups of the service account and the ConfigMap with random text. The policy must still answer every
//! request. A pod gets a role only if the cluster's answer contains the account's name, possibly with JSON escapes.
#![no_main]

use irsa::{Cluster, LookupError, Query};
use libfuzzer_sys::fuzz_target;

const PAYLOAD: &str = r#"{"request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"team-a",
"operation":"CREATE","object":{"metadata":{"name":"p"},"spec":{"serviceAccountName":"web","containers":[{"name":"app"}]}}},
"settings":{"rolesConfigMap":{"namespace":"kube-system","name":"roles"},"cacheLookups":true}}"#;

/// A cluster that answers with parts of this text. The part before the form feed is the account, and the part after the
/// form feed is the ConfigMap. If a part starts with `!`, the lookup fails with the rest of the part as its error
/// message.
struct Says<'a>(&'a str);

impl Cluster for Says<'_> {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let (account, map) = self.0.split_once('\u{c}').unwrap_or((self.0, ""));
        let text = if query.kind == "ServiceAccount" { account } else { map };
        match text.strip_prefix('!') {
            Some(error) => Err(irsa_policy::cluster::understand(error, query)),
            None => Ok(text.to_owned()),
        }
    }
}

fuzz_target!(|text: &str| {
    let answer = laws::review(PAYLOAD.as_bytes(), &mut Says(text));
    let answer = laws::read(&answer);
    if answer.mutated_object.is_some() {
        assert!(text.contains("web") || text.contains('\\'), "{text}");
    }
});
