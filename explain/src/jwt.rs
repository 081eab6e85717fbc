//! Decodes a token (a JWT): the claims that matter to STS, and the parts that are needed to check the signature.
//!
//! This module does not verify the token. Of the token's text, it keeps only the signed part and the signature, which
//! are never displayed.
//!
//! Sources: RFC 7515 (JSON Web Signature), RFC 7519 (JSON Web Token), RFC 6750 section 2.1 (`Bearer`), Kubernetes'
//! `authentication.k8s.io/v1` `TokenRequest`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A decoded token.
#[derive(Clone)]
pub struct Jwt<'t> {
    /// The signature algorithm: the header's `alg`.
    pub algorithm: String,
    /// The id of the key that signed the token: the header's `kid`.
    pub key_id: Option<String>,
    /// Whether the header has `crit`: extensions that the recipient must understand (RFC 7515, section 4.1.11).
    pub has_critical_extensions: bool,
    /// The length of the token's text, in bytes.
    pub length: usize,
    /// The claims.
    pub claims: Claims,
    /// The part that is signed: header and claims, as they are encoded.
    pub(crate) signed: Cow<'t, str>,
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

/// The claims that matter to STS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: the issuer.
    pub issuer: Option<String>,
    /// `sub`: the subject.
    pub subject: Option<String>,
    /// `aud`: the audiences.
    pub audiences: Vec<String>,
    /// `exp`: when the token expires, in seconds since 1970.
    pub expires: Option<u64>,
    /// Whether `exp` is present, even if it is not a number.
    pub has_expires: bool,
    /// `nbf`: when the token becomes valid, in seconds since 1970.
    pub not_before: Option<u64>,
    /// `iat`: when the token was issued, in seconds since 1970.
    pub issued: Option<u64>,
    /// `azp`: the authorized party. If a token has `azp`, the value of IAM's condition key `…:aud` is `azp`, and not
    /// `aud`. Kubernetes never sets `azp`.
    pub authorized_party: Option<String>,
    /// Whether `azp` is present, even if it is not a string.
    pub has_authorized_party: bool,
}

impl fmt::Debug for Jwt<'_> {
    /// Writes the token without its text and its signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("algorithm", &self.algorithm).field("claims", &self.claims).finish_non_exhaustive()
    }
}

/// Finds the token in what a user pasted: removes `Bearer ` and quotes, or takes the token from the JSON of a
/// `TokenRequest` (`kubectl create token --output json`). Returns other input without the space around it.
#[must_use]
pub fn pasted(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.starts_with('{') {
        let token = serde_json::from_str::<Value>(text).ok();
        let token = token.and_then(|object| Some(object.pointer("/status/token")?.as_str()?.trim().to_owned()));
        return token.map_or(Cow::Borrowed(text), Cow::Owned);
    }
    Cow::Borrowed(without_scheme(unquoted(without_scheme(unquoted(text)))))
}

/// Removes one pair of quotes around the text.
fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).map_or(text, str::trim)
}

/// Removes a leading `Bearer ` or `Bearer: `, in any letter case.
fn without_scheme(text: &str) -> &str {
    match text.split_once(char::is_whitespace) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("bearer:") => {
            rest.trim()
        }
        _ => text,
    }
}

impl<'t> Jwt<'t> {
    /// Decodes the token that [`pasted`] finds in the text.
    ///
    /// # Errors
    /// Fails if the text is not a JWT. The error never contains a part of the text.
    pub fn decode(text: &'t str) -> Result<Self, &'static str> {
        const SHAPE: &str = "expected a JWT: three parts of base64url, separated by dots";
        let text = pasted(text);
        if text.is_empty() {
            return Err("expected a JWT, but the input is empty");
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(SHAPE)?;
        let (header, claims) = signed.split_once('.').ok_or(SHAPE)?;
        let part = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SHAPE);
        let object = |bytes: Vec<u8>, error| serde_json::from_slice::<Map<String, Value>>(&bytes).map_err(|_| error);
        let header = object(part(header)?, "expected a JWT, but its header is not a JSON object")?;
        let claims = object(part(claims)?, "expected a JWT, but its claims are not a JSON object")?;
        let string =
            |object: &Map<String, Value>, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            algorithm: string(&header, "alg").ok_or("expected a JWT, but its header has no `alg`")?,
            key_id: string(&header, "kid"),
            has_critical_extensions: header.contains_key("crit"),
            length: text.len(),
            claims: Claims {
                issuer: string(&claims, "iss"),
                subject: string(&claims, "sub"),
                audiences: audiences(claims.get("aud")),
                expires: seconds(&claims, "exp"),
                has_expires: claims.contains_key("exp"),
                not_before: seconds(&claims, "nbf"),
                issued: seconds(&claims, "iat"),
                authorized_party: string(&claims, "azp"),
                has_authorized_party: claims.contains_key("azp"),
            },
            signature: part(signature)?,
            signed: match &text {
                Cow::Borrowed(text) => Cow::Borrowed(text.get(..signed.len()).unwrap_or_default()),
                Cow::Owned(_) => Cow::Owned(signed.to_owned()),
            },
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

/// Reads a `NumericDate` (RFC 7519, section 2): seconds since 1970, which may have a fraction or an exponent. The
/// fraction is dropped.
fn seconds(claims: &Map<String, Value>, key: &str) -> Option<u64> {
    /// The end of the year 9999, in seconds. A later time is invalid.
    const LATEST: f64 = 253_402_300_799.0;
    let number = claims.get(key)?.as_number()?;
    number.as_u64().or_else(|| {
        let seconds = number.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the value is between 0 and `LATEST`, and its fraction is dropped deliberately"
        )]
        Some(seconds as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        [part(header), part(claims), part("s1gn")].join(".")
    }

    #[test]
    fn decodes_the_claims_of_a_token() {
        let text = token(
            r#"{"alg":"RS256","kid":"k"}"#,
            r#"{"iss":"https://i","sub":"s","aud":["a","b"],"exp":12,"nbf":1.5,"iat":1,"azp":"p"}"#,
        );
        let jwt = Jwt::decode(&text).unwrap();
        assert_eq!((jwt.algorithm.as_str(), jwt.key_id.as_deref()), ("RS256", Some("k")));
        assert_eq!(jwt.claims.audiences, ["a", "b"]);
        assert_eq!((jwt.claims.expires, jwt.claims.not_before), (Some(12), Some(1)));
        assert_eq!(jwt.claims.authorized_party.as_deref(), Some("p"));
        assert_eq!(jwt.signature, b"s1gn");
        assert_eq!((jwt.length, jwt.has_critical_extensions), (text.len(), false));
        assert!(!format!("{jwt:?}").contains("s1gn") && !format!("{jwt:?}").contains(&text));
    }

    #[test]
    fn accepts_a_token_as_it_is_pasted() {
        let text = token(r#"{"alg":"RS256"}"#, r#"{"sub":"s"}"#);
        let request = format!(r#"{{"kind": "TokenRequest", "status": {{"token": "{text}"}}}}"#);
        for pasted in [
            format!("Bearer {text}"),
            format!("bearer  {text}\n"),
            format!("\"{text}\""),
            format!("'Bearer {text}'"),
            format!("Bearer \"{text}\""),
            request,
        ] {
            let jwt = Jwt::decode(&pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
            assert_eq!(jwt.claims.subject.as_deref(), Some("s"), "{pasted}");
            assert_eq!(jwt.signed, text.rsplit_once('.').unwrap().0, "{pasted}");
        }
    }

    #[test]
    fn reads_times_with_fractions_and_exponents() {
        for (time, expected) in [
            ("12", Some(12)),
            ("12.9", Some(12)),
            ("1.7e9", Some(1_700_000_000)),
            ("-1", None),
            ("1e300", None),
            ("\"12\"", None),
            ("null", None),
        ] {
            let text = token(r#"{"alg":"RS256"}"#, &format!(r#"{{"exp":{time}}}"#));
            assert_eq!(Jwt::decode(&text).unwrap().claims.expires, expected, "{time}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_token_without_repeating_it() {
        for text in [
            "",
            " ",
            "\"\"",
            "secret",
            "a.b",
            "se.cr.et",
            "....",
            "{}",
            "{\"secret\"",
            r#"{"status": {"token": "se.cr.et"}}"#,
            &token("[]", "{}"),
            &token(r#"{"alg":"x"}"#, "1"),
        ] {
            let error = Jwt::decode(text).unwrap_err();
            assert!(error.starts_with("expected a JWT"), "{error}");
        }
    }
}
