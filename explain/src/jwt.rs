//! A token, decoded: the claims that matter. What is kept of its text is only what its signature is checked by.
//!
//! Sources: RFC 7515 (JSON Web Signature), RFC 7519 (JSON Web Token).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A token.
#[derive(Clone)]
pub struct Jwt<'t> {
    /// How it is signed (`alg`).
    pub algorithm: String,
    /// The id of the key that it is signed with (`kid`).
    pub key_id: Option<String>,
    /// What it says.
    pub claims: Claims,
    /// What is signed.
    pub(crate) signed: &'t str,
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

/// The claims of a token that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: who issued it.
    pub issuer: Option<String>,
    /// `sub`: whose it is.
    pub subject: Option<String>,
    /// `aud`: whom it is for.
    pub audiences: Vec<String>,
    /// `exp`: when it expires, in seconds since 1970.
    pub expires: Option<u64>,
    /// `exp` is there, be it a number or not.
    pub has_expires: bool,
    /// `nbf`: from when it is valid, in seconds since 1970.
    pub not_before: Option<u64>,
    /// `iat`: when it was issued, in seconds since 1970.
    pub issued: Option<u64>,
    /// `azp` is there: IAM takes it for the audience then. Kubernetes puts none into a token.
    pub has_authorized_party: bool,
}

impl fmt::Debug for Jwt<'_> {
    /// Never the token, nor its signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("algorithm", &self.algorithm).field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl<'t> Jwt<'t> {
    /// Decodes a token, as `jwt decode` does: nothing of it is believed yet.
    ///
    /// # Errors
    /// Fails where it is no token, with a text that holds nothing of it.
    pub fn decode(text: &'t str) -> Result<Self, &'static str> {
        let shape = "expected a JWT: three parts of base64url, separated by dots";
        let (signed, signature) = text.rsplit_once('.').ok_or(shape)?;
        let (header, claims) = signed.split_once('.').ok_or(shape)?;
        let part = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| shape);
        let object = |bytes: Vec<u8>, error| serde_json::from_slice::<Map<String, Value>>(&bytes).map_err(|_| error);
        let header = object(part(header)?, "expected a JWT, but its header is no JSON object")?;
        let claims = object(part(claims)?, "expected a JWT, but its claims are no JSON object")?;
        let text = |object: &Map<String, Value>, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            algorithm: text(&header, "alg").ok_or("expected a JWT, but its header has no `alg`")?,
            key_id: text(&header, "kid"),
            claims: Claims {
                issuer: text(&claims, "iss"),
                subject: text(&claims, "sub"),
                audiences: audiences(claims.get("aud")),
                expires: seconds(&claims, "exp"),
                has_expires: claims.contains_key("exp"),
                not_before: seconds(&claims, "nbf"),
                issued: seconds(&claims, "iat"),
                has_authorized_party: claims.contains_key("azp"),
            },
            signed,
            signature: part(signature)?,
        })
    }
}

fn audiences(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A `NumericDate`, which may have a fraction.
fn seconds(claims: &Map<String, Value>, key: &str) -> Option<u64> {
    let number = claims.get(key)?.as_number()?.to_string();
    number.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims),
            URL_SAFE_NO_PAD.encode("s1gn")
        )
    }

    #[test]
    fn decodes_what_a_token_says() {
        let text = token(
            r#"{"alg":"RS256","kid":"k"}"#,
            r#"{"iss":"https://i","sub":"s","aud":["a","b"],"exp":12,"nbf":1.5,"iat":1}"#,
        );
        let jwt = Jwt::decode(&text).unwrap();
        assert_eq!((jwt.algorithm.as_str(), jwt.key_id.as_deref()), ("RS256", Some("k")));
        assert_eq!(jwt.claims.audiences, ["a", "b"]);
        assert_eq!((jwt.claims.expires, jwt.claims.not_before), (Some(12), Some(1)));
        assert_eq!(jwt.signature, b"s1gn");
        assert!(!format!("{jwt:?}").contains("s1gn") && !format!("{jwt:?}").contains(&text));
    }

    #[test]
    fn rejects_what_is_no_token_without_repeating_it() {
        for text in ["", "secret", "a.b", "se.cr.et", "....", &token("[]", "{}"), &token(r#"{"alg":"x"}"#, "1")] {
            let error = Jwt::decode(text).unwrap_err();
            assert!(error.starts_with("expected a JWT"), "{error}");
        }
    }
}
