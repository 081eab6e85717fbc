//! Classifies documents that are not complete Kubernetes objects, and names what to do about them.

use std::borrow::Cow;

use manifest_reader::{Duplicate, Position, Unreadable};
use serde_json::Value;

use super::source::Head;
use crate::iam;

/// A document, or a part of a document, that is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The kind of the document or part.
    pub kind: SkippedKind,
    /// The position of the document or part.
    pub at: Position,
    /// The message: what was found, and what to do.
    pub message: String,
    /// The directory of the Helm chart that the file belongs to. `None` if the document is neither a template nor a
    /// fragment, or if the file belongs to no chart.
    pub chart: Option<String>,
}

/// The kind of a document, or of a part of a document, that is not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkippedKind {
    /// Neither YAML nor JSON.
    Unreadable,
    /// A template that is not rendered.
    Template,
    /// A Kustomize patch.
    Patch,
    /// A document that is not an object with `apiVersion` and `kind`.
    Fragment,
    /// A kubeconfig.
    Kubeconfig,
    /// A duplicate key. The document is checked, but the value of this key is ignored, because the same key follows
    /// later in the mapping.
    DuplicateKey,
}

impl Skipped {
    /// Creates a value from its parts.
    pub fn new(kind: SkippedKind, at: Position, message: impl Into<String>) -> Self {
        Self { kind, at, message: message.into(), chart: None }
    }

    /// Assigns a template or a fragment to the Helm chart that it is a part of. Does nothing for any other kind.
    pub fn assign(&mut self, chart: &str) {
        if matches!(self.kind, SkippedKind::Template | SkippedKind::Fragment) {
            self.chart = Some(chart.to_owned());
        }
    }

    /// Turns an unreadable document into a [`SkippedKind::Fragment`], which is not an error.
    pub fn excuse(&mut self) {
        if self.kind == SkippedKind::Unreadable {
            self.kind = SkippedKind::Fragment;
        }
    }
}

/// Converts bytes to text.
///
/// # Errors
/// Fails if the bytes are not UTF-8, or contain a zero byte, as a binary file does.
pub fn text(bytes: Vec<u8>) -> Result<String, Skipped> {
    let unreadable = |message: &str| Skipped::new(SkippedKind::Unreadable, Position::START, message);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable("expected UTF-8, but got UTF-16: save the file as UTF-8"));
    }
    if bytes.contains(&0) {
        return Err(unreadable("expected YAML or JSON, but got a binary file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let lines = valid.split(|byte| *byte == b'\n').count();
        let line = u32::try_from(lines).unwrap_or(u32::MAX);
        let at = Position { line, column: 1 };
        Skipped::new(SkippedKind::Unreadable, at, "expected UTF-8, but this line is not UTF-8: save the file as UTF-8")
    })
}

/// Whether the text contains actions of a template language, such as Helm or Jinja.
pub fn has_template_actions(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("<%")
}

/// What a template is, and what to check instead.
const NOT_RENDERED: &str = "this is a template that is not rendered: check what `helm template` prints, as in \
                            `helm template CHART | irsa check -`";

/// Reports a document that is neither YAML nor JSON: as a template if the file contains template actions.
pub fn unreadable(unreadable: &Unreadable, has_template_actions: bool) -> Skipped {
    let Unreadable { at, message } = unreadable;
    if has_template_actions {
        return Skipped::new(SkippedKind::Template, *at, NOT_RENDERED);
    }
    Skipped::new(SkippedKind::Unreadable, *at, format!("can't be read as YAML: {message}{}", hint(message)))
}

/// Returns what to do about an error of the YAML parser. Empty if the error is not in the table.
fn hint(message: &str) -> &'static str {
    let hints = [
        ("tab", ": indent with spaces"),
        ("unclosed quote", ": close it"),
        ("unclosed bracket", ": close it"),
        ("anchor", ": an alias can only name an anchor above it in the same document"),
        ("mapping values are not allowed", ": put the value in quotes, or move it to a line of its own"),
        ("flow mapping", ": close the `{`, or separate the entries with commas"),
        ("flow sequence", ": close the `[`, or separate the elements with commas"),
        ("expected key", ": check the indentation of this line"),
        ("expected '-' indicator", ": check the indentation of this line"),
        ("simple key", ": add `:` after the key, or check the indentation"),
        ("expected a key", ": put the key in quotes"),
        ("to merge", ": `<<` takes an alias of a mapping, such as `*name`"),
        ("does not fit its tag", ": change the value, or remove the tag"),
        ("aliases", ": repeat the values instead"),
    ];
    hints.iter().find(|(words, _)| message.contains(words)).map_or("", |(_, hint)| hint)
}

/// Reports the first conflict marker of Git. `None` if the text contains no marker.
pub fn conflict(text: &str) -> Option<Skipped> {
    let index = text.lines().position(|line| line.starts_with("<<<<<<< "))?;
    let line = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    let at = Position { line, column: 1 };
    Some(Skipped::new(SkippedKind::Unreadable, at, "this is a conflict marker of Git: resolve the conflict"))
}

/// Reports a duplicate key.
pub fn duplicate(duplicate: &Duplicate) -> Skipped {
    let Duplicate { key, dropped, kept } = duplicate;
    let key = irsa::escaped_line(key, 100);
    let message = format!("key `{key}`: kubectl ignores this value, because line {} contains the key again", kept.line);
    Skipped::new(SkippedKind::DuplicateKey, *dropped, message)
}

/// Reports a document that is not a complete object. `None` if the document is a complete object, or empty.
pub fn object(json: &str, head: &Head, at: impl Fn() -> Position) -> Option<Skipped> {
    let skipped = |kind, message: &str| Some(Skipped::new(kind, at(), message));
    if head.kind.is_empty() || head.api_version.is_empty() {
        return not_an_object(json, head).map(|(kind, message)| Skipped::new(kind, at(), message));
    }
    if head.kind == "Config" && head.api_version == "v1" {
        return skipped(SkippedKind::Kubeconfig, "this is a kubeconfig, not a manifest: it is not checked");
    }
    if head.metadata.name.as_deref().is_some_and(|name| name.contains("{{")) {
        return skipped(SkippedKind::Template, NOT_RENDERED);
    }
    (!head.is_live() && is_patch(json, head)).then(|| {
        let message = "this is a part of an object, such as a Kustomize patch: check what `kubectl kustomize` prints, as in \
                       `kubectl kustomize DIRECTORY | irsa check -`";
        Skipped::new(SkippedKind::Patch, at(), message)
    })
}

fn not_an_object(json: &str, head: &Head) -> Option<(SkippedKind, Cow<'static, str>)> {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    if head.kind.is_empty() && head.api_version.is_empty() {
        if let Some(title) = iam::title(&value) {
            let message = format!(
                "this is {title}, not a manifest: give the file with `--iam`, as in `irsa check MANIFESTS --iam FILE`"
            );
            return Some((SkippedKind::Fragment, message.into()));
        }
        if iam::is_trust_policy(&value) {
            let message = "this is a trust policy, not a manifest: give the output of `aws iam get-role` with `--iam`, or use \
                           `irsa explain --trust-policy`";
            return Some((SkippedKind::Fragment, message.into()));
        }
    }
    let (kind, message) = incomplete(&value, head)?;
    Some((kind, message.into()))
}

/// Describes a document without `apiVersion` or `kind` that is not about IAM. `None` for an empty document.
fn incomplete(value: &Value, head: &Head) -> Option<(SkippedKind, &'static str)> {
    let is_operation = |value: &Value| value.get("op").is_some() && value.get("path").is_some();
    Some(match value {
        Value::Array(elements) if elements.is_empty() => return None,
        Value::Array(elements) if elements.iter().all(is_operation) => {
            let message = "this is a JSON patch, not an object: check what `kubectl kustomize` prints";
            (SkippedKind::Patch, message)
        }
        Value::Array(_) => (SkippedKind::Fragment, "this is an array, not a Kubernetes object: it is not checked"),
        Value::Object(members) if members.is_empty() => return None,
        Value::Object(_) if !head.kind.is_empty() => {
            (SkippedKind::Fragment, "this document has no `apiVersion`, so it is not checked: add `apiVersion`")
        }
        Value::Object(_) if !head.api_version.is_empty() => {
            (SkippedKind::Fragment, "this document has no `kind`, so it is not checked: add `kind`")
        }
        Value::Object(_) => {
            (SkippedKind::Fragment, "this document has no `apiVersion` and no `kind`: it is not checked")
        }
        _ => (SkippedKind::Fragment, "this is plain text, not a Kubernetes object: it is not checked"),
    })
}

/// Whether a workload is only a part of an object, such as a strategic merge patch: it contains `$patch`, or lacks a
/// field that Kubernetes requires (`spec`, the selector, the template, the containers, or the image of every
/// container).
fn is_patch(json: &str, head: &Head) -> bool {
    let (group, _) = head.group_version();
    let template = match (group, head.kind.as_str()) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => "/spec/template/spec",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template/spec",
        ("", "Pod") => "/spec",
        _ => return false,
    };
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let Some(spec) = value.get("spec").filter(|spec| spec.is_object()) else { return value.get("spec").is_none() };
    if json.contains("\"$patch\"") || (group == "apps" && spec.get("selector").is_none()) {
        return true;
    }
    let Some(pod) = value.pointer(template) else { return true };
    if !pod.is_object() {
        return false;
    }
    match pod.get("containers").and_then(Value::as_array) {
        None => pod.get("containers").is_none(),
        Some(containers) => {
            !containers.is_empty()
                && containers.iter().all(|container| container.is_object() && container.get("image").is_none())
        }
    }
}
