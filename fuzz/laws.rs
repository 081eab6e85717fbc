//! Code for all fuzz targets: reviews a payload, and checks the laws that apply to every answer.

use irsa::{Cluster, LookupError, Query};
use serde::Deserialize;
use serde_json::value::RawValue;

#[path = "../irsa/tests/additions/mod.rs"]
pub mod additions;
#[path = "pod.rs"]
pub mod pod;

/// The role of every account in [`Everybody`].
pub const ROLE: &str = "arn:aws:iam::111122223333:role/app";

/// The policy's answer, as Kubewarden reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer<'a> {
    /// Whether the request is accepted.
    pub accepted: bool,
    /// The reason for a rejection.
    pub message: Option<String>,
    /// The HTTP status.
    pub code: Option<u16>,
    /// The object with the injected parts.
    #[serde(borrow)]
    pub mutated_object: Option<&'a RawValue>,
    /// Annotations for the audit log.
    pub audit_annotations: std::collections::BTreeMap<String, String>,
    /// Warnings for the client.
    pub warnings: Option<Vec<String>>,
}

/// A cluster in which every account has [`ROLE`].
pub struct Everybody;

impl Cluster for Everybody {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let Query { kind, namespace, name, .. } = query;
        if *kind != "ServiceAccount" {
            return Err(LookupError::NotFound);
        }
        Ok(format!(
            r#"{{"kind":"{kind}","metadata":{{"name":"{name}","namespace":"{namespace}","annotations":{{"eks.amazonaws.com/role-arn":"{ROLE}"}}}}}}"#
        ))
    }
}

/// Reviews a payload, and panics if the answer breaks a law that applies to every answer. Returns the answer's text.
pub fn review(payload: &[u8], cluster: &mut dyn Cluster) -> String {
    let text = irsa_policy::review(payload, cluster);
    let answer = read(&text);
    assert_eq!(answer.accepted, answer.code.is_none(), "{text}");
    assert_eq!(answer.accepted, answer.message.is_none(), "{text}");
    assert!(answer.accepted || answer.mutated_object.is_none(), "a rejected object is changed: {text}");
    for warning in answer.warnings.iter().flatten() {
        assert!(warning.len() <= 256 && !warning.contains(char::is_control), "{warning:?}");
    }
    text
}

/// Reads an answer. Panics if Kubewarden could not read it.
pub fn read(text: &str) -> Answer<'_> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
