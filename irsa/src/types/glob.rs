//! Globs that match names and ARNs.
//!
//! A glob matches the whole string. Only `*` and `**` are special: each matches any characters, or none. Neither matches
//! a `:`, so it stays in one part of an ARN. Only `**` matches a `/`.
//!
//! Matching takes time proportional to the length of the glob times the length of the string, whatever they contain. It
//! simulates the glob's automaton: it follows all possible states at once and never goes back.

use std::borrow::Cow;
use std::fmt;

/// A pattern that matches whole strings; not empty.
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
    /// It is empty, so it would match nothing.
    Empty,
}

#[derive(Clone, Copy)]
enum Token {
    Byte(u8),
    Star,
    DoubleStar,
}

impl<'a> Glob<'a> {
    /// What messages expect where there is no string at all.
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

    /// Whether the glob has no `*`, so it only matches itself.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.first_star().is_none()
    }

    /// Whether the glob matches the whole string.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((plain, pattern)) = self.first_star().and_then(|star| self.0.split_at_checked(star)) else {
            return self.0 == text;
        };
        // Most strings already differ before the first `*`.
        let Some(text) = text.strip_prefix(plain) else { return false };
        let tokens = tokens(pattern);
        // `here[i]`: whether the first `i` tokens match the characters read so far.
        let mut here = vec![false; tokens.len().saturating_add(1)];
        let mut next = here.clone();
        if let Some(start) = here.first_mut() {
            *start = true;
        }
        follow_empty_runs(&tokens, &mut here);
        for byte in text.bytes() {
            next.fill(false);
            let mut previous = false;
            for (index, reachable) in next.iter_mut().enumerate() {
                // The token before this state consumes the byte, which leads to this state…
                *reachable |= previous;
                // …or the token at this state is a star, which consumes the byte and stays.
                let is_here = here.get(index).copied().unwrap_or_default();
                previous = false;
                match tokens.get(index) {
                    Some(Token::Byte(expected)) => previous = is_here && *expected == byte,
                    Some(Token::Star) => *reachable |= is_here && !matches!(byte, b'/' | b':'),
                    Some(Token::DoubleStar) => *reachable |= is_here && byte != b':',
                    None => {}
                }
            }
            follow_empty_runs(&tokens, &mut next);
            std::mem::swap(&mut here, &mut next);
        }
        here.last().copied().unwrap_or_default()
    }

    fn first_star(&self) -> Option<usize> {
        self.0.bytes().position(|byte| byte == b'*')
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.bytes().peekable();
    while let Some(byte) = bytes.next() {
        tokens.push(match byte {
            b'*' if bytes.next_if_eq(&b'*').is_some() => Token::DoubleStar,
            b'*' => Token::Star,
            other => Token::Byte(other),
        });
    }
    tokens
}

/// Adds the states behind stars that can be reached, because a star may match no characters.
fn follow_empty_runs(tokens: &[Token], states: &mut [bool]) {
    let mut carry = false;
    for (index, state) in states.iter_mut().enumerate() {
        *state |= carry;
        carry = *state && matches!(tokens.get(index), Some(Token::Star | Token::DoubleStar));
    }
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a glob, but got an empty string"),
        }
    }
}

impl std::error::Error for GlobError {}

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
        assert!(!matches("arn:**", arn));
        assert!(!matches("**", arn));
    }

    #[test]
    fn treats_other_special_characters_as_literals() {
        assert!(matches("a?[b]{c}\\", "a?[b]{c}\\"));
        assert!(!matches("a?", "ab"));
    }
}
