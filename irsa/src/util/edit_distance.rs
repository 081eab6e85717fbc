//! Finds the known name that a misspelled name probably means.

use alloc::string::String;
use alloc::vec::Vec;

use crate::util::substring::contains;

/// The maximum number of characters that [`nearest`] compares. The rest of a longer name is ignored.
const NAME_LIMIT: usize = 64;

/// The Levenshtein distance: the number of characters to insert, delete or replace.
#[must_use]
pub fn edits(one: &str, other: &str) -> usize {
    edits_within(one, other, usize::MAX).unwrap_or(usize::MAX)
}

/// The Levenshtein distance. `None` if the distance is greater than `limit`. Stops as soon as this is certain.
pub(crate) fn edits_within(one: &str, other: &str, limit: usize) -> Option<usize> {
    // An edit changes the length by at most one byte if both strings are ASCII, and by at most four bytes otherwise.
    let bytes = if one.is_ascii() && other.is_ascii() { limit } else { limit.saturating_mul(4) };
    if one.len().abs_diff(other.len()) > bytes {
        return None;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index.saturating_add(1);
        let mut least = before;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (right, cell) in other.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(left != *right));
            diagonal = *cell;
            before = replaced.min(diagonal.saturating_add(1)).min(before.saturating_add(1));
            least = least.min(before);
            *cell = before;
        }
        // The final distance is never less than the minimum of a row.
        if least > limit {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

/// Returns the known name that is most similar to `name`. Ignores letter case, `-` and `_`. Names within two edits come
/// first. Names that start with `name` come next, then other names that contain `name` or are a part of `name`, and
/// then all others. `None` only if there are no known names.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let fold = |text: &str| -> String {
        text.chars().filter(|sign| !matches!(sign, '-' | '_')).map(|sign| sign.to_ascii_lowercase()).collect()
    };
    let name = fold(name.char_indices().nth(NAME_LIMIT).and_then(|(end, _)| name.get(..end)).unwrap_or(name));
    known.into_iter().min_by_key(|candidate| {
        let candidate = fold(candidate);
        let distance = edits(&name, &candidate);
        let is_part = name.len() > 2 && (contains(&candidate, &name) || contains(&name, &candidate));
        // A name that starts with `name` has precedence: a missing end is more likely than extra characters.
        (distance > 2 && !is_part, distance > 2 && !(name.len() > 2 && candidate.starts_with(&name)), distance)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        for (one, other, expected) in
            [("", "", 0), ("", "abc", 3), ("role-arn", "role_arn", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edits(one, other), expected, "{one} {other}");
            assert_eq!(edits(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn counts_an_edit_of_a_long_character_as_one() {
        // One of the strings is ASCII. The edit changes the length by four bytes.
        assert_eq!(edits_within("ab", "ab\u{1f600}", 1), Some(1));
        assert_eq!(edits_within("ab", "ab", 0), Some(0));
        assert_eq!(edits_within("ab", "abcd", 1), None);
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["tokenAudience", "tokenExpirationSeconds", "region", "roles"];
        for (name, meant) in [
            ("tokenAudiance", "tokenAudience"),
            ("token_audience", "tokenAudience"),
            ("audience", "tokenAudience"),
            ("tokenExpiration", "tokenExpirationSeconds"),
            ("Region", "region"),
            ("role", "roles"),
        ] {
            assert_eq!(nearest(name, known), Some(meant), "{name}");
        }
        // Two edits lead to `abcd`, and three to `abxyzzz`.
        assert_eq!(nearest("abxy", ["abxyzzz", "abcd"]), Some("abcd"));
        // `mount` is a part of `tokenMountPath`, and four edits from `amend`. `region` is a part of `regionName`, and
        // three edits lead from `regionName` to `sessionName`.
        assert_eq!(nearest("mount", ["amend", "tokenMountPath"]), Some("tokenMountPath"));
        assert_eq!(nearest("regionName", ["sessionName", "region"]), Some("region"));
        // Of two names within two edits, the one with fewer edits is nearer.
        assert_eq!(nearest("abc", ["abcde", "abd"]), Some("abd"));
        // A name of two letters is too short for a comparison of parts, because many other names contain it.
        assert_eq!(nearest("on", ["ontology", "abc"]), Some("abc"));
        assert_eq!(nearest("x", []), None);
    }
}
