//! AWS regions, and the partitions that they are in.
//!
//! Source: the AWS documentation, "AWS Regions" and "Amazon Resource Names (ARNs)"; the webhook's list of prefixes
//! (`main.go`, v0.6.17), with `eu-isoe-` and `us-isof-` besides.

use std::borrow::Cow;

/// The name of an AWS region, such as `us-east-2`.
///
/// ```
/// use irsa::Region;
///
/// assert_eq!(Region::new("cn-north-1".into()).unwrap().partition(), "aws-cn");
/// assert!(Region::new("Ohio".into()).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region<'a>(Cow<'a, str>);

impl<'a> Region<'a> {
    /// The text as a region's name, if it has the form of one: words joined by `-`, a number last.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        let mut parts = text.rsplit('-');
        let number = parts.next().unwrap_or_default();
        let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let mut words = 0_usize;
        let all_words = parts.all(|word| {
            words = words.saturating_add(1);
            word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        (is_number && all_words && words >= 2).then_some(Self(text))
    }

    /// The region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that the region is in.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        const PARTITIONS: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        PARTITIONS.into_iter().find(|(prefix, _)| self.0.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_regions_and_knows_their_partition() {
        for (name, partition) in [
            ("us-east-2", "aws"),
            ("ap-southeast-4", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(Region::new(Cow::Borrowed(name)).map(|region| region.partition()), Some(partition), "{name}");
        }
    }

    #[test]
    fn rejects_what_has_not_the_form_of_one() {
        for text in
            ["", "us-east", "us-east-2a", "US-EAST-2", "us_east_2", "us--2", "2", "us-2", "us-east-", " us-east-2"]
        {
            assert!(Region::new(Cow::Borrowed(text)).is_none(), "{text}");
        }
    }
}
