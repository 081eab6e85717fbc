//! The message of a finding.
//!
//! Form: what it is about, what was expected and what was found, then the fix. Lower-case start, no final period, user
//! input in backticks. A message quotes at most one value, which is what gets cut if the line is too long.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::ops::Range;

use super::escape::{Line, truncate};
use super::place::{ItemKind, Owner, Place, TargetKind};
use crate::json::RawStr;
use crate::types::object_name::{AccountName, ConfigMapName};

/// The longest name that a place has, in bytes. Kubernetes accepts no longer ones.
const NAME_LIMIT: usize = 1024;

/// The shortest that a quoted value is cut to, in bytes.
const QUOTE_MIN: usize = 16;

/// The object, or the part of the pod, that a message is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// The pod or the pod template.
    Pod,
    /// The metadata of the workload itself.
    Metadata,
    /// A container or init container of this name.
    Container(RawStr<'a>),
    /// A service account.
    ServiceAccount(&'a AccountName),
    /// The `ConfigMap` of role mappings.
    ConfigMap(&'a ConfigMapName<'a>),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod => f.write_str("pod"),
            Self::Metadata => f.write_str("metadata"),
            Self::Container(name) => write!(f, "container `{name}`"),
            Self::ServiceAccount(name) => write!(f, "service account `{name}`"),
            Self::ConfigMap(name) => write!(f, "ConfigMap `{name}`"),
        }
    }
}

/// The thing within the subject that a message is about.
#[derive(Clone, Copy)]
pub(crate) enum Item<'a> {
    /// The subject as a whole.
    Whole,
    /// An annotation under the prefix.
    Annotation { prefix: &'a str, key: &'a str },
    /// An annotation by its whole key.
    AnnotationKey(&'a str),
    /// A label.
    Label(&'static str),
    /// An environment variable. The message goes on with what is wrong about it.
    Variable(&'static str),
    /// A volume.
    Volume(&'a str),
    /// A mount path.
    Mount(&'a str),
    /// An entry of the `ConfigMap`, by its key.
    Entry(&'a str),
    /// The name of the service account, which the message does not repeat.
    ServiceAccountName,
}

impl Item<'_> {
    fn place(self) -> (ItemKind, String) {
        match self {
            Self::Whole => (ItemKind::Whole, String::new()),
            Self::Annotation { prefix, key } => (ItemKind::Annotation, [prefix, "/", key].concat()),
            Self::AnnotationKey(key) => (ItemKind::Annotation, key.to_owned()),
            Self::Label(key) => (ItemKind::Label, key.to_owned()),
            Self::Variable(name) => (ItemKind::Variable, name.to_owned()),
            Self::Volume(name) => (ItemKind::Volume, name.to_owned()),
            Self::Mount(path) => (ItemKind::Mount, path.to_owned()),
            Self::Entry(key) => (ItemKind::Entry, key.to_owned()),
            Self::ServiceAccountName => (ItemKind::ServiceAccountName, String::new()),
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole | Self::ServiceAccountName => Ok(()),
            Self::Annotation { prefix, key } => write!(f, "annotation `{prefix}/{key}`: "),
            Self::AnnotationKey(key) => write!(f, "annotation `{key}`: "),
            Self::Label(key) => write!(f, "label `{key}`: "),
            Self::Variable(name) => write!(f, "`{name}` "),
            Self::Volume(name) => write!(f, "volume `{name}`: "),
            Self::Mount(path) => write!(f, "mount path `{path}`: "),
            Self::Entry(key) => write!(f, "entry `{key}`: "),
        }
    }
}

/// An unformatted message; formatted only if its finding is not ignored.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    subject: Subject<'a>,
    item: Item<'a>,
    text: fmt::Arguments<'a>,
    value: Option<&'a str>,
    rest: fmt::Arguments<'a>,
}

impl<'a> Message<'a> {
    /// A message about a subject.
    pub(crate) fn new(subject: Subject<'a>, text: fmt::Arguments<'a>) -> Self {
        Self { subject, item: Item::Whole, text, value: None, rest: format_args!("") }
    }

    /// Names the thing within the subject.
    pub(crate) fn on(self, item: Item<'a>) -> Self {
        Self { item, ..self }
    }

    /// Quotes a value behind the text, in backticks.
    pub(crate) fn quote(self, value: &'a str) -> Self {
        Self { value: Some(value), ..self }
    }

    /// Adds text behind the quoted value.
    pub(crate) fn then(self, rest: fmt::Arguments<'a>) -> Self {
        Self { rest, ..self }
    }

    /// Formats the message, without the path of a template, which comes before it. User input is cut at `limit` bytes.
    pub(super) fn format(&self, is_in_template: bool, limit: usize) -> Text {
        let mut line = Line::new(limit);
        match self.subject {
            // The template stands for the pod.
            Subject::Pod if is_in_template => line.push(format_args!("{}", self.item)),
            subject => line.push(format_args!("{subject}: {}", self.item)),
        }
        line.push(self.text);
        let quote = self.value.map(|value| {
            line.push(format_args!("`"));
            let start = line.len();
            line.push(format_args!("{value}"));
            let end = line.len();
            line.push(format_args!("`"));
            start..end
        });
        line.push(self.rest);
        Text { text: line.into_text(), quote }
    }

    /// Where the message points to.
    pub(super) fn place(&self, template: Option<(TargetKind, &str)>) -> Place {
        let (kind, mut name) = self.item.place();
        name.truncate(name.floor_char_boundary(NAME_LIMIT));
        let (owner, container) = match self.subject {
            Subject::Pod | Subject::Metadata => (Owner::Object, None),
            Subject::Container(name) => {
                let mut name = name.decode().into_owned();
                name.truncate(name.floor_char_boundary(NAME_LIMIT));
                (Owner::Object, Some(name))
            }
            Subject::ServiceAccount(_) => (Owner::ServiceAccount, None),
            Subject::ConfigMap(_) => (Owner::ConfigMap, None),
        };
        let target = template.map(|(target, _)| target).unwrap_or_default();
        Place { owner, template: template.map(|(_, path)| path.to_owned()), target, container, kind, name }
    }
}

/// A formatted message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    text: String,
    quote: Option<Range<usize>>,
}

impl Text {
    /// A text without a quoted value.
    pub(super) fn plain(text: String) -> Self {
        Self { text, quote: None }
    }

    /// The text behind a prefix, in `advice` bytes if cutting the quoted value does it, and never more than `limit` bytes.
    pub(super) fn shortened(&self, prefix: &str, advice: usize, limit: usize) -> String {
        let mut text = self.text.clone();
        if let Some(quote) = &self.quote {
            let excess = prefix.len().saturating_add(text.len()).saturating_sub(advice);
            let keep = quote.len().saturating_sub(excess).max(QUOTE_MIN);
            #[expect(clippy::string_slice, reason = "INVARIANT: `format` took the range from this text")]
            let mut value = text[quote.clone()].to_owned();
            truncate(&mut value, keep);
            text.replace_range(quote.clone(), &value);
        }
        text.insert_str(0, prefix);
        truncate(&mut text, limit);
        text
    }
}
