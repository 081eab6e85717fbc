//! The message of a finding.
//!
//! A message says what it is about, what was expected, what was found, and how to fix it. It starts in lower case, has
//! no final period, and puts user input in backticks. It quotes at most one value. That value is cut if the line is too
//! long.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::ops::Range;

use super::escape::{Line, truncate};
use super::place::{ItemKind, Owner, Place, TargetKind};
use crate::json::RawStr;
use crate::types::object_name::{AccountName, ConfigMapName};

/// The maximum length of a name in a place, in bytes. Kubernetes rejects longer names.
const NAME_LIMIT: usize = 1024;

/// A quoted value is never cut to less than this number of bytes.
const QUOTE_MIN: usize = 16;

/// The object or part of a pod that a message is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// The pod or the pod template.
    Pod,
    /// The metadata of the workload itself.
    Metadata,
    /// The container or init container of this name.
    Container(RawStr<'a>),
    /// A service account.
    ServiceAccount(&'a AccountName),
    /// The `ConfigMap` of role mappings.
    ConfigMap(&'a ConfigMapName<'a>),
}

impl Subject<'_> {
    fn write(self, line: &mut Line) {
        match self {
            Self::Pod => line.push_all(&["pod"]),
            Self::Metadata => line.push_all(&["metadata"]),
            Self::Container(name) => line.push_all(&["container `", &name.decode(), "`"]),
            Self::ServiceAccount(name) => {
                line.push_all(&["service account `", &name.namespace, "/", &name.name, "`"]);
            }
            Self::ConfigMap(name) => line.push_all(&["ConfigMap `", &name.namespace, "/", &name.name, "`"]),
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
    /// An environment variable. In the message, the text follows the variable's name without a colon.
    Variable(&'static str),
    /// A volume.
    Volume(&'a str),
    /// A mount path.
    Mount(&'a str),
    /// An entry of the `ConfigMap`, by its key.
    Entry(&'a str),
    /// The name of the service account. The subject already contains it.
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

    fn write(self, line: &mut Line) {
        match self {
            Self::Whole | Self::ServiceAccountName => {}
            Self::Annotation { prefix, key } => line.push_all(&["annotation `", prefix, "/", key, "`: "]),
            Self::AnnotationKey(key) => line.push_all(&["annotation `", key, "`: "]),
            Self::Label(key) => line.push_all(&["label `", key, "`: "]),
            Self::Variable(name) => line.push_all(&["`", name, "` "]),
            Self::Volume(name) => line.push_all(&["volume `", name, "`: "]),
            Self::Mount(path) => line.push_all(&["mount path `", path, "`: "]),
            Self::Entry(key) => line.push_all(&["entry `", key, "`: "]),
        }
    }
}

/// An unformatted message. It is formatted only if its finding is not ignored.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    subject: Subject<'a>,
    item: Item<'a>,
    text: fmt::Arguments<'a>,
    value: Option<&'a str>,
    rest: fmt::Arguments<'a>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(subject: Subject<'a>, text: fmt::Arguments<'a>) -> Self {
        Self { subject, item: Item::Whole, text, value: None, rest: format_args!("") }
    }

    /// Sets the item within the subject.
    pub(crate) fn on(self, item: Item<'a>) -> Self {
        Self { item, ..self }
    }

    /// Appends a quoted value, in backticks.
    pub(crate) fn quote(self, value: &'a str) -> Self {
        Self { value: Some(value), ..self }
    }

    /// Appends text after the quoted value.
    pub(crate) fn then(self, rest: fmt::Arguments<'a>) -> Self {
        Self { rest, ..self }
    }

    /// Formats the message, without the path of a pod template. The text is cut at about `limit` bytes.
    pub(super) fn format(&self, is_in_template: bool, limit: usize) -> Text {
        let mut line = Line::new(limit);
        // If the message is about a pod template as a whole, the caller writes the template's path instead of the
        // subject.
        if !(is_in_template && matches!(self.subject, Subject::Pod)) {
            self.subject.write(&mut line);
            line.push_all(&[": "]);
        }
        self.item.write(&mut line);
        line.push(self.text);
        let quote = self.value.map(|value| {
            line.push_all(&["`"]);
            let start = line.len();
            line.push_all(&[value]);
            let end = line.len();
            line.push_all(&["`"]);
            start..end
        });
        line.push(self.rest);
        Text { text: line.into_text(), quote }
    }

    /// The place that the message is about.
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
    /// A message without a quoted value.
    pub(super) fn plain(text: String) -> Self {
        Self { text, quote: None }
    }

    /// Returns `prefix`, followed by the message. If possible, cuts the quoted value so that the result fits into
    /// `advice` bytes. Never returns more than `limit` bytes.
    pub(super) fn shortened(&self, prefix: &str, advice: usize, limit: usize) -> String {
        let (before, value, after) = self.around_quote();
        let excess = prefix.len().saturating_add(self.text.len()).saturating_sub(advice);
        let keep = value.len().saturating_sub(excess).max(QUOTE_MIN);
        let mut value = value.to_owned();
        truncate(&mut value, keep);
        let mut text = [prefix, before, &value, after].concat();
        truncate(&mut text, limit);
        text
    }

    /// Returns the text before the quoted value, the value, and the text after the value. If there is no quoted value,
    /// the first part is the whole text.
    fn around_quote(&self) -> (&str, &str, &str) {
        let parts = self.quote.as_ref().and_then(|Range { start, end }| {
            let (before, after) = self.text.split_at_checked(*end)?;
            let (before, value) = before.split_at_checked(*start)?;
            Some((before, value, after))
        });
        parts.unwrap_or((&self.text, "", ""))
    }
}
