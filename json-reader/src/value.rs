//! Reads any JSON value as a tree.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::reader::Reader;
use crate::scan::Kind;
use crate::string::RawStr;
use crate::unreadable::Result;

/// A value of any type.
#[derive(Debug, Clone)]
pub struct Value<'j> {
    text: &'j str,
    content: Content<'j>,
}

#[derive(Debug, Clone)]
enum Content<'j> {
    NullOrNumber,
    Boolean(bool),
    String(RawStr<'j>),
    Array(Vec<Value<'j>>),
    Object(Vec<(RawStr<'j>, Value<'j>)>),
}

impl<'j> Value<'j> {
    /// Reads a string that is one JSON value.
    ///
    /// # Errors
    /// Fails if the text is not JSON.
    pub fn parse(text: &'j str) -> Result<Self> {
        let mut reader = Reader::new(text);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// Fails if the next value is not JSON.
    pub fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let kind = reader.kind()?;
        let start = reader.start();
        let content = match kind {
            Kind::Null | Kind::Number => {
                reader.skip()?;
                Content::NullOrNumber
            }
            Kind::Boolean => Content::Boolean(reader.boolean()?),
            Kind::String => Content::String(reader.string()?),
            Kind::Array => {
                let mut elements = Vec::new();
                reader.array(|reader, _| Self::read(reader).map(|element| elements.push(element)))?;
                Content::Array(elements)
            }
            Kind::Object => {
                let mut members = Vec::new();
                reader.each_member(&mut |reader, _, key| Self::read(reader).map(|value| members.push((key, value))))?;
                Content::Object(members)
            }
        };
        Ok(Self { text: reader.text_since(start), content })
    }

    /// Returns the value's JSON text.
    #[must_use]
    pub fn text(&self) -> &'j str {
        self.text
    }

    /// Returns the string's value. `None` if this is not a string.
    #[must_use]
    pub fn string(&self) -> Option<Cow<'j, str>> {
        match &self.content {
            Content::String(string) => Some(string.decode()),
            _ => None,
        }
    }

    /// Returns the boolean's value. `None` if this is not a boolean.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.content {
            Content::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// Returns the elements of an array. `None` if this is not an array.
    #[must_use]
    pub fn elements(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the members of an object, in the order of the JSON. A duplicate key occurs twice. `None` if this is not
    /// an object.
    #[must_use]
    pub fn members(&self) -> Option<&[(RawStr<'j>, Self)]> {
        match &self.content {
            Content::Object(members) => Some(members),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_tree() {
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
        assert!(value.string().is_none() && value.boolean().is_none() && value.elements().is_none());
        assert!(elements[0].members().is_none());
        for text in ["", "{", "1 2", r#"{"a": tru}"#] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
