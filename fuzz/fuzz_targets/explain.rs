//! Tests explanations of random inputs. An input is a YAML document, as in `explain/setups/`. The explanation does not
//! contain the token's signature, and a second explanation is the same. Each corrected trust policy makes progress: it
//! is not corrected again into the same policy.
#![no_main]

use irsa_explain::{Inputs, explain, tree};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// Reads the inputs of a setup. An object is passed as its JSON.
fn inputs(json: &str) -> Option<Inputs> {
    let Value::Object(mut setup) = serde_json::from_str(json).ok()? else { return None };
    let Value::Object(inputs) = setup.remove("inputs")? else { return None };
    let texts = inputs.into_iter().map(|(name, value)| match value {
        Value::Object(_) => (name, Value::from(value.to_string())),
        other => (name, other),
    });
    serde_json::from_value(texts.collect::<Map<_, _>>().into()).ok()
}

/// Returns everything that is printed about the inputs.
fn printed(inputs: &Inputs) -> String {
    let explanation = explain(inputs);
    let lines: Vec<String> = tree(&explanation, true).iter().map(ToString::to_string).collect();
    serde_json::to_string(&explanation).unwrap() + &lines.join("\n")
}

/// Returns the signature of a token, if it is long enough to be recognized in the output.
fn signature(token: &str) -> Option<&str> {
    let mut parts = token.trim().split('.');
    let (_, _, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let is_base64 = signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (parts.next().is_none() && signature.len() >= 24 && is_base64).then_some(signature)
}

fuzz_target!(|text: &str| {
    for document in manifest_reader::documents(text).into_iter().flatten() {
        let json = document.json();
        let Some(inputs) = inputs(&json) else { continue };
        let said = printed(&inputs);
        assert_eq!(said, printed(&inputs));
        let token = inputs.token.as_deref().unwrap_or_default();
        if let Some(signature) = signature(token).filter(|signature| json.matches(signature).count() == 1) {
            assert!(!said.contains(signature), "{said}");
        }
        if let Some(fix) = explain(&inputs).trust_fix {
            let fixed = Inputs { trust_policy: Some(fix.policy.to_string()), ..inputs };
            let again = explain(&fixed).trust_fix;
            assert_ne!(again.map(|again| again.policy), Some(fix.policy), "the fix must change something");
        }
    }
});
