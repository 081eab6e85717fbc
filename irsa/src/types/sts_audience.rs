//! Recognizes audiences of AWS STS, and misspelled ones.
//!
//! Sources:
//!
//! - the AWS General Reference, "AWS Security Token Service endpoints and quotas": FIPS and dual-stack names
//! - the SDKs' `partitions.json`: the DNS suffixes of the partitions
//! - kOps, which uses `amazonaws.com`

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;

use super::region::Region;
use crate::util::edit_distance::edits_within;

/// The maximum length of an audience for STS, in bytes. Longer audiences are not compared.
const LIMIT: usize = 128;

/// The DNS suffixes of AWS's partitions. The first one is the most common.
pub const DNS_SUFFIXES: [&str; 7] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];

/// [`DNS_SUFFIXES`], and the DNS suffixes of dual-stack hosts (IPv4 and IPv6).
const SUFFIXES: [&str; 9] = {
    let [a, b, c, d, e, f, g] = DNS_SUFFIXES;
    [a, b, c, d, e, f, g, "api.aws", "api.amazonwebservices.com.cn"]
};

/// Domains that people write instead of `amazonaws.com`.
const MISTAKEN_SUFFIXES: [&str; 4] = ["amazon.com", "aws.com", "aws.amazon.com", "aws.amazonaws.com"];

/// Whether STS may accept a token with this audience. Letter case and a scheme are ignored.
pub(crate) fn is_sts_audience(audience: &str) -> bool {
    audience.len() <= LIMIT && is_sts_host(without_scheme(&audience.to_ascii_lowercase()))
}

/// Returns the STS audience that was probably meant. `None` if `audience` already is that audience, or resembles no STS
/// audience.
///
/// Corrects blanks and line breaks, a scheme, letter case, and at most two wrong, missing or extra characters.
pub(crate) fn meant_audience(audience: &str) -> Option<String> {
    if audience.len() > LIMIT {
        return None;
    }
    let bare: String = audience.chars().filter(|character| !character.is_whitespace()).collect();
    let lower = bare.to_ascii_lowercase();
    let host = without_scheme(&lower);
    let meant = if is_sts_host(host) { host.to_owned() } else { nearest_sts_host(host)? };
    (meant != audience).then_some(meant)
}

/// Whether an audience contains a blank or a line break, which no audience of AWS has.
pub(crate) fn has_blank(audience: &str) -> bool {
    audience.chars().any(char::is_whitespace)
}

fn without_scheme(audience: &str) -> &str {
    let host = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://")).unwrap_or(audience);
    host.strip_suffix('/').unwrap_or(host)
}

/// Whether a lower-case name is a host of STS: global, regional, FIPS or dual-stack, in any partition.
fn is_sts_host(host: &str) -> bool {
    // The audience that kOps uses.
    if host == "amazonaws.com" {
        return true;
    }
    SUFFIXES.into_iter().any(|suffix| match service_part(host, suffix) {
        Some("sts") => matches!(suffix, "amazonaws.com" | "amazonaws.com.cn"),
        Some(service) => service.split_once('.').is_some_and(|(name, region)| {
            matches!(name, "sts" | "sts-fips") && Region::new(Cow::Borrowed(region)).is_ok()
        }),
        None => false,
    })
}

/// Returns the part of a host before `.suffix`. `None` if the host does not end with `.suffix`.
fn service_part<'h>(host: &'h str, suffix: &str) -> Option<&'h str> {
    host.strip_suffix(suffix)?.strip_suffix('.')
}

/// Returns the STS host that was probably meant. If the host has one of [`MISTAKEN_SUFFIXES`], returns the host with
/// the correct domain. Otherwise returns an STS host that differs by at most two edits. `None` if no STS host is that
/// similar.
fn nearest_sts_host(host: &str) -> Option<String> {
    const EDITS: usize = 2;
    for suffix in MISTAKEN_SUFFIXES {
        let corrected = service_part(host, suffix).map(|service| format!("{service}.amazonaws.com"));
        if let Some(corrected) = corrected.filter(|corrected| is_sts_host(corrected)) {
            return Some(corrected);
        }
    }
    for known in ["sts.amazonaws.com", "sts.amazonaws.com.cn", "amazonaws.com"] {
        if edits_within(host, known, EDITS).is_some() {
            return Some(known.to_owned());
        }
    }
    // A regional host is `service.region.domain`. The service and the domain may be misspelled.
    let (service, rest) = host.split_once('.')?;
    let (region, domain) = rest.split_once('.')?;
    Region::new(Cow::Borrowed(region)).ok()?;
    for name in ["sts", "sts-fips"] {
        for suffix in SUFFIXES {
            let Some(distance) = edits_within(service, name, EDITS) else { continue };
            if edits_within(domain, suffix, EDITS.saturating_sub(distance)).is_some() {
                return Some(format!("{name}.{region}.{suffix}"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_audiences_of_sts() {
        for audience in [
            "sts.amazonaws.com",
            "STS.Amazonaws.com",
            "https://sts.amazonaws.com",
            "sts.amazonaws.com.cn",
            "sts.us-east-2.amazonaws.com",
            "sts-fips.us-east-2.amazonaws.com",
            "sts.cn-north-1.amazonaws.com.cn",
            "sts.us-east-2.api.aws",
            "sts.us-iso-east-1.c2s.ic.gov",
            "sts.eusc-de-east-1.amazonaws.eu",
            "amazonaws.com",
        ] {
            assert!(is_sts_audience(audience), "{audience}");
        }
        for audience in [
            "",
            "vault",
            "s3.amazonaws.com",
            "sts.mars.amazonaws.com",
            "sts.api.aws",
            "pods.eks.amazonaws.com",
            "api",
            "evil-sts.amazonaws.com",
            "sts.amazonaws.com.example.com",
        ] {
            assert!(!is_sts_audience(audience), "{audience}");
        }
    }

    #[test]
    fn finds_the_audience_that_was_meant() {
        for (audience, meant) in [
            ("sts.amazon.com", "sts.amazonaws.com"),
            ("sts.amazonaw.com", "sts.amazonaws.com"),
            ("sts.amazonaws.com ", "sts.amazonaws.com"),
            ("sts.amazonaws.com\n", "sts.amazonaws.com"),
            ("https://sts.amazonaws.com", "sts.amazonaws.com"),
            ("STS.amazonaws.com", "sts.amazonaws.com"),
            ("ssts.us-east-2.amazonaws.com", "sts.us-east-2.amazonaws.com"),
            ("sts.us-east-2.amazonaws.co", "sts.us-east-2.amazonaws.com"),
        ] {
            assert_eq!(meant_audience(audience).as_deref(), Some(meant), "{audience:?}");
        }
        for audience in ["sts.amazonaws.com", "amazonaws.com", "vault", "https://vault.example.com", "my-audience"] {
            assert_eq!(meant_audience(audience), None, "{audience}");
        }
    }
}
