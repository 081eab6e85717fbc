//! IAM role ARNs.
//!
//! Sources: the webhook's pattern (`pkg/cache/cache.go`, v0.6.17); the IAM User Guide, "IAM identifiers" and "IAM and
//! AWS STS quotas" (a name of 64 characters, a path of 512); the IAM API Reference, type `arnType` (20 to 2048).

use std::borrow::Cow;

use crate::util::substring::split_at_byte;

const NAME_LIMIT: usize = 64;
const PATH_LIMIT: usize = 512;
const LENGTH: std::ops::RangeInclusive<usize> = 20..=2048;

/// The ARN of an IAM role: `arn:aws:iam::111122223333:role/path/name`, of 20 to 2048 characters, of which the name has 64 at the
/// most and the path 512.
///
/// ```
/// use irsa::RoleArn;
///
/// assert!(RoleArn::new("arn:aws:iam::111122223333:role/app".into()).is_some());
/// assert!(RoleArn::new("arn:aws:iam::111122223333:user/app".into()).is_none());
/// assert!(RoleArn::new("app".into()).is_none(), "a name is no ARN: see `composeRoleArn`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn<'a>(Cow<'a, str>);

impl<'a> RoleArn<'a> {
    /// The text as a role's ARN, if it can be one. Whether the role exists is not known here.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        is_role_arn(&text).then_some(Self(text))
    }

    /// The ARN's text, by itself.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        self.0
    }
}

fn is_role_arn(text: &str) -> bool {
    let Some((partition, rest)) = text.strip_prefix("arn:").and_then(|rest| split_at_byte(rest, b':')) else {
        return false;
    };
    let Some((account, rest)) = rest.strip_prefix("iam::").and_then(|rest| split_at_byte(rest, b':')) else {
        return false;
    };
    let Some(path_and_name) = rest.strip_prefix("role/") else { return false };
    // The path begins with the slash that `role` ends with, and ends with the last one.
    let name_length = path_and_name.bytes().rev().take_while(|byte| *byte != b'/').count();
    let path_length = path_and_name.len().saturating_sub(name_length).saturating_add(1);
    LENGTH.contains(&text.len())
        && is_partition(partition)
        && is_account_id(account)
        && path_length <= PATH_LIMIT
        && path_and_name.bytes().all(is_allowed)
        && !path_and_name.starts_with('/')
        && !path_and_name.as_bytes().windows(2).any(|pair| pair == b"//")
        && (1..=NAME_LIMIT).contains(&name_length)
}

/// Whether the text can be an AWS partition, such as `aws` or `aws-us-gov`.
#[must_use]
pub fn is_partition(text: &str) -> bool {
    text.strip_prefix("aws")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
}

/// Whether the text can be an AWS account's id: 12 digits.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        RoleArn::new(Cow::Borrowed(text)).is_some()
    }

    #[test]
    fn accepts_every_partition_path_and_character_that_iam_has() {
        for arn in [
            "arn:aws:iam::111122223333:role/app",
            "arn:aws-cn:iam::111122223333:role/cn.app",
            "arn:aws-iso-b:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/team/sub/app-2",
            "arn:aws-us-gov:iam::111122223333:role/a+b=c,d.e@f-g_h",
        ] {
            assert!(accepts(arn), "{arn}");
        }
    }

    #[test]
    fn rejects_what_cannot_be_a_role() {
        for text in [
            "",
            "my-role",
            " arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::111122223333:role/app ",
            "arn:aws:iam::1234:role/short",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role//app",
            "arn:aws:iam::111122223333:role/team/",
            "arn:aws:iam::111122223333:user/app",
            "arn:aws:iam::111122223333:role/\u{e4}pp",
            "arn:aws:iam::\u{661}11122223333:role/app",
            "arn:gcp:iam::111122223333:role/app",
            "arn:AWS:iam::111122223333:role/app",
            "arn:aws:iam:us-east-1:111122223333:role/app",
            "arn:aws:iam::111122223333:role/a:b",
        ] {
            assert!(!accepts(text), "{text}");
        }
    }

    #[test]
    fn holds_the_limits_of_name_path_and_whole() {
        let arn = |path: usize, name: usize| {
            // A path is counted with its slashes, the first one included: `/ppp/`.
            let path = if path > 1 { format!("{}/", "p".repeat(path - 2)) } else { String::new() };
            format!("arn:aws:iam::111122223333:role/{path}{}", "n".repeat(name))
        };
        assert!(accepts(&arn(1, 64)));
        assert!(!accepts(&arn(1, 65)));
        assert!(accepts(&arn(512, 64)));
        assert!(!accepts(&arn(513, 64)));
        let long_partition = format!("arn:aws-{}:iam::111122223333:role/app", "x".repeat(2048));
        assert!(!accepts(&long_partition));
    }
}
