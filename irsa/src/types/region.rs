//! AWS regions, and the partition of each.
//!
//! Sources: the AWS documentation, "AWS Regions" and "Amazon Resource Names (ARNs)"; the webhook's list of prefixes
//! (`main.go`, v0.6.17), plus `eu-isoe-` and `us-isof-`.

use alloc::borrow::Cow;
use core::fmt;

use crate::types::character::Shown;
use crate::util::substring::split_at_byte;

/// The name of an AWS region, such as `us-east-2`.
///
/// Only the form is checked: at least two words and a number, joined by `-`. The region may not exist.
///
/// ```
/// use irsa::internals::{Region, RegionError};
///
/// assert_eq!(Region::new("cn-north-1".into())?.partition(), "aws-cn");
/// assert_eq!(Region::new("us-east-2a".into()), Err(RegionError::AvailabilityZone));
/// # Ok::<(), RegionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region<'a>(Cow<'a, str>);

/// Why a string is not the name of an AWS region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionError {
    /// It contains this character, which no region has.
    Character(char),
    /// It is the name of an availability zone: a region and a letter.
    AvailabilityZone,
    /// It does not consist of at least two words and a number, joined by `-`.
    Form,
}

impl<'a> Region<'a> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "an AWS region, such as `us-east-2`";

    /// Checks that a string has the form of a region's name.
    ///
    /// # Errors
    /// Fails with the first wrong character. If all characters are valid, the error says whether the string is an
    /// availability zone.
    pub fn new(text: Cow<'a, str>) -> Result<Self, RegionError> {
        if has_form_of_region(&text) {
            return Ok(Self(text));
        }
        let is_wrong = |character: &char| !matches!(character, 'a'..='z' | '0'..='9' | '-');
        if let Some(character) = text.chars().find(is_wrong) {
            return Err(RegionError::Character(character));
        }
        let is_zone = text.strip_suffix(|last: char| last.is_ascii_lowercase()).is_some_and(has_form_of_region);
        Err(if is_zone { RegionError::AvailabilityZone } else { RegionError::Form })
    }

    /// The region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition of the region.
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

fn has_form_of_region(text: &str) -> bool {
    // Splitting bytes takes fewer instructions than splitting at a character.
    let mut parts = text.as_bytes().rsplit(|byte| *byte == b'-');
    let number = parts.next().unwrap_or_default();
    let is_number = (1..=2).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    let mut words = 0_usize;
    let all_words = parts.all(|word| {
        words = words.saturating_add(1);
        word.len() >= 2 && word.iter().all(u8::is_ascii_lowercase)
    });
    is_number && all_words && words >= 2
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => {
                write!(f, "expected lower-case letters, digits and `-`, but got {}", Shown(*character))
            }
            Self::AvailabilityZone => write!(f, "expected {}, but got an availability zone", Region::EXPECTED),
            Self::Form => write!(f, "expected {}, but got something else", Region::EXPECTED),
        }
    }
}

impl core::error::Error for RegionError {}

/// The partition in an ARN, such as `aws-cn`. `None` if the string is not an ARN.
pub(crate) fn partition_of_arn(arn: &str) -> Option<&str> {
    let (partition, _) = split_at_byte(arn.strip_prefix("arn:")?, b':')?;
    partition.starts_with("aws").then_some(partition)
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
            assert_eq!(Region::new(Cow::Borrowed(name)).unwrap().partition(), partition, "{name}");
        }
    }

    #[test]
    fn rejects_invalid_regions_with_the_reason() {
        use RegionError::{AvailabilityZone, Character, Form};
        for (text, expected, message) in [
            ("", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("2", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("us-2", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("us-east", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("us-east-", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("us-east-2aa", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            ("us--2", Form, "expected an AWS region, such as `us-east-2`, but got something else"),
            (
                "us-east-2a",
                AvailabilityZone,
                "expected an AWS region, such as `us-east-2`, but got an availability zone",
            ),
            ("US-EAST-2", Character('U'), "expected lower-case letters, digits and `-`, but got `U`"),
            ("us_east_2", Character('_'), "expected lower-case letters, digits and `-`, but got `_`"),
            (" us-east-2", Character(' '), "expected lower-case letters, digits and `-`, but got a space"),
            ("us-east-2\u{200b}", Character('\u{200b}'), "expected lower-case letters, digits and `-`, but got U+200B"),
        ] {
            let error = Region::new(Cow::Borrowed(text)).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}
