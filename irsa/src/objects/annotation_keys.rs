//! The keys of the annotations that the policy reads, and how people misspell them.

use alloc::string::String;
use alloc::vec::Vec;

use super::metadata::{Annotations, SKIP_LABEL};
use crate::json::{RawStr, is_same};
use crate::util::edit_distance::edits_within;

/// `role-arn`: the role.
pub(crate) const ROLE_ARN: &str = "role-arn";
/// `audience`: the token's audience.
pub const AUDIENCE: &str = "audience";
/// `sts-regional-endpoints`: whether SDKs call STS in their region.
pub(crate) const STS_REGIONAL_ENDPOINTS: &str = "sts-regional-endpoints";
/// `token-expiration`: the token's lifetime, in seconds.
pub(crate) const TOKEN_EXPIRATION: &str = "token-expiration";
/// `skip-containers`: the containers that get no identity.
pub(crate) const SKIP_CONTAINERS: &str = "skip-containers";
/// `include-containers`: the only containers that get an identity.
pub(crate) const INCLUDE_CONTAINERS: &str = "include-containers";
/// `region`: the region of the account's pods.
pub(crate) const REGION: &str = "region";
/// `ecr-role-arn`: the role of the kubelet's ECR credential provider. Checked, but never injected.
pub(crate) const ECR_ROLE_ARN: &str = "ecr-role-arn";

/// The keys for service accounts, without the prefix.
pub(crate) const ACCOUNT_KEYS: [&str; 8] = [
    ROLE_ARN,
    AUDIENCE,
    STS_REGIONAL_ENDPOINTS,
    TOKEN_EXPIRATION,
    SKIP_CONTAINERS,
    INCLUDE_CONTAINERS,
    REGION,
    ECR_ROLE_ARN,
];

/// The keys for pods, without the prefix.
pub(crate) const POD_KEYS: [&str; 3] = [TOKEN_EXPIRATION, SKIP_CONTAINERS, INCLUDE_CONTAINERS];

/// The annotation prefix of AWS's webhook.
pub(crate) const DEFAULT_PREFIX: &str = "eks.amazonaws.com";

/// The annotation of kube2iam and kiam.
pub(crate) const KIAM_ROLE: &str = "iam.amazonaws.com/role";

/// The maximum number of edits between a misspelled name and the correct one.
const EDITS: usize = 2;

/// The maximum number of misspelled annotations to keep. The others are only counted.
pub(crate) const MISSPELLED_LIMIT: usize = 8;

/// Domains that people write instead of the prefix. They belong to Amazon, or nobody uses them for annotations.
const MISTAKEN_DOMAINS: [&str; 13] = [
    "amazonaws.com",
    "aws.amazon.com",
    "aws.amazonaws.com",
    "sts.amazonaws.com",
    "iam.amazonaws.com",
    "eks.amazonaws.com.cn",
    "eks.amazon.com",
    "eks.aws.com",
    "eks.aws.amazon.com",
    "eks.amazonaws.co",
    "eks.amazonaws.org",
    "eks.amazonaws.io",
    "iam.eks.amazonaws.com",
];

/// Keys that people write under the prefix, and the keys that they mean.
const MISTAKEN_KEYS: [(&str, &str); 12] = [
    ("role", ROLE_ARN),
    ("role-name", ROLE_ARN),
    ("iam-role", ROLE_ARN),
    ("iam-role-arn", ROLE_ARN),
    ("iam-role-name", ROLE_ARN),
    ("aws-role-arn", ROLE_ARN),
    ("irsa-role-arn", ROLE_ARN),
    ("assume-role-arn", ROLE_ARN),
    ("service-account-role-arn", ROLE_ARN),
    ("token-audience", AUDIENCE),
    ("token-expiration-seconds", TOKEN_EXPIRATION),
    ("aws-region", REGION),
];

/// An annotation with a misspelled key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misspelled {
    /// The key as written.
    pub(crate) key: String,
    /// The key that its author probably means, without the prefix.
    pub(crate) meant: &'static str,
    /// Whether only the prefix is wrong: the key has the default prefix, but the settings have another prefix. Such a
    /// key is reported only if the account has no role.
    pub(crate) has_default_prefix: bool,
}

/// The misspelled annotations of an object: the first ones, sorted by key, and the number of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MisspelledKeys {
    /// At most [`MISSPELLED_LIMIT`], in the order of their keys.
    pub(crate) first: Vec<Misspelled>,
    /// The number of further misspelled annotations.
    pub(crate) more: usize,
}

impl MisspelledKeys {
    /// Finds the misspelled keys of an object's annotations. `known` are the valid keys for this kind of object.
    pub(crate) fn new(annotations: &Annotations<'_>, prefix: &str, known: &[&'static str]) -> Self {
        let mut found = Self::default();
        for key in annotations.keys().map(RawStr::decode) {
            if let Some((meant, has_default_prefix)) = meant_key(&key, prefix, known) {
                found.add(Misspelled { key: key.into_owned(), meant, has_default_prefix });
            }
        }
        found
    }

    fn add(&mut self, misspelled: Misspelled) {
        let at = self.first.partition_point(|other| other.key <= misspelled.key);
        if at < MISSPELLED_LIMIT {
            self.first.insert(at, misspelled);
        }
        if self.first.len() > MISSPELLED_LIMIT || at >= MISSPELLED_LIMIT {
            self.first.truncate(MISSPELLED_LIMIT);
            self.more = self.more.saturating_add(1);
        }
    }
}

/// Returns the part of an annotation's key after `prefix/`. `None` if the key has another prefix.
pub(crate) fn name_under<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    let (start, name) = key.split_at_checked(prefix.len())?;
    if is_same(start.as_bytes(), prefix.as_bytes()) { name.strip_prefix('/') } else { None }
}

/// Whether the policy reads or reports an annotation, so that a change of the annotation is relevant.
pub(crate) fn is_relevant(key: &str, prefix: &str) -> bool {
    name_under(key, prefix).is_some()
        || key == KIAM_ROLE
        || key == SKIP_LABEL
        || meant_key(key, prefix, &ACCOUNT_KEYS).is_some()
}

/// Returns the known key that an annotation probably means, and whether the default prefix is the only mistake. `None`
/// if the key is correct, or resembles no known key.
fn meant_key(key: &str, prefix: &str, known: &[&'static str]) -> Option<(&'static str, bool)> {
    if let Some(name) = name_under(key, prefix) {
        return if ACCOUNT_KEYS.contains(&name) { None } else { meant_under_prefix(name, known).map(|it| (it, false)) };
    }
    let Some((domain, name)) = key.split_once('/') else {
        // The slash is missing: `eks.amazonaws.com.role-arn`.
        let name = key.strip_prefix(prefix)?.strip_prefix(['.', '-', '_'])?;
        return known.iter().find(|known| **known == name).map(|meant| (*meant, false));
    };
    if prefix != DEFAULT_PREFIX && domain == DEFAULT_PREFIX {
        return known.iter().find(|known| **known == name).map(|meant| (*meant, true));
    }
    let is_near = edits_within(domain, prefix, EDITS).is_some();
    if !is_near && !MISTAKEN_DOMAINS.contains(&domain) {
        return None;
    }
    let meant = nearest(name, known)?;
    // `audience` and `region` under other domains may belong to another program.
    let is_common = matches!(meant, AUDIENCE | REGION);
    (is_near || !is_common).then_some((meant, false))
}

fn meant_under_prefix(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let mistaken = MISTAKEN_KEYS.iter().find(|(key, meant)| *key == name && known.contains(meant));
    mistaken.map(|(_, meant)| *meant).or_else(|| nearest(name, known))
}

/// Returns the nearest known key within [`EDITS`] edits.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let near = known.iter().filter_map(|known| Some((edits_within(name, known, EDITS)?, *known)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Read as _, Reader};
    use crate::objects::metadata::Metadata;

    fn found(keys: &[&str], prefix: &str, known: &[&'static str]) -> Vec<(String, &'static str)> {
        let entries: Vec<String> = keys.iter().map(|key| format!("{key:?}: \"\"")).collect();
        let metadata = format!(r#"{{"annotations": {{{}}}}}"#, entries.join(","));
        let metadata = Metadata::read(&mut Reader::new(&metadata)).unwrap();
        let found = MisspelledKeys::new(&metadata.annotations, prefix, known);
        found.first.into_iter().map(|misspelled| (misspelled.key, misspelled.meant)).collect()
    }

    #[test]
    fn finds_common_misspellings() {
        for (key, meant) in [
            ("eks.amazonaws.com/role_arn", ROLE_ARN),
            ("eks.amazonaws.com/rolearn", ROLE_ARN),
            ("eks.amazonaws.com/role", ROLE_ARN),
            ("eks.amazonaws.com/role-name", ROLE_ARN),
            ("eks.amazonaws.com/iam-role-arn", ROLE_ARN),
            ("eks.amazonaws.com.role-arn", ROLE_ARN),
            ("eks.amazon.com/role-arn", ROLE_ARN),
            ("eks.amazoneaws.com/role-arn", ROLE_ARN),
            ("eks.amazonaw.com/role-arn", ROLE_ARN),
            ("iam.amazonaws.com/role-arn", ROLE_ARN),
            ("eks.amazonaws.com.cn/role-arn", ROLE_ARN),
            ("eks.amazonaws.com/sts-regional-endpoint", STS_REGIONAL_ENDPOINTS),
            ("eks.amazonaw.com/region", REGION),
        ] {
            assert_eq!(found(&[key], DEFAULT_PREFIX, &ACCOUNT_KEYS), [(key.to_owned(), meant)], "{key}");
        }
    }

    #[test]
    fn ignores_annotations_of_other_programs() {
        for key in [
            "eks.amazonaws.com/role-arn",
            "eks.amazonaws.com/compute-type",
            "iam.amazonaws.com/role",
            "eks.amazon.com/other",
            "example.com/role-arn",
            "role-arn",
            "amazonaws.com/region",
            "aws.amazon.com/audience",
        ] {
            assert_eq!(found(&[key], DEFAULT_PREFIX, &ACCOUNT_KEYS), [], "{key}");
        }
        assert_eq!(found(&["eks.amazon.com/role-arn"], DEFAULT_PREFIX, &POD_KEYS), []);
    }

    #[test]
    fn finds_the_default_prefix_if_the_settings_have_another_prefix() {
        let key = "eks.amazonaws.com/role-arn";
        assert_eq!(found(&[key], "iam.example.com", &ACCOUNT_KEYS), [(key.to_owned(), ROLE_ARN)]);
    }

    #[test]
    fn keeps_the_first_eight_misspelled_keys_and_counts_the_rest() {
        let keys: Vec<String> = (0..20).rev().map(|index| format!("eks.amazonaws.com/role-arn{index}")).collect();
        let entries: Vec<String> = keys.iter().map(|key| format!("{key:?}: \"\"")).collect();
        let metadata = format!(r#"{{"annotations": {{{}}}}}"#, entries.join(","));
        let metadata = Metadata::read(&mut Reader::new(&metadata)).unwrap();
        let found = MisspelledKeys::new(&metadata.annotations, DEFAULT_PREFIX, &ACCOUNT_KEYS);
        assert_eq!((found.first.len(), found.more), (8, 12));
        assert!(found.first.is_sorted_by(|one, other| one.key < other.key));
        assert_eq!(found.first[0].key, "eks.amazonaws.com/role-arn0");
    }
}
