//! Tests the host's side of waPC with a guest that only forwards data: what the guest receives, and what the host gets
//! back.

use std::sync::Arc;

use policy_host::capabilities::Capabilities;
use policy_host::cluster::{Answer, Cluster};
use policy_host::fuel;
use policy_host::host::{Access, Host};
use policy_host::policy::{CompilationCache, Policy};

const LOOKUP: &str =
    r#"{"api_version":"v1","kind":"ServiceAccount","name":"web","namespace":"team-a","disable_cache":true}"#;

fn guest() -> Vec<u8> {
    wat::parse_str(include_str!("guests/forward.wat")).unwrap()
}

fn policy() -> Policy {
    Policy::from_module(&guest(), CompilationCache::Off).unwrap()
}

fn answering(text: &str) -> Arc<Host> {
    Arc::new(Host::permissive(Arc::new(Cluster::answering(Answer::Verbatim(text.to_owned())))))
}

#[test]
fn keeps_the_bytes_of_an_answer() {
    let object = r#"{"n": 1234567890123456789012345678901234567890, "s": "\u00e9\/"}"#;
    let answer = format!(r#"{{"accepted":true,"mutated_object":{object},"warnings":["a"]}}"#);

    let response = policy().validate(LOOKUP, &answering(&answer)).unwrap();

    assert_eq!(response.raw, answer);
    assert_eq!(response.mutated_object.unwrap().get(), object);
    assert_eq!(response.warnings.unwrap(), ["a"]);
    assert_eq!(response.audit_annotations, None);
}

#[test]
fn sends_the_payload_and_the_failure_of_the_lookup() {
    let cluster = Cluster::default();

    let error = policy().validate(LOOKUP, &Arc::new(Host::permissive(Arc::new(cluster.clone())))).unwrap_err();

    assert_eq!(
        error.to_string(),
        "Guest call failure: Callback evaluation failure: \
         Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"team-a\")'"
    );
    assert_eq!(cluster.lookups().len(), 1);
}

#[test]
fn denies_a_lookup_that_was_not_granted() {
    let cluster = Cluster::default();
    let host = Host::new(Arc::new(cluster.clone()), Access::none(), Capabilities::all());

    let error = policy().validate(LOOKUP, &Arc::new(host)).unwrap_err();

    assert!(error.to_string().contains("has not been granted access to Kubernetes v1/ServiceAccount"), "{error}");
    assert_eq!(cluster.lookups(), []);
}

#[test]
fn gives_every_call_its_own_instance() {
    let policy = policy();
    let host = answering(r#"{"accepted":true}"#);

    for _ in 0..2 {
        assert!(policy.validate(LOOKUP, &host).unwrap().accepted);
    }
}

#[test]
fn rejects_an_answer_that_a_policy_server_would_misread() {
    for answer in ["", "null", "{}", r#"{"accepted":true,"mutatedObject":{}}"#, r#"{"accepted":true}}"#] {
        let error = policy().validate(LOOKUP, &answering(answer)).unwrap_err();
        assert_eq!(error.to_string(), "invalid response from policy", "{answer}");
    }
}

#[test]
fn counts_the_same_fuel_each_time() {
    let measure = |payload: &str| {
        let host = answering(r#"{"accepted":true}"#);
        fuel::measure(&guest(), CompilationCache::Off, "validate", payload, host)
    };

    let cost = measure(LOOKUP).unwrap();

    assert!(cost.call > 0);
    assert_eq!(cost.memory_pages, 2);
    assert_eq!(measure(LOOKUP).unwrap(), cost);
    assert!(measure("{}").unwrap_err().to_string().starts_with("Guest call failure: missing field"));
}
