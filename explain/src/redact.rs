//! No output holds the token, wherever else among the inputs it may stand.

use serde_json::Value;

use crate::explanation::Explanation;
use crate::inputs::Inputs;

/// What stands in place of the token.
const MARK: &str = "<token>";

/// The shortest text that is looked for, in bytes: a shorter one would be found by chance.
const SHORTEST: usize = 16;

/// The inputs, with a mark where the token stands in one that is not the token's, or its signature. What is made of such an input
/// may hold a part of it, which nothing could find afterwards.
pub fn redact_inputs(inputs: &Inputs, token: &str) -> Inputs {
    let clean = cleaner(token);
    let mut redacted = inputs.clone();
    let Inputs {
        pod,
        workload,
        service_account,
        settings,
        config_map,
        trust_policy,
        issuer,
        discovery,
        jwks,
        token: _,
        namespace,
        role,
        provider,
        association,
        other_service_accounts,
        now: _,
        not_found: _,
    } = &mut redacted;
    let texts = [
        pod,
        workload,
        service_account,
        settings,
        config_map,
        trust_policy,
        issuer,
        discovery,
        jwks,
        namespace,
        role,
        provider,
        association,
    ];
    for text in texts.into_iter().flatten().chain(other_service_accounts) {
        redact_text(text, &clean);
    }
    redacted
}

/// Redacts a text, and the texts within it where it is JSON: its escapes would hide the token.
fn redact_text(text: &mut String, clean: &dyn Fn(&mut String)) {
    clean(text);
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        let before = value.clone();
        redact_value(&mut value, clean);
        // Where nothing is found, the text stays as it was written.
        if value != before {
            *text = value.to_string();
        }
    }
}

/// Puts a mark where a text has the token, or its signature.
fn cleaner(token: &str) -> impl Fn(&mut String) {
    let signature = token.rsplit('.').next().unwrap_or_default();
    let secrets: Vec<&str> = [token, signature].into_iter().filter(|secret| secret.len() >= SHORTEST).collect();
    move |text: &mut String| {
        for secret in &secrets {
            if text.contains(secret) {
                *text = text.replace(secret, MARK);
            }
        }
    }
}

/// Puts a mark where the token stands, or its signature: what is said may have been put together of several inputs.
pub fn redact(explanation: &mut Explanation, token: &str) {
    let clean = &cleaner(token);
    for step in &mut explanation.steps {
        clean(&mut step.says);
        step.reasons.iter_mut().for_each(clean);
        step.fix.iter_mut().for_each(clean);
        for detail in &mut step.details {
            clean(&mut detail.name);
            clean(&mut detail.value);
        }
    }
    if let Some(fix) = &mut explanation.trust_fix {
        clean(&mut fix.says);
        clean(&mut fix.terraform);
        fix.commands.iter_mut().for_each(clean);
        fix.statements.iter_mut().for_each(|statement| redact_value(statement, clean));
        redact_value(&mut fix.policy, clean);
    }
    explanation.problems.iter_mut().for_each(|problem| clean(&mut problem.message));
    let Some(review) = &mut explanation.review else { return };
    review.rejection.iter_mut().for_each(|rejection| clean(&mut rejection.message));
    review.warnings.iter_mut().for_each(clean);
    review.audit_annotations.values_mut().for_each(clean);
    review.pod.iter_mut().for_each(|pod| redact_value(pod, clean));
}

fn redact_value(value: &mut Value, clean: &dyn Fn(&mut String)) {
    match value {
        Value::String(text) => clean(text),
        Value::Array(elements) => elements.iter_mut().for_each(|element| redact_value(element, clean)),
        Value::Object(members) => {
            for (mut key, mut member) in std::mem::take(members) {
                clean(&mut key);
                redact_value(&mut member, clean);
                members.insert(key, member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
