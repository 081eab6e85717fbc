//! Service accounts: their name, and the annotations that matter.

use std::borrow::Cow;

use super::metadata::Annotations;
use crate::json::RawStr;
use crate::types::object_name::AccountName;
use crate::util::edit_distance::edits;
use crate::util::names::{Entry, sort};

/// `role-arn`: the role.
pub(crate) const ROLE_ARN: &str = "role-arn";
/// `audience`: the token's audience.
pub const AUDIENCE: &str = "audience";
/// `sts-regional-endpoints`: whether SDKs call STS in the region.
pub(crate) const STS_REGIONAL_ENDPOINTS: &str = "sts-regional-endpoints";
/// `token-expiration`: the token's lifetime, in seconds.
pub(crate) const TOKEN_EXPIRATION: &str = "token-expiration";
/// `skip-containers`: the containers that get nothing.
pub(crate) const SKIP_CONTAINERS: &str = "skip-containers";

/// The keys that are read on service accounts, without the prefix.
pub(crate) const ACCOUNT_KEYS: [&str; 5] =
    [ROLE_ARN, AUDIENCE, STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION, SKIP_CONTAINERS];

/// The keys that are read on pods, without the prefix.
pub(crate) const POD_KEYS: [&str; 2] = [TOKEN_EXPIRATION, SKIP_CONTAINERS];

/// Prefixes that people write instead of the default one. Each is Amazon's, or nobody uses it for annotations.
const MISTAKEN_PREFIXES: [&str; 8] = [
    "eks.amazon.com",
    "eks.aws.com",
    "eks.aws.amazon.com",
    "eks.amazonaws.co",
    "eks.amazonaws.org",
    "eks.amazonaws.io",
    "amazonaws.com",
    "aws.amazon.com",
];

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceAccount {
    /// Its namespace and name.
    pub(crate) name: AccountName,
    /// Its annotations under the prefix.
    pub(crate) annotations: AccountAnnotations,
}

/// The annotations of a service account, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountAnnotations {
    pub(crate) role_arn: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) sts_regional_endpoints: Option<String>,
    pub(crate) token_expiration: Option<String>,
    pub(crate) skip_containers: Option<String>,
    /// Annotations with nearly one of these names.
    pub(crate) misspelled: Vec<Misspelled>,
}

impl AccountAnnotations {
    /// Reads the annotations under a prefix.
    pub(crate) fn new(annotations: &Annotations<'_>, prefix: &str) -> Self {
        let value = |key| annotations.under(prefix, key).map(|value| value.decode().into_owned());
        Self {
            role_arn: value(ROLE_ARN),
            audience: value(AUDIENCE),
            sts_regional_endpoints: value(STS_REGIONAL_ENDPOINTS),
            token_expiration: value(TOKEN_EXPIRATION),
            skip_containers: value(SKIP_CONTAINERS),
            misspelled: misspelled(annotations, prefix, &ACCOUNT_KEYS),
        }
    }

    /// The role as it is written, unless it is empty.
    pub(crate) fn role(&self) -> Option<&str> {
        self.role_arn.as_deref().filter(|role| !role.is_empty())
    }
}

/// An annotation with nearly the name of one that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misspelled {
    /// Its key.
    pub(crate) key: String,
    /// The key that its author probably meant, without the prefix.
    pub(crate) meant: &'static str,
}

/// Whether an annotation may be meant for the policy, by the domain of its key.
pub(crate) fn is_relevant(key: &str, prefix: &str) -> bool {
    key.split_once('/').is_some_and(|(domain, _)| domain == prefix || MISTAKEN_PREFIXES.contains(&domain))
}

/// The misspelled annotations, in the order of their keys: under the prefix, those within two edits of a known key;
/// under a prefix that people write in its place, the known keys too.
pub(crate) fn misspelled(annotations: &Annotations<'_>, prefix: &str, known: &[&'static str]) -> Vec<Misspelled> {
    const EDITS: usize = 2;
    let mut found: Vec<Misspelled> = Vec::new();
    for key in annotations.keys().map(RawStr::decode).filter(|key| is_relevant(key, prefix)) {
        let Some((domain, name)) = key.split_once('/') else { continue };
        if domain == prefix && ACCOUNT_KEYS.contains(&name) {
            continue;
        }
        // Each edit changes the length by at most one.
        let length = name.chars().count();
        let near = known.iter().filter(|known| length.abs_diff(known.len()) <= EDITS);
        let Some(meant) = near.min_by_key(|known| edits(name, known)) else { continue };
        if edits(name, meant) <= EDITS {
            found.push(Misspelled { key: key.into_owned(), meant });
        }
    }
    let keys = found.iter().enumerate();
    let mut order: Vec<Entry<'_>> = keys.map(|(position, found)| (Cow::Borrowed(&*found.key), position)).collect();
    sort(&mut order);
    order.iter().filter_map(|(_, position)| found.get(*position).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Reader;
    use crate::objects::metadata::Metadata;

    #[test]
    fn finds_misspelled_annotations_and_leaves_those_of_others_alone() {
        let metadata = r#"{"annotations": {
            "eks.amazonaws.com/role_arn": "", "eks.amazonaws.com/rolearn": "", "eks.amazon.com/role-arn": "",
            "eks.amazonaws.com/role-arn": "", "eks.amazonaws.com/compute-type": "", "iam.amazonaws.com/role": "",
            "eks.amazon.com/other": "", "example.com/role-arn": "", "role-arn": ""
        }}"#;
        let metadata = Metadata::read(&mut Reader::new(metadata)).unwrap();
        let found = |known| -> Vec<String> {
            misspelled(&metadata.annotations, "eks.amazonaws.com", known).into_iter().map(|found| found.key).collect()
        };
        assert_eq!(
            found(&ACCOUNT_KEYS),
            ["eks.amazon.com/role-arn", "eks.amazonaws.com/role_arn", "eks.amazonaws.com/rolearn"]
        );
        assert!(found(&POD_KEYS).is_empty());
    }
}
