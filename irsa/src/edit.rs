//! Writing: a plan applied to a pod's text. No other module writes pods.
//!
//! Nothing is written anew. The text is copied as it is, and what the plan adds is put in between; only a `null` where
//! a list is to be is replaced.

use std::io::Write;
use std::ops::Range;

use crate::environment::Value;
use crate::identity::Token;
use crate::json::{Brackets, Field, Span, write_string};
use crate::metadata::{Labels, POD_IDENTITY_ENABLED, POD_IDENTITY_LABEL};
use crate::plan::{Additions, Plan};
use crate::pod::{Container, Pod};
use crate::variable::Variable;

/// A pod's text with additions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// What is put in, one after the other.
    added: Vec<u8>,
    /// Where each part of `added` goes, in the order of the text: in place of a span of the text, mostly an empty one.
    edits: Vec<(Range<usize>, Range<usize>)>,
}

impl Edits {
    /// What a plan adds to a pod.
    #[must_use]
    pub fn new(pod: &Pod<'_>, plan: &Plan<'_>) -> Self {
        let mut edits = Self::default();
        for (container, additions) in pod.spec.containers.iter().zip(&plan.containers) {
            edits.add_to_container(container, *additions, plan);
        }
        if plan.volume {
            edits.put_first(&pod.spec.volumes.place, pod.spec.brackets, "volumes", |out| {
                write_volume(plan.token, out);
            });
        }
        if plan.label {
            edits.set_label(pod);
        }
        edits
    }

    /// Whether nothing is added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Writes the value at `span` of `text`, with the additions.
    pub fn write(&self, text: &str, span: Span, out: &mut Vec<u8>) {
        let text = text.as_bytes();
        out.reserve(span.end.saturating_sub(span.start).saturating_add(self.added.len()));
        let mut copied = span.start;
        for (place, part) in &self.edits {
            out.extend_from_slice(text.get(copied..place.start).unwrap_or_default());
            out.extend_from_slice(self.added.get(part.clone()).unwrap_or_default());
            copied = place.end;
        }
        out.extend_from_slice(text.get(copied..span.end).unwrap_or_default());
    }

    fn add_to_container(&mut self, container: &Container<'_>, additions: Additions, plan: &Plan<'_>) {
        let mut owner = container.brackets;
        if additions.has_variables() {
            self.append(&container.env.place, &mut owner, "env", |out| {
                for (index, (variable, value)) in plan.variables(additions).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_variable(*variable, value, out);
                }
            });
        }
        if additions.mount {
            self.append(&container.mounts.place, &mut owner, "volumeMounts", |out| write_mount(plan.token, out));
        }
    }

    fn set_label(&mut self, pod: &Pod<'_>) {
        let label =
            |out: &mut Vec<u8>| write_member(POD_IDENTITY_LABEL, out, |out| write_string(POD_IDENTITY_ENABLED, out));
        let labels = |out: &mut Vec<u8>| write_object(out, label);
        let metadata = |out: &mut Vec<u8>| write_object(out, |out| write_member("labels", out, labels));
        let present = match &pod.metadata {
            Field::Present(present) => present,
            Field::Null(span) => return self.add(span.start..span.end, metadata),
            Field::Missing => return self.add_before_end(pod.brackets, |out| write_member("metadata", out, metadata)),
        };
        match &present.labels {
            Field::Missing => self.add_before_end(present.brackets, |out| write_member("labels", out, labels)),
            Field::Null(span) => self.add(span.start..span.end, labels),
            Field::Present(Labels { pod_identity: Some((_, span)), .. }) => {
                self.add(span.start..span.end, |out| write_string(POD_IDENTITY_ENABLED, out));
            }
            Field::Present(labels) => self.add_before_end(labels.brackets, label),
        }
    }

    /// Adds to the end of a list, which is the member `key` of `owner`.
    fn append(&mut self, list: &Field<Brackets>, owner: &mut Brackets, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        match list {
            Field::Present(list) => self.add_before_end(*list, |out| write(out)),
            Field::Null(span) => self.add(span.start..span.end, |out| write_list(out, write)),
            Field::Missing => {
                self.add_before_end(*owner, |out| write_member(key, out, |out| write_list(out, write)));
                owner.is_empty = false;
            }
        }
    }

    /// Adds to the start of a list, which is the member `key` of `owner`.
    fn put_first(&mut self, list: &Field<Brackets>, mut owner: Brackets, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let Field::Present(list) = list else { return self.append(list, &mut owner, key, write) };
        let start = list.span.start.saturating_add(1);
        self.add(start..start, |out| {
            write(out);
            if !list.is_empty {
                out.push(b',');
            }
        });
    }

    fn add_before_end(&mut self, brackets: Brackets, write: impl FnOnce(&mut Vec<u8>)) {
        let end = brackets.span.end.saturating_sub(1);
        self.add(end..end, |out| {
            if !brackets.is_empty {
                out.push(b',');
            }
            write(out);
        });
    }

    fn add(&mut self, place: Range<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.added.len();
        write(&mut self.added);
        // Mostly the last: a pod is gone through in about the order of its text.
        let at = self.edits.partition_point(|(other, _)| other.start <= place.start);
        self.edits.insert(at, (place, start..self.added.len()));
    }
}

fn write_member(key: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    write_string(key, out);
    out.push(b':');
    write(out);
}

fn write_object(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'{');
    write(out);
    out.push(b'}');
}

fn write_list(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'[');
    write(out);
    out.push(b']');
}

fn write_volume(token: &Token<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    write_string(token.volume_name, out);
    out.extend_from_slice(b",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"audience\":");
    write_string(&token.audience, out);
    out.extend_from_slice(b",\"expirationSeconds\":");
    // Writing into memory cannot fail.
    let _: std::io::Result<()> = write!(out, "{}", token.lifetime.seconds());
    out.extend_from_slice(b",\"path\":");
    write_string(token.path, out);
    out.extend_from_slice(b"}}]}}");
}

fn write_mount(token: &Token<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    write_string(token.volume_name, out);
    out.extend_from_slice(b",\"readOnly\":true,\"mountPath\":");
    write_string(token.mount_path.as_str(), out);
    out.push(b'}');
}

fn write_variable(variable: Variable, value: &Value<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    write_string(variable.name(), out);
    out.push(b',');
    match value {
        Value::Text(text) => write_member("value", out, |out| write_string(text, out)),
        Value::PodName => out.extend_from_slice(b"\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}"),
    }
    out.push(b'}');
}
