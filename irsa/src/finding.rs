//! What the checks find: the table of findings, and how one is worded.
//!
//! To add a finding, add its line to the table below, and the rule that finds it where the rules of its kind are.

use std::fmt;
use std::ops::Range;

/// What the operator wants done about a kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing; its name still stands in the audit annotations.
    Ignore,
    /// Tell whoever made the request.
    Warn,
    /// Refuse the request.
    Reject,
}

impl Action {
    /// All actions, by the names that the settings use.
    pub const NAMES: [(&'static str, Self); 3] =
        [("Ignore", Self::Ignore), ("Warn", Self::Warn), ("Reject", Self::Reject)];
}

/// The findings, in the order in which they are reported: name, default action, meaning.
macro_rules! findings {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $default:ident;)+) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum FindingKind {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl FindingKind {
            /// All kinds, in the order in which they are reported.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Their names, in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name by which messages and settings call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The action where the settings name none.
            #[must_use]
            pub const fn default_action(self) -> Action {
                match self { $(Self::$variant => Action::$default,)+ }
            }

            /// What it means, for the docs.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+),)+ }
            }
        }
    };
}

findings! {
    /// The service account could not be read; a pod let through now would fall back to the node's role.
    LookupFailed = "lookupFailed", Reject;
    /// The service account does not exist. On workloads the default is `Warn`: it may be created later.
    MissingServiceAccount = "missingServiceAccount", Reject;
    /// The service account has no role, and the pod no container credentials of its own.
    MissingRole = "missingRole", Ignore;
    /// The role is not an IAM role ARN.
    InvalidRoleArn = "invalidRoleArn", Reject;
    /// The role, or an `AWS_ROLE_ARN` written by hand, is not among `allowedRoles` for the namespace.
    RoleNotAllowed = "roleNotAllowed", Reject;
    /// The audience is empty: the token would be one for the API server, and be sent to AWS.
    InvalidAudience = "invalidAudience", Reject;
    /// The audience is not among `allowedAudiences`.
    AudienceNotAllowed = "audienceNotAllowed", Reject;
    /// The token's lifetime is not a number of seconds, or out of range.
    InvalidTokenExpiration = "invalidTokenExpiration", Warn;
    /// `sts-regional-endpoints` is not a boolean.
    InvalidStsRegionalEndpoints = "invalidStsRegionalEndpoints", Warn;
    /// `skip-containers` is not a CSV record.
    InvalidSkipContainers = "invalidSkipContainers", Warn;
    /// A name in the pod's own `skip-containers` is that of no container.
    UnknownSkipContainer = "unknownSkipContainer", Warn;
    /// An annotation that is nearly one of those that are read.
    MisspelledAnnotation = "misspelledAnnotation", Warn;
    /// A volume of the name that is to be injected is something else than the token.
    ConflictingVolume = "conflictingVolume", Reject;
    /// A container has something else than the token where it is to be mounted.
    ConflictingMount = "conflictingMount", Reject;
    /// A container of a pod with a role or container credentials sets one of two variables that only work together: neither is injected.
    PartialCredentials = "partialCredentials", Warn;
    /// A container sets `AWS_ROLE_ARN` by hand to another role than that of its service account, which has one.
    OverriddenRole = "overriddenRole", Warn;
    /// A container of a pod with a role or container credentials sets static credentials: they win.
    StaticCredentials = "staticCredentials", Warn;
    /// The `ConfigMap` of role mappings is missing or has none, or an entry cannot be read; the others count.
    InvalidRoleMapping = "invalidRoleMapping", Warn;
    /// The pod carries the label by which pods opt out.
    OptedOut = "optedOut", Ignore;
    /// The pod has a hand-made token for STS, and its service account has no role: a way around the rules above.
    ForeignToken = "foreignToken", Warn;
    /// In mode `Validate`: a container lacks what `Mutate` would add, as one that a later webhook added does.
    NotInjected = "notInjected", Warn;
}

/// The longest warning that Kubernetes passes on whole, in bytes.
pub const WARNING_LIMIT: usize = 256;

/// The length that Kubernetes asks warnings to keep to where they can, in bytes.
const WARNING_ADVICE: usize = 120;

/// The longest line of a rejection's message, in bytes.
pub const LINE_LIMIT: usize = 1024;

/// The least that is kept of a quoted value when a text is shortened, in bytes.
const QUOTE_MIN: usize = 16;

/// One thing wrong, or worth saying, about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// What is done about it.
    pub action: Action,
    text: Text,
}

impl Finding {
    /// A finding, worded by `text`.
    #[must_use]
    pub fn new(kind: FindingKind, action: Action, text: Text) -> Self {
        Self { kind, action, text }
    }

    /// The finding as a line of a rejection's message.
    #[must_use]
    pub fn line(&self) -> String {
        self.shortened(LINE_LIMIT, LINE_LIMIT)
    }

    /// The finding as a warning: of 120 bytes or fewer where that can be done by shortening the value that it quotes,
    /// and never over [`WARNING_LIMIT`].
    #[must_use]
    pub fn warning(&self) -> String {
        self.shortened(WARNING_ADVICE, WARNING_LIMIT)
    }

    /// Shortens the quoted value to come to `advice` bytes, and the whole text to `limit`. The name in brackets stays.
    fn shortened(&self, advice: usize, limit: usize) -> String {
        let name = format!(" [{}]", self.kind.name());
        let mut text = self.text.shortened(advice.saturating_sub(name.len()));
        truncate(&mut text, limit.saturating_sub(name.len()));
        text + &name
    }
}

/// What a finding says, before it is known whether anyone is to hear it: a sentence without its end, that may quote one
/// value of the user's.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    text: fmt::Arguments<'a>,
    quote: Option<&'a str>,
    rest: fmt::Arguments<'a>,
}

impl<'a> Wording<'a> {
    /// A wording without a quote.
    #[must_use]
    pub fn new(text: fmt::Arguments<'a>) -> Self {
        Self { text, quote: None, rest: format_args!("") }
    }

    /// The same, with a value of the user's quoted. It is what is shortened where the text is too long.
    #[must_use]
    pub fn quoting(self, value: &'a str) -> Self {
        Self { quote: Some(value), ..self }
    }

    /// The same, with more said behind the quote.
    #[must_use]
    pub fn then(self, rest: fmt::Arguments<'a>) -> Self {
        Self { rest, ..self }
    }

    /// The same, within what it is about.
    pub fn within<T>(self, scope: fmt::Arguments<'_>, then: impl FnOnce(Wording<'_>) -> T) -> T {
        then(Wording { text: format_args!("{scope}{}", self.text), ..self })
    }
}

/// A wording, written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    quote: Option<Range<usize>>,
}

impl Text {
    /// Writes a wording.
    #[must_use]
    pub fn new(wording: Wording<'_>) -> Self {
        let mut text = String::new();
        push_printable(&mut text, &wording.text.to_string(), usize::MAX);
        let quote = wording.quote.map(|value| {
            text.push('`');
            let start = text.len();
            push_printable(&mut text, value, LINE_LIMIT);
            let end = text.len();
            text.push('`');
            start..end
        });
        push_printable(&mut text, &wording.rest.to_string(), usize::MAX);
        Self { text, quote }
    }

    fn shortened(&self, advice: usize) -> String {
        let mut text = self.text.clone();
        let Some(quote) = &self.quote else { return text };
        let excess = text.len().saturating_sub(advice);
        let keep = quote.len().saturating_sub(excess).max(QUOTE_MIN);
        let mut value = text.get(quote.clone()).unwrap_or_default().to_owned();
        truncate(&mut value, keep);
        text.replace_range(quote.clone(), &value);
        text
    }
}

/// A text of the user's as a line of so many bytes at the most.
#[must_use]
pub fn printable(text: &str, limit: usize) -> String {
    let mut line = String::new();
    push_printable(&mut line, text, limit);
    truncate(&mut line, limit);
    line
}

/// Characters that could break a line in two, a terminal, or the order in which a line is read, are written as escapes.
///
/// Of `from` as many characters are taken.
fn push_printable(text: &mut String, from: &str, limit: usize) {
    for character in from.chars().take(limit) {
        if character.is_control() || is_layout(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
}

/// Whether a character is one that ends a line or turns the direction of writing (Unicode, annex 9 and section 23.2).
fn is_layout(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts a text to so many bytes; what was cut is marked by `…`.
fn truncate(text: &mut String, limit: usize) {
    const MARK: &str = "\u{2026}";
    if text.len() <= limit {
        return;
    }
    let mut end = limit.saturating_sub(MARK.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    text.push_str(MARK);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(value: &str) -> Finding {
        let wording = Wording::new(format_args!("service account `team-a/web`: expected a role, but got "));
        Finding::new(FindingKind::InvalidRoleArn, Action::Reject, Text::new(wording.quoting(value)))
    }

    #[test]
    fn ends_with_the_name_in_brackets() {
        assert_eq!(
            finding("not-an-arn").line(),
            "service account `team-a/web`: expected a role, but got `not-an-arn` [invalidRoleArn]"
        );
    }

    #[test]
    fn shortens_the_quoted_value_and_keeps_the_rest() {
        let warning = finding(&"x".repeat(300)).warning();
        assert!(warning.len() <= WARNING_ADVICE, "{warning}");
        assert!(warning.starts_with("service account `team-a/web`: expected a role, but got `xxx"), "{warning}");
        assert!(warning.ends_with("x\u{2026}` [invalidRoleArn]"), "{warning}");
    }

    #[test]
    fn keeps_warnings_within_the_limit_whatever_they_say() {
        // One of the two is cut within a character.
        for start in ["", "x"] {
            let text = Text::new(Wording::new(format_args!("{start}{}", "\u{e4}".repeat(400))));
            let warning = Finding::new(FindingKind::LookupFailed, Action::Warn, text).warning();
            assert!(warning.len() <= WARNING_LIMIT);
            assert!(warning.ends_with("\u{e4}\u{2026} [lookupFailed]"));
        }
    }

    #[test]
    fn writes_control_characters_as_escapes() {
        assert!(finding("a\nb\u{1b}[31m").line().contains("`a\\nb\\u{1b}[31m`"));
        assert!(finding("a\u{202e}b\u{2028}c\u{2069}").line().contains("`a\\u{202e}b\\u{2028}c\\u{2069}`"));
    }

    #[test]
    fn lists_every_kind_once() {
        let names: std::collections::BTreeSet<&str> = FindingKind::ALL.into_iter().map(FindingKind::name).collect();
        assert_eq!(names.len(), FindingKind::ALL.len());
        assert!(FindingKind::ALL.is_sorted());
    }
}
