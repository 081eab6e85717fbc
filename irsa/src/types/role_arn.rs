//! IAM role ARNs: `arn:aws:iam::111122223333:role/path/name`.
//!
//! Sources:
//!
//! - the webhook's pattern (`pkg/cache/cache.go`, v0.6.17)
//! - the IAM User Guide, "IAM identifiers" and "IAM and AWS STS quotas": a name has at most 64 characters, and a path
//!   has at most 512
//! - the IAM API Reference, type `arnType`: an ARN has 20 to 2048 characters

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::types::character::Shown;

const NAME_LIMIT: usize = 64;
const PATH_LIMIT: usize = 512;
const LENGTH: core::ops::RangeInclusive<usize> = 20..=2048;
const ACCOUNT_ID_LENGTH: usize = 12;

/// The ARN of an IAM role.
///
/// It has 20 to 2048 characters. The role's name has at most 64 characters, and its path has at most 512.
///
/// ```
/// use irsa::internals::{RoleArn, RoleArnError};
///
/// assert!(RoleArn::new("arn:aws:iam::111122223333:role/app".into()).is_ok());
/// assert_eq!(RoleArn::new("arn:aws:iam::111122223333:user/app".into()), Err(RoleArnError::Resource));
///
/// let error = RoleArn::new("arn:aws:iam::11112222333:role/app".into()).unwrap_err();
/// assert_eq!(error.to_string(), "expected a 12-digit account id, but got 11 digits");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn<'a>(Cow<'a, str>);

/// Why a string is not an IAM role ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleArnError {
    /// It contains this character, which no ARN has.
    Character(char),
    /// It does not start with `arn:`.
    Prefix,
    /// The partition is not an AWS partition.
    Partition,
    /// The service is not `iam`, or no `:` follows it.
    Service,
    /// It has a region, but IAM is global.
    Region,
    /// The account id is wrong.
    AccountId(AccountIdError),
    /// The resource is not a role.
    Resource,
    /// The path or the name has a `:`.
    Colon,
    /// A segment of the path is empty.
    EmptySegment,
    /// The role has no name.
    NoName,
    /// The name has this number of characters.
    NameLength(usize),
    /// The path has this number of characters.
    PathLength(usize),
    /// The whole ARN has this number of characters.
    Length(usize),
}

/// Why a string is not the id of an AWS account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountIdError {
    /// It has this number of digits.
    Length(usize),
    /// It has this character, which is not an ASCII digit.
    Character(char),
}

/// Why a string is not an AWS partition: it does not start with `aws`, or contains a character that no partition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionError;

impl<'a> RoleArn<'a> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "an IAM role ARN, such as `arn:aws:iam::111122223333:role/app`";

    /// Checks that a string is the ARN of an IAM role. The role may not exist.
    ///
    /// # Errors
    /// Returns the first problem found. A wrong character takes precedence, because an invisible character can cause
    /// the other problems.
    pub fn new(text: Cow<'a, str>) -> Result<Self, RoleArnError> {
        check(&text)?;
        Ok(Self(text))
    }

    /// The ARN as a string.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        self.0
    }
}

fn check(text: &str) -> Result<(), RoleArnError> {
    // The parts of a valid ARN contain no wrong character, so only an invalid ARN is searched for a wrong character.
    check_parts(text).map_err(|error| {
        let is_wrong = |character: &char| *character != ':' && !u8::try_from(*character).is_ok_and(is_allowed);
        text.chars().find(is_wrong).map_or(error, RoleArnError::Character)
    })
}

/// Checks the parts of an ARN. The settings may contain many roles, so this function matches byte patterns, which costs
/// less than comparing short strings.
fn check_parts(text: &str) -> Result<(), RoleArnError> {
    let [b'a', b'r', b'n', b':', rest @ ..] = text.as_bytes() else { return Err(RoleArnError::Prefix) };
    let (partition, rest) = split_at_colon(rest).ok_or(RoleArnError::Partition)?;
    if !is_partition(partition) {
        return Err(RoleArnError::Partition);
    }
    let [b'i', b'a', b'm', b':', rest @ ..] = rest else { return Err(RoleArnError::Service) };
    let [b':', rest @ ..] = rest else { return Err(RoleArnError::Region) };
    let (account, rest) = split_at_colon(rest).ok_or(RoleArnError::Resource)?;
    if account.len() != ACCOUNT_ID_LENGTH || !account.iter().all(u8::is_ascii_digit) {
        return Err(RoleArnError::AccountId(account_id_error(account)));
    }
    let [b'r', b'o', b'l', b'e', b'/', path_and_name @ ..] = rest else { return Err(RoleArnError::Resource) };
    check_path_and_name(path_and_name)?;
    if LENGTH.contains(&text.len()) { Ok(()) } else { Err(RoleArnError::Length(text.len())) }
}

fn split_at_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(text.iter().position(|byte| *byte == b':')?)?;
    Some((before, rest.get(1..)?))
}

/// Checks the path and the name of a role: the part of the ARN after `role/`.
fn check_path_and_name(text: &[u8]) -> Result<(), RoleArnError> {
    let mut name_length = 0_usize;
    let mut previous = b'/';
    for &byte in text {
        match byte {
            b'/' if previous == b'/' => return Err(RoleArnError::EmptySegment),
            b'/' => name_length = 0,
            _ if is_allowed(byte) => name_length = name_length.saturating_add(1),
            // If the character is wrong in every part of an ARN, `check` replaces this error.
            _ => return Err(RoleArnError::Colon),
        }
        previous = byte;
    }
    let path_length = text.len().saturating_sub(name_length).saturating_add(1);
    match name_length {
        0 => Err(RoleArnError::NoName),
        _ if name_length > NAME_LIMIT => Err(RoleArnError::NameLength(name_length)),
        _ if path_length > PATH_LIMIT => Err(RoleArnError::PathLength(path_length)),
        _ => Ok(()),
    }
}

/// Checks that a string is an AWS partition, such as `aws` or `aws-us-gov`.
///
/// # Errors
/// Fails if it does not start with `aws`, or contains characters other than lower-case letters, digits and `-`.
pub fn check_partition(text: &str) -> Result<(), PartitionError> {
    if is_partition(text.as_bytes()) { Ok(()) } else { Err(PartitionError) }
}

fn is_partition(text: &[u8]) -> bool {
    let [b'a', b'w', b's', rest @ ..] = text else { return false };
    rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Checks that a string is the id of an AWS account: 12 digits.
///
/// # Errors
/// Fails with the first character that is not an ASCII digit, or with the number of digits.
pub fn check_account_id(text: &str) -> Result<(), AccountIdError> {
    let is_account_id = text.len() == ACCOUNT_ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account_id { Ok(()) } else { Err(account_id_error(text.as_bytes())) }
}

fn account_id_error(text: &[u8]) -> AccountIdError {
    let text = String::from_utf8_lossy(text);
    match text.chars().find(|character| !character.is_ascii_digit()) {
        Some(character) => AccountIdError::Character(character),
        None => AccountIdError::Length(text.len()),
    }
}

/// Whether the path and the name of a role may contain this byte.
fn is_allowed(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'-'..=b'9' | b'@'..=b'Z' | b'_' | b'+' | b'=' | b',')
}

impl fmt::Display for RoleArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => {
                write!(f, "expected letters, digits and `_+=,.@-/:`, but got {}", Shown(*character))
            }
            Self::Prefix => f.write_str("expected an ARN that starts with `arn:`, but the value does not"),
            Self::Partition => {
                f.write_str("expected `arn:`, an AWS partition, such as `aws`, and `:`, but got something else")
            }
            Self::Service => f.write_str("expected the service `iam` after the partition, but got something else"),
            Self::Region => f.write_str("expected `iam::` (IAM has no regions), but got something else"),
            Self::AccountId(error) => error.fmt(f),
            Self::Resource => f.write_str("expected `role/` after the account id, but got something else"),
            Self::Colon => f.write_str("expected a role path and name without `:`, but got a `:`"),
            Self::EmptySegment => f.write_str("expected a role path without empty segments, but got `//`"),
            Self::NoName => f.write_str("expected a role name after the last `/`, but it is missing"),
            Self::NameLength(length) => {
                write!(f, "expected a role name of at most {NAME_LIMIT} characters, but got {length}")
            }
            Self::PathLength(length) => {
                write!(f, "expected a role path of at most {PATH_LIMIT} characters, but got {length}")
            }
            Self::Length(length) => {
                write!(f, "expected {} to {} characters, but got {length}", LENGTH.start(), LENGTH.end())
            }
        }
    }
}

impl fmt::Display for AccountIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a {ACCOUNT_ID_LENGTH}-digit account id, but got ")?;
        match self {
            Self::Length(1) => f.write_str("1 digit"),
            Self::Length(length) => write!(f, "{length} digits"),
            Self::Character(character) => Shown(*character).fmt(f),
        }
    }
}

impl fmt::Display for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an AWS partition, such as `aws` or `aws-cn`, but got something else")
    }
}

impl core::error::Error for RoleArnError {}
impl core::error::Error for AccountIdError {}
impl core::error::Error for PartitionError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<RoleArnError> {
        RoleArn::new(Cow::Borrowed(text)).err()
    }

    #[test]
    fn accepts_valid_partitions_paths_and_characters() {
        for arn in [
            "arn:aws:iam::111122223333:role/app",
            "arn:aws-cn:iam::111122223333:role/cn.app",
            "arn:aws-iso-b:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/team/sub/app-2",
            "arn:aws-us-gov:iam::111122223333:role/a+b=c,d.e@f-g_h",
        ] {
            assert_eq!(error(arn), None, "{arn}");
        }
    }

    #[test]
    fn rejects_invalid_arns_with_the_reason() {
        use AccountIdError::{Character as NoDigit, Length as Digits};
        use RoleArnError::{
            AccountId, Character, Colon, EmptySegment, NoName, Partition, Prefix, Region, Resource, Service,
        };
        for (text, expected, message) in [
            ("", Prefix, "expected an ARN that starts with `arn:`, but the value does not"),
            ("my-role", Prefix, "expected an ARN that starts with `arn:`, but the value does not"),
            (
                "ARN:aws:iam::111122223333:role/app",
                Prefix,
                "expected an ARN that starts with `arn:`, but the value does not",
            ),
            (
                " arn:aws:iam::111122223333:role/app",
                Character(' '),
                "expected letters, digits and `_+=,.@-/:`, but got a space",
            ),
            (
                "arn:aws:iam::111122223333:role/app\u{200b}",
                Character('\u{200b}'),
                "expected letters, digits and `_+=,.@-/:`, but got U+200B",
            ),
            (
                "arn:aws:iam::111122223333:role/\u{e4}pp",
                Character('\u{e4}'),
                "expected letters, digits and `_+=,.@-/:`, but got U+00E4",
            ),
            (
                "arn:aws:iam::111122223333:role/*",
                Character('*'),
                "expected letters, digits and `_+=,.@-/:`, but got `*`",
            ),
            (
                "arn:gcp:iam::111122223333:role/app",
                Partition,
                "expected `arn:`, an AWS partition, such as `aws`, and `:`, but got something else",
            ),
            (
                "arn:AWS:iam::111122223333:role/app",
                Partition,
                "expected `arn:`, an AWS partition, such as `aws`, and `:`, but got something else",
            ),
            ("arn:aws", Partition, "expected `arn:`, an AWS partition, such as `aws`, and `:`, but got something else"),
            (
                "arn:aws:sts::111122223333:assumed-role/app/x",
                Service,
                "expected the service `iam` after the partition, but got something else",
            ),
            (
                "arn:aws:iam:us-east-1:111122223333:role/app",
                Region,
                "expected `iam::` (IAM has no regions), but got something else",
            ),
            ("arn:aws:iam:::role/app", AccountId(Digits(0)), "expected a 12-digit account id, but got 0 digits"),
            ("arn:aws:iam::1:role/app", AccountId(Digits(1)), "expected a 12-digit account id, but got 1 digit"),
            (
                "arn:aws:iam::11112222333:role/app",
                AccountId(Digits(11)),
                "expected a 12-digit account id, but got 11 digits",
            ),
            (
                "arn:aws:iam::1111-2222-3333:role/app",
                AccountId(NoDigit('-')),
                "expected a 12-digit account id, but got `-`",
            ),
            (
                "arn:aws:iam::111122223333:user/app",
                Resource,
                "expected `role/` after the account id, but got something else",
            ),
            ("arn:aws:iam::111122223333", Resource, "expected `role/` after the account id, but got something else"),
            ("arn:aws:iam::111122223333:role/a:b", Colon, "expected a role path and name without `:`, but got a `:`"),
            (
                "arn:aws:iam::111122223333:role//app",
                EmptySegment,
                "expected a role path without empty segments, but got `//`",
            ),
            (
                "arn:aws:iam::111122223333:role/team//app",
                EmptySegment,
                "expected a role path without empty segments, but got `//`",
            ),
            ("arn:aws:iam::111122223333:role/", NoName, "expected a role name after the last `/`, but it is missing"),
            (
                "arn:aws:iam::111122223333:role/team/",
                NoName,
                "expected a role name after the last `/`, but it is missing",
            ),
        ] {
            let error = error(text).unwrap();
            assert_eq!(error, expected, "{text}");
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn rejects_digits_of_other_scripts() {
        assert_eq!(check_account_id("\u{661}11122223333"), Err(AccountIdError::Character('\u{661}')));
    }

    #[test]
    fn enforces_the_limits_of_the_name_the_path_and_the_arn() {
        let arn = |path: usize, name: usize| {
            // The length of a path includes its slashes: `/ppp/`.
            let path = if path > 1 { format!("{}/", "p".repeat(path - 2)) } else { String::new() };
            format!("arn:aws:iam::111122223333:role/{path}{}", "n".repeat(name))
        };
        assert_eq!(error(&arn(1, 64)), None);
        assert_eq!(error(&arn(1, 65)), Some(RoleArnError::NameLength(65)));
        assert_eq!(error(&arn(512, 64)), None);
        assert_eq!(error(&arn(513, 64)), Some(RoleArnError::PathLength(513)));
        let long_partition = |length: usize| format!("arn:aws-{}:iam::111122223333:role/app", "x".repeat(length - 35));
        assert_eq!(error(&long_partition(2048)), None);
        assert_eq!(error(&long_partition(2049)), Some(RoleArnError::Length(2049)));
        for (error, message) in [
            (RoleArnError::NameLength(65), "expected a role name of at most 64 characters, but got 65"),
            (RoleArnError::PathLength(513), "expected a role path of at most 512 characters, but got 513"),
            (RoleArnError::Length(2049), "expected 20 to 2048 characters, but got 2049"),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }
}
