//! Globs that match names and ARNs.
//!
//! A glob matches the whole string. Only `*` and `**` are special. Each matches any number of characters except `:`, so
//! it stays within one part of an ARN. Only `**` also matches `/`.
//!
//! The matcher simulates the automaton of the glob without backtracking, so no glob is slow. For each byte of the
//! string, the matcher takes one step per 64 bytes of the glob.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// A pattern that matches whole strings. Never empty.
///
/// ```
/// use irsa::internals::{Glob, GlobError};
///
/// let teams = Glob::new("arn:aws:iam::*:role/team-a/**".into())?;
/// assert!(teams.matches("arn:aws:iam::111122223333:role/team-a/batch/nightly"));
/// assert!(!teams.matches("arn:aws:iam::111122223333:role/team-b/web"));
/// assert!(!Glob::new("team-*".into())?.matches("team-a/web"), "`*` does not match `/`");
/// assert_eq!(Glob::new("".into()), Err(GlobError::Empty));
/// # Ok::<(), GlobError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob<'a>(Cow<'a, str>);

/// Why a string is not a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobError {
    /// It is empty, so it would match no string.
    Empty,
}

/// The maximum length of a string that a glob matches, in bytes. This is the maximum length of an ARN; names are
/// shorter.
const TEXT_LIMIT: usize = 2048;

impl<'a> Glob<'a> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "a glob";

    /// Checks that a string is a glob.
    ///
    /// # Errors
    /// Fails if the string is empty.
    pub fn new(text: Cow<'a, str>) -> Result<Self, GlobError> {
        if text.is_empty() { Err(GlobError::Empty) } else { Ok(Self(text)) }
    }

    /// The glob as a string.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the glob has no `*`, so that it matches only itself.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        split_before_star(&self.0).is_none()
    }

    /// Whether the glob matches the whole string. A string over 2048 bytes is neither an ARN nor a name, so it does not
    /// match.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if text.len() > TEXT_LIMIT {
            return false;
        }
        let (mut pattern, mut text) = (&*self.0, text);
        loop {
            let Some((plain, stars)) = split_before_star(pattern) else { return pattern == text };
            // Most strings already differ before the first `*`.
            let Some(rest) = text.strip_prefix(plain) else { return false };
            let after = stars.trim_start_matches('*');
            let is_double = stars.len().saturating_sub(after.len()) > 1;
            // No star matches a `:`. So if the pattern ends after the star, or continues with a `:`, the star must
            // match everything up to the next `:` or the end of the string.
            let end = rest.bytes().position(|byte| byte == b':').unwrap_or(rest.len());
            let Some((crossed, next)) = rest.split_at_checked(end) else { return false };
            let is_crossed = is_double || !crossed.bytes().any(|byte| byte == b'/');
            if after.is_empty() {
                return next.is_empty() && is_crossed;
            }
            if after.starts_with(':') {
                if !is_crossed {
                    return false;
                }
                (pattern, text) = (after, next);
                continue;
            }
            // Each literal matches one byte, so a string with fewer bytes than literals does not match. This also
            // limits the size of the automaton.
            let literals = stars.bytes().filter(|byte| *byte != b'*').take(rest.len().saturating_add(1)).count();
            return literals <= rest.len() && Automaton::new(stars, literals).accepts(rest);
        }
    }
}

/// Splits a pattern before its first star. `None` if it has no star.
fn split_before_star(pattern: &str) -> Option<(&str, &str)> {
    pattern.split_at_checked(pattern.bytes().position(|byte| byte == b'*')?)
}

/// The automaton of a glob. State `n` means that the first `n` literals have matched. A star is a loop in its state.
struct Automaton {
    /// The states, 64 per word.
    words: Vec<Word>,
    /// The class of each byte. 0 for a byte that is not a literal of the glob.
    classes: [u8; 256],
    /// For each class, one mask per word: the states whose next literal is the byte of this class.
    masks: Vec<u64>,
    /// The number of literals. It is also the accepting state.
    literals: usize,
}

/// 64 states.
#[derive(Clone, Copy, Default)]
struct Word {
    /// The states that are possible after the bytes so far.
    here: u64,
    /// The states with a `*` or `**`.
    stars: u64,
    /// The states with a `**`.
    double_stars: u64,
}

impl Automaton {
    fn new(pattern: &str, literals: usize) -> Self {
        // There is one more state than literals.
        let length = word_of(literals).saturating_add(1);
        let mut new =
            Self { words: vec![Word::default(); length], classes: [0; 256], masks: vec![0; length], literals };
        if let Some(first) = new.words.first_mut() {
            first.here = 1;
        }
        let mut classes = 0_u8;
        let mut state = 0_usize;
        for byte in pattern.bytes() {
            let (at, bit) = (word_of(state), bit_of(state));
            if byte == b'*' {
                if let Some(word) = new.words.get_mut(at) {
                    // In a sequence of stars, the first is a `*`. The second makes it a `**`.
                    word.double_stars |= word.stars & bit;
                    word.stars |= bit;
                }
                continue;
            }
            if let Some(class) = new.classes.get_mut(usize::from(byte)) {
                if *class == 0 {
                    // INVARIANT: `*` is not a literal, so there are at most 255 classes.
                    classes = classes.saturating_add(1);
                    *class = classes;
                    new.masks.resize(new.masks.len().saturating_add(length), 0);
                }
                let mask = usize::from(*class).saturating_mul(length).saturating_add(at);
                if let Some(mask) = new.masks.get_mut(mask) {
                    *mask |= bit;
                }
            }
            state = state.saturating_add(1);
        }
        new
    }

    fn accepts(mut self, text: &str) -> bool {
        for byte in text.bytes() {
            let class = self.classes.get(usize::from(byte)).copied().unwrap_or_default();
            let masks = self.masks.get(usize::from(class).saturating_mul(self.words.len())..).unwrap_or_default();
            let (mut carry, mut all) = (0, 0);
            for (word, mask) in self.words.iter_mut().zip(masks) {
                let loops = match byte {
                    b':' => 0,
                    b'/' => word.double_stars,
                    _ => word.stars,
                };
                // The next literal leads to the next state. A star keeps its state.
                let advanced = word.here & mask;
                word.here = (word.here & loops) | (advanced << 1) | carry;
                carry = advanced >> 63;
                all |= word.here;
            }
            if all == 0 {
                return false;
            }
        }
        self.words.get(word_of(self.literals)).is_some_and(|word| word.here & bit_of(self.literals) != 0)
    }
}

/// The word of a state.
const fn word_of(state: usize) -> usize {
    state / 64
}

/// The bit of a state in its word.
const fn bit_of(state: usize) -> u64 {
    1 << (state % 64)
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a glob, but got an empty string"),
        }
    }
}

impl core::error::Error for GlobError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::new(Cow::Borrowed(pattern)).unwrap().matches(text)
    }

    #[test]
    fn matches_only_the_whole_string() {
        assert!(matches("team-a", "team-a"));
        assert!(!matches("team-a", "team-a2"));
        assert!(matches("team-*", "team-"));
        assert!(matches("*-a", "team-a"));
        assert!(matches("t*m*a", "team-team-a"));
        assert!(!matches("t*m*b", "team-team-a"));
    }

    #[test]
    fn keeps_stars_within_one_part_of_an_arn() {
        let arn = "arn:aws:iam::111122223333:role/team/app";
        assert!(matches("arn:*:iam::111122223333:role/**", arn));
        assert!(matches("arn:aws:iam::*:role/team/*", arn));
        assert!(matches("arn:aws:iam::*:role/**/app", arn));
        assert!(matches("arn:aws:iam::*:**", arn));
        assert!(!matches("arn:aws:iam::*:role/*", arn));
        assert!(matches("arn:aws:iam::*:role/*/app", arn));
        assert!(!matches("arn:aws:iam::*:role/*p", arn), "a star before other characters does not match `/`, either");
        assert!(!matches("arn:**", arn));
        assert!(!matches("**", arn));
    }

    #[test]
    fn treats_three_stars_or_more_as_two() {
        assert!(matches("a/***/b", "a/x/y/b"));
        assert!(!matches("a/***/b", "a/x:y/b"));
        assert!(matches(&"*".repeat(5000), "a/b"));
    }

    #[test]
    fn matches_globs_of_any_length() {
        for length in [62, 63, 64, 65, 127, 128, 129, 2047, 2048] {
            let text: String = "ab".chars().cycle().take(length).collect();
            let stars: String = text.chars().flat_map(|character| [character, '*']).collect();
            for pattern in [format!("*{text}"), format!("{text}*"), stars.clone(), "a*".repeat(length / 2) + "*"] {
                assert!(matches(&pattern, &text), "{length}: {pattern}");
            }
            assert!(!matches(&format!("*{text}c"), &text), "{length}");
            assert!(!matches(&format!("{stars}b*a*b*c"), &text), "{length}");
        }
        let text = "a".repeat(2049);
        assert!(!matches("*", &text) && !matches(&text, &text), "longer than any ARN");
    }

    #[test]
    fn treats_other_special_characters_as_literals() {
        assert!(matches("a?[b]{c}\\", "a?[b]{c}\\"));
        assert!(!matches("a?", "ab"));
    }
}
