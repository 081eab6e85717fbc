//! The issuer's keys, and whether they verify a token.
//!
//! Sources: RFC 7517 (JSON Web Key), RFC 7518 (JSON Web Algorithms), sections 3.3 and 3.4.
//!
//! `rsa` is used for verification by public keys only: there is no private key here whose operations could be timed
//! (RUSTSEC-2023-0071).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::jwt::Jwt;

/// What the keys say of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of them verifies it.
    Verified,
    /// None of those that it could be signed with does.
    Refuted,
    /// None has its key id; where it has none, none is of its kind.
    NoSuchKey,
    /// It is signed in a way that is not checked here.
    UnknownAlgorithm,
    /// None verifies it, and one that it could be signed with cannot be read.
    UnreadableKey,
}

/// Checks a token's signature by a JSON Web Key Set.
#[must_use]
pub fn verify(jwt: &Jwt<'_>, jwks: &Value) -> Verdict {
    let (key_type, check): (_, fn(&Jwt<'_>, &Value) -> Option<bool>) = match jwt.algorithm.as_str() {
        "RS256" => ("RSA", rs256),
        "ES256" => ("EC", es256),
        _ => return Verdict::UnknownAlgorithm,
    };
    let text = |key: &Value, name| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let could_be_it = |key: &&Value| match &jwt.key_id {
        Some(id) => text(key, "kid").as_ref() == Some(id),
        None => text(key, "kty").as_deref() == Some(key_type),
    };
    let keys = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let verdicts: Vec<_> = keys.iter().filter(could_be_it).map(|key| check(jwt, key)).collect();
    if verdicts.is_empty() {
        Verdict::NoSuchKey
    } else if verdicts.contains(&Some(true)) {
        Verdict::Verified
    } else if verdicts.contains(&None) {
        Verdict::UnreadableKey
    } else {
        Verdict::Refuted
    }
}

/// The ids of the keys.
#[must_use]
pub fn ids(jwks: &Value) -> Vec<String> {
    let keys = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    keys.iter().filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect()
}

fn rs256(jwt: &Jwt<'_>, key: &Value) -> Option<bool> {
    let number = |name| Some(BoxedUint::from_be_slice_vartime(&member(key, "RSA", name)?));
    let key = PublicKey::new(number("n")?, number("e")?).ok()?;
    let digest = Sha256::digest(jwt.signed.as_bytes());
    Some(key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &jwt.signature).is_ok())
}

fn es256(jwt: &Jwt<'_>, key: &Value) -> Option<bool> {
    if key.get("crv").and_then(Value::as_str) != Some("P-256") {
        return None;
    }
    let coordinates = [member(key, "EC", "x")?, member(key, "EC", "y")?];
    let point = [&[4], coordinates.concat().as_slice()].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
    let Ok(signature) = p256::ecdsa::Signature::from_slice(&jwt.signature) else { return Some(false) };
    Some(key.verify(jwt.signed.as_bytes(), &signature).is_ok())
}

/// A number of a key of this type.
fn member(key: &Value, key_type: &str, name: &str) -> Option<Vec<u8>> {
    if key.get("kty")?.as_str()? != key_type {
        return None;
    }
    URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.2.
    const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    /// RFC 7515, appendix A.3.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn keys() -> Value {
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "e": "AQAB",
             "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
            {"kty": "EC", "kid": "ec", "crv": "P-256",
             "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        ]})
    }

    fn verdict(token: &str, keys: &Value) -> Verdict {
        verify(&Jwt::decode(token).unwrap(), keys)
    }

    #[test]
    fn verifies_the_examples_of_the_rfc() {
        assert_eq!(verdict(RS256, &keys()), Verdict::Verified);
        assert_eq!(verdict(ES256, &keys()), Verdict::Verified);
    }

    #[test]
    fn refutes_what_was_changed() {
        for token in [RS256, ES256] {
            let (head, rest) = token.split_once('.').unwrap();
            let (claims, signature) = rest.split_once('.').unwrap();
            let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"jon"}"#);
            assert_eq!(verdict(&format!("{head}.{other}.{signature}"), &keys()), Verdict::Refuted);
            assert_eq!(verdict(&format!("{head}.{claims}.AAAA"), &keys()), Verdict::Refuted);
        }
    }

    #[test]
    fn says_why_it_can_not_tell() {
        let with = |header: &str| {
            let (_, rest) = RS256.split_once('.').unwrap();
            format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
        };
        for algorithm in ["none", "HS256", "RS512"] {
            let token = with(&json!({"alg": algorithm}).to_string());
            assert_eq!(verdict(&token, &keys()), Verdict::UnknownAlgorithm, "{algorithm}");
        }
        assert_eq!(verdict(&with(r#"{"alg":"RS256","kid":"old"}"#), &keys()), Verdict::NoSuchKey);
        // A key of the right id and of another type verifies nothing.
        assert_eq!(verdict(&with(r#"{"alg":"RS256","kid":"ec"}"#), &keys()), Verdict::UnreadableKey);
        assert_eq!(verdict(RS256, &json!({})), Verdict::NoSuchKey);
        assert_eq!(verdict(RS256, &json!({"keys": [{"kty": "RSA", "n": "AA", "e": "AQAB"}]})), Verdict::UnreadableKey);
        // Where a token names no key, it may be signed with the one that can't be read, wherever that stands.
        let (_, signature) = RS256.rsplit_once('.').unwrap();
        let changed = with(r#"{"alg":"RS256"}"#).replace(signature, "AAAA");
        let unreadable = json!({"kty": "RSA", "n": "AA", "e": "AQAB"});
        let readable = keys()["keys"][0].clone();
        for both in [[&unreadable, &readable], [&readable, &unreadable]] {
            assert_eq!(verdict(&changed, &json!({"keys": both})), Verdict::UnreadableKey);
        }
    }
}
