//! Kinds beside Kubernetes' own that make pods, and where in them the pod templates are.
//!
//! The paths are JSONPath (RFC 9535), as far as it has child names and wildcards: `$.spec.template`,
//! `$.spec.replicatedJobs[*].template`, `$.spec.tfReplicaSpecs.*.template`, `$['spec']['a.b']`.

use std::borrow::Cow;

use crate::types::dns::{is_dns_label, is_dns_subdomain};

/// A kind that makes pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomWorkload<'a> {
    /// The API group, empty for the core one.
    pub group: Cow<'a, str>,
    /// The API version.
    pub version: Cow<'a, str>,
    /// The kind.
    pub kind: Cow<'a, str>,
    /// Where the pod templates are; at least one.
    pub pod_templates: Vec<TemplatePath<'a>>,
}

/// Where in an object pod templates are: a JSONPath of child names and wildcards, and of nothing else.
///
/// ```
/// use irsa::internals::TemplatePath;
///
/// assert_eq!(TemplatePath::new("$.spec.jobs[*].template").unwrap().steps().len(), 4);
/// assert!(TemplatePath::new("$..template").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePath<'a>(Vec<Step<'a>>);

/// A step of a [`TemplatePath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the member of this name.
    Name(Cow<'a, str>),
    /// To all members of an object, or all elements of a list.
    Wildcard,
}

impl Step<'_> {
    /// The name of the member that the step goes to. `None` for a wildcard.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Wildcard => None,
        }
    }
}

impl<'a> TemplatePath<'a> {
    /// Reads a path. `None` where it is none, or uses more of JSONPath than child names and wildcards.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = read_step(rest)?;
            steps.push(step);
            rest = after;
        }
        (!steps.is_empty()).then_some(Self(steps))
    }

    /// A path of child names.
    #[must_use]
    pub fn of_names(names: &[&'a str]) -> Self {
        Self(names.iter().map(|&name| Step::Name(Cow::Borrowed(name))).collect())
    }

    /// The steps, from the object inwards.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.0
    }
}

/// Whether a text can be a kind.
pub(super) fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The group, empty for the core one, and the version.
pub(super) fn split_api_version(text: &str) -> Option<(&str, &str)> {
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    let is_valid = is_dns_label(version)
        && (group.is_empty() != text.contains('/'))
        && (group.is_empty() || is_dns_subdomain(group));
    is_valid.then_some((group, version))
}

fn read_step<'a>(text: &str) -> Option<(Step<'a>, &str)> {
    if let Some(after) = text.strip_prefix(".*").or_else(|| text.strip_prefix("[*]")) {
        return Some((Step::Wildcard, after));
    }
    if let Some(after) = text.strip_prefix('.') {
        let is_name = |character: char| character == '_' || character.is_ascii_alphanumeric() || !character.is_ascii();
        let (name, after) = after.split_at(after.find(|character| !is_name(character)).unwrap_or(after.len()));
        let starts_well = name.chars().next().is_some_and(|first| !first.is_ascii_digit());
        return starts_well.then(|| (Step::Name(Cow::Owned(name.to_owned())), after));
    }
    let after = text.strip_prefix('[')?;
    let quote = after.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (name, after) = after.strip_prefix(quote)?.split_once(quote)?;
    let is_plain = !name.contains('\\') && !name.chars().any(char::is_control);
    let after = after.strip_prefix(']')?;
    is_plain.then(|| (Step::Name(Cow::Owned(name.to_owned())), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_wildcards() {
        let name = |name: &'static str| Step::Name(Cow::Borrowed(name));
        for (text, steps) in [
            ("$.spec.template", vec![name("spec"), name("template")]),
            ("$.spec.jobs[*].template", vec![name("spec"), name("jobs"), Step::Wildcard, name("template")]),
            ("$.spec.*.template", vec![name("spec"), Step::Wildcard, name("template")]),
            ("$['spec'][\"a.b\"]", vec![name("spec"), name("a.b")]),
            ("$.\u{e4}_1", vec![name("\u{e4}_1")]),
        ] {
            assert_eq!(TemplatePath::new(text), Some(TemplatePath(steps)), "{text}");
        }
    }

    #[test]
    fn rejects_all_else() {
        for text in [
            "",
            "$",
            "spec.template",
            ".spec",
            "$.",
            "$.1a",
            "$.a-b",
            "$..template",
            "$.a[0]",
            "$.a[?@.b]",
            "$.a[0:2]",
            "$['a','b']",
            "$['a",
            "$['a'",
            "$[a]",
            "$.a b",
            "$.a ",
            "$['a\\n']",
            "@.a",
        ] {
            assert_eq!(TemplatePath::new(text), None, "{text}");
        }
    }
}
