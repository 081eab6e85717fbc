//! Globs over names and ARNs.
//!
//! Only `*` and `**` are special. They match any run of characters, also an empty one, and the whole text must match.
//! Neither crosses a `:`, so that the parts of an ARN stay apart, and only `**` crosses a `/`.
//!
//! Matching takes time proportional to the pattern's length times the text's, whatever they hold: every way in which
//! the pattern could go on is followed at once, and none is tried again.

use std::borrow::Cow;

/// A pattern to match whole texts with.
///
/// ```
/// use irsa::internals::Glob;
///
/// let teams = Glob::new("arn:aws:iam::*:role/team-a/**".into()).unwrap();
/// assert!(teams.matches("arn:aws:iam::111122223333:role/team-a/batch/nightly"));
/// assert!(!teams.matches("arn:aws:iam::111122223333:role/team-b/web"));
/// assert!(!Glob::new("team-*".into()).unwrap().matches("team-a/web"), "one star stays within a slash");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob<'a>(Cow<'a, str>);

#[derive(Clone, Copy)]
enum Token {
    Byte(u8),
    Star,
    DoubleStar,
}

impl<'a> Glob<'a> {
    /// The text as a glob, if it is not empty.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// Whether the pattern is a plain text that only matches itself.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.first_star().is_none()
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((plain, pattern)) = self.first_star().and_then(|star| self.0.split_at_checked(star)) else {
            return self.0 == text;
        };
        // Mostly this is where it ends.
        let Some(text) = text.strip_prefix(plain) else { return false };
        let tokens = tokens(pattern);
        // Whether the text so far can be matched by the tokens before this one.
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
                // By the token before this state, which takes the byte and is then done…
                *reachable |= previous;
                // …or by the token at this state, a star that takes the byte and stays.
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

/// A star may match nothing: where it can be reached, so can what follows it.
fn follow_empty_runs(tokens: &[Token], states: &mut [bool]) {
    let mut carry = false;
    for (index, state) in states.iter_mut().enumerate() {
        *state |= carry;
        carry = *state && matches!(tokens.get(index), Some(Token::Star | Token::DoubleStar));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::new(Cow::Borrowed(pattern)).unwrap().matches(text)
    }

    #[test]
    fn matches_the_whole_text_and_nothing_less() {
        assert!(matches("team-a", "team-a"));
        assert!(!matches("team-a", "team-a2"));
        assert!(matches("team-*", "team-"));
        assert!(matches("*-a", "team-a"));
        assert!(matches("t*m*a", "team-team-a"));
        assert!(!matches("t*m*b", "team-team-a"));
    }

    #[test]
    fn keeps_the_parts_of_an_arn_apart() {
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
    fn takes_other_signs_as_they_are() {
        assert!(matches("a?[b]{c}\\", "a?[b]{c}\\"));
        assert!(!matches("a?", "ab"));
    }
}
