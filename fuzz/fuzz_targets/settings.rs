//! Settings are valid or invalid. With valid settings, a pod gets an answer.
#![no_main]

use laws::Everybody;
use libfuzzer_sys::fuzz_target;

const REQUEST: &str = r#"{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"team-a","operation":"CREATE",
"object":{"metadata":{"name":"p"},"spec":{"serviceAccountName":"web","containers":[{"name":"app"}]}}}"#;

fuzz_target!(|settings: &str| {
    let checked = irsa_policy::check_settings(settings.as_bytes());
    if serde_json::from_str::<serde_json::Value>(settings).is_err() {
        return;
    }
    let payload = format!("{{\"request\":{REQUEST},\"settings\":{settings}}}");
    let answer = laws::review(payload.as_bytes(), &mut Everybody);
    let answer = laws::read(&answer);
    let is_misconfigured = answer.message.is_some_and(|message| message.starts_with("the policy's settings are wrong"));
    // The host treats `null` as missing settings.
    assert!(checked.is_err() == is_misconfigured || settings.trim() == "null", "{checked:?}");
});
