//! Values of which the parts are read when they are looked at.

use std::borrow::Cow;

use crate::reader::Reader;
use crate::scan::RawStr;
use crate::unreadable::Result;

/// A value of any type, known to be JSON, by its text: each part of it is read when it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'j>(pub(crate) &'j str);

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
        Reader::new(self.0).string().ok().map(RawStr::decode)
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
    pub fn members(self) -> Option<Vec<(RawStr<'j>, Self)>> {
        let mut members = Vec::new();
        let mut read =
            |reader: &mut Reader<'j>, key: RawStr<'j>| reader.value().map(|value| members.push((key, value)));
        Reader::new(self.0).members(&mut read).ok()?;
        Some(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_the_parts_of_a_value() {
        let value = Value::parse(r#" {"a": [1, "\u0041", true], "a": null} "#).unwrap();
        let members = value.members().unwrap();
        assert_eq!(
            members.iter().map(|(key, value)| (key.decode(), value.text())).next_back(),
            Some(("a".into(), "null"))
        );
        let elements = members[0].1.elements().unwrap();
        assert_eq!(elements[0].text(), "1");
        assert_eq!(elements[1].string().as_deref(), Some("A"));
        assert_eq!(elements[2].boolean(), Some(true));
        assert_eq!(
            (value.string(), value.boolean(), value.elements(), elements[0].members()),
            (None, None, None, None)
        );
        for text in ["", "{", "1 2", r#"{"a": tru}"#] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
