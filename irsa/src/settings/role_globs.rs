//! Checks that a glob in `allowedRoles` can match the ARN of a role.

use crate::util::substring::contains;

/// A glob that matches every role.
pub(super) const ANY_ROLE: &str = "arn:*:iam::*:role/**";

/// Whether a glob can match a role ARN. No star matches a `:`, so each of the six parts of an ARN is matched
/// separately. For example, `*` and `admin` match no ARN.
pub(super) fn may_match_role(glob: &str) -> bool {
    let mut parts = glob.split(':');
    let mut next = || parts.next();
    let (Some(arn), Some(partition), Some(service)) = (next(), next(), next()) else { return false };
    let (Some(region), Some(account), Some(resource), None) = (next(), next(), next(), next()) else { return false };
    may_start_with(arn, "arn")
        && may_start_with(partition, "aws")
        && may_start_with(service, "iam")
        && region.bytes().all(|byte| byte == b'*')
        && may_be_account(account)
        && may_start_with(resource, "role/")
        // The resource of a role ARN contains a `/`. Only a literal `/` or `**` matches it.
        && (resource.contains('/') || contains(resource, "**"))
}

/// Whether a glob can match a string that starts with `start`.
fn may_start_with(glob: &str, start: &str) -> bool {
    match glob.split_once('*') {
        Some((plain, _)) => plain.starts_with(start) || start.starts_with(plain),
        None => glob.starts_with(start),
    }
}

fn may_be_account(glob: &str) -> bool {
    let digits = glob.bytes().filter(u8::is_ascii_digit).count();
    let has_star = glob.contains('*');
    let is_plain = glob.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*');
    is_plain && if has_star { digits <= 12 } else { digits == 12 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_globs_that_can_match_a_role() {
        for glob in [
            ANY_ROLE,
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::1111*:role/team-*/**",
            "arn:aws*:iam::*:**",
            "*:*:*:*:*:**",
            "arn:aws:iam::*:*/app",
        ] {
            assert!(may_match_role(glob), "{glob}");
        }
        for glob in [
            "*",
            "**",
            "admin",
            "arn:**",
            "arn:aws:iam::*:*",
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::1234:role/*",
            "arn:aws:iam:us-east-1:*:role/*",
            "arn:gcp:iam::*:role/*",
            "arn:aws:s3::*:role/*",
        ] {
            assert!(!may_match_role(glob), "{glob}");
        }
    }
}
