//! Composes parser events into [`Node`]s. Resolves aliases, merge keys and duplicate keys as kubectl does.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag, options};

use crate::document::Unreadable;
use crate::node::{Member, Node, Value};
use crate::position::Position;
use crate::scalar::resolve;

/// The maximum number of nodes that the aliases of a document may add.
pub const NODE_LIMIT: usize = 1_000_000;

/// A duplicate key, whose value kubectl drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// The position of the first key. kubectl drops its value.
    pub dropped: Position,
    /// The position of the last key. kubectl uses its value.
    pub kept: Position,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The position of its `#`.
    pub at: Position,
    /// The text after the `#`, trimmed.
    pub text: String,
    /// Whether other text precedes the comment on its line.
    pub is_trailing: bool,
}

/// The content of a document.
pub struct Composed<'t> {
    /// The value.
    pub root: Node<'t>,
    /// The keys whose value is dropped.
    pub duplicates: Vec<Duplicate>,
}

/// The parser, and the state of the current document.
pub struct Composer<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    has_tab: bool,
    anchors: HashMap<usize, Node<'t>>,
    duplicates: Vec<Duplicate>,
    comments: Vec<Comment>,
    added: usize,
}

type Result<T> = std::result::Result<T, Unreadable>;

impl<'t> Composer<'t> {
    /// Creates a composer for YAML, without reading it.
    pub fn new(text: &'t str) -> Self {
        // Reading comments takes time. Only comments with `irsa:` are used, so the parser skips all comments if the
        // text does not contain `irsa:`.
        let options = options! {
            emit_comments: text.contains("irsa:"),
            max_buffered_comment_events: usize::MAX,
        };
        Self {
            text,
            parser: Parser::new_from_str_with_options(text, options),
            has_tab: text.contains('\t'),
            anchors: HashMap::new(),
            duplicates: Vec::new(),
            comments: Vec::new(),
            added: 0,
        }
    }

    /// Reads the next document. `None` at the end of the text.
    pub fn next_document(&mut self) -> Option<Result<Composed<'t>>> {
        self.anchors.clear();
        self.added = 0;
        loop {
            match self.event() {
                Ok(Some((Event::DocumentStart(..), _))) => break,
                Ok(Some((Event::StreamEnd, _)) | None) => return None,
                Ok(Some(_)) => {}
                Err(unreadable) => return Some(Err(self.skip(unreadable))),
            }
        }
        let root = match self.required().and_then(|(event, span)| self.node(event, span)) {
            Ok(root) => root,
            Err(unreadable) => return Some(Err(self.skip(unreadable))),
        };
        Some(Ok(Composed { root, duplicates: std::mem::take(&mut self.duplicates) }))
    }

    /// Returns the comments that were read.
    pub fn into_comments(self) -> Vec<Comment> {
        self.comments
    }

    /// Skips a document that can't be read.
    fn skip(&mut self, unreadable: Unreadable) -> Unreadable {
        self.duplicates.clear();
        // After an error, the parser returns no more events. This document is then the last one.
        let _ = self.parser.proceed_next_document();
        unreadable
    }

    /// Returns the next event that is not a comment. Collects the comments before it.
    fn event(&mut self) -> Result<Option<(Event<'t>, Span)>> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Err(error)) => return Err(syntax(&error)),
                Some(Ok((Event::Comment(text, placement), span))) => self.comments.push(Comment {
                    at: Position::of(span.start),
                    text: text.trim().to_owned(),
                    is_trailing: matches!(placement, granit_parser::Placement::Right),
                }),
                Some(Ok(event)) => return Ok(Some(event)),
            }
        }
    }

    fn required(&mut self) -> Result<(Event<'t>, Span)> {
        self.event()?.ok_or_else(|| Unreadable::new(Position::START, "the document ends too early"))
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node<'t>> {
        let at = Position::of(span.start);
        let (value, anchor, tag) = match event {
            Event::Alias(anchor) => return self.alias(anchor, at),
            Event::Scalar(text, style, anchor, tag) => (scalar(text, style, tag.as_deref(), at)?, anchor, tag),
            Event::SequenceStart(style, anchor, tag) => (Value::Array(self.sequence(style)?), anchor, tag),
            Event::MappingStart(style, anchor, tag) => (Value::Object(self.mapping(style)?), anchor, tag),
            _ => return Err(Unreadable::new(at, "expected a value")),
        };
        let tag = tag.filter(|tag| tag.is_custom()).map(|tag| tag.original().into());
        let node = Node { at, tag, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<Node<'t>> {
        // An anchor is defined when its value is complete, so no value can contain itself.
        let node =
            self.anchors.get(&anchor).ok_or_else(|| Unreadable::new(at, "an anchor contains an alias to itself"))?;
        self.added = self.added.saturating_add(node.count());
        if self.added > NODE_LIMIT {
            return Err(Unreadable::new(at, "the aliases of this document add more than 1,000,000 values"));
        }
        Ok(node.clone())
    }

    fn sequence(&mut self, style: StructureStyle) -> Result<Vec<Node<'t>>> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.required()?;
            if event == Event::SequenceEnd {
                return Ok(elements);
            }
            self.check_indent(style, span)?;
            elements.push(self.node(event, span)?);
        }
    }

    /// Rejects a tab in the indentation of a key or an element, as kubectl does. The parser accepts some of these tabs.
    fn check_indent(&self, style: StructureStyle, span: Span) -> Result<()> {
        if !self.has_tab || style == StructureStyle::Flow {
            return Ok(());
        }
        let before = span.start.byte_offset().and_then(|offset| self.text.get(..offset)).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        match line.chars().take_while(|char| char.is_whitespace()).position(|char| char == '\t') {
            None => Ok(()),
            Some(index) => {
                let column = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
                let at = Position { column, ..Position::of(span.start) };
                Err(Unreadable::new(at, "a tab indents this line: YAML allows spaces only"))
            }
        }
    }

    /// Reads the members of a mapping, in their order. The members that a merge key adds are inserted at the merge
    /// key's position, as in `goyaml.v2`.
    fn mapping(&mut self, style: StructureStyle) -> Result<Vec<Member<'t>>> {
        let mut members = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.required()?;
            let at = Position::of(span.start);
            let is_merge = match &event {
                Event::MappingEnd => break,
                Event::Scalar(text, ScalarStyle::Plain, _, _) => text == "<<",
                _ => false,
            };
            self.check_indent(style, span)?;
            let key = match event {
                Event::Scalar(text, ScalarStyle::Plain, 0, None) if is_letter_key(&text) => text,
                event => key_text(self.node(event, span)?)?,
            };
            let (event, span) = self.required()?;
            let node = self.node(event, span)?;
            if is_merge {
                for member in merge(node)? {
                    merged.push(members.len());
                    members.push(member);
                }
            } else {
                members.push(Member { key, at, node });
            }
        }
        Ok(self.without_duplicates(members, &merged))
    }

    /// If a key occurs several times, keeps only its last member. `merged` contains the indices of the members that a
    /// merge key added.
    fn without_duplicates(&mut self, members: Vec<Member<'t>>, merged: &[usize]) -> Vec<Member<'t>> {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|&a, &b| members.get(a).map(|a| &a.key).cmp(&members.get(b).map(|b| &b.key)));
        let mut dropped = Vec::new();
        for pair in order.windows(2) {
            let &[first, second] = pair else { continue };
            let (Some(a), Some(b)) = (members.get(first), members.get(second)) else { continue };
            if a.key == b.key {
                dropped.push(first);
                if !merged.contains(&first) && !merged.contains(&second) {
                    self.duplicates.push(Duplicate { key: a.key.to_string(), dropped: a.at, kept: b.at });
                }
            }
        }
        if dropped.is_empty() {
            return members;
        }
        dropped.sort_unstable();
        let is_kept = |index: usize| dropped.binary_search(&index).is_err();
        members.into_iter().enumerate().filter(|(index, _)| is_kept(*index)).map(|(_, member)| member).collect()
    }
}

fn syntax(error: &ScanError) -> Unreadable {
    Unreadable::new(Position::of(*error.marker()), error.info())
}

/// Returns the members that a merge key adds, from one mapping or several. If several mappings contain the same key,
/// the member of the first mapping is used.
fn merge(node: Node<'_>) -> Result<Vec<Member<'_>>> {
    let at = node.at;
    match node.value {
        Value::Object(members) => Ok(members),
        Value::Array(elements) => {
            let mut members = Vec::new();
            for element in elements.into_iter().rev() {
                let Value::Object(added) = element.value else {
                    return Err(Unreadable::new(element.at, "expected a mapping to merge"));
                };
                members.extend(added);
            }
            Ok(members)
        }
        _ => Err(Unreadable::new(at, "expected a mapping to merge")),
    }
}

/// Whether a key is a letter that stays a string. kubectl converts `y` and `n` to `true` and `false`. No Kubernetes
/// object needs that conversion, but a JSON Web Key has a key `n` and may have a key `y`.
fn is_letter_key(key: &str) -> bool {
    matches!(key, "y" | "Y" | "n" | "N")
}

fn key_text(node: Node<'_>) -> Result<Cow<'_, str>> {
    match node.value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.into()),
        Value::Bool(true) => Ok("true".into()),
        Value::Bool(false) => Ok("false".into()),
        Value::Null => Err(Unreadable::new(node.at, "expected a key, but got nothing")),
        Value::Array(_) => Err(Unreadable::new(node.at, "expected a key, but got an array")),
        Value::Object(_) => Err(Unreadable::new(node.at, "expected a key, but got a mapping")),
    }
}

fn scalar<'t>(text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Result<Value<'t>> {
    let Some(kind) = tag.and_then(Tag::core_suffix) else {
        let is_plain = style == ScalarStyle::Plain && tag.is_none();
        return Ok(if is_plain { resolve(text) } else { Value::String(text) });
    };
    let kind = kind.to_owned();
    if kind == "str" || kind == "timestamp" {
        return Ok(Value::String(text));
    }
    let value = resolve(text);
    let is_right = match kind.as_str() {
        "null" => matches!(value, Value::Null),
        "bool" => matches!(value, Value::Bool(_)),
        "int" | "float" => matches!(value, Value::Number(_)),
        _ => return Err(Unreadable::new(at, format!("the tag `!!{kind}` is not supported"))),
    };
    if is_right { Ok(value) } else { Err(Unreadable::new(at, format!("the value does not fit its tag `!!{kind}`"))) }
}
