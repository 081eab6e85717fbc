//! The reader: reads the values of a JSON text one after the other, and reports their positions.

use crate::bytes::is_same;
use crate::field::{Field, Member};
use crate::scan::{Kind, Scanner};
use crate::string::RawStr;
use crate::unreadable::{Result, Unreadable};

/// The position of a value: byte offsets into the whole text. The end is exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The offset of the value's first byte.
    pub start: usize,
    /// The offset after the value's last byte.
    pub end: usize,
}

/// The position of an array or object, and whether it is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brackets {
    /// From the opening bracket to after the closing bracket.
    pub span: Span,
    /// Whether it has no elements or members.
    pub is_empty: bool,
}

/// The result of [`Reader::attempt`].
#[derive(Debug)]
pub struct Attempt<'j, T> {
    /// The result of `read`.
    pub outcome: Result<T>,
    /// The value's JSON text.
    pub text: &'j str,
    /// The position of the value.
    pub span: Span,
}

/// The start of a value, as an offset into the text of one reader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start(usize);

/// Reads the values of a JSON text one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'j> {
    /// The offset of this reader's text in the whole text. Spans are offsets into the whole text.
    offset: usize,
    scanner: Scanner<'j>,
}

impl<'j> Reader<'j> {
    /// Reads a whole text.
    #[must_use]
    pub fn new(text: &'j str) -> Self {
        Self::within(text, 0)
    }

    /// Reads `text`, a part of the whole text. The part starts at byte `offset` of the whole text.
    #[must_use]
    pub fn within(text: &'j str, offset: usize) -> Self {
        Self { offset, scanner: Scanner::new(text) }
    }

    /// Reads an object by a table of its members. Skips all other members.
    ///
    /// ```
    /// use json_reader::{Field, RawStr, Reader};
    ///
    /// let mut name = Field::<RawStr>::Missing;
    /// let mut is_ready = Field::<bool>::Missing;
    /// Reader::new(r#"{"ready": true, "uid": 7}"#).members(&mut [("name", &mut name), ("ready", &mut is_ready)])?;
    /// assert!(name.get().is_none() && is_ready.into_value());
    /// # Ok::<(), json_reader::Unreadable>(())
    /// ```
    ///
    /// # Errors
    /// Fails if the next value is not an object, or if reading a member fails. The path of the error then contains the
    /// key.
    pub fn members(&mut self, table: &mut [(&str, &mut dyn Member<'j>)]) -> Result<Brackets> {
        self.each_member(&mut |reader, key, _| match table
            .iter_mut()
            .find(|(known, _)| is_same(known.as_bytes(), key.as_bytes()))
        {
            Some((_, member)) => member.read_member(reader),
            None => reader.skip(),
        })
    }

    /// Reads the member with this key, and skips all others.
    ///
    /// # Errors
    /// Fails as [`Reader::members`] does.
    pub fn only_member<T>(&mut self, key: &str, read: fn(&mut Self) -> Result<T>) -> Result<Field<T>> {
        let mut member = Field::Missing;
        self.members(&mut [(key, &mut |reader: &mut Self| member.read(reader, read))])?;
        Ok(member)
    }

    /// Reads an object. Calls `member` with each key. `member` must read or [`skip`](Self::skip) the key's value.
    ///
    /// # Errors
    /// Fails if the next value is not an object, or if `member` fails. The path of the error then contains the key.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<Brackets> {
        self.each_member(&mut |reader, key, _| member(reader, key))
    }

    /// Reads an object whose values are strings, such as labels. Reads `null` as the empty string, as Go's decoder
    /// does. Calls `entry` with each key, its value, and the value's position.
    ///
    /// # Errors
    /// Fails if the next value is not an object, or if a value in it is not a string.
    pub fn string_map(&mut self, mut entry: impl FnMut(RawStr<'j>, RawStr<'j>, Span)) -> Result<Brackets> {
        self.each_member(&mut |reader, _, key| {
            let is_null = reader.is_null();
            let start = reader.start();
            let value = if is_null { reader.skip().map(|()| RawStr::default()) } else { reader.string() }?;
            entry(key, value, reader.span_since(start));
            Ok(())
        })
    }

    /// Reads an object as [`Self::object`] does, and also passes each key to `member` as a [`RawStr`]. Not generic, so
    /// it is compiled once.
    #[inline(never)]
    pub(crate) fn each_member(
        &mut self,
        member: &mut dyn FnMut(&mut Self, &str, RawStr<'j>) -> Result<()>,
    ) -> Result<Brackets> {
        self.expect(b'{', Kind::Object)?;
        let start = self.start();
        let mut has_more = self.scanner.enter(b'}').ok_or_else(|| self.not_json())?;
        let is_empty = !has_more;
        while has_more {
            let raw_key = self.scanner.key().ok_or_else(|| self.not_json())?;
            match raw_key {
                RawStr::Plain(key) => member(self, key, raw_key).map_err(|error| error.within(key))?,
                RawStr::Escaped(_) => {
                    let key = raw_key.decode();
                    member(self, &key, raw_key).map_err(|error| error.within(&key))?;
                }
            }
            has_more = self.scanner.step(b'}').ok_or_else(|| self.not_json())?;
        }
        Ok(Brackets { span: self.span_since(start), is_empty })
    }

    /// Reads an array. Calls `element` with the index of each element. `element` must read or skip the element.
    ///
    /// # Errors
    /// Fails if the next value is not an array, or if `element` fails. The path of the error then contains the index.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self, usize) -> Result<()>) -> Result<Brackets> {
        self.elements(&mut element)
    }

    /// Reads an array as [`Self::array`] does. Not generic, so it is compiled once.
    #[inline(never)]
    fn elements(&mut self, element: &mut dyn FnMut(&mut Self, usize) -> Result<()>) -> Result<Brackets> {
        self.expect(b'[', Kind::Array)?;
        let start = self.start();
        let mut has_more = self.scanner.enter(b']').ok_or_else(|| self.not_json())?;
        let mut index = 0_usize;
        while has_more {
            element(self, index).map_err(|error| error.within_array(index))?;
            // INVARIANT: each element takes a byte of the text, so the index can't overflow.
            index = index.wrapping_add(1);
            has_more = self.scanner.step(b']').ok_or_else(|| self.not_json())?;
        }
        Ok(Brackets { span: self.span_since(start), is_empty: index == 0 })
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Fails if the next value is not a string.
    #[inline(never)]
    pub fn string(&mut self) -> Result<RawStr<'j>> {
        self.expect(b'"', Kind::String)?;
        self.scanner.string().ok_or_else(|| self.not_json())
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// Fails if the next value is not a boolean.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.kind()? {
            Kind::Boolean => Ok(self.raw()?.0 == "true"),
            other => Err(Unreadable::wrong_type(Kind::Boolean, other)),
        }
    }

    /// Reads any value. Returns its JSON text and its position.
    ///
    /// # Errors
    /// Fails if the value is not JSON.
    #[inline(never)]
    pub fn raw(&mut self) -> Result<(&'j str, Span)> {
        self.scanner.peek();
        let start = self.start();
        self.skip()?;
        Ok((self.text_since(start), self.span_since(start)))
    }

    /// Skips any value. Checks that it is JSON.
    ///
    /// # Errors
    /// Fails if the value is not JSON.
    pub fn skip(&mut self) -> Result<()> {
        self.scanner.skip().ok_or_else(|| self.not_json())
    }

    /// Whether the next value starts with `n`. A misspelled `null` fails when it is read.
    #[inline]
    pub fn is_null(&mut self) -> bool {
        self.scanner.peek() == b'n'
    }

    /// Whether the next value is a string.
    #[inline]
    pub fn is_string(&mut self) -> bool {
        self.scanner.peek() == b'"'
    }

    /// Whether the next value is an array.
    pub fn is_array(&mut self) -> bool {
        self.scanner.peek() == b'['
    }

    /// Whether the next value is an object.
    pub fn is_object(&mut self) -> bool {
        self.scanner.peek() == b'{'
    }

    /// Calls `read`. If `read` fails, skips the value, so that the reader can continue after it.
    ///
    /// A failed attempt scans the value twice, so attempts must not be nested.
    ///
    /// # Errors
    /// Fails if the value is not JSON. An error of `read` is in [`Attempt::outcome`] instead.
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Attempt<'j, T>> {
        self.scanner.peek();
        let mut before = *self;
        let start = self.start();
        let outcome = read(self);
        if outcome.is_err() {
            before.skip()?;
            *self = before;
        }
        Ok(Attempt { outcome, text: self.text_since(start), span: self.span_since(start) })
    }

    /// Checks that the text ends here.
    ///
    /// # Errors
    /// Fails if anything except white space follows.
    pub fn finish(self) -> Result<()> {
        self.scanner.finish().ok_or_else(|| self.not_json())
    }

    /// Checks the first byte of the next value, which determines its type.
    #[inline]
    fn expect(&mut self, first: u8, kind: Kind) -> Result<()> {
        if self.scanner.peek() == first { Ok(()) } else { Err(self.unexpected(kind)) }
    }

    #[cold]
    #[inline(never)]
    fn unexpected(&mut self, expected: Kind) -> Unreadable {
        match self.kind() {
            Ok(got) => Unreadable::wrong_type(expected, got),
            Err(unreadable) => unreadable,
        }
    }

    pub(crate) fn kind(&mut self) -> Result<Kind> {
        self.scanner.kind().ok_or_else(|| self.not_json())
    }

    #[cold]
    fn not_json(&self) -> Unreadable {
        Unreadable::syntax(self.scanner.at())
    }

    /// Returns the start of the next value. White space before the value must already be skipped.
    pub(crate) fn start(&self) -> Start {
        Start(self.scanner.at())
    }

    /// Returns the text between a start and the current position.
    pub(crate) fn text_since(&self, Start(start): Start) -> &'j str {
        self.scanner.text_since(start)
    }

    /// Returns the span between a start and the current position, with offsets into the whole text.
    fn span_since(&self, Start(start): Start) -> Span {
        Span { start: self.offset.saturating_add(start), end: self.offset.saturating_add(self.scanner.at()) }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn borrows_plain_strings_and_decodes_escapes() {
        let mut reader = Reader::new(r#"["plain", "na\u006de"]"#);
        let mut strings = Vec::new();
        reader.array(|reader, _| reader.string().map(|string| strings.push(string.decode()))).unwrap();
        assert!(matches!(strings[0], Cow::Borrowed("plain")));
        assert!(matches!(&strings[1], Cow::Owned(name) if name == "name"));
    }

    #[test]
    fn reports_the_path_of_the_wrong_value() {
        let mut reader = Reader::new(r#"{"spec": {"containers": [{}, {"env": 7}]}}"#);
        let error = reader
            .object(|reader, _| {
                reader
                    .object(|reader, _| {
                        reader
                            .array(|reader, _| {
                                reader.object(|reader, _| reader.array(|reader, _| reader.skip()).map(drop)).map(drop)
                            })
                            .map(drop)
                    })
                    .map(drop)
            })
            .unwrap_err();
        assert_eq!(error.path(), "spec.containers[1].env");
        assert_eq!(error.to_string(), "`spec.containers[1].env`: expected an array, but got a number");
    }

    #[test]
    fn reports_whether_an_array_or_object_is_empty() {
        let is_empty = |text| Reader::new(text).object(|reader, _| reader.skip()).unwrap().is_empty;
        assert!(is_empty("{ }") && !is_empty(r#"{"a": 1}"#));
        let is_empty = |text| Reader::new(text).array(|reader, _| reader.skip()).unwrap().is_empty;
        assert!(is_empty("[ ]") && !is_empty("[1]"));
    }

    #[test]
    fn reads_maps_of_strings() {
        let mut entries = Vec::new();
        let text = r#"{"a": "x", "b": null}"#;
        let entry = |key: RawStr<'_>, value: RawStr<'_>, span: Span| {
            entries.push((key.to_string(), value.to_string(), span.start, span.end));
        };
        Reader::new(text).string_map(entry).unwrap();
        assert_eq!(entries, [("a".into(), "x".into(), 6, 9), ("b".into(), String::new(), 16, 20)]);
        assert!(Reader::new(r#"{"a": 1}"#).string_map(|_, _, _| {}).is_err());
    }

    #[test]
    fn recognizes_the_next_value() {
        for (text, seen) in [
            (" null", [true, false, false]),
            (" []", [false, true, false]),
            (" {}", [false, false, true]),
            (" 1", [false, false, false]),
        ] {
            let mut reader = Reader::new(text);
            assert_eq!([reader.is_null(), reader.is_array(), reader.is_object()], seen, "{text}");
        }
    }

    #[test]
    fn continues_after_a_failed_attempt() {
        let mut reader = Reader::new(r#"[{"a": [1, {}]}, "next"]"#);
        let mut seen = Vec::new();
        reader
            .array(|reader, _| {
                seen.push(reader.attempt(Reader::string)?.outcome.ok().map(RawStr::decode));
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [None, Some(Cow::Borrowed("next"))]);
    }

    #[test]
    fn reports_positions_in_the_whole_text() {
        let mut reader = Reader::within("[ 1 , {} ]", 2);
        let mut spans = Vec::new();
        let array = reader.array(|reader, _| reader.raw().map(|(_, span)| spans.push((span.start, span.end)))).unwrap();
        assert_eq!((array.span.start, array.span.end), (2, 12));
        assert_eq!(spans, [(4, 5), (8, 10)]);
    }
}
