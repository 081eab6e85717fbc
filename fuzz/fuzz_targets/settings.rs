//! Tests that the check of the settings and the review of a pod agree about which settings are valid. Exception: if all
//! errors are in entries of `roles` and `allowedRoles`, the review may accept the settings. It reads only the entries
//! that it needs.
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
    let is_of_entry = |line: &str| line.starts_with("`roles[") || line.starts_with("`allowedRoles[");
    let may_be_unread = checked.as_ref().is_err_and(|errors| errors.lines().all(is_of_entry));
    // `null` is another exception, because a host replaces `null` with `{}`.
    let agree = checked.is_err() == is_misconfigured || (may_be_unread && !is_misconfigured);
    assert!(agree || settings.trim() == "null", "{checked:?}");
});
