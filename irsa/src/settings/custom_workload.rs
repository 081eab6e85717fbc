//! The setting `customWorkloads`: custom kinds that create pods, and the paths to the values that the policy reads in
//! objects of these kinds.
//!
//! A path is a JSONPath (RFC 9535) of child names and wildcards only: `$` (the object itself), `$.spec.template`,
//! `$.spec.replicatedJobs[*].template`, `$.spec.tfReplicaSpecs.*.template`, `$['spec']['a.b']`.

use alloc::borrow::{Cow, ToOwned};
use alloc::vec::Vec;
use core::fmt;

use crate::types::character::Shown;
use crate::types::dns::{DnsNameError, check_dns_label, check_dns_subdomain};

/// The built-in kinds that create pods: group, version, kind, path of the pod template.
pub(crate) const BUILT_IN: [(&str, &str, &str, &[Step<'static>]); 8] = [
    ("apps", "v1", "Deployment", SPEC_TEMPLATE),
    ("apps", "v1", "StatefulSet", SPEC_TEMPLATE),
    ("apps", "v1", "DaemonSet", SPEC_TEMPLATE),
    ("apps", "v1", "ReplicaSet", SPEC_TEMPLATE),
    ("", "v1", "ReplicationController", SPEC_TEMPLATE),
    ("batch", "v1", "Job", SPEC_TEMPLATE),
    ("batch", "v1", "CronJob", &[step("spec"), step("jobTemplate"), step("spec"), step("template")]),
    ("", "v1", "PodTemplate", &[step("template")]),
];

/// The maximum number of steps of a path. The JSON reader accepts the same number of levels.
const STEP_LIMIT: usize = 200;

const SPEC_TEMPLATE: &[Step<'static>] = &[step("spec"), step("template")];

/// The other built-in kinds that the policy checks, all of the core group. [`BUILT_IN`] has the workloads.
const CHECKED: [&str; 3] = ["Pod", "ServiceAccount", "ConfigMap"];

const fn step(name: &'static str) -> Step<'static> {
    Step::Name(Cow::Borrowed(name))
}

/// A custom kind that creates pods. At least one of its three arrays of paths is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomWorkload<'a> {
    /// The API group; empty for the core group.
    pub group: Cow<'a, str>,
    /// The API version. `None` for any version of the group.
    pub version: Option<Cow<'a, str>>,
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The paths to pod templates: objects with the `metadata` and the `spec` of a pod.
    pub pod_templates: Vec<ObjectPath<'a>>,
    /// The paths to pod specs without a pod template around them.
    pub pod_specs: Vec<ObjectPath<'a>>,
    /// The paths to names of service accounts. Never the path of the object itself.
    pub service_account_names: Vec<ObjectPath<'a>>,
}

/// A path into an object: a JSONPath of child names and wildcards. `$` is the object itself.
///
/// ```
/// use irsa::internals::{ObjectPath, ObjectPathError};
///
/// assert_eq!(ObjectPath::new("$".into())?.steps().len(), 0);
/// assert_eq!(ObjectPath::new("$.spec.jobs[*].template".into())?.steps().len(), 4);
/// assert_eq!(ObjectPath::new("$..template".into()), Err(ObjectPathError::Descendants));
/// # Ok::<(), ObjectPathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath<'a>(Vec<Step<'a>>);

/// A step of an [`ObjectPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step<'a> {
    /// Selects the member of this name.
    Name(Cow<'a, str>),
    /// Selects all members of an object, or all elements of an array.
    Wildcard,
}

/// Why a string is not a path into an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectPathError {
    /// It does not start with `$`.
    Root,
    /// It has more than 200 steps.
    TooLong,
    /// It leads to the object itself, which is not a string.
    NotAString,
    /// It selects all descendants (`..`).
    Descendants,
    /// It selects some elements of an array.
    Index,
    /// It contains a filter (`?`).
    Filter,
    /// A step starts with this character, which is neither `.` nor `[`.
    Step(char),
    /// No name follows a `.`.
    NoName,
    /// The brackets of a step are not closed, or their content is not supported. Only `*` and one quoted name without
    /// escapes are supported.
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
    /// It starts with this character, which is not a letter.
    First(char),
    /// It contains this character.
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

impl<'a> ObjectPath<'a> {
    /// Parses a path.
    ///
    /// # Errors
    /// Fails if it is not a JSONPath, or uses anything other than child names and wildcards.
    pub fn new(text: Cow<'a, str>) -> Result<Self, ObjectPathError> {
        match text {
            Cow::Borrowed(text) => parse(text).map(Self),
            Cow::Owned(text) => Ok(Self(parse(&text)?.into_iter().map(Step::into_owned).collect())),
        }
    }

    /// Parses a path that should lead to a string.
    ///
    /// # Errors
    /// Fails as [`ObjectPath::new`] does. Also fails for `$`, because the object itself is not a string.
    pub(super) fn to_string_value(text: Cow<'a, str>) -> Result<Self, ObjectPathError> {
        let path = Self::new(text)?;
        if path.0.is_empty() { Err(ObjectPathError::NotAString) } else { Ok(path) }
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

/// An API group (empty for the core group) and a version (`None` for any).
type GroupVersion<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// Parses an API version: `group/version`, `group/*`, or a version of the core group.
pub(super) fn parse_api_version(text: Cow<'_, str>) -> Result<GroupVersion<'_>, ApiVersionError> {
    match text {
        Cow::Borrowed(text) => {
            let (group, version) = split_api_version(text)?;
            Ok((Cow::Borrowed(group), version.map(Cow::Borrowed)))
        }
        Cow::Owned(text) => {
            let (group, version) = split_api_version(&text)?;
            Ok((Cow::Owned(group.to_owned()), version.map(|version| Cow::Owned(version.to_owned()))))
        }
    }
}

fn split_api_version(text: &str) -> Result<(&str, Option<&str>), ApiVersionError> {
    let (group, version) = match text.split_once('/') {
        Some((group, version)) => {
            check_dns_subdomain(group).map_err(ApiVersionError::Group)?;
            (group, version)
        }
        None => ("", text),
    };
    if version == "*" && !group.is_empty() {
        return Ok((group, None));
    }
    check_dns_label(version).map_err(ApiVersionError::Version)?;
    Ok((group, Some(version)))
}

/// Whether a kind is built in, whatever its version. `customWorkloads` must not contain such a kind.
pub(super) fn is_built_in(group: &str, kind: &str) -> bool {
    BUILT_IN.iter().any(|(other_group, _, other, _)| *other_group == group && *other == kind)
        || (group.is_empty() && CHECKED.contains(&kind))
}

/// Checks that a string can be the name of a kind: ASCII letters and digits, starting with a letter.
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

fn parse(text: &str) -> Result<Vec<Step<'_>>, ObjectPathError> {
    let mut rest = text.strip_prefix('$').ok_or(ObjectPathError::Root)?;
    let mut steps = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (step, after) = parse_step(rest, first)?;
        steps.push(step);
        rest = after;
    }
    if steps.len() > STEP_LIMIT { Err(ObjectPathError::TooLong) } else { Ok(steps) }
}

/// Parses the first step. Returns the step and the text after it.
fn parse_step(text: &str, first: char) -> Result<(Step<'_>, &str), ObjectPathError> {
    if let Some(after) = text.strip_prefix(".*").or_else(|| text.strip_prefix("[*]")) {
        return Ok((Step::Wildcard, after));
    }
    if let Some(after) = text.strip_prefix('.') {
        return parse_name(after);
    }
    match text.strip_prefix('[') {
        Some(after) => parse_brackets(after),
        None => Err(ObjectPathError::Step(first)),
    }
}

/// Parses a name after a `.`, as RFC 9535's `member-name-shorthand`.
fn parse_name(text: &str) -> Result<(Step<'_>, &str), ObjectPathError> {
    let is_first = |character: char| character == '_' || character.is_ascii_alphabetic() || !character.is_ascii();
    match text.chars().next() {
        Some('.') => return Err(ObjectPathError::Descendants),
        Some(first) if is_first(first) => {}
        _ => return Err(ObjectPathError::NoName),
    }
    let end = text.find(|character: char| !is_first(character) && !character.is_ascii_digit());
    let (name, after) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    Ok((Step::Name(Cow::Borrowed(name)), after))
}

/// Parses a name in quotes and the `]` after it.
fn parse_brackets(text: &str) -> Result<(Step<'_>, &str), ObjectPathError> {
    let quote = match text.chars().next() {
        Some(quote @ ('\'' | '"')) => quote,
        Some('?') => return Err(ObjectPathError::Filter),
        Some('-' | ':' | '0'..='9') => return Err(ObjectPathError::Index),
        _ => return Err(ObjectPathError::Brackets),
    };
    let quoted = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
    let (name, after) = quoted.ok_or(ObjectPathError::Brackets)?;
    let is_plain = !name.contains('\\') && !name.chars().any(char::is_control);
    let after = after.strip_prefix(']').filter(|_| is_plain).ok_or(ObjectPathError::Brackets)?;
    Ok((Step::Name(Cow::Borrowed(name)), after))
}

impl ObjectPath<'_> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "a JSONPath of names and wildcards, such as `$.spec.jobs[*].template`";
}

impl fmt::Display for ObjectPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SUPPORTED: &str = "names (`.name`, `['name']`) and wildcards (`.*`, `[*]`)";
        match self {
            Self::Root => f.write_str("expected a JSONPath that starts with `$`, but the value does not"),
            Self::TooLong => write!(f, "expected at most {STEP_LIMIT} steps, but got more"),
            Self::NotAString => f.write_str("expected a path to a string, but got `$`, which is the object itself"),
            Self::Descendants => write!(f, "expected {SUPPORTED}, but got `..`"),
            Self::Index => write!(f, "expected {SUPPORTED}, but got an array index"),
            Self::Filter => write!(f, "expected {SUPPORTED}, but got a filter"),
            Self::Step(character) => write!(f, "expected {SUPPORTED}, but got {} after a step", Shown(*character)),
            Self::NoName => f.write_str(
                "expected a name that starts with a letter or `_` after `.`, but got something else; quote \
                 other names: `['name']`",
            ),
            Self::Brackets => {
                f.write_str("expected `*` or one name in quotes between `[` and `]`, but got something else")
            }
        }
    }
}

impl fmt::Display for ApiVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, error) = match self {
            Self::Group(error) => ("group", error),
            Self::Version(error) => ("version", error),
        };
        write!(f, "in the {part}: {error}")
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

impl core::error::Error for ObjectPathError {}
impl core::error::Error for ApiVersionError {}
impl core::error::Error for KindError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_and_wildcards() {
        let name = |name: &'static str| Step::Name(Cow::Borrowed(name));
        for (text, steps) in [
            ("$", vec![]),
            ("$.spec.template", vec![name("spec"), name("template")]),
            ("$.spec.jobs[*].template", vec![name("spec"), name("jobs"), Step::Wildcard, name("template")]),
            ("$.spec.*.template", vec![name("spec"), Step::Wildcard, name("template")]),
            ("$['spec'][\"a.b\"]", vec![name("spec"), name("a.b")]),
            ("$.\u{e4}_1", vec![name("\u{e4}_1")]),
        ] {
            for given in [Cow::Borrowed(text), Cow::Owned(text.to_owned())] {
                assert_eq!(ObjectPath::new(given), Ok(ObjectPath(steps.clone())), "{text}");
            }
        }
    }

    #[test]
    fn rejects_unsupported_paths_with_the_reason() {
        use ObjectPathError::Step as WrongStep;
        use ObjectPathError::{Brackets, Descendants, Filter, Index, NoName, Root};
        for (text, expected) in [
            ("", Root),
            ("spec.template", Root),
            (".spec", Root),
            ("@.a", Root),
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
            assert_eq!(ObjectPath::new(Cow::Borrowed(text)), Err(expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_supported() {
        for (error, message) in [
            (ObjectPathError::Root, "expected a JSONPath that starts with `$`, but the value does not"),
            (ObjectPathError::TooLong, "expected at most 200 steps, but got more"),
            (ObjectPathError::NotAString, "expected a path to a string, but got `$`, which is the object itself"),
            (
                ObjectPathError::Descendants,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got `..`",
            ),
            (
                ObjectPathError::Index,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got an array index",
            ),
            (
                ObjectPathError::Filter,
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got a filter",
            ),
            (
                ObjectPathError::Step('-'),
                "expected names (`.name`, `['name']`) and wildcards (`.*`, `[*]`), but got `-` after a step",
            ),
            (
                ObjectPathError::NoName,
                "expected a name that starts with a letter or `_` after `.`, but got something else; quote \
                 other names: `['name']`",
            ),
            (
                ObjectPathError::Brackets,
                "expected `*` or one name in quotes between `[` and `]`, but got something else",
            ),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn rejects_paths_that_are_too_long_or_lead_to_no_string() {
        assert_eq!(ObjectPath::new(format!("${}", ".a".repeat(200)).into()).unwrap().steps().len(), 200);
        assert_eq!(ObjectPath::new(format!("${}", ".a".repeat(201)).into()), Err(ObjectPathError::TooLong));
        assert_eq!(ObjectPath::to_string_value("$".into()), Err(ObjectPathError::NotAString));
        assert_eq!(ObjectPath::to_string_value("$.a".into()), ObjectPath::new("$.a".into()));
    }

    #[test]
    fn recognizes_built_in_kinds() {
        for (group, kind) in [("apps", "Deployment"), ("batch", "CronJob"), ("", "Pod"), ("", "ConfigMap")] {
            assert!(is_built_in(group, kind), "{group}/{kind}");
        }
        for (group, kind) in [("example.com", "Deployment"), ("apps", "Pod"), ("batch.volcano.sh", "Job")] {
            assert!(!is_built_in(group, kind), "{group}/{kind}");
        }
    }

    #[test]
    fn splits_api_versions() {
        for (text, group, version) in
            [("example.com/v1", "example.com", Some("v1")), ("v1", "", Some("v1")), ("ray.io/*", "ray.io", None)]
        {
            for given in [Cow::Borrowed(text), Cow::Owned(text.to_owned())] {
                assert_eq!(parse_api_version(given), Ok((group.into(), version.map(Cow::Borrowed))));
            }
        }
        for (text, message) in [
            ("*", "in the version: expected lower-case letters, digits and `-` in a DNS label, but got `*`"),
            ("*/*", "in the group: expected lower-case letters, digits and `-` in a DNS label, but got `*`"),
            ("a/v*", "in the version: expected lower-case letters, digits and `-` in a DNS label, but got `*`"),
            ("", "in the version: expected a DNS label, but got an empty label"),
            ("/v1", "in the group: expected a DNS label, but got an empty label"),
            ("example.com/", "in the version: expected a DNS label, but got an empty label"),
            ("a_b/v1", "in the group: expected lower-case letters, digits and `-` in a DNS label, but got `_`"),
            ("a/b/c", "in the version: expected lower-case letters, digits and `-` in a DNS label, but got `/`"),
            ("a/V1", "in the version: expected lower-case letters, digits and `-` in a DNS label, but got `V`"),
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
