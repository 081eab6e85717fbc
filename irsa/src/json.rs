//! Reading JSON, in one pass, with positions.
//!
//! A [`Reader`] pulls values out of a text and tells where each stood, so that an object can later be added to
//! without being written anew: what is not read is not touched. It is a thin layer over [`jiter`], which does the
//! parsing (RFC 8259), and adds what this crate needs of it:
//!
//! - errors that name the JSON path at fault and never hold any of the text ([`Unreadable`]);
//! - members that may be absent, `null`, or there, and must not be there twice ([`Field`]).
//!
//! Limits: nesting deeper than 200 levels is an error. The text must be UTF-8, which the caller has checked.

use std::borrow::Cow;
use std::fmt;

use jiter::{Jiter, JiterError, Peek};

/// The result of reading.
pub type Result<T> = std::result::Result<T, Unreadable>;

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// To an element of a list.
    Index(usize),
    /// To a member of an object.
    Key(String),
}

/// The text of a path, as Kubernetes writes them: `spec.containers[0].env`.
#[must_use]
pub fn path_text<'p>(path: impl IntoIterator<Item = &'p Segment>) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
        }
    }
    text
}

/// A text that could not be read: where, and what was expected there.
///
/// It never holds a value of the text, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(Box<Fault>);

/// It stands behind a pointer, so that the results of reading stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// The way to the value at fault, innermost step first.
    path: Vec<Segment>,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Type { expected: &'static str, got: &'static str },
    Value { expected: &'static str },
    Missing { expected: &'static str },
    Duplicate,
    Syntax { byte: usize },
}

impl Unreadable {
    /// A value of the right type that cannot be what it should be.
    #[must_use]
    pub fn value(expected: &'static str) -> Self {
        Self::from(Problem::Value { expected })
    }

    /// A value that has to be there and is not.
    #[must_use]
    pub fn missing(expected: &'static str) -> Self {
        Self::from(Problem::Missing { expected })
    }

    /// A member that is there twice: decoders differ in which of the two they take.
    #[must_use]
    pub fn duplicate() -> Self {
        Self::from(Problem::Duplicate)
    }

    /// The same error, seen from the object that holds it under `key`.
    #[must_use]
    #[cold]
    pub fn within(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Key(key.to_owned()));
        self
    }

    #[cold]
    fn within_list(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    #[cold]
    fn wrong_type(expected: &'static str, got: Peek) -> Self {
        Self::from(Problem::Type { expected, got: type_of(got) })
    }

    /// The path to the value at fault. Empty for the whole.
    #[must_use]
    pub fn path(&self) -> String {
        path_text(self.0.path.iter().rev())
    }
}

impl From<Problem> for Unreadable {
    #[cold]
    fn from(problem: Problem) -> Self {
        Self(Box::new(Fault { path: Vec::new(), problem }))
    }
}

/// All that `jiter` finds wrong by itself is bad syntax: types are looked at before it is asked for a value.
impl From<JiterError> for Unreadable {
    #[cold]
    fn from(error: JiterError) -> Self {
        Self::from(Problem::Syntax { byte: error.index })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.path())?;
        }
        match &self.0.problem {
            Problem::Type { expected, got } => write!(f, "expected {expected}, but got {got}"),
            Problem::Value { expected } => write!(f, "expected {expected}, but got something else"),
            Problem::Missing { expected } => write!(f, "expected {expected}, but got none"),
            Problem::Duplicate => f.write_str("expected the key once, but got it twice"),
            Problem::Syntax { byte } => write!(f, "expected JSON, but got something else at byte {byte}"),
        }
    }
}

impl std::error::Error for Unreadable {}

fn type_of(peek: Peek) -> &'static str {
    match peek {
        Peek::Null => "null",
        Peek::True | Peek::False => "a boolean",
        Peek::String => "a string",
        Peek::Array => "a list",
        Peek::Object => "an object",
        _ => "a number",
    }
}

/// Where a value stands: byte offsets into the whole text, the end exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The value's first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// Where a list or an object stands, and whether anything is in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brackets {
    /// From its opening bracket to behind its closing one.
    pub span: Span,
    /// Nothing stands between the brackets.
    pub is_empty: bool,
}

/// A member of an object that this crate reads.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// The object has no such key.
    #[default]
    Missing,
    /// It is `null`, which Kubernetes reads as missing.
    Null(Span),
    /// It is there.
    Present(T),
}

impl<T> Field<T> {
    /// Reads the member's value.
    ///
    /// # Errors
    /// Fails as `read` does, and where the object had the key before: decoders differ in which of the two they take.
    pub fn read<'j>(&mut self, reader: &mut Reader<'j>, read: impl FnOnce(&mut Reader<'j>) -> Result<T>) -> Result<()> {
        if !matches!(self, Self::Missing) {
            return Err(Unreadable::duplicate());
        }
        *self = match reader.null()? {
            Some(span) => Self::Null(span),
            None => Self::Present(read(reader)?),
        };
        Ok(())
    }

    /// The value, where there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Null(_) => None,
        }
    }

    /// The value, where there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Null(_) => None,
        }
    }
}

impl<T: Default> Field<T> {
    /// The value, or the type's default: what Go's decoder makes of an absent member.
    pub fn into_value(self) -> T {
        self.into_option().unwrap_or_default()
    }
}

/// A JSON string that is decoded only when it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawStr<'j> {
    /// With its quotes, known to be a valid string. Empty stands for `""`.
    quoted: &'j str,
}

impl<'j> RawStr<'j> {
    /// The empty string.
    pub const EMPTY: Self = Self { quoted: "" };

    /// The string's value.
    #[must_use]
    pub fn decode(self) -> Cow<'j, str> {
        if self.quoted.is_empty() {
            return Cow::Borrowed("");
        }
        // Reading it again cannot fail: it was a valid string when it was found.
        Reader::new(self.quoted).string().unwrap_or_default()
    }
}

/// A value of any type, known to be JSON, by its text: each part of it is read when it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'j>(&'j str);

impl<'j> Value<'j> {
    /// Reads a text that has to be one value.
    ///
    /// # Errors
    /// Fails where it is no JSON.
    pub fn parse(text: &'j str) -> Result<Self> {
        let mut reader = Reader::new(text);
        let value = reader.value()?;
        reader.finish()?;
        Ok(value)
    }

    /// The value's text.
    #[must_use]
    pub fn text(self) -> &'j str {
        self.0
    }

    /// The value of a string.
    #[must_use]
    pub fn string(self) -> Option<Cow<'j, str>> {
        Reader::new(self.0).string().ok()
    }

    /// The value of a boolean.
    #[must_use]
    pub fn boolean(self) -> Option<bool> {
        Reader::new(self.0).boolean().ok()
    }

    /// The elements of a list.
    #[must_use]
    pub fn elements(self) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        Reader::new(self.0).list(|reader, _| reader.value().map(|element| elements.push(element))).ok()?;
        Some(elements)
    }

    /// The members of an object, in their order. A key that is there twice comes twice.
    #[must_use]
    pub fn members(self) -> Option<Vec<(Cow<'j, str>, Self)>> {
        let mut members = Vec::new();
        let mut read = |reader: &mut Reader<'j>, key: &Cow<'j, str>| {
            reader.value().map(|value| members.push((key.clone(), value)))
        };
        Reader::new(self.0).members(&mut read).ok()?;
        Some(members)
    }
}

/// A value that was read by [`Reader::attempt`].
#[derive(Debug)]
pub struct Attempt<'j, T> {
    /// What was read, or why it could not be.
    pub outcome: Result<T>,
    /// The value's text.
    pub text: &'j str,
    /// Where it stands.
    pub span: Span,
}

/// Pulls values out of a JSON text.
#[derive(Debug, Clone)]
pub struct Reader<'j> {
    text: &'j str,
    /// Where `text` stands in the whole text that positions refer to.
    offset: usize,
    jiter: Jiter<'j>,
}

impl<'j> Reader<'j> {
    /// Reads a text from its start.
    #[must_use]
    pub fn new(text: &'j str) -> Self {
        Self::within(text, 0)
    }

    /// Reads a value that stands `offset` bytes into a larger text.
    #[must_use]
    pub fn within(text: &'j str, offset: usize) -> Self {
        Self { text, offset, jiter: Jiter::new(text.as_bytes()) }
    }

    /// Reads an object: `member` is called with each key, and must read or [`skip`](Self::skip) the key's value.
    ///
    /// # Errors
    /// Fails where the next value is no object, and as `member` does, under the member's key.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<Brackets> {
        self.members(&mut |reader, key| member(reader, key))
    }

    /// Reads an object whose keys are the user's own and whose values are strings, as labels are. A `null` is the
    /// empty string, as for Go's decoder. `entry` is called with each key, its value, and where the value stands.
    ///
    /// # Errors
    /// Fails where the next value is no object, or a value no string.
    pub fn string_map(&mut self, mut entry: impl FnMut(&Cow<'j, str>, RawStr<'j>, Span)) -> Result<Brackets> {
        self.members(&mut |reader, key| {
            let (value, span) = match reader.null()? {
                Some(span) => (RawStr::EMPTY, span),
                None => reader.raw_string()?,
            };
            entry(key, value, span);
            Ok(())
        })
    }

    /// The loop stands in the module once, whatever is read by it.
    #[inline(never)]
    fn members(&mut self, member: &mut dyn FnMut(&mut Self, &Cow<'j, str>) -> Result<()>) -> Result<Brackets> {
        self.expect(Peek::Object, "an object")?;
        let start = self.position();
        let mut is_empty = true;
        let mut key = borrow_key(self.text, self.jiter.known_object()?);
        while let Some(name) = key {
            is_empty = false;
            member(self, &name).map_err(|error| error.within(&name))?;
            key = borrow_key(self.text, self.jiter.next_key()?);
        }
        Ok(Brackets { span: Span { start, end: self.position() }, is_empty })
    }

    /// Reads a list: `element` is called for each of its elements, with its index, and must read or skip it.
    ///
    /// # Errors
    /// Fails where the next value is no list, and as `element` does, under the element's index.
    pub fn list(&mut self, mut element: impl FnMut(&mut Self, usize) -> Result<()>) -> Result<Brackets> {
        self.elements(&mut element)
    }

    #[inline(never)]
    fn elements(&mut self, element: &mut dyn FnMut(&mut Self, usize) -> Result<()>) -> Result<Brackets> {
        self.expect(Peek::Array, "a list")?;
        let start = self.position();
        let mut index = 0_usize;
        let mut next = self.jiter.known_array()?;
        while next.is_some() {
            element(self, index).map_err(|error| error.within_list(index))?;
            index = index.saturating_add(1);
            next = self.jiter.array_step()?;
        }
        Ok(Brackets { span: Span { start, end: self.position() }, is_empty: index == 0 })
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Fails where the next value is no string.
    #[inline(never)]
    pub fn string(&mut self) -> Result<Cow<'j, str>> {
        self.expect(Peek::String, "a string")?;
        Ok(borrow_from(self.text, self.jiter.known_str()?))
    }

    /// Reads a string, without decoding it, and where it stands.
    ///
    /// # Errors
    /// Fails where the next value is no string.
    pub fn raw_string(&mut self) -> Result<(RawStr<'j>, Span)> {
        self.expect(Peek::String, "a string")?;
        let (quoted, span) = self.raw()?;
        Ok((RawStr { quoted }, span))
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// Fails where the next value is no boolean.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.jiter.peek()? {
            Peek::True | Peek::False => Ok(self.raw()?.0 == "true"),
            other => Err(Unreadable::wrong_type("a boolean", other)),
        }
    }

    /// Reads any value, as its text and where that stands.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    #[inline(never)]
    pub fn raw(&mut self) -> Result<(&'j str, Span)> {
        let peek = self.jiter.peek()?;
        let start = self.jiter.current_index();
        self.jiter.known_skip(peek)?;
        let end = self.jiter.current_index();
        let text = self.text.get(start..end).unwrap_or_default();
        let span = Span { start: start.saturating_add(self.offset), end: end.saturating_add(self.offset) };
        Ok((text, span))
    }

    /// Reads any value, to look at its parts later.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    pub fn value(&mut self) -> Result<Value<'j>> {
        Ok(Value(self.raw()?.0))
    }

    /// Passes over any value.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    #[inline(never)]
    pub fn skip(&mut self) -> Result<()> {
        Ok(self.jiter.next_skip()?)
    }

    /// Reads `null`, where that is the next value.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    #[inline(never)]
    pub fn null(&mut self) -> Result<Option<Span>> {
        if self.jiter.peek()? != Peek::Null {
            return Ok(None);
        }
        Ok(Some(self.raw()?.1))
    }

    /// Whether the next value is a list.
    ///
    /// # Errors
    /// Fails where the text ends.
    pub fn is_list(&mut self) -> Result<bool> {
        Ok(self.jiter.peek()? == Peek::Array)
    }

    /// Whether the next value is an object.
    ///
    /// # Errors
    /// Fails where the text ends.
    pub fn is_object(&mut self) -> Result<bool> {
        Ok(self.jiter.peek()? == Peek::Object)
    }

    /// Reads by `read`; where that fails but the text is JSON, the value is passed over. Either way its text is
    /// returned besides, with where it stands, and reading can go on behind it.
    ///
    /// # Errors
    /// The outer error says that the text is no JSON; the inner one is what `read` failed with.
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Attempt<'j, T>> {
        self.jiter.peek()?;
        let mut before = self.clone();
        let start = self.jiter.current_index();
        let outcome = read(self);
        if outcome.is_err() {
            before.skip()?;
            *self = before;
        }
        let end = self.jiter.current_index();
        let text = self.text.get(start..end).unwrap_or_default();
        let span = Span { start: start.saturating_add(self.offset), end: end.saturating_add(self.offset) };
        Ok(Attempt { outcome, text, span })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Fails where anything but white space is left.
    pub fn finish(mut self) -> Result<()> {
        Ok(self.jiter.finish()?)
    }

    #[inline(never)]
    fn expect(&mut self, expected: Peek, name: &'static str) -> Result<()> {
        match self.jiter.peek()? {
            peek if peek == expected => Ok(()),
            other => Err(Unreadable::wrong_type(name, other)),
        }
    }

    fn position(&self) -> usize {
        self.offset.saturating_add(self.jiter.current_index())
    }
}

fn borrow_key<'j>(text: &'j str, key: Option<&str>) -> Option<Cow<'j, str>> {
    key.map(|key| borrow_from(text, key))
}

/// What `jiter` decoded, borrowed from the text where it stands there as it is, which it does but for escapes.
fn borrow_from<'j>(text: &'j str, decoded: &str) -> Cow<'j, str> {
    let start = decoded.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    match text.get(start..start.saturating_add(decoded.len())) {
        Some(borrowed) if std::ptr::eq(borrowed, decoded) => Cow::Borrowed(borrowed),
        _ => Cow::Owned(decoded.to_owned()),
    }
}

/// Writes a JSON string, quotes included.
pub fn write_string(value: &str, out: &mut Vec<u8>) {
    // Writing a string into memory cannot fail.
    let _: std::result::Result<(), serde_json::Error> = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrows_what_has_no_escape_and_decodes_what_has_one() {
        let mut reader = Reader::new(r#"["plain", "na\u006de"]"#);
        let mut strings = Vec::new();
        reader.list(|reader, _| reader.string().map(|string| strings.push(string))).unwrap();
        assert!(matches!(strings[0], Cow::Borrowed("plain")));
        assert!(matches!(&strings[1], Cow::Owned(name) if name == "name"));
    }

    #[test]
    fn names_the_path_at_fault() {
        let mut reader = Reader::new(r#"{"spec": {"containers": [{}, {"env": 7}]}}"#);
        let error = reader
            .object(|reader, _| {
                reader
                    .object(|reader, _| {
                        reader
                            .list(|reader, _| {
                                reader.object(|reader, _| reader.list(|reader, _| reader.skip()).map(drop)).map(drop)
                            })
                            .map(drop)
                    })
                    .map(drop)
            })
            .unwrap_err();
        assert_eq!(error.path(), "spec.containers[1].env");
        assert_eq!(error.to_string(), "`spec.containers[1].env`: expected a list, but got a number");
    }

    #[test]
    fn refuses_a_field_that_is_there_twice() {
        let mut field = Field::Missing;
        let mut reader = Reader::new(r#"{"a": null, "a": "x"}"#);
        let error = reader.object(|reader, _| field.read(reader, Reader::string)).unwrap_err();
        assert_eq!(error.to_string(), "`a`: expected the key once, but got it twice");
    }

    #[test]
    fn looks_at_the_parts_of_a_value() {
        let value = Value::parse(r#" {"a": [1, "\u0041", true], "a": null} "#).unwrap();
        let members = value.members().unwrap();
        assert_eq!(members.iter().map(|(key, value)| (&**key, value.text())).next_back(), Some(("a", "null")));
        let elements = members[0].1.elements().unwrap();
        assert_eq!(elements[0].text(), "1");
        assert_eq!(elements[1].string().as_deref(), Some("A"));
        assert_eq!(elements[2].boolean(), Some(true));
        assert_eq!((value.string(), value.boolean(), value.elements(), elements[0].members()), (None, None, None, None));
        for text in ["", "{", "1 2", r#"{"a": tru}"#] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn goes_on_behind_a_failed_attempt() {
        let mut reader = Reader::new(r#"[{"a": [1, {}]}, "next"]"#);
        let mut seen = Vec::new();
        reader
            .list(|reader, _| {
                seen.push(reader.attempt(Reader::string)?.outcome.ok());
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [None, Some(Cow::Borrowed("next"))]);
    }

    #[test]
    fn tells_positions_in_the_whole_text() {
        let mut reader = Reader::within("[ 1 , {} ]", 2);
        let mut spans = Vec::new();
        let list = reader.list(|reader, _| reader.raw().map(|(_, span)| spans.push((span.start, span.end)))).unwrap();
        assert_eq!((list.span.start, list.span.end), (2, 12));
        assert_eq!(spans, [(4, 5), (8, 10)]);
    }
}
