//! Checks whether the issuer's keys verify a token.
//!
//! Sources: RFC 7517 (JSON Web Key), RFC 7518 (JSON Web Algorithms), sections 3.3 and 3.4. The IAM User Guide, "Create
//! an `OpenID` Connect (OIDC) identity provider in IAM", lists the algorithms that IAM accepts: RS256, RS384, RS512,
//! ES256, ES384 and ES512.
//!
//! The crate `rsa` only verifies signatures with public keys here. So no attacker can measure the time of an operation
//! with a private key (RUSTSEC-2023-0071).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::jwt::Jwt;

/// The result of checking a token's signature with a key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A key verifies the signature.
    Verified,
    /// No candidate key verifies the signature.
    Refuted,
    /// No key has the token's key id. If the token has no key id: no key has the right type and curve.
    NoSuchKey,
    /// IAM does not accept the token's algorithm.
    UnsupportedAlgorithm,
    /// No key verifies the signature, and a candidate key can't be read.
    UnreadableKey,
}

/// A signature algorithm that IAM accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5.
    Rsa(Hash),
    /// ECDSA.
    Ecdsa(Curve),
}

/// A hash function of SHA-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A curve of NIST. Each curve is used with one hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// P-256, with SHA-256.
    P256,
    /// P-384, with SHA-384.
    P384,
    /// P-521, with SHA-512.
    P521,
}

impl Curve {
    /// Returns the curve's name in the member `crv` of a key.
    const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }
}

impl Algorithm {
    /// Returns the algorithm with this `alg`. `None` if IAM does not accept the algorithm.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rsa(Hash::Sha256),
            "RS384" => Self::Rsa(Hash::Sha384),
            "RS512" => Self::Rsa(Hash::Sha512),
            "ES256" => Self::Ecdsa(Curve::P256),
            "ES384" => Self::Ecdsa(Curve::P384),
            "ES512" => Self::Ecdsa(Curve::P521),
            _ => return None,
        })
    }

    /// Whether a key has the type, and for ECDSA the curve, that the algorithm needs.
    fn accepts(self, key: &Value) -> bool {
        let has = |name: &str, value: &str| key.get(name).and_then(Value::as_str) == Some(value);
        match self {
            Self::Rsa(_) => has("kty", "RSA"),
            Self::Ecdsa(curve) => has("kty", "EC") && has("crv", curve.name()),
        }
    }

    /// Whether a key verifies the token. `None` if the key can't be read or has another type.
    fn verify(self, jwt: &Jwt<'_>, key: &Value) -> Option<bool> {
        match self {
            Self::Rsa(hash) => rsa(hash, jwt, key),
            Self::Ecdsa(curve) => ecdsa(curve, jwt, key),
        }
    }
}

/// Checks a token's signature with a JSON Web Key Set.
#[must_use]
pub fn verify(jwt: &Jwt<'_>, jwks: &Value) -> Verdict {
    let Some(algorithm) = Algorithm::named(&jwt.algorithm) else { return Verdict::UnsupportedAlgorithm };
    let string = |key: &Value, name| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_candidate = |key: &&Value| {
        // A key for encryption verifies nothing (RFC 7517, section 4.2).
        let is_for_signatures = string(key, "use").is_none_or(|purpose| purpose == "sig");
        is_for_signatures
            && match &jwt.key_id {
                Some(id) => string(key, "kid").as_ref() == Some(id),
                None => algorithm.accepts(key),
            }
    };
    let verdicts: Vec<_> = keys(jwks).iter().filter(is_candidate).map(|key| algorithm.verify(jwt, key)).collect();
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

/// Returns the ids of the keys.
#[must_use]
pub fn ids(jwks: &Value) -> Vec<String> {
    keys(jwks).iter().filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect()
}

fn keys(jwks: &Value) -> &[Value] {
    jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn rsa(hash: Hash, jwt: &Jwt<'_>, key: &Value) -> Option<bool> {
    if !Algorithm::Rsa(hash).accepts(key) {
        return None;
    }
    let number = |name| Some(BoxedUint::from_be_slice_vartime(&member(key, name)?));
    let key = PublicKey::new(number("n")?, number("e")?).ok()?;
    let signed = jwt.signed.as_bytes();
    let (scheme, digest) = match hash {
        Hash::Sha256 => (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(signed).to_vec()),
        Hash::Sha384 => (Pkcs1v15Sign::new::<Sha384>(), Sha384::digest(signed).to_vec()),
        Hash::Sha512 => (Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(signed).to_vec()),
    };
    Some(key.verify(scheme, &digest, &jwt.signature).is_ok())
}

fn ecdsa(curve: Curve, jwt: &Jwt<'_>, key: &Value) -> Option<bool> {
    /// Checks the signature with the crate of one curve.
    macro_rules! check {
        ($curve:ident, $point:expr) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes($point).ok()?;
            let signature = $curve::ecdsa::Signature::from_slice(&jwt.signature);
            Some(signature.is_ok_and(|signature| key.verify(jwt.signed.as_bytes(), &signature).is_ok()))
        }};
    }
    if !Algorithm::Ecdsa(curve).accepts(key) {
        return None;
    }
    let coordinates = [member(key, "x")?, member(key, "y")?];
    // An uncompressed point (SEC 1, section 2.3.3).
    let point = [&[4], coordinates.concat().as_slice()].concat();
    match curve {
        Curve::P256 => check!(p256, &point),
        Curve::P384 => check!(p384, &point),
        Curve::P521 => check!(p521, &point),
    }
}

/// Decodes a number of a key. `None` if the key does not have the member, or if the member is not base64url.
fn member(key: &Value, name: &str) -> Option<Vec<u8>> {
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

    /// Tokens with the other algorithms. They were signed for these tests, and their private keys were deleted.
    const OTHERS: [(&str, &str); 4] = [
        (
            "RS384",
            "eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYS0yIn0.eyJzdWIiOiJhIn0.mW70VrchRvnyyxYz0Hpiso-SzYBuRRHDDi4W6yWB1Rawn2yXoV0c7FU19F0AD5l5HifrcyW6tcBfnb8K3q_jLy2tD9Yf213uWK7r9ysYQe-dViWTXTPjnMizOKT4MsWN6e3T18U8DBJ_emVr7ahZhbU-OZQANKWh5ex8huLTWOiOzLdqU83wawyqhfjjmOS13-g2Q6380BnxW7cSiuCeE917v3RuNfkB09Xh-ZFjLHTePNKFkOCngF1l3kZmUCmyt4FQ9ZkKV5X6HsJJPUIy66w1bIOQcZ8tZXHUUzhvL1f7WZQWvQjrXnWa0QDtJAyMfUJFycn4BiiXdw-_y9LCfg",
        ),
        (
            "RS512",
            "eyJhbGciOiJSUzUxMiIsImtpZCI6InJzYS0yIn0.eyJzdWIiOiJhIn0.1llIOgtWiM3EFKsiW1pMY3H0jNMoN3V3ambf2wj8iFMpcQzEi6oZszIEMILhhzbaidxHp0tCv3D2ts2hgPl7-plbzzHHFMO-zDORWeKPE5WQivSoxt6FMGtg9lqvTGN4sCjfYWF0bua9GqOsMQj03MNRDZmGSP8-okpHH8YbFvVbwkGS4elvDa8VWUlybeyPdrWLKkVcD61nXLhRLt_dSyv7N96yDJVPUA8miiqyZJdw6p_OBqbAUIzQfkejjSVmWx2s-8m7cq3PLXOlVP6aFdHQpdqHlsoruadWDnB9LmZ9Up12mcRhDvNp_ggyuhmnHK72lXtC9DOXmJeiLg3RAg",
        ),
        (
            "ES384",
            "eyJhbGciOiJFUzM4NCIsImtpZCI6IlAtMzg0In0.eyJzdWIiOiJhIn0.o6ZFw9odeIh3U9BtjzWy7d856QF9WqYLpw-3qmkS1vbcrprpWbWb5IkRs4JVUityhtN9Y_Y3_JRrkaHyRZRumAk4rQciS932igVaPNLbx7oTRrRFbwMJAIBI2M1Evgo0",
        ),
        (
            "ES512",
            "eyJhbGciOiJFUzUxMiIsImtpZCI6IlAtNTIxIn0.eyJzdWIiOiJhIn0.AQIQtrZA3u6Q_GcGQvCEV46UFflIq_NVn4-nH7Z1pi3BjDIop36prtM_Vztm8l8pjhlCtwLihqz3V8xeOYm1U9HjAcC6ES1STjgpakpOEMB9cgSjGhrMeR0phfG_FGun8M6CKZaO1Mdlk6fdQzaokfXhZ0b3ltjKq5c-yjABEz3A6q9H",
        ),
    ];

    fn keys() -> Value {
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa-2", "use": "sig", "n": "3LZ4eLX506HTCw7RMCXnGQQSWOEzUT0E7WeV_6Eol2J9Rz_jF_hvf0P7J3A3eYnNmoaeuLx-UlOj4sCj42UpucV2ms99v9ycuNc-ji0QY-AvLtwH4c6ZY5B50aPd-IQ6LaQIhagjtXj3ug9nXtYgZvMvV3WbjxeRxpNnIhUBP1ohOqSDDW4KCvQvCfoWPzLVvf2Ia2CL4OHhySAmYujrD0hZFQaDdIRZwUT16quW42GbRtCY3lqC4GnF3fl6n2-xbKS2xPM4lNdRn2Bw002RJrhdtJZHIfe_gcqZ6zIGbR_HRMTQfGkZlaDWE1SwSTsZqDldwyHMesza8UMoa5Jpsw", "e": "AQAB"},
            {"kty": "EC", "kid": "P-384", "crv": "P-384", "x": "1PfoMAHIDemidMqp6Qa0OsN-zNwMC9880Y0cYi9ADCPBqRdKtnokxL1ewqbM_x-e", "y": "pLSfMXj7lGlMoZV66XJLr3ddXcfpMKP-XqgsnWTS3E0ZEuE_kLYaLNECDjOQgO0H"},
            {"kty": "EC", "kid": "P-521", "crv": "P-521", "x": "AdstSJUre6YHtROjD9uKTcw7ejusUZdkSJENgGwNshmHJOb7zrWPkykrKn2CX8jm4W_p3MaCpMzgI0wx7PGW0GSL", "y": "AQgoN2tvb_cAVHod7Tm_9PYOWxmQIyqX9vjwBJIyDZIUYlCt5b96yMlxJ9d5N0lchoQMthuKJxwyAhDD1g2iCmCW"},
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
    fn verifies_every_algorithm_that_iam_accepts() {
        for (algorithm, token) in OTHERS {
            assert_eq!(verdict(token, &keys()), Verdict::Verified, "{algorithm}");
        }
    }

    #[test]
    fn ignores_keys_for_encryption() {
        let mut keys = keys();
        for key in keys["keys"].as_array_mut().unwrap() {
            key["use"] = "enc".into();
        }
        assert_eq!(verdict(RS256, &keys), Verdict::NoSuchKey);
    }

    #[test]
    fn refutes_a_token_that_was_changed() {
        for token in [RS256, ES256].into_iter().chain(OTHERS.map(|(_, token)| token)) {
            let (head, rest) = token.split_once('.').unwrap();
            let (claims, signature) = rest.split_once('.').unwrap();
            let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"jon"}"#);
            assert_eq!(verdict(&format!("{head}.{other}.{signature}"), &keys()), Verdict::Refuted);
            assert_eq!(verdict(&format!("{head}.{claims}.AAAA"), &keys()), Verdict::Refuted);
        }
    }

    #[test]
    fn returns_why_a_signature_cannot_be_verified() {
        let with = |header: &str| {
            let (_, rest) = RS256.split_once('.').unwrap();
            format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
        };
        for algorithm in ["none", "HS256", "PS256", "EdDSA", "rs256"] {
            let token = with(&json!({"alg": algorithm}).to_string());
            assert_eq!(verdict(&token, &keys()), Verdict::UnsupportedAlgorithm, "{algorithm}");
        }
        assert_eq!(verdict(&with(r#"{"alg":"RS256","kid":"old"}"#), &keys()), Verdict::NoSuchKey);
        // The key `ec` has the token's key id, but is not an RSA key. So it counts as a candidate key that can't be
        // read.
        assert_eq!(verdict(&with(r#"{"alg":"RS256","kid":"ec"}"#), &keys()), Verdict::UnreadableKey);
        assert_eq!(verdict(RS256, &json!({})), Verdict::NoSuchKey);
        assert_eq!(verdict(RS256, &json!({"keys": [{"kty": "RSA", "n": "AA", "e": "AQAB"}]})), Verdict::UnreadableKey);
        // If the token has no `kid`, the unreadable key may have signed it. So the verdict is `UnreadableKey`, whatever
        // the order of the keys.
        let (_, signature) = RS256.rsplit_once('.').unwrap();
        let changed = with(r#"{"alg":"RS256"}"#).replace(signature, "AAAA");
        let unreadable = json!({"kty": "RSA", "n": "AA", "e": "AQAB"});
        let readable = keys()["keys"][0].clone();
        for both in [[&unreadable, &readable], [&readable, &unreadable]] {
            assert_eq!(verdict(&changed, &json!({"keys": both})), Verdict::UnreadableKey);
        }
    }
}
