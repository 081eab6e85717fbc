//! Converts the policy's answer to the admission response that a policy server returns and kwctl prints.
//!
//! The rules and the JSON are the same as in policy-evaluator's `src/admission_response.rs`.

use std::collections::BTreeMap;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::admission::Request;
use crate::patch;
use crate::policy::PolicyResponse;

/// `AdmissionResponse` of `admission.k8s.io/v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The request's uid.
    pub uid: String,
    /// Whether the request is accepted.
    pub allowed: bool,
    /// `JSONPatch`. `None` if there is no patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<&'static str>,
    /// The patch in base64. `None` if the policy changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why the request is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The annotations for the audit log. `null` if the policy sets no annotation.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// The warnings for the client. `null` if the policy gives no warning.
    pub warnings: Option<Vec<String>>,
}

/// The fields of Kubernetes' `Status` that policies can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The reason of the rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// Converts the policy's answer to a response. A failure of the policy becomes a rejection with code 500.
    #[must_use]
    pub fn of(request: &Request, answer: &Result<PolicyResponse>) -> Self {
        answer
            .as_ref()
            .map_err(|error| format!("{error:#}"))
            .and_then(|response| Self::of_response(request, response).map_err(|error| format!("{error:#}")))
            .unwrap_or_else(|error| Self::rejection(request, format!("internal server error: {error}"), Some(500)))
    }

    fn of_response(request: &Request, response: &PolicyResponse) -> Result<Self> {
        let patch = match (request.object(), &response.mutated_object) {
            (_, None) => None,
            (Some(before), Some(after)) => patch::between(before.get(), after.get())?,
            (None, Some(_)) => {
                let message = "Incoming object is null, which happens only with DELETE operations, but the policy is \
                               attempting a mutation. This is not allowed";
                return Ok(Self::rejection(request, message.to_owned(), None));
            }
        };
        let patch = patch.map(|patch| serde_json::to_vec(&patch)).transpose()?;
        let PolicyResponse { message, code, .. } = response;
        Ok(Self {
            uid: request.uid().to_owned(),
            allowed: response.accepted,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch: patch.map(|patch| STANDARD.encode(patch)),
            status: (message.is_some() || code.is_some()).then(|| Status { message: message.clone(), code: *code }),
            audit_annotations: response.audit_annotations.clone(),
            warnings: response.warnings.clone(),
        })
    }

    fn rejection(request: &Request, message: String, code: Option<u16>) -> Self {
        Self {
            uid: request.uid().to_owned(),
            allowed: false,
            patch_type: None,
            patch: None,
            status: Some(Status { message: Some(message), code }),
            audit_annotations: None,
            warnings: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;
    use crate::admission;

    fn request() -> Request {
        admission::requests("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: a}}").unwrap().remove(0)
    }

    fn accepting(mutated_object: Option<&str>) -> PolicyResponse {
        PolicyResponse {
            raw: String::new(),
            accepted: true,
            message: None,
            code: None,
            mutated_object: mutated_object.map(|json| RawValue::from_string(json.to_owned()).unwrap()),
            audit_annotations: None,
            warnings: None,
        }
    }

    fn json_of(request: &Request, answer: &Result<PolicyResponse>) -> Value {
        serde_json::to_value(AdmissionResponse::of(request, answer)).unwrap()
    }

    #[test]
    fn leaves_out_a_patch_that_changes_nothing() {
        let request = request();
        let same = request.object().unwrap().get().to_owned();

        for mutated in [None, Some(same.as_str())] {
            assert_eq!(
                json_of(&request, &Ok(accepting(mutated))),
                json!({"uid": request.uid(), "allowed": true, "auditAnnotations": null, "warnings": null})
            );
        }
    }

    #[test]
    fn encodes_the_patch() {
        let json = json_of(
            &request(),
            &Ok(accepting(Some(
                r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"a"},"spec":{}}"#,
            ))),
        );

        assert_eq!(json["patchType"], "JSONPatch");
        let patch = STANDARD.decode(json["patch"].as_str().unwrap()).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&patch).unwrap(),
            json!([{"op": "add", "path": "/spec", "value": {}}])
        );
    }

    #[test]
    fn includes_the_reason_of_a_rejection() {
        let rejecting = PolicyResponse {
            accepted: false,
            message: Some("no".to_owned()),
            code: Some(403),
            warnings: Some(vec!["but".to_owned()]),
            audit_annotations: Some(BTreeMap::from([("decision".to_owned(), "rejected".to_owned())])),
            ..accepting(None)
        };

        assert_eq!(
            json_of(&request(), &Ok(rejecting)),
            json!({
                "uid": request().uid(),
                "allowed": false,
                "status": {"message": "no", "code": 403},
                "auditAnnotations": {"decision": "rejected"},
                "warnings": ["but"],
            })
        );
    }

    #[test]
    fn rejects_if_the_policy_fails() {
        let json = json_of(&request(), &Err(anyhow!("Guest call failure: boom")));

        assert_eq!(json["allowed"], false);
        assert_eq!(json["status"], json!({"message": "internal server error: Guest call failure: boom", "code": 500}));
    }

    #[test]
    fn rejects_a_mutation_of_a_request_without_an_object() {
        let delete = admission::Overrides { operation: Some("DELETE".to_owned()), ..Default::default() };
        let object = request().object().unwrap().to_owned();
        let request = Request::wrapping(object, delete).unwrap();

        let json = json_of(&request, &Ok(accepting(Some("{}"))));

        assert_eq!(json["allowed"], false);
        assert!(json["status"]["message"].as_str().unwrap().starts_with("Incoming object is null"), "{json}");
    }
}
