//! Tests the strict decoding that every resulting pod must pass, with valid and invalid pods.

mod support;

use support::strict;

#[test]
fn accepts_a_pod() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","creationTimestamp":null},
        "spec":{"containers":[{"name":"b","env":[{"name":"C","value":"d"}],"resources":{"limits":{"cpu":"1"}}}]}}"#;

    assert_eq!(strict::faults(pod), [""; 0]);
}

#[test]
fn finds_fields_and_values_that_the_api_does_not_have() {
    for (pod, fault) in [
        (
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":[{"name":"b","nam":"c"}]}}"#,
            "$.spec.containers[0].nam",
        ),
        (r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":1}}"#, "not a pod"),
        (r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"metadata":{}}"#, "duplicate key `metadata`"),
        ("{", "not valid JSON"),
    ] {
        let faults = strict::faults(pod);
        assert!(faults.len() == 1 && faults[0].contains(fault), "{pod}: {faults:?}");
    }
}
