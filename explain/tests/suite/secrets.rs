//! Tests that no output contains a token or a part of it, even if the token was also pasted into another input.

use crate::support::right;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_explain::{Inputs, explain, tree};
use serde_json::{Value, json};

/// A token as long as a token of EKS. It is filled with noise, so the output can contain a part of the token only if
/// the token leaked.
fn long_token() -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let noise: String =
        (0..480_u32).map(|index| char::from(b'a' + u8::try_from(index * index * 7 % 26).unwrap())).collect();
    let claims = json!({"iss": "https://issuer.example", "sub": "system:serviceaccount:default:my-sa", "note": noise});
    [part(r#"{"alg":"RS256","kid":"a"}"#), part(&claims.to_string()), part(&noise)].join(".")
}

#[test]
fn no_output_contains_a_part_of_a_token() {
    let token = long_token();
    assert!(token.len() > 1100, "the token is longer than the maximum length of a message");
    // The token as it is, and with JSON escapes in each part.
    let escaped = token.replace('e', "\\u0065");
    for (name, pasted) in ["role-arn", "audience", "token-expiration", "sts-regional-endpoints"]
        .into_iter()
        .flat_map(|name| [(name, &token), (name, &escaped)])
    {
        let mut account: Value = serde_json::from_str(right().service_account.as_deref().unwrap()).unwrap();
        account["metadata"]["annotations"][format!("eks.amazonaws.com/{name}")] = json!("PASTED");
        let account = account.to_string().replace("PASTED", pasted);
        let inputs = Inputs { token: Some(token.clone()), service_account: Some(account), ..right() };
        let explanation = explain(&inputs);
        let lines: Vec<String> = tree(&explanation, true).iter().map(ToString::to_string).collect();
        let said = serde_json::to_string(&explanation).unwrap() + &lines.join("\n");
        let bytes = token.as_bytes();
        for window in bytes.windows(24) {
            let window = std::str::from_utf8(window).unwrap();
            assert!(!said.contains(window), "{name}: {window} is in {said}");
        }
    }
}
