//! The names that Kubernetes gives to objects.
//!
//! Source: Kubernetes' `k8s.io/apimachinery/pkg/util/validation`, after RFC 1123.

/// Whether the text is a DNS subdomain: the name of a service account, or the prefix of an annotation.
#[must_use]
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_segment)
}

/// Whether the text is a DNS label: the name of a namespace, or of a volume.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_dns_segment(text)
}

fn is_dns_segment(text: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = text.bytes();
    bytes.clone().next().is_some_and(is_alphanumeric)
        && bytes.clone().next_back().is_some_and(is_alphanumeric)
        && bytes.all(|byte| is_alphanumeric(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_subdomains_and_rejects_paths() {
        for text in ["web", "web.v2", "a-b", "0"] {
            assert!(is_dns_subdomain(text), "{text}");
        }
        for text in ["", "../x", "a/b", "Web", "-a", "a-", "a..b", ".a", "a_b", "a%2fb"] {
            assert!(!is_dns_subdomain(text), "{text}");
        }
        assert!(is_dns_subdomain(&"a".repeat(253)));
        assert!(!is_dns_subdomain(&"a".repeat(254)));
        assert!(!is_dns_label("a.b"));
    }
}
