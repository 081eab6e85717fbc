//! Reading JSON, in one pass, with positions.

use crate::scan::{Kind, Scanner};
use crate::string::RawStr;
use crate::unreadable::{Result, Unreadable};

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
#[derive(Debug, Clone, Copy)]
pub struct Reader<'j> {
    /// Where the text stands in the whole text that positions refer to.
    offset: usize,
    scanner: Scanner<'j>,
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
        Self { offset, scanner: Scanner::new(text) }
    }

    /// Reads an object: `member` is called with each key, and must read or [`skip`](Self::skip) the key's value.
    ///
    /// # Errors
    /// Fails where the next value is no object, and as `member` does, under the member's key.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<Brackets> {
        self.members(&mut |reader, key, _| member(reader, key))
    }

    /// Reads an object whose keys are the user's own and whose values are strings, as labels are. A `null` is the
    /// empty string, as for Go's decoder. `entry` is called with each key, its value, and where the value stands.
    ///
    /// # Errors
    /// Fails where the next value is no object, or a value no string.
    pub fn string_map(&mut self, mut entry: impl FnMut(RawStr<'j>, RawStr<'j>, Span)) -> Result<Brackets> {
        self.members(&mut |reader, _, key| {
            let is_null = reader.is_null();
            let start = reader.position();
            let value = if is_null { reader.skip().map(|()| RawStr::default()) } else { reader.string() }?;
            entry(key, value, Span { start, end: reader.position() });
            Ok(())
        })
    }

    /// The loop stands in the module once, whatever is read by it.
    #[inline(never)]
    pub(crate) fn members(
        &mut self,
        member: &mut dyn FnMut(&mut Self, &str, RawStr<'j>) -> Result<()>,
    ) -> Result<Brackets> {
        self.expect(b'{', Kind::Object)?;
        let start = self.position();
        let mut has_more = self.scanner.enter(b'}').ok_or_else(|| self.no_json())?;
        let is_empty = !has_more;
        while has_more {
            let raw_key = self.scanner.key().ok_or_else(|| self.no_json())?;
            let key = raw_key.decode();
            member(self, &key, raw_key).map_err(|error| error.within(&key))?;
            has_more = self.scanner.step(b'}').ok_or_else(|| self.no_json())?;
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
        self.expect(b'[', Kind::List)?;
        let start = self.position();
        let mut has_more = self.scanner.enter(b']').ok_or_else(|| self.no_json())?;
        let mut index = 0_usize;
        while has_more {
            element(self, index).map_err(|error| error.within_list(index))?;
            index = index.saturating_add(1);
            has_more = self.scanner.step(b']').ok_or_else(|| self.no_json())?;
        }
        Ok(Brackets { span: Span { start, end: self.position() }, is_empty: index == 0 })
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Fails where the next value is no string.
    #[inline(never)]
    pub fn string(&mut self) -> Result<RawStr<'j>> {
        self.expect(b'"', Kind::String)?;
        self.scanner.string().ok_or_else(|| self.no_json())
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// Fails where the next value is no boolean.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.kind()? {
            Kind::Boolean => Ok(self.raw()?.0 == "true"),
            other => Err(Unreadable::wrong_type(Kind::Boolean, other)),
        }
    }

    /// Reads any value, as its text and where that stands.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    #[inline(never)]
    pub fn raw(&mut self) -> Result<(&'j str, Span)> {
        self.scanner.peek();
        let start = self.position();
        self.skip()?;
        Ok((self.text_since(start), Span { start, end: self.position() }))
    }

    /// Passes over any value.
    ///
    /// # Errors
    /// Fails where the text is no JSON.
    pub fn skip(&mut self) -> Result<()> {
        self.scanner.skip().ok_or_else(|| self.no_json())
    }

    /// Whether the next value is `null`, or means to be.
    #[inline]
    pub fn is_null(&mut self) -> bool {
        self.scanner.peek() == Some(b'n')
    }

    /// Whether the next value is a string.
    #[inline]
    pub fn is_string(&mut self) -> bool {
        self.scanner.peek() == Some(b'"')
    }

    /// Whether the next value is a list.
    pub fn is_list(&mut self) -> bool {
        self.scanner.peek() == Some(b'[')
    }

    /// Whether the next value is an object.
    pub fn is_object(&mut self) -> bool {
        self.scanner.peek() == Some(b'{')
    }

    /// Reads by `read`; where that fails but the text is JSON, the value is passed over. Either way its text is
    /// returned besides, with where it stands, and reading can go on behind it.
    ///
    /// # Errors
    /// The outer error says that the text is no JSON; the inner one is what `read` failed with.
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Attempt<'j, T>> {
        self.scanner.peek();
        let mut before = *self;
        let start = self.position();
        let outcome = read(self);
        if outcome.is_err() {
            before.skip()?;
            *self = before;
        }
        Ok(Attempt { outcome, text: self.text_since(start), span: Span { start, end: self.position() } })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Fails where anything but white space is left.
    pub fn finish(self) -> Result<()> {
        self.scanner.finish().ok_or_else(|| self.no_json())
    }

    /// The next value must begin with this byte, as values of a kind do.
    #[inline]
    fn expect(&mut self, first: u8, kind: Kind) -> Result<()> {
        if self.scanner.peek() == Some(first) { Ok(()) } else { Err(self.unexpected(kind)) }
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
        self.scanner.kind().ok_or_else(|| self.no_json())
    }

    #[cold]
    fn no_json(&self) -> Unreadable {
        Unreadable::syntax(self.scanner.at())
    }

    /// The text from a position to where the reading is.
    pub(crate) fn text_since(&self, start: usize) -> &'j str {
        self.scanner.text_since(start.saturating_sub(self.offset))
    }

    /// Where the reading is, in the whole text.
    pub(crate) fn position(&self) -> usize {
        self.offset.saturating_add(self.scanner.at())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn borrows_what_has_no_escape_and_decodes_what_has_one() {
        let mut reader = Reader::new(r#"["plain", "na\u006de"]"#);
        let mut strings = Vec::new();
        reader.list(|reader, _| reader.string().map(|string| strings.push(string.decode()))).unwrap();
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
    fn tells_whether_anything_is_in_brackets() {
        let is_empty = |text| Reader::new(text).object(|reader, _| reader.skip()).unwrap().is_empty;
        assert!(is_empty("{ }") && !is_empty(r#"{"a": 1}"#));
        let is_empty = |text| Reader::new(text).list(|reader, _| reader.skip()).unwrap().is_empty;
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
    fn sees_what_comes_next() {
        for (text, seen) in [
            (" null", [true, false, false]),
            (" []", [false, true, false]),
            (" {}", [false, false, true]),
            (" 1", [false, false, false]),
        ] {
            let mut reader = Reader::new(text);
            assert_eq!([reader.is_null(), reader.is_list(), reader.is_object()], seen, "{text}");
        }
    }

    #[test]
    fn goes_on_behind_a_failed_attempt() {
        let mut reader = Reader::new(r#"[{"a": [1, {}]}, "next"]"#);
        let mut seen = Vec::new();
        reader
            .list(|reader, _| {
                seen.push(reader.attempt(Reader::string)?.outcome.ok().map(RawStr::decode));
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
