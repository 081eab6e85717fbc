//! What STS knows of a request by web identity: the keys that conditions ask for.
//!
//! Source: the IAM User Guide, "IAM and AWS STS condition context keys", "Available keys for AWS OIDC federation": the
//! keys are `PROVIDER:aud`, `PROVIDER:sub` and `PROVIDER:amr`, where the provider is the issuer's URL without
//! `https://`.

/// What is known of a request.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The provider whose token it is: the issuer's URL without `https://`. `None` where it is not known.
    pub provider: Option<String>,
    /// The token's audiences, where they are known.
    pub audiences: Option<Vec<String>>,
    /// The token's subject, where it is known.
    pub subject: Option<String>,
}

/// What is known of a key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<'a> {
    /// It has these values.
    Values(Vec<&'a str>),
    /// The request has no such key.
    Absent,
    /// It may have any value, or none.
    Unknown,
}

impl Context {
    /// What is known of a key, which may be in any letter case.
    #[must_use]
    pub fn known(&self, key: &str) -> Known<'_> {
        let Some((provider, claim)) = split_key(key) else { return Known::Unknown };
        let Some(ours) = &self.provider else { return Known::Unknown };
        if !provider.eq_ignore_ascii_case(ours) {
            // A token has the claims of its own issuer only. Of the keys of AWS itself nothing is known.
            return if is_of_a_service(key) { Known::Unknown } else { Known::Absent };
        }
        let is = |name| claim.eq_ignore_ascii_case(name);
        match (&self.audiences, &self.subject) {
            (Some(audiences), _) if is("aud") => Known::Values(audiences.iter().map(String::as_str).collect()),
            (_, Some(subject)) if is("sub") => Known::Values(vec![subject]),
            // Kubernetes puts no such claim into a token.
            _ if is("amr") => Known::Absent,
            _ => Known::Unknown,
        }
    }
}

/// The parts of a key of a web identity: the provider, which may have colons itself, and the claim.
#[must_use]
pub fn split_key(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once(':')
}

/// Whether the key is one of AWS itself (`aws:SourceIp`, `aws:ResourceTag/team:owner`): a provider begins with a host name, which
/// has a dot, or by mistake with `https:`.
fn is_of_a_service(key: &str) -> bool {
    let first = key.split(':').next().unwrap_or_default();
    !first.contains(['.', '/']) && !["http", "https"].iter().any(|scheme| first.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_claims_of_the_tokens_own_issuer() {
        let context = Context {
            provider: Some("oidc.example/id/A".into()),
            audiences: Some(vec!["sts.amazonaws.com".into()]),
            subject: None,
        };
        assert_eq!(context.known("OIDC.example/id/a:AUD"), Known::Values(vec!["sts.amazonaws.com"]));
        assert_eq!(context.known("oidc.example/id/A:sub"), Known::Unknown);
        assert_eq!(context.known("oidc.example/id/A:amr"), Known::Absent);
        assert_eq!(context.known("oidc.example/id/A:email"), Known::Unknown);
        assert_eq!(context.known("oidc.example/id/B:aud"), Known::Absent);
        assert_eq!(context.known("https://oidc.example/id/A:aud"), Known::Absent);
        for key in ["aws:SourceIp", "sts:RoleSessionName", "aws:ResourceTag/team:owner", "aud", ""] {
            assert_eq!(context.known(key), Known::Unknown, "{key}");
        }
    }
}
