//! Inserts a plan into the JSON of a pod. No other module changes pods.
//!
//! Copies the JSON and inserts the additions. So every field survives, even a field that this version does not read.
//! Only two kinds of values are replaced: a `null` in place of an array or object, and a wrong value of the label for
//! container credentials.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::environment::Value;
use super::plan::{Additions, Plan};
use crate::identity::Token;
use crate::json::{Brackets, Field, write_string};
use crate::objects::metadata::{Labels, POD_IDENTITY_ENABLED, POD_IDENTITY_LABEL};
use crate::objects::pod::Pod;

/// The usual length of all insertions into a pod, in bytes. Most patches do not grow beyond it.
const USUAL_LENGTH: usize = 2048;

/// The usual length of one insertion, in bytes.
const USUAL_INSERTION: usize = 512;

/// The insertions into the JSON of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The inserted text, one insertion after the other.
    added: String,
    /// The edits, sorted. Each edit has two ranges: the range of the request to replace (empty for an insertion), and
    /// the range of `added` that contains the new text.
    edits: Vec<(Range<usize>, Range<usize>)>,
    /// The length of all insertions, in bytes. `added` can be shorter, because equal insertions share their text.
    length: usize,
}

impl Patch {
    /// The insertions of a plan.
    pub(crate) fn new(pod: &Pod<'_>, plan: &Plan<'_>) -> Self {
        let mut edits = Self { added: String::with_capacity(USUAL_LENGTH), ..Self::default() };
        let mut mount = None;
        // Cached, because most containers lack the same variables.
        let mut written = (Additions::default(), String::new());
        // The containers may precede the init containers in the JSON. Both lists are visited in the order of the JSON,
        // so that `insert` can usually append the new edit after all earlier edits.
        let starts = || pod.spec.containers.iter().map(|container| container.brackets.span.start);
        let second =
            starts().zip(starts().skip(1)).position(|(one, next)| next < one).map_or(0, |last| last.saturating_add(1));
        let all = || pod.spec.containers.iter().zip(&plan.containers);
        for (container, additions) in all().skip(second).chain(all().take(second)) {
            let mut owner = container.brackets;
            if additions.has_variables() {
                if written.0 != *additions {
                    written = (*additions, variables_text(plan, *additions));
                }
                edits.append(&container.env.place, &mut owner, "env", &written.1);
            }
            if additions.mount {
                edits.append(
                    &container.mounts.place,
                    &mut owner,
                    "volumeMounts",
                    mount.get_or_insert_with(|| mount_text(plan.token)),
                );
            }
        }
        if plan.volume {
            edits.put_first(&pod.spec.volumes.place, pod.spec.brackets, "volumes", &volume_text(plan.token));
        }
        if plan.label {
            edits.set_label(pod);
        }
        edits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The length of the insertions, in bytes.
    pub(crate) fn added_bytes(&self) -> usize {
        self.length
    }

    /// Writes an object with the insertions. `start` is the position of the object in the request.
    ///
    /// INVARIANT: all positions in the patch come from reading this object.
    pub(crate) fn write(&self, object: &str, start: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut copied = 0;
        for (place, part) in &self.edits {
            let (from, to) = (place.start.checked_sub(start), place.end.checked_sub(start));
            let (Some(from), Some(to), Some(added)) = (from, to, self.added.get(part.clone())) else { broken() };
            let Some(before) = object.get(copied..from) else { broken() };
            out.write_str(before)?;
            out.write_str(added)?;
            copied = to;
        }
        let Some(rest) = object.get(copied..) else { broken() };
        out.write_str(rest)
    }

    fn set_label(&mut self, pod: &Pod<'_>) {
        const VALUE: [&str; 3] = ["\"", POD_IDENTITY_ENABLED, "\""];
        let label = ["\"", POD_IDENTITY_LABEL, "\":\"", POD_IDENTITY_ENABLED, "\""].concat();
        let present = match &pod.metadata {
            Field::Present(present) => present,
            Field::Null(span) => return self.add(span.start..span.end, &["{\"labels\":{", &label, "}}"]),
            Field::Missing => {
                return self.add_before_end(pod.brackets, &["\"metadata\":{\"labels\":{", &label, "}}"]);
            }
        };
        match &present.labels {
            Field::Missing => self.add_before_end(present.brackets, &["\"labels\":{", &label, "}"]),
            Field::Null(span) => self.add(span.start..span.end, &["{", &label, "}"]),
            Field::Present(Labels { pod_identity: Some((_, span)), .. }) => self.add(span.start..span.end, &VALUE),
            Field::Present(labels) => self.add_before_end(labels.brackets, &[&label]),
        }
    }

    /// Appends elements to the array in the member `key` of `owner`.
    fn append(&mut self, list: &Field<Brackets>, owner: &mut Brackets, key: &str, elements: &str) {
        match list {
            Field::Present(list) => self.add_before_end(*list, &[elements]),
            Field::Null(span) => self.add(span.start..span.end, &["[", elements, "]"]),
            Field::Missing => {
                self.add_before_end(*owner, &["\"", key, "\":[", elements, "]"]);
                owner.is_empty = false;
            }
        }
    }

    /// Prepends an element to the array in the member `key` of `owner`.
    fn put_first(&mut self, list: &Field<Brackets>, mut owner: Brackets, key: &str, element: &str) {
        let Field::Present(list) = list else { return self.append(list, &mut owner, key, element) };
        let start = list.span.start.saturating_add(1);
        self.add(start..start, &[element, if list.is_empty { "" } else { "," }]);
    }

    /// Inserts before the closing bracket.
    fn add_before_end(&mut self, brackets: Brackets, parts: &[&str]) {
        let end = brackets.span.end.saturating_sub(1);
        self.insert(end..end, if brackets.is_empty { "" } else { "," }, parts);
    }

    /// Replaces a range of the request with the parts.
    fn add(&mut self, place: Range<usize>, parts: &[&str]) {
        self.insert(place, "", parts);
    }

    fn insert(&mut self, place: Range<usize>, comma: &str, parts: &[&str]) {
        let start = self.added.len();
        self.added.push_str(comma);
        for text in parts {
            self.added.push_str(text);
        }
        let mut part = start..self.added.len();
        self.length = self.length.saturating_add(part.len());
        // Most containers get the same two texts. A large patch saves memory: if the new text equals the text of one of
        // the last two edits, both edits share it. In a small patch, comparing costs more than copying.
        if self.edits.len() > 64 {
            let text = self.added.get(part.clone());
            let mut last = self.edits.iter().rev().take(2).map(|(_, part)| part.clone());
            if let Some(same) = last.find(|other| self.added.get(other.clone()) == text) {
                self.added.truncate(start);
                part = same;
            }
        }
        // Usually the new edit is the last one, because containers are visited in the order of the JSON.
        let at = self.edits.partition_point(|(other, _)| other.start <= place.start);
        self.edits.insert(at, (place, part));
    }
}

/// Panics, because a position does not fit the object. In the policy, the panic is a trap, and the API server rejects
/// the request. Otherwise, a part of the pod could be lost.
#[cold]
#[inline(never)]
#[expect(clippy::panic, reason = "fails closed")]
fn broken() -> ! {
    panic!("a bug in irsa: an invariant does not hold");
}

fn volume_text(token: &Token<'_>) -> String {
    let mut out = String::with_capacity(USUAL_INSERTION);
    out.push_str("{\"name\":");
    write_string(token.volume_name, &mut out);
    out.push_str(",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"audience\":");
    write_string(&token.audience, &mut out);
    out.push_str(",\"expirationSeconds\":");
    out.push_str(&token.lifetime.seconds().to_string());
    out.push_str(",\"path\":");
    write_string(token.path, &mut out);
    out.push_str("}}]}}");
    out
}

fn mount_text(token: &Token<'_>) -> String {
    let mut out = String::with_capacity(USUAL_INSERTION);
    out.push_str("{\"name\":");
    write_string(token.volume_name, &mut out);
    out.push_str(",\"readOnly\":true,\"mountPath\":");
    write_string(token.mount_path.as_str(), &mut out);
    out.push('}');
    out
}

fn variables_text(plan: &Plan<'_>, additions: Additions) -> String {
    let mut out = String::with_capacity(USUAL_INSERTION);
    for (variable, value) in plan.variables(additions) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str("{\"name\":\"");
        // The names in the table need no escapes.
        out.push_str(variable.name());
        match value {
            Value::Text(text) => {
                out.push_str("\",\"value\":");
                write_string(text, &mut out);
            }
            Value::PodName => out.push_str("\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}"),
        }
        out.push('}');
    }
    out
}
