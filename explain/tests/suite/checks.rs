//! Checks of single objects, as `irsa check` and the playground make them.

use irsa::Settings;
use irsa_explain::check::{Checked, Checker, InFile, Index, Level, Location, Object};

/// An object of the namespace `shop`: `apiVersion`, `kind`, the rest of its JSON, and its index in the input.
struct Given(&'static str, &'static str, String, Location);

impl Given {
    fn new(api_version: &'static str, kind: &'static str, json: &str, document: usize) -> Self {
        Self(api_version, kind, json.to_owned(), Location { document, ..Location::default() })
    }

    fn object(&self) -> Object<'_> {
        let Self(api_version, kind, json, location) = self;
        Object { json, api_version, kind, namespace: Some("shop"), is_live: json.contains("uid"), location }
    }
}

fn account(name: &str, role: &str) -> Given {
    let annotations = format!(r#"{{"eks.amazonaws.com/role-arn": "{role}"}}"#);
    Given::new(
        "v1",
        "ServiceAccount",
        &format!(r#"{{"metadata": {{"name": "{name}", "annotations": {annotations}}}}}"#),
        0,
    )
}

fn pod(account: &str, metadata: &str) -> Given {
    let spec = format!(r#"{{"serviceAccountName": "{account}", "containers": [{{"name": "app"}}]}}"#);
    Given::new("v1", "Pod", &format!(r#"{{"metadata": {{"name": "web"{metadata}}}, "spec": {spec}}}"#), 1)
}

/// Checks the last object.
fn check(objects: &[Given], is_strict: bool) -> Checked {
    let mut index = Index::default();
    for given in objects {
        index.add(&given.object());
    }
    let settings = Settings::parse(r#"{"region": "us-east-2"}"#).unwrap();
    let checker = Checker {
        objects: &InFile { index: &index, file: 0, is_complete: is_strict },
        settings: &settings,
        settings_of_live: &settings,
        allows_placeholders: !is_strict,
    };
    checker.check(&objects.last().unwrap().object())
}

/// The name, the level, and the place as document and pointer of each finding.
fn found(objects: &[Given], is_strict: bool) -> Vec<(&'static str, Level, usize, String)> {
    let found = check(objects, is_strict).found.into_iter();
    found.map(|it| (it.name, it.level, it.location.document, it.location.pointer)).collect()
}

const ROLE: &str = "/metadata/annotations/eks.amazonaws.com~1role-arn";

#[test]
fn finds_the_place_in_the_service_account() {
    let objects = [account("web", "x"), pod("web", "")];
    assert_eq!(found(&objects, false), [("invalidRoleArn", Level::Reject, 0, ROLE.to_owned())]);
    assert!(check(&objects, false).found[0].is_in_account);
    assert_eq!(check(&objects, false).response.unwrap().decision, "rejected");
    let objects = [account("web", "arn:aws:iam::111122223333:role/web"), pod("web", "")];
    assert_eq!(found(&objects, false), []);
    assert_eq!(check(&objects, false).response.unwrap().decision, "injected");
}

#[test]
fn an_account_that_is_not_in_the_input_is_unknown_unless_the_input_is_complete() {
    let name = "/spec/serviceAccountName".to_owned();
    let objects = [account("payments", "x"), pod("web", "")];
    assert_eq!(found(&objects, false), [("unknownServiceAccount", Level::Note, 1, name.clone())]);
    assert_eq!(check(&objects, false).response, None);
    assert_eq!(found(&objects, true), [("missingServiceAccount", Level::Reject, 1, name.clone())]);
    let objects = [account("payments", "x"), pod("payment", "")];
    assert_eq!(found(&objects, false), [("misspelledServiceAccount", Level::Warn, 1, name.clone())]);
    let objects = [account("payments", "x"), pod("payment", r#", "uid": "1""#)];
    assert_eq!(found(&objects, false), [("unknownServiceAccount", Level::Note, 1, name)]);
    assert_eq!(found(&[pod("default", "")], false), [], "the account `default` exists in every namespace");
}

#[test]
fn a_placeholder_is_a_note_unless_the_input_is_complete() {
    for role in ["${ROLE}", "arn:aws:iam::ACCOUNT_ID:role/web"] {
        let objects = [account("web", role)];
        assert_eq!(found(&objects, false), [("placeholder", Level::Note, 0, ROLE.to_owned())]);
        assert_eq!(found(&objects, true), [("invalidRoleArn", Level::Reject, 0, ROLE.to_owned())]);
    }
}

#[test]
fn finds_the_place_of_a_field_that_cannot_be_read() {
    let json = r#"{"metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "env": 5}]}}"#;
    let found = check(&[Given::new("v1", "Pod", json, 0)], false).found;
    assert_eq!(
        (found[0].name, &*found[0].message, &*found[0].location.pointer),
        ("unreadableObject", "`spec.containers[0].env`: expected an array, but got a number", "/spec/containers/0/env")
    );
}
