//! DNS labels and subdomains: the names of Kubernetes objects.
//!
//! Source: Kubernetes' `k8s.io/apimachinery/pkg/util/validation`, after RFC 1123.

use core::fmt;

use crate::types::character::Shown;

const LABEL_LIMIT: usize = 63;
const SUBDOMAIN_LIMIT: usize = 253;

/// Why a string is not a DNS label or subdomain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsNameError {
    /// It has more characters than `limit`.
    Length {
        /// The number of characters.
        length: usize,
        /// The maximum number of characters.
        limit: usize,
    },
    /// A label contains this character.
    Character(char),
    /// The string or one of its labels is empty.
    EmptyLabel,
    /// A label starts or ends with `-`.
    Hyphen,
}

/// Checks that a string is a DNS subdomain: labels joined by `.`, with at most 253 characters in total.
///
/// Names of service accounts and prefixes of annotations are DNS subdomains. As in Kubernetes, a label in a subdomain
/// may have more than 63 characters.
///
/// # Errors
/// Returns the first problem found.
pub fn check_dns_subdomain(text: &str) -> Result<(), DnsNameError> {
    check_length(text, SUBDOMAIN_LIMIT)?;
    text.split('.').try_for_each(check_segment)
}

/// Checks that a string is a DNS label of at most 63 characters, such as the name of a namespace or of a volume.
///
/// # Errors
/// Returns the first problem found.
pub fn check_dns_label(text: &str) -> Result<(), DnsNameError> {
    check_length(text, LABEL_LIMIT)?;
    check_segment(text)
}

/// Whether a string is a DNS subdomain: see `check_dns_subdomain`.
#[must_use]
pub fn is_dns_subdomain(text: &str) -> bool {
    check_dns_subdomain(text).is_ok()
}

/// Whether a string is a DNS label: see `check_dns_label`.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    check_dns_label(text).is_ok()
}

fn check_length(text: &str, limit: usize) -> Result<(), DnsNameError> {
    // A valid name is ASCII, so each of its characters is one byte.
    if text.len() <= limit { Ok(()) } else { Err(DnsNameError::Length { length: text.chars().count(), limit }) }
}

fn check_segment(text: &str) -> Result<(), DnsNameError> {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !text.bytes().all(|byte| is_alphanumeric(byte) || byte == b'-') {
        let is_wrong = |character: &char| !matches!(character, 'a'..='z' | '0'..='9' | '-');
        return Err(DnsNameError::Character(text.chars().find(is_wrong).unwrap_or_default()));
    }
    match (text.bytes().next(), text.bytes().next_back()) {
        (Some(first), Some(last)) if is_alphanumeric(first) && is_alphanumeric(last) => Ok(()),
        (Some(_), Some(_)) => Err(DnsNameError::Hyphen),
        _ => Err(DnsNameError::EmptyLabel),
    }
}

impl fmt::Display for DnsNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length, limit } => write!(f, "expected at most {limit} characters, but got {length}"),
            Self::Character(character) => {
                write!(f, "expected lower-case letters, digits and `-` in a DNS label, but got {}", Shown(*character))
            }
            Self::EmptyLabel => f.write_str("expected a DNS label, but got an empty label"),
            Self::Hyphen => {
                f.write_str("expected a DNS label that starts and ends with a letter or digit, but got `-`")
            }
        }
    }
}

impl core::error::Error for DnsNameError {}

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
        assert!(is_dns_label(&"a".repeat(63)));
        assert!(!is_dns_label(&"a".repeat(64)));
        assert!(!is_dns_label("a.b"));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("", "expected a DNS label, but got an empty label"),
            ("a..b", "expected a DNS label, but got an empty label"),
            ("a_b", "expected lower-case letters, digits and `-` in a DNS label, but got `_`"),
            ("a.\u{200b}b", "expected lower-case letters, digits and `-` in a DNS label, but got U+200B"),
            ("a.-b", "expected a DNS label that starts and ends with a letter or digit, but got `-`"),
        ] {
            assert_eq!(check_dns_subdomain(text).unwrap_err().to_string(), message, "{text}");
        }
        for (check, limit) in [(check_dns_label as fn(&str) -> _, 63), (check_dns_subdomain, 253)] {
            let message = format!("expected at most {limit} characters, but got {}", limit + 1);
            assert_eq!(check(&"a".repeat(limit + 1)).unwrap_err().to_string(), message);
        }
    }
}
