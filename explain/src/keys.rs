//! The issuer's keys, and whether they verify a token.
//!
//! Sources: RFC 7517 (JSON Web Key), RFC 7518 (JSON Web Algorithms), sections 3.3 and 3.4.
//!
//! `rsa` is used for verification by public keys only: there is no private key here whose operations could be timed (RUSTSEC-2023-0071).

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
    /// That of its key id does not.
    Refuted,
    /// None has its key id.
    NoSuchKey,
    /// It is signed in a way that is not checked here.
    UnknownAlgorithm,
    /// That of its key id cannot be read.
    UnreadableKey,
}

/// Checks a token's signature by a JSON Web Key Set.
#[must_use]
pub fn verify(jwt: &Jwt<'_>, jwks: &Value) -> Verdict {
    let check = match jwt.algorithm.as_str() {
        "RS256" => rs256,
        "ES256" => es256,
        _ => return Verdict::UnknownAlgorithm,
    };
    let keys = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_meant =
        |key: &&Value| key.get("kid").and_then(Value::as_str) == jwt.key_id.as_deref() || jwt.key_id.is_none();
    let mut verdict = Verdict::NoSuchKey;
    for key in keys.iter().filter(is_meant) {
        match check(jwt, key) {
            Some(true) => return Verdict::Verified,
            Some(false) => verdict = Verdict::Refuted,
            None if verdict == Verdict::NoSuchKey => verdict = Verdict::UnreadableKey,
            None => {}
        }
    }
    verdict
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
