//! Tests the protocol with the types of Kubewarden's SDK. If an SDK changes the protocol, these tests fail or do not
//! compile.

use irsa::{Cluster, LookupError, Query};
use kubewarden_policy_sdk::host_capabilities::kubernetes as sdk;
use kubewarden_policy_sdk::request::{GroupVersionKind, KubernetesAdmissionRequest, ValidationRequest};
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cluster::GetResourceRequest;
use crate::response;

const ROLE: &str = "arn:aws:iam::111122223333:role/web";

/// A cluster whose service account `web` has a role. The lookup of the account `broken` fails.
struct Accounts;

impl Cluster for Accounts {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let annotations = match query.name {
            "broken" => return Err(LookupError::Failed("connection refused: \"\u{1}\"".to_owned())),
            "web" => json!({"eks.amazonaws.com/role-arn": ROLE}),
            _ => json!({}),
        };
        let metadata = json!({"namespace": query.namespace, "name": query.name, "annotations": annotations});
        Ok(json!({"kind": query.kind, "metadata": metadata}).to_string())
    }
}

/// A request to create a pod that uses `account`, made with the SDK's types.
fn request(account: &str, settings: Value) -> Vec<u8> {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop"},
        "spec": {"serviceAccountName": account, "containers": [{"name": "app", "notInAnySchema": {"a": [1.50, null]}}]},
    });
    let request = KubernetesAdmissionRequest {
        uid: "705ab4f5-6393-11e8-b7cc-42010a800002".to_owned(),
        kind: GroupVersionKind { group: String::new(), version: "v1".to_owned(), kind: "Pod".to_owned() },
        name: "web-0".to_owned(),
        namespace: "shop".to_owned(),
        operation: "CREATE".to_owned(),
        object,
        ..KubernetesAdmissionRequest::default()
    };
    serde_json::to_vec(&ValidationRequest { settings, request }).unwrap()
}

fn without_nulls(value: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(value).unwrap();
    value.as_object_mut().unwrap().retain(|_, member| !member.is_null());
    value
}

/// Parses an answer with the SDK's type `T`. The type must have a field for each member of the answer.
fn parse<T: Serialize + DeserializeOwned>(answer: &str) -> T {
    let parsed = serde_json::from_str(answer).unwrap();
    assert_eq!(without_nulls(&parsed), serde_json::from_str::<Value>(answer).unwrap(), "{answer}");
    parsed
}

fn review(payload: &[u8]) -> ValidationResponse {
    parse(&crate::review(payload, &mut Accounts))
}

#[test]
fn injects_the_role_and_keeps_every_field() {
    let answer = review(&request("web", json!({})));

    assert!(answer.accepted);
    assert_eq!((answer.code, answer.message, answer.warnings), (None, None, None));
    let object = answer.mutated_object.unwrap();
    assert!(object.to_string().contains(ROLE), "{object}");
    assert_eq!(object["spec"]["containers"][0]["notInAnySchema"], json!({"a": [1.5, null]}));
    assert_eq!(answer.audit_annotations.unwrap()["role-arn"], ROLE);
}

#[test]
fn keeps_the_text_of_the_object() {
    let kept = r#""note" : "\u00e9\/", "n": 1.50e2 ,"#;
    let request = String::from_utf8(request("web", json!({}))).unwrap();
    let request = request.replacen(r#""apiVersion":"v1""#, &format!(r#"{kept}"apiVersion":"v1""#), 1);

    let answer = crate::review(request.as_bytes(), &mut Accounts);

    assert!(parse::<ValidationResponse>(&answer).mutated_object.is_some());
    assert!(answer.contains(kept), "{answer}");
}

#[test]
fn accepts_without_a_mutated_object() {
    let answer = review(&request("none", json!({})));

    assert!(answer.accepted && answer.mutated_object.is_none());
    assert_eq!((answer.code, answer.message, answer.warnings), (None, None, None));
    assert_eq!(answer.audit_annotations.unwrap()["decision"], "unchanged");
}

#[test]
fn returns_warnings() {
    let answer = review(&request("none", json!({"actions": {"missingRole": "Warn"}})));

    assert!(answer.accepted && answer.mutated_object.is_none());
    let warnings = answer.warnings.unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("shop/none"), "{warnings:?}");
}

#[test]
fn rejects_with_a_code_and_a_message() {
    let missing_role = request("none", json!({"actions": {"missingRole": "Reject"}}));
    let failed_lookup = request("broken", json!({}));
    let wrong_settings = request("web", json!({"regio": "us-east-2"}));
    for (payload, code, message) in [
        (&*missing_role, 403, "none"),
        (&*failed_lookup, 500, "connection refused"),
        (&*wrong_settings, 500, "`regio`"),
        (br#"{"request": []}"#, 400, "`request`: expected an object, but got an array"),
        (b"\"\xff\"", 400, "expected UTF-8, but got something else"),
    ] {
        let answer = review(payload);
        assert!(!answer.accepted && answer.mutated_object.is_none());
        assert_eq!(answer.code, Some(code));
        let got = answer.message.unwrap();
        assert!(got.contains(message), "expected {message}, but got {got}");
    }
}

#[test]
fn answers_with_the_result_of_checking_settings() {
    let check = |settings: &[u8]| -> SettingsValidationResponse {
        parse(&response::SettingsValidationResponse::new(crate::check_settings(settings)).to_json())
    };

    let valid = check(br#"{"region": "us-east-2"}"#);
    assert!(valid.valid);
    assert_eq!(valid.message, None);

    for (settings, message) in [(&br#"{"regio\"": 1}"#[..], "regio\""), (b"\xff", "expected UTF-8")] {
        let invalid = check(settings);
        assert!(!invalid.valid);
        let got = invalid.message.unwrap();
        assert!(got.contains(message), "expected {message}, but got {got}");
    }
}

#[test]
fn reports_the_protocol_version_of_the_sdk() {
    let theirs = kubewarden_policy_sdk::protocol_version_guest(b"").unwrap();
    assert_eq!(crate::call(b"protocol_version", b"", &mut Accounts).unwrap().as_bytes(), theirs);
}

#[test]
fn asks_for_an_object_as_the_sdk_does() {
    for may_be_cached in [false, true] {
        let query =
            Query { api_version: "v1", kind: "ServiceAccount", namespace: "shop", name: "we\"b", may_be_cached };
        let theirs = sdk::GetResourceRequest {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            name: "we\"b".to_owned(),
            namespace: Some("shop".to_owned()),
            disable_cache: !may_be_cached,
            field_masks: None,
        };

        let ours = GetResourceRequest::from(&query).to_json();

        let parsed: sdk::GetResourceRequest = serde_json::from_str(&ours).unwrap();
        assert_eq!(serde_json::to_value(parsed).unwrap(), serde_json::to_value(&theirs).unwrap());
        assert_eq!(serde_json::from_str::<Value>(&ours).unwrap(), without_nulls(&theirs));
        // The only difference is that the optional field `field_masks` is missing.
        assert_eq!(ours, serde_json::to_string(&theirs).unwrap().replace(r#","field_masks":null"#, ""));
    }
}

#[test]
fn calls_the_function_that_the_host_names() {
    let answer = crate::call(b"validate", &request("none", json!({})), &mut Accounts).unwrap();
    assert!(parse::<ValidationResponse>(&answer).accepted);

    let answer = crate::call(b"validate_settings", b"{}", &mut Accounts).unwrap();
    assert!(parse::<SettingsValidationResponse>(&answer).valid);

    for function in ["", "validat", "validate2", "wapc_init"] {
        assert!(crate::call(function.as_bytes(), b"{}", &mut Accounts).is_err(), "{function}");
    }
}
