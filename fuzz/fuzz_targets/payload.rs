//! Tests that every payload gets an answer, and that injection is idempotent.
#![no_main]

use laws::Everybody;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

/// Replaces the object of a payload.
fn with_object(payload: &str, object: &RawValue) -> Option<String> {
    let mut payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    *payload.pointer_mut("/request/object")? = serde_json::from_str(object.get()).ok()?;
    Some(payload.to_string())
}

fuzz_target!(|payload: &[u8]| {
    let once = laws::review(payload, &mut Everybody);
    let Some(object) = laws::read(&once).mutated_object else { return };
    let payload = std::str::from_utf8(payload).expect("invalid UTF-8 is rejected");
    let before: serde_json::Value = serde_json::from_str(payload).expect("invalid JSON is rejected");
    let kept = before["request"]["object"]["spec"]["containers"].as_array().map_or(0, Vec::len);
    let after: serde_json::Value = serde_json::from_str(object.get()).expect("the mutated object is JSON");
    assert_eq!(after["spec"]["containers"].as_array().map_or(0, Vec::len), kept);
    let again = with_object(payload, object).expect("the payload has an object");
    let twice = laws::review(again.as_bytes(), &mut Everybody);
    let twice = laws::read(&twice);
    assert!(twice.accepted && twice.mutated_object.is_none(), "injection is not idempotent: {again}");
});
