//! Tests IAM's condition operators. The cases are in `conditions/operators.yaml`, each with the section of IAM's
//! documentation that defines the result.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::policy::Policy;
use super::{Request, Ternary, WebIdentity};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    page: String,
    section: String,
    says: String,
    #[serde(default = "current_version")]
    version: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The result. `null` if the documentation does not define it.
    holds: Option<bool>,
    condition: Value,
}

fn current_version() -> String {
    "2012-10-17".to_owned()
}

/// Makes a request with a token of the issuer `https://idp.example/A`.
fn request(audiences: &[&str]) -> Request {
    Request::WebIdentity(WebIdentity {
        provider: Some("idp.example/A".to_owned()),
        audiences: Some(audiences.iter().map(|audience| (*audience).to_owned()).collect()),
        subject: Some("system:serviceaccount:shop:web".to_owned()),
        ..WebIdentity::default()
    })
}

#[test]
fn every_operator_does_what_the_documentation_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conditions/operators.yaml");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<Row> = yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let request = request(&["sts.amazonaws.com"]);
    let mut cases = 0;
    let mut failures = Vec::new();
    for row in &rows {
        assert!(text.contains(&format!("# {} ", row.page)), "the page `{}` has no address", row.page);
        for case in &row.cases {
            cases += 1;
            let policy = json!({"Version": row.version, "Statement": {
                "Effect": "Allow", "Principal": "*", "Action": "sts:*", "Condition": case.condition,
            }});
            let policy = Policy::read(&policy).unwrap();
            let holds = policy.statements[0].conditions_hold(&request);
            let expected = case.holds.map_or(Ternary::Unknown, Ternary::from);
            if holds != expected {
                failures.push(format!("{}: {}: {} is {holds:?}", row.section, row.says, case.condition));
            }
        }
    }
    assert!(cases > 90, "{cases} cases");
    assert!(failures.is_empty(), "{} of {cases} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// "`ForAllValues` ... also returns true ... if the key values resolve to a null data set, such as an empty string":
/// page `multi` of the table.
#[test]
fn for_all_values_treats_an_empty_string_as_no_value() {
    let request = request(&[""]);
    for (operator, expected) in [("ForAllValues:StringEquals", Ternary::True), ("StringEquals", Ternary::False)] {
        let policy = json!({"Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"idp.example/A:aud": "a"}},
        }]});
        let policy = Policy::read(&policy).unwrap();
        assert_eq!(policy.statements[0].clauses[0].holds(&request), expected, "{operator}");
    }
}

/// IAM does not document which of several audiences an operator without a set operator compares. So the result is known
/// only if it is the same for every audience.
#[test]
fn several_values_without_a_set_operator_have_to_agree() {
    let request = request(&["a", "b"]);
    for (operator, values, expected) in [
        ("StringEquals", json!("a"), Ternary::Unknown),
        ("StringEquals", json!("c"), Ternary::False),
        ("StringEquals", json!(["a", "b"]), Ternary::True),
        ("ForAnyValue:StringEquals", json!("a"), Ternary::True),
        ("ForAllValues:StringEquals", json!("a"), Ternary::False),
        ("ForAllValues:StringEquals", json!(["a", "b", "c"]), Ternary::True),
        ("ForAllValues:StringNotEquals", json!("a"), Ternary::False),
        ("ForAnyValue:StringNotEquals", json!("a"), Ternary::True),
    ] {
        let policy = json!({"Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"idp.example/A:aud": values}},
        }]});
        let policy = Policy::read(&policy).unwrap();
        assert_eq!(policy.statements[0].clauses[0].holds(&request), expected, "{operator} {values}");
    }
}
