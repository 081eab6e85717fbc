//! Reads an issuer's URL as users paste it, and checks whether AWS can reach its host.
//!
//! Sources: RFC 3986, section 3.2 (the parts of a URL's authority); RFC 6890 (addresses that are not public) and RFC
//! 6598 (shared addresses); RFC 6761, RFC 6762 and RFC 8375, and ICANN's reservation of `internal` (names that are not
//! public); the URL Standard, "IPv4 parser" (a host whose last label is a number is an IPv4 address).

use std::net::{Ipv4Addr, Ipv6Addr};

use irsa::internals::DNS_SUFFIXES;
use serde_json::Value;

/// The scheme that IAM requires of an issuer.
pub const SCHEME: &str = "https://";

/// The path of the discovery document below the issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// An issuer's URL that was pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedIssuer {
    /// The URL.
    pub url: String,
    /// The assumptions that were needed to read the URL. Each assumption is the start of a sentence. The rest of the
    /// sentence is ": it is read as `URL`".
    pub assumptions: Vec<String>,
}

impl PastedIssuer {
    /// Reads what users paste: a URL, also in quotes, without a scheme or with a user; the URL of the discovery
    /// document; JSON that contains the issuer; or the ARN of IAM's identity provider. A trailing slash is kept,
    /// because it is a part of the issuer. Exception: the issuer of an EKS cluster never ends with a slash, so its
    /// trailing slash is removed.
    ///
    /// # Errors
    /// Fails if the text is a word for "no value", such as `None`, which the AWS CLI prints.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let mut assumptions = Vec::new();
        let mut assume = |what: &str| assumptions.push(what.to_owned());
        let mut rest = text.trim();
        let of_json = issuer_in_json(rest);
        if let Some(issuer) = &of_json {
            assume("the issuer was given in JSON");
            rest = issuer;
        }
        if let Some(inner) = without_quotes(rest) {
            assume("the quotes around the issuer are not a part of it");
            rest = inner;
        }
        if matches!(rest, "None" | "null" | "nil" | "undefined") {
            return Err(
                "expected the issuer's URL, but got a word for \"no value\": either the cluster has no issuer, or the query reads another field",
            );
        }
        let (scheme, mut rest) = if let Some((scheme, rest)) = rest.split_once("://") {
            (scheme.to_ascii_lowercase(), rest)
        } else {
            let of_arn = rest.split_once(":oidc-provider/").filter(|(arn, _)| arn.starts_with("arn:"));
            assume(if of_arn.is_some() {
                "the issuer was given as the ARN of IAM's identity provider"
            } else {
                "the issuer was given without `https://`"
            });
            ("https".to_owned(), of_arn.map_or(rest.trim_start_matches('/'), |(_, provider)| provider))
        };
        if let Some(issuer) = rest.trim_end_matches('/').strip_suffix(DISCOVERY) {
            assume("the URL of the discovery document was given: the issuer is the part before `/.well-known/`");
            rest = issuer;
        }
        let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
        let host = match authority.rsplit_once('@') {
            Some((_, host)) => {
                assume("the user before the `@` is not a part of the issuer");
                host
            }
            None => authority,
        };
        let mut url = format!("{scheme}://{host}{path}");
        if is_eks(&url) && url.ends_with('/') {
            assume("the issuer of an EKS cluster does not end with `/`");
            url.truncate(url.trim_end_matches('/').len());
        }
        Ok(Self { url, assumptions })
    }
}

/// Finds the issuer in a discovery document, or in the output of `aws eks describe-cluster`.
fn issuer_in_json(text: &str) -> Option<String> {
    let value: Value = text.starts_with('{').then(|| serde_json::from_str(text).ok())??;
    let pointers = ["/issuer", "/cluster/identity/oidc/issuer", "/identity/oidc/issuer", "/oidc/issuer"];
    pointers.into_iter().find_map(|pointer| value.pointer(pointer)?.as_str()).map(str::to_owned)
}

/// Removes a pair of quotes, and a comma or semicolon after them. `None` if the text is not in quotes.
fn without_quotes(text: &str) -> Option<&str> {
    let text = text.trim_end_matches([',', ';']);
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>')];
    pairs.into_iter().find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close)).map(str::trim)
}

/// Returns the host of an `https://` URL, and why AWS can't reach it. `None` if the host may be reachable, or the URL
/// has another scheme.
#[must_use]
pub fn unreachable_host(url: &str) -> Option<(&str, &'static str)> {
    let (host, _) = host_and_port(url.strip_prefix(SCHEME)?);
    Some((host, why_not_public(host)?))
}

/// Returns the port of an `https://` URL, if there is one.
#[must_use]
pub fn port(url: &str) -> Option<&str> {
    host_and_port(url.strip_prefix(SCHEME)?).1
}

/// Whether this is the issuer of an EKS cluster (`https://oidc.eks.REGION.amazonaws.com/id/…`), whose public documents
/// AWS publishes.
#[must_use]
pub fn is_eks(url: &str) -> bool {
    let host = url.strip_prefix(SCHEME).map(|rest| host_and_port(rest).0);
    let region_and_suffix = host.and_then(|host| host.strip_prefix("oidc.eks.")?.split_once('.'));
    region_and_suffix.is_some_and(|(region, suffix)| !region.is_empty() && DNS_SUFFIXES.contains(&suffix))
}

/// Returns the host and, if there is one, the port of a URL without its scheme.
fn host_and_port(rest: &str) -> (&str, Option<&str>) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_bare_v6 = !authority.starts_with('[') && authority.matches(':').count() > 1;
    // An IPv6 address contains colons, so only a colon after its brackets begins a port.
    let after_address = authority.rfind(']').unwrap_or_default();
    match authority.rfind(':').filter(|colon| *colon >= after_address && !is_bare_v6) {
        Some(colon) => {
            authority.split_at_checked(colon).map_or((authority, None), |(host, port)| (host, port.get(1..)))
        }
        None => (authority, None),
    }
}

/// Returns why a host is not on a public network. `None` if the host may be on a public network.
fn why_not_public(host: &str) -> Option<&'static str> {
    const OF_CLUSTER: &str = "only the cluster's DNS knows this name";
    if host.is_empty() {
        return Some("the URL has no host");
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(address) => is_private_v6(address).then_some("this address is not on a public network"),
            Err(_) => Some("this is not an IPv6 address"),
        };
    }
    if host.contains(':') {
        return Some("an IPv6 address needs brackets in a URL");
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return is_private_v4(address).then_some("this address is not on a public network");
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let is_number = last.strip_prefix("0x").unwrap_or(last).bytes().all(|byte| byte.is_ascii_hexdigit())
        && (last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number {
        return Some("this is an IP address in an unusual form, not a name");
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if matches!(name.as_str(), "kubernetes" | "kubernetes.default") || ends(&[".svc", ".cluster.local"]) {
        return Some(OF_CLUSTER);
    }
    if labels.len() < 2 {
        return Some("a name without a dot is not on a public network");
    }
    let private = [
        ".internal",
        ".local",
        ".localhost",
        ".lan",
        ".home",
        ".home.arpa",
        ".corp",
        ".intranet",
        ".private",
        ".test",
        ".invalid",
    ];
    ends(&private).then_some("only a private network knows this name")
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || first == 0
        // Shared addresses (RFC 6598), and benchmarks (RFC 2544).
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || address.to_ipv4_mapped().is_some_and(is_private_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE";

    #[test]
    fn reads_an_issuer_as_it_is_pasted() {
        let bare = ISSUER.trim_start_matches(SCHEME);
        for (pasted, count) in [
            (ISSUER.to_owned(), 0),
            (format!("  {ISSUER}\n"), 0),
            (ISSUER.replace("https", "HTTPS"), 0),
            (format!("\"{ISSUER}\""), 1),
            (format!("\"{ISSUER}\","), 1),
            (format!("'{bare}'"), 2),
            (bare.to_owned(), 1),
            (format!("{ISSUER}/.well-known/openid-configuration"), 1),
            (format!("{bare}/.well-known/openid-configuration/"), 2),
            (ISSUER.replace("https://", "https://user:password@"), 1),
            (format!("arn:aws:iam::111122223333:oidc-provider/{bare}"), 1),
            (format!("//{bare}"), 1),
            (format!("{ISSUER}/"), 1),
            (format!("{bare}/"), 2),
            (format!(r#"{{"issuer": "{ISSUER}"}}"#), 1),
            (format!(r#"{{"cluster": {{"identity": {{"oidc": {{"issuer": "{ISSUER}"}}}}}}}}"#), 1),
        ] {
            let issuer = PastedIssuer::read(&pasted).unwrap();
            assert_eq!((issuer.url.as_str(), issuer.assumptions.len()), (ISSUER, count), "{pasted}");
            assert!(!format!("{issuer:?}").contains("password"));
        }
    }

    #[test]
    fn keeps_what_is_a_part_of_the_issuer() {
        for url in
            ["https://a.example/", "http://a.example/id", "https://a.example:8443/id", "https://[2606:4700::1]/id"]
        {
            assert_eq!(PastedIssuer::read(url).unwrap(), PastedIssuer { url: url.into(), assumptions: Vec::new() });
        }
    }

    #[test]
    fn rejects_the_word_for_no_value() {
        for word in ["None", "null", "\"None\""] {
            assert!(PastedIssuer::read(word).is_err(), "{word}");
        }
    }

    #[test]
    fn knows_the_issuers_of_eks() {
        for host in [
            "oidc.eks.us-east-2.amazonaws.com",
            "oidc.eks.cn-north-1.amazonaws.com.cn",
            "oidc.eks.us-iso-east-1.c2s.ic.gov",
            "oidc.eks.eusc-de-east-1.amazonaws.eu",
        ] {
            assert!(is_eks(&format!("https://{host}/id/A")), "{host}");
        }
        for url in [
            "http://oidc.eks.us-east-2.amazonaws.com/id/A",
            "https://oidc.eks.amazonaws.com/id/A",
            "https://oidc.eks.us-east-2.amazonaws.com.evil.example/id/A",
            "https://oidc.eks.us-east-2.example/id/A",
            "https://s3.us-east-2.amazonaws.com/id/A",
            "https://idp.example/oidc.eks.us-east-2.amazonaws.com/id/A",
        ] {
            assert!(!is_eks(url), "{url}");
        }
    }

    #[test]
    fn knows_the_hosts_that_aws_cannot_reach() {
        for host in [
            "",
            "localhost",
            "kubernetes",
            "kubernetes.default.svc",
            "oidc.cluster.local",
            "ip-10-0-0-1.ec2.internal",
            "idp.corp",
            "nas.home.arpa",
            "printer.local",
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "255.255.255.255",
            "2130706433",
            "127.1",
            "0x7f000001",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "fd00::1",
            "[not-an-address]",
        ] {
            let url = format!("https://{host}/id");
            assert_eq!(unreachable_host(&url).map(|(host, _)| host), Some(host), "{host}");
        }
        for host in [
            "oidc.example",
            "a.svc.example",
            "172.32.0.1",
            "[2606:4700::1]",
            "internal.example",
            "8.8.8.8",
            "127.example",
        ] {
            assert_eq!(unreachable_host(&format!("https://{host}:443/id")), None, "{host}");
        }
        assert_eq!(port("https://[2606:4700::1]:443/id"), Some("443"));
        assert_eq!(port("https://[2606:4700::1]/id"), None);
    }
}
