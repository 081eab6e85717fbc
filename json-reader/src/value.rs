//! Values of any type, of which the parts are looked at when all is read.

use std::borrow::Cow;

use crate::reader::Reader;
use crate::scan::Kind;
use crate::string::RawStr;
use crate::unreadable::Result;

/// A value of any type.
#[derive(Debug, Clone)]
pub struct Value<'j> {
    text: &'j str,
    parts: Parts<'j>,
}

#[derive(Debug, Clone)]
enum Parts<'j> {
    None,
    Boolean(bool),
    String(RawStr<'j>),
    List(Vec<Value<'j>>),
    Object(Vec<(RawStr<'j>, Value<'j>)>),
}

impl<'j> Value<'j> {
    /// Reads a text that has to be one value.
    ///
    /// # Errors
    /// Fails where it is no JSON.
    pub fn parse(text: &'j str) -> Result<Self> {
        let mut reader = Reader::new(text);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// Reads the next value of a text.
    ///
    /// # Errors
    /// Fails where it is no JSON.
    pub fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let kind = reader.kind()?;
        let start = reader.position();
        let parts = match kind {
            Kind::Null | Kind::Number => {
                reader.skip()?;
                Parts::None
            }
            Kind::Boolean => Parts::Boolean(reader.boolean()?),
            Kind::String => Parts::String(reader.string()?),
            Kind::List => {
                let mut elements = Vec::new();
                reader.list(|reader, _| Self::read(reader).map(|element| elements.push(element)))?;
                Parts::List(elements)
            }
            Kind::Object => {
                let mut members = Vec::new();
                reader.members(&mut |reader, _, key| Self::read(reader).map(|value| members.push((key, value))))?;
                Parts::Object(members)
            }
        };
        Ok(Self { text: reader.text_since(start), parts })
    }

    /// The value's text.
    #[must_use]
    pub fn text(&self) -> &'j str {
        self.text
    }

    /// The value of a string.
    #[must_use]
    pub fn string(&self) -> Option<Cow<'j, str>> {
        match &self.parts {
            Parts::String(string) => Some(string.decode()),
            _ => None,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.parts {
            Parts::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn elements(&self) -> Option<&[Self]> {
        match &self.parts {
            Parts::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of an object, in their order. A key that is there twice comes twice.
    #[must_use]
    pub fn members(&self) -> Option<&[(RawStr<'j>, Self)]> {
        match &self.parts {
            Parts::Object(members) => Some(members),
            _ => None,
        }
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
        assert!(value.string().is_none() && value.boolean().is_none() && value.elements().is_none());
        assert!(elements[0].members().is_none());
        for text in ["", "{", "1 2", r#"{"a": tru}"#] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
