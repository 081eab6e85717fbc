//! Members of objects, which may be absent, `null`, or there, and must not be there twice.

use crate::reader::{Brackets, Reader, Span};
use crate::unreadable::{Result, Unreadable};

/// A member of an object that is read.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// The object has no such key.
    #[default]
    Missing,
    /// It is `null`, which counts as missing.
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
        *self = if reader.is_null() { Self::Null(reader.raw()?.1) } else { Self::Present(read(reader)?) };
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

/// A list that is a member of an object: where it stands, and what is read of its elements.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// Where it stands.
    pub place: Field<Brackets>,
    /// What was read, in the order of the list.
    pub elements: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { place: Field::Missing, elements: Vec::new() }
    }
}

impl<T> List<T> {
    /// Reads the member's value. `read` reads each element, and adds what is kept of it.
    ///
    /// # Errors
    /// Fails as [`Field::read`] does, and as `read`, under the element's index.
    pub fn read<'j>(
        &mut self,
        reader: &mut Reader<'j>,
        read: fn(&mut Reader<'j>, &mut Vec<T>) -> Result<()>,
    ) -> Result<()> {
        let elements = &mut self.elements;
        self.place.read(reader, |reader| reader.list(|reader, _| read(reader, elements)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::string::RawStr;

    fn read(text: &str) -> (Field<RawStr<'_>>, Result<Brackets>) {
        let mut field = Field::Missing;
        let read = Reader::new(text).object(|reader, key| match key {
            "a" => field.read(reader, Reader::string),
            _ => reader.skip(),
        });
        (field, read)
    }

    #[test]
    fn tells_missing_from_null_and_both_from_present() {
        assert!(matches!(read(r#"{"b": "x"}"#).0, Field::Missing));
        assert!(matches!(read(r#"{"a": null}"#).0, Field::Null(Span { start: 6, end: 10 })));
        let (field, _) = read(r#"{"a": "x"}"#);
        assert!(field.get().is_some_and(|text| text == "x"));
        assert!(field.clone().into_option().is_some_and(|text| text == "x"));
        assert!(field.into_value() == "x");
        assert!(read(r#"{"a": null}"#).0.into_value().is_empty());
    }

    #[test]
    fn takes_a_key_once() {
        for twice in [r#"{"a": null, "a": "x"}"#, r#"{"a": "x", "a": null}"#, r#"{"a": "x", "\u0061": "x"}"#] {
            assert_eq!(read(twice).1.unwrap_err().to_string(), "`a`: expected the key once, but got it twice");
        }
    }

    #[test]
    fn reads_what_is_kept_of_a_list() {
        let mut list = List::default();
        let text = r#"["a", "", "b"]"#;
        list.read(&mut Reader::new(text), |reader, all| {
            let element = reader.string()?;
            all.extend((!element.is_empty()).then_some(element));
            Ok(())
        })
        .unwrap();
        assert!(list.place.get().is_some_and(|place| place.span.end == text.len() && !place.is_empty));
        assert_eq!(list.elements.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
    }
}
