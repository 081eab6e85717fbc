//! Members of objects that can be missing, `null` or present, and must not occur twice.

use alloc::vec::Vec;

use crate::reader::{Brackets, Reader, Span};
use crate::string::RawStr;
use crate::unreadable::{Result, Unreadable};

/// A type that can be read from a JSON value.
pub trait Read<'j>: Sized {
    /// Reads the next value.
    ///
    /// # Errors
    /// Fails if the value has another type.
    fn read(reader: &mut Reader<'j>) -> Result<Self>;
}

/// A type that can be read from an element of an array.
pub trait Element<'j>: Sized {
    /// Reads one element, and pushes to `all` each value that should be kept.
    ///
    /// # Errors
    /// Fails if the element has another type.
    fn read_element(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()>;
}

/// Reads the value of a member, for the table of [`Reader::members`]. Implemented by [`Field`], [`Array`] and
/// functions.
pub trait Member<'j> {
    /// Reads the member's value.
    ///
    /// # Errors
    /// Fails if the value has another type, or if the key occurs a second time.
    fn read_member(&mut self, reader: &mut Reader<'j>) -> Result<()>;
}

impl<'j, T: Read<'j>> Member<'j> for Field<T> {
    fn read_member(&mut self, reader: &mut Reader<'j>) -> Result<()> {
        self.read(reader, T::read)
    }
}

impl<'j, T: Element<'j>> Member<'j> for Array<T> {
    fn read_member(&mut self, reader: &mut Reader<'j>) -> Result<()> {
        self.read(reader, T::read_element)
    }
}

impl<'j, F: FnMut(&mut Reader<'j>) -> Result<()>> Member<'j> for F {
    fn read_member(&mut self, reader: &mut Reader<'j>) -> Result<()> {
        self(reader)
    }
}

impl<'j> Read<'j> for RawStr<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        reader.string()
    }
}

impl<'j> Read<'j> for bool {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        reader.boolean()
    }
}

/// Skips a value of any type, so that a [`Field`] records only whether the member is present.
impl<'j> Read<'j> for () {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        reader.skip()
    }
}

/// A member of an object.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// The object does not have the key.
    #[default]
    Missing,
    /// The value is `null`, which is treated as missing.
    Null(Span),
    /// The value.
    Present(T),
}

impl<T> Field<T> {
    /// Reads the member's value.
    ///
    /// # Errors
    /// Fails if `read` fails, or if the key occurs a second time. Decoders disagree on which value of a duplicate key
    /// to use.
    pub fn read<'j>(&mut self, reader: &mut Reader<'j>, read: impl FnOnce(&mut Reader<'j>) -> Result<T>) -> Result<()> {
        let is_first = matches!(self, Self::Missing);
        *self = if is_first && !reader.is_null() {
            Self::Present(read(reader)?)
        } else {
            Self::Null(null(reader, is_first)?)
        };
        Ok(())
    }

    /// Returns the value. `None` if it is missing or `null`.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Null(_) => None,
        }
    }

    /// Returns the value. `None` if it is missing or `null`.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Null(_) => None,
        }
    }
}

/// Reads a `null`. Fails if the key occurred before. Not generic, so it is compiled once.
#[cold]
#[inline(never)]
fn null(reader: &mut Reader<'_>, is_first: bool) -> Result<Span> {
    if is_first { reader.raw().map(|(_, span)| span) } else { Err(Unreadable::duplicate()) }
}

impl<T: Default> Field<T> {
    /// Returns the value of an optional member, or the type's default if the member is missing or `null`, as Go's
    /// decoder does.
    pub fn into_value(self) -> T {
        match self {
            Self::Present(value) => value,
            Self::Missing | Self::Null(_) => T::default(),
        }
    }
}

/// An array that is a member of an object: its position, and the values that were read from its elements.
#[derive(Debug, Clone)]
pub struct Array<T> {
    /// The position of the array.
    pub place: Field<Brackets>,
    /// The values that were read from the elements, in their order.
    pub elements: Vec<T>,
}

impl<T> Default for Array<T> {
    fn default() -> Self {
        Self { place: Field::Missing, elements: Vec::new() }
    }
}

impl<T> Array<T> {
    /// Reads the member's value. `read` reads one element, and pushes each value that should be kept.
    ///
    /// # Errors
    /// Fails as [`Field::read`] does, and if `read` fails. The path of the error then contains the element's index.
    pub fn read<'j>(
        &mut self,
        reader: &mut Reader<'j>,
        read: fn(&mut Reader<'j>, &mut Vec<T>) -> Result<()>,
    ) -> Result<()> {
        let elements = &mut self.elements;
        self.place.read(reader, |reader| reader.array(|reader, _| read(reader, elements)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Field<RawStr<'_>>, Result<Brackets>) {
        let mut field = Field::Missing;
        let read = Reader::new(text).object(|reader, key| match key {
            "a" => field.read(reader, Reader::string),
            _ => reader.skip(),
        });
        (field, read)
    }

    #[test]
    fn distinguishes_missing_null_and_present() {
        assert!(matches!(read(r#"{"b": "x"}"#).0, Field::Missing));
        assert!(matches!(read(r#"{"a": null}"#).0, Field::Null(Span { start: 6, end: 10 })));
        let (field, _) = read(r#"{"a": "x"}"#);
        assert!(field.get().is_some_and(|text| text == "x"));
        assert!(field.clone().into_option().is_some_and(|text| text == "x"));
        assert!(field.into_value() == "x");
        assert!(read(r#"{"a": null}"#).0.into_value().is_empty());
    }

    #[test]
    fn rejects_a_key_that_occurs_twice() {
        for twice in [r#"{"a": null, "a": "x"}"#, r#"{"a": "x", "a": null}"#, r#"{"a": "x", "\u0061": "x"}"#] {
            assert_eq!(read(twice).1.unwrap_err().to_string(), "`a`: expected the key once, but got it twice");
        }
    }

    #[test]
    fn keeps_the_elements_that_were_pushed() {
        let mut array = Array::default();
        let text = r#"["a", "", "b"]"#;
        array
            .read(&mut Reader::new(text), |reader, all| {
                let element = reader.string()?;
                all.extend((!element.is_empty()).then_some(element));
                Ok(())
            })
            .unwrap();
        assert!(array.place.get().is_some_and(|place| place.span.end == text.len() && !place.is_empty));
        assert_eq!(array.elements.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
    }
}
