//! Custom kinds that create pods, and the paths to their pod templates.
//!
//! A path is a JSONPath (RFC 9535) of child names and wildcards only: `$.spec.template`,
//! `$.spec.replicatedJobs[*].template`, `$.spec.tfReplicaSpecs.*.template`, `$['spec']['a.b']`.

use std::borrow::Cow;
use std::fmt;

use crate::types::character::Shown;
use crate::types::dns::{DnsNameError, check_dns_label, check_dns_subdomain};

/// A kind that creates pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomWorkload<'a> {
    /// The API group; empty for the core group.
    pub group: Cow<'a, str>,
    /// The API version.
    pub version: Cow<'a, str>,
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The paths to the pod templates; at least one.
    pub pod_templates: Vec<TemplatePath<'a>>,
}

/// A path to the pod templates of an object: a JSONPath of child names and wildcards, with at least one of them.
///
/// ```
/// use irsa::internals::{TemplatePath, TemplatePathError};
///
/// assert_eq!(TemplatePath::new("$.spec.jobs[*].template".into())?.steps().len(), 4);
/// assert_eq!(TemplatePath::new("$..template".into()), Err(TemplatePathError::Descendants));
/// # Ok::<(), TemplatePathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePath<'a>(Vec<Step<'a>>);

/// A step of a [`TemplatePath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// Selects the member with this name.
    Name(Cow<'a, str>),
    /// Selects all members of an object, or all elements of an array.
    Wildcard,
}

/// Why a string is not a path to pod templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePathError {
    /// It does not start with `$`.
    Root,
    /// Nothing follows the `$`.
    NoStep,
    /// It selects all descendants, by `..`.
    Descendants,
    /// It selects one element of an array, or several.
    Index,
    /// It has a filter, by `?`.
    Filter,
    /// A step starts with this character.
    Step(char),
    /// No name follows a `.`.
    NoName,
    /// A step in brackets is not closed, or not only one name in quotes without escapes.
    Brackets,
}

/// Why a string is not an API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersionError {
    /// The group is wrong.
    Group(DnsNameError),
    /// The version is wrong.
    Version(DnsNameError),
}

/// Why a string is not a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindError {
    /// It is empty.
    Empty,
    /// It does not start with a letter, but with this character.
    First(char),
    /// It has this character.
    Character(char),
}

impl Step<'_> {
    /// The name of the member that the step selects. `None` for a wildcard.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Wildcard => None,
        }
    }
}

impl<'a> TemplatePath<'a> {
    /// Parses a path.
    ///
    /// # Errors
    /// Fails if it is not a JSONPath, or uses more of JSONPath than child names and wildcards.
    pub fn new(text: Cow<'a, str>) -> Result<Self, TemplatePathError> {
        match text {
            Cow::Borrowed(text) => parse(text).map(Self),
            Cow::Owned(text) => Ok(Self(parse(&text)?.into_iter().map(Step::into_owned).collect())),
        }
    }

    /// A path of child names.
    #[must_use]
    pub fn of_names(names: &[&'a str]) -> Self {
        Self(names.iter().map(|&name| Step::Name(Cow::Borrowed(name))).collect())
    }

    /// The steps, starting at the object itself.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.0
    }
}

impl Step<'_> {
    fn into_owned(self) -> Step<'static> {
        match self {
            Step::Name(name) => Step::Name(Cow::Owned(name.into_owned())),
            Step::Wildcard => Step::Wildcard,
        }
    }
}

/// Parses an API version: the group, which is empty for the core group, and the version.
pub(super) fn parse_api_version(text: Cow<'_, str>) -> Result<(Cow<'_, str>, Cow<'_, str>), ApiVersionError> {
    match text {
        Cow::Borrowed(text) => {
            let (group, version) = split_api_version(text)?;
            Ok((Cow::Borrowed(group), Cow::Borrowed(version)))
        }
        Cow::Owned(text) => {
            let (group, version) = split_api_version(&text)?;
            Ok((Cow::Owned(group.to_owned()), Cow::Owned(version.to_owned())))
        }
    }
}

fn split_api_version(text: &str) -> Result<(&str, &str), ApiVersionError> {
    let (group, version) = match text.split_once('/') {
        Some((group, version)) => {
            check_dns_subdomain(group).map_err(ApiVersionError::Group)?;
            (group, version)
        }
        None => ("", text),
    };
    check_dns_label(version).map_err(ApiVersionError::Version)?;
    Ok((group, version))
}

/// Checks that a string can be the name of a kind: ASCII letters and digits, of which the first is a letter.
pub(super) fn check_kind(text: &str) -> Result<(), KindError> {
    let first = text.chars().next().ok_or(KindError::Empty)?;
    if !first.is_ascii_alphabetic() {
        return Err(KindError::First(first));
    }
    match text.chars().find(|character| !character.is_ascii_alphanumeric()) {
        Some(character) => Err(KindError::Character(character)),
        None => Ok(()),
    }
}

fn parse(text: &str) -> Result<Vec<Step<'_>>, TemplatePathError> {
    let mut rest = text.strip_prefix('$').ok_or(TemplatePathError::Root)?;
    let mut steps = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (step, after) = parse_step(rest, first)?;
        steps.push(step);
        rest = after;
    }
    if steps.is_empty() { Err(TemplatePathError::NoStep) } else { Ok(steps) }
}

/// Parses the first step. Returns it and the text after it.
fn parse_step(text: &str, first: char) -> Result<(Step<'_>, &str), TemplatePathError> {
    if let Some(after) = text.strip_prefix(".*").or_else(|| text.strip_prefix("[*]")) {
        return Ok((Step::Wildcard, after));
    }
    if let Some(after) = text.strip_prefix('.') {
        return parse_name(after);
    }
    match text.strip_prefix('[') {
        Some(after) => parse_brackets(after),
        None => Err(TemplatePathError::Step(first)),
    }
}

/// Parses a name after a `.`: RFC 9535's `member-name-shorthand`.
fn parse_name(text: &str) -> Result<(Step<'_>, &str), TemplatePathError> {
    let is_first = |character: char| character == '_' || character.is_ascii_alphabetic() || !character.is_ascii();
    match text.chars().next() {
        Some('.') => return Err(TemplatePathError::Descendants),
        Some(first) if is_first(first) => {}
        _ => return Err(TemplatePathError::NoName),
    }
    let end = text.find(|character: char| !is_first(character) && !character.is_ascii_digit());
    let (name, after) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    Ok((Step::Name(Cow::Borrowed(name)), after))
}

/// Parses a name in quotes and the `]` after it.
fn parse_brackets(text: &str) -> Result<(Step<'_>, &str), TemplatePathError> {
    let quote = match text.chars().next() {
        Some(quote @ ('\'' | '"')) => quote,
        Some('?') => return Err(TemplatePathError::Filter),
        Some('-' | ':' | '0'..='9') => return Err(TemplatePathError::Index),
        _ => return Err(TemplatePathError::Brackets),
    };
    let quoted = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
    let (name, after) = quoted.ok_or(TemplatePathError::Brackets)?;
    let is_plain = !name.contains('\\') && !name.chars().any(char::is_control);
    let after = after.strip_prefix(']').filter(|_| is_plain).ok_or(TemplatePathError::Brackets)?;
    Ok((Step::Name(Cow::Borrowed(name)), after))
}

impl TemplatePath<'_> {
    /// What messages expect where there is no string at all.
    pub const EXPECTED: &'static str = "a JSONPath of names and wildcards, such as `$.spec.jobs[*].template`";
}

impl fmt::Display for TemplatePathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SUPPORTED: &str = "names (`.name`, `['name']`) and wildcards (`.*`, `[*]`)";
        match self {
            Self::Root => f.write_str("expected a JSONPath that starts with `$`, but got another start"),
            Self::NoStep => write!(f, "expected {SUPPORTED} after `$`, but got none"),
            Self::Descendants => write!(f, "expected {SUPPORTED}, but got `..`"),
            Self::Index => write!(f, "expected {SUPPORTED}, but got an array index"),
            Self::Filter => write!(f, "expected {SUPPORTED}, but got a filter"),
            Self::Step(character) => write!(f, "expected {SUPPORTED}, but got {} after a step", Shown(*character)),
            Self::NoName => {
                f.write_str("expected a name that starts with a letter or `_` after `.`, but got none; others take quotes: `['name']`")
            }
            Self::Brackets => f.write_str("expected `*` or one name in quotes between `[` and `]`, but got something else"),
        }
    }
}

impl fmt::Display for ApiVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, error) = match self {
            Self::Group(error) => ("group", error),
            Self::Version(error) => ("version", error),
        };
        write!(f, "{error} as the {part}")
    }
}

impl fmt::Display for KindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a kind, but got an empty string"),
            Self::First(character) => {
                write!(f, "expected a kind that starts with a letter, but got {}", Shown(*character))
            }
            Self::Character(character) => {
                write!(f, "expected a kind of letters and digits, but got {}", Shown(*character))
            }
        }
    }
}

impl std::error::Error for TemplatePathError {}
impl std::error::Error for ApiVersionError {}
impl std::error::Error for KindError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_and_wildcards() {
        let name = |name: &'static str| Step::Name(Cow::Borrowed(name));
        for (text, steps) in [
            ("$.spec.template", vec![name("spec"), name("template")]),
            ("$.spec.jobs[*].template", vec![name("spec"), name("jobs"), Step::Wildcard, name("template")]),
            ("$.spec.*.template", vec![name("spec"), Step::Wildcard, name("template")]),
            ("$['spec'][\"a.b\"]", vec![name("spec"), name("a.b")]),
            ("$.\u{e4}_1", vec![name("\u{e4}_1")]),
        ] {
            for given in [Cow::Borrowed(text), Cow::Owned(text.to_owned())] {
                assert_eq!(TemplatePath::new(given), Ok(TemplatePath(steps.clone())), "{text}");
            }
        }
    }

    #[test]
    fn rejects_other_paths_with_the_reason() {
        use TemplatePathError::Step as WrongStep;
        use TemplatePathError::{Brackets, Descendants, Filter, Index, NoName, NoStep, Root};
        for (text, expected) in [
            ("", Root),
            ("spec.template", Root),
            (".spec", Root),
            ("@.a", Root),
            ("$", NoStep),
            ("$.", NoName),
            ("$.1a", NoName),
            ("$.-a", NoName),
            ("$.a-b", WrongStep('-')),
            ("$.a b", WrongStep(' ')),
            ("$.a ", WrongStep(' ')),
            ("$a", WrongStep('a')),
            ("$..template", Descendants),
            ("$.a..template", Descendants),
            ("$.a[0]", Index),
            ("$.a[-1]", Index),
            ("$.a[0:2]", Index),
            ("$.a[:2]", Index),
            ("$.a[?@.b]", Filter),
            ("$['a','b']", Brackets),
            ("$['a", Brackets),
            ("$['a'", Brackets),
            ("$[a]", Brackets),
            ("$[", Brackets),
            ("$['a\\n']", Brackets),
            ("$['a\n']", Brackets),
        ] {
            assert_eq!(TemplatePath::new(Cow::Borrowed(text)), Err(expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_supported() {
        for (error, message) in [
            (TemplatePathError::Root, "expected a JSONPath that starts with `$`, but got another start"),
            (
                TemplatePathError::NoStep,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`) after `$`, but got none",
            ),
            (
                TemplatePathError::Descendants,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got `..`",
            ),
            (
                TemplatePathError::Index,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got an array index",
            ),
            (
                TemplatePathError::Filter,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got a filter",
            ),
            (
                TemplatePathError::Step('-'),
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got `-` after a step",
            ),
            (
                TemplatePathError::NoName,
                "expected a name that starts with a letter or `_` after `.`, but got none; others take quotes: `['name']`",
            ),
            (
                TemplatePathError::Brackets,
                "expected `*` or one name in quotes between `[` and `]`, but got something else",
            ),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn splits_api_versions() {
        for given in [Cow::Borrowed("example.com/v1"), Cow::Owned("example.com/v1".to_owned())] {
            assert_eq!(parse_api_version(given), Ok(("example.com".into(), "v1".into())));
        }
        assert_eq!(parse_api_version("v1".into()), Ok(("".into(), "v1".into())));
        for (text, message) in [
            ("", "expected a DNS label, but got an empty one as the version"),
            ("/v1", "expected a DNS label, but got an empty one as the group"),
            ("example.com/", "expected a DNS label, but got an empty one as the version"),
            ("a_b/v1", "expected lower-case letters, digits and `-` in a DNS label, but got `_` as the group"),
            ("a/b/c", "expected lower-case letters, digits and `-` in a DNS label, but got `/` as the version"),
            ("a/V1", "expected lower-case letters, digits and `-` in a DNS label, but got `V` as the version"),
        ] {
            assert_eq!(parse_api_version(text.into()).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn checks_kinds() {
        for kind in ["Job", "J2"] {
            assert_eq!(check_kind(kind), Ok(()));
        }
        for (text, message) in [
            ("", "expected a kind, but got an empty string"),
            ("2J", "expected a kind that starts with a letter, but got `2`"),
            ("Job-Set", "expected a kind of letters and digits, but got `-`"),
            ("J\u{e4}", "expected a kind of letters and digits, but got U+00E4"),
        ] {
            assert_eq!(check_kind(text).unwrap_err().to_string(), message, "{text}");
        }
    }
}
