//! Splits a YAML or JSON input into documents.

use std::cell::OnceCell;
use std::fmt;

use serde_json::value::RawValue;

use crate::compose::{Comment, Composed, Composer, Duplicate};
use crate::node::{Node, Place, Value};
use crate::object::{Object, list_items};
use crate::position::Position;

/// A document: one JSON value.
#[derive(Debug)]
pub struct Document<'t> {
    source: Source<'t>,
    /// The values with their positions. For JSON, they are read when first needed.
    tree: OnceCell<Option<Node<'t>>>,
    /// The position of the document.
    start: Position,
    /// Duplicate keys whose value is dropped. Always empty for JSON.
    pub duplicates: Vec<Duplicate>,
    /// The comments between the start of this document's value and the start of the next document's value. The first
    /// document also has the comments before its value. Empty if the input does not contain `irsa:`.
    pub comments: Vec<Comment>,
}

#[derive(Debug)]
enum Source<'t> {
    Json(&'t str),
    Yaml,
}

/// The error for a document that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The position of the problem.
    pub at: Position,
    /// The message. It contains no part of the input.
    pub message: String,
}

impl Unreadable {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for Unreadable {}

/// Returns the documents in a YAML or JSON input, in their order. Skips empty documents and a byte order mark.
#[must_use]
pub fn documents(text: &str) -> Vec<Result<Document<'_>, Unreadable>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    json_documents(text).unwrap_or_else(|| yaml_documents(text))
}

/// Returns the consecutive JSON documents in the input. `None` if the input is not JSON.
fn json_documents(text: &str) -> Option<Vec<Result<Document<'_>, Unreadable>>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut start = Position::START;
    let mut counted = 0;
    while let Some(json) = stream.next() {
        let json = json.ok()?.get();
        let offset = stream.byte_offset().checked_sub(json.len())?;
        start = after(start, text.get(counted..offset)?);
        counted = offset;
        documents.push(Ok(Document {
            source: Source::Json(json),
            tree: OnceCell::new(),
            start,
            duplicates: Vec::new(),
            comments: Vec::new(),
        }));
    }
    Some(documents)
}

/// Returns the position after a string that starts at `start`.
fn after(start: Position, text: &str) -> Position {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let lines = number(text.bytes().filter(|byte| *byte == b'\n').count());
    let last = text.rsplit('\n').next().unwrap_or_default();
    let column = if lines == 0 { start.column } else { 1 };
    Position { line: start.line.saturating_add(lines), column: column.saturating_add(number(last.chars().count())) }
}

fn yaml_documents(text: &str) -> Vec<Result<Document<'_>, Unreadable>> {
    let mut composer = Composer::new(text);
    let mut documents = Vec::new();
    while let Some(result) = composer.next_document() {
        match result {
            Ok(Composed { root, .. }) if matches!(root.value, Value::Null) => {}
            Ok(Composed { root, duplicates }) => documents.push(Ok(Document {
                source: Source::Yaml,
                start: root.at,
                tree: OnceCell::from(Some(root)),
                duplicates,
                comments: Vec::new(),
            })),
            Err(unreadable) => documents.push(Err(unreadable)),
        }
    }
    let comments = composer.into_comments();
    // A comment belongs to the last document that starts before it. Comments before the first document belong to the
    // first document.
    let starts: Vec<Option<Position>> =
        documents.iter().map(|document| document.as_ref().ok().map(Document::start)).collect();
    let owner = |comment: &Comment| {
        starts.iter().rposition(|start| start.is_some_and(|start| start <= comment.at)).unwrap_or_default()
    };
    for comment in comments {
        if let Some(Ok(document)) = documents.get_mut(owner(&comment)) {
            document.comments.push(comment);
        }
    }
    documents
}

impl<'t> Document<'t> {
    /// Returns the document as JSON.
    #[must_use]
    pub fn json(&self) -> std::borrow::Cow<'t, str> {
        match (&self.source, self.tree.get()) {
            (Source::Yaml, Some(Some(root))) => root.to_json().into(),
            (Source::Json(json), _) => (*json).into(),
            (Source::Yaml, _) => "null".into(),
        }
    }

    /// Returns the document's values with their positions. `None` for JSON that the YAML parser can't read: more than
    /// 255 levels of nesting, or the control character U+007F, which JSON may contain unescaped.
    #[must_use]
    pub fn root(&self) -> Option<&Node<'t>> {
        let compose = || match self.source {
            Source::Json(json) => {
                let mut root = Composer::new(json).next_document()?.ok()?.root;
                shift(&mut root, self.start);
                Some(root)
            }
            Source::Yaml => None,
        };
        self.tree.get_or_init(compose).as_ref()
    }

    /// Returns the place of the value under a JSON pointer (RFC 6901). `None` if there is no value.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Option<Place> {
        self.root()?.find(pointer).map(|(_, place)| place)
    }

    /// Returns the position of the document.
    #[must_use]
    pub fn start(&self) -> Position {
        self.start
    }

    /// Returns the objects of the document: the document itself, or the items of a `List` and of the Lists in it.
    #[must_use]
    pub fn objects(&self) -> Vec<Object<'t>> {
        match (&self.source, self.tree.get()) {
            (Source::Json(json), _) => list_items(json),
            (Source::Yaml, Some(Some(root))) => {
                let mut objects = Vec::new();
                collect(root, String::new(), &mut objects);
                objects
            }
            (Source::Yaml, _) => Vec::new(),
        }
    }
}

/// Adds the objects of a value: the value itself, or the items of a List. A List is an object whose kind ends with
/// `List` and that has an array `items`.
fn collect<'t>(node: &Node<'t>, pointer: String, objects: &mut Vec<Object<'t>>) {
    let kind = node.get("kind").and_then(Node::string).unwrap_or_default();
    match node.get("items") {
        Some(Node { value: Value::Array(items), .. }) if kind.ends_with("List") => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/items/{index}"), objects);
            }
        }
        _ => objects.push(Object { json: node.to_json().into(), pointer }),
    }
}

/// Converts positions in a document to positions in the input.
fn shift(node: &mut Node<'_>, start: Position) {
    let shift_position = |at: &mut Position| {
        if at.line == 1 {
            at.column = at.column.saturating_add(start.column.saturating_sub(1));
        }
        at.line = at.line.saturating_add(start.line.saturating_sub(1));
    };
    shift_position(&mut node.at);
    match &mut node.value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| shift(element, start)),
        Value::Object(members) => {
            for member in members {
                shift_position(&mut member.at);
                shift(&mut member.node, start);
            }
        }
        _ => {}
    }
}
