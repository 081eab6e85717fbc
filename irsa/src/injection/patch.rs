//! Inserts a plan into a pod's text. No other module writes pods.
//!
//! The text is copied as it is, with the additions inserted; only a `null` in the place of an array or object is
//! replaced. So every field survives, also those that this version does not know.

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

/// Insertions into a pod's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The text of all insertions.
    added: String,
    /// Sorted edits: the range of the request's text to replace (empty = insert), and the range of `added` to put there.
    edits: Vec<(Range<usize>, Range<usize>)>,
    /// The length of what is inserted, in bytes. `added` has a text once that is inserted many times.
    length: usize,
}

impl Patch {
    /// The insertions of a plan.
    pub(crate) fn new(pod: &Pod<'_>, plan: &Plan<'_>) -> Self {
        let mut edits = Self::default();
        let mut mount = None;
        // Most containers lack the same variables.
        let mut written = (Additions::default(), String::new());
        // In the order of the text, in which the containers can come before the init containers, so that each edit is added
        // at the end.
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

    /// Whether there are no insertions.
    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The length of the insertions, in bytes.
    pub(crate) fn added_bytes(&self) -> usize {
        self.length
    }

    /// Writes an object with the insertions. `start` is the position of the object's text in the request's text.
    #[expect(
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        reason = "INVARIANT: every position comes from reading this text; a wrong one must trap, not drop bytes of a pod"
    )]
    pub(crate) fn write(&self, object: &str, start: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut copied = 0;
        for (place, part) in &self.edits {
            out.write_str(&object[copied..place.start - start])?;
            out.write_str(&self.added[part.clone()])?;
            copied = place.end - start;
        }
        out.write_str(&object[copied..])
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

    /// Adds to the end of an array, which is the member `key` of `owner`.
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

    /// Adds to the start of an array, which is the member `key` of `owner`.
    fn put_first(&mut self, list: &Field<Brackets>, mut owner: Brackets, key: &str, element: &str) {
        let Field::Present(list) = list else { return self.append(list, &mut owner, key, element) };
        let start = list.span.start.saturating_add(1);
        self.add(start..start, &[element, if list.is_empty { "" } else { "," }]);
    }

    /// Adds before the closing bracket.
    fn add_before_end(&mut self, brackets: Brackets, parts: &[&str]) {
        let end = brackets.span.end.saturating_sub(1);
        let comma = if brackets.is_empty { "" } else { "," };
        self.add(end..end, &[comma, &parts.concat()]);
    }

    /// Replaces a range of the text with the parts.
    fn add(&mut self, place: Range<usize>, parts: &[&str]) {
        let text = parts.concat();
        self.length = self.length.saturating_add(text.len());
        // Most containers get the same two texts. In a small pod, comparing them costs more than copying.
        let is_it = |part: &&Range<usize>| self.added.get((*part).clone()) == Some(&*text);
        let compared = if self.edits.len() > 64 { 2 } else { 0 };
        let part =
            self.edits.iter().rev().take(compared).map(|(_, part)| part).find(is_it).cloned().unwrap_or_else(|| {
                let start = self.added.len();
                self.added.push_str(&text);
                start..self.added.len()
            });
        // Usually at the end: the pod is walked in about the order of its text.
        let at = self.edits.partition_point(|(other, _)| other.start <= place.start);
        self.edits.insert(at, (place, part));
    }
}

fn volume_text(token: &Token<'_>) -> String {
    let mut out = String::from("{\"name\":");
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
    let mut out = String::from("{\"name\":");
    write_string(token.volume_name, &mut out);
    out.push_str(",\"readOnly\":true,\"mountPath\":");
    write_string(token.mount_path.as_str(), &mut out);
    out.push('}');
    out
}

fn variables_text(plan: &Plan<'_>, additions: Additions) -> String {
    let mut out = String::new();
    for (variable, value) in plan.variables(additions) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str("{\"name\":");
        write_string(variable.name(), &mut out);
        match value {
            Value::Text(text) => {
                out.push_str(",\"value\":");
                write_string(text, &mut out);
            }
            Value::PodName => out.push_str(",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}"),
        }
        out.push('}');
    }
    out
}
