//! The values of a document, each with its position.

use std::borrow::Cow;

use crate::position::Position;

/// A value and its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'t> {
    /// The start of the value. For an alias, the start of the anchored value.
    pub at: Position,
    /// An application's own tag, such as `!Ref` in CloudFormation. `None` for YAML's standard tags.
    pub tag: Option<Box<str>>,
    /// The value.
    pub value: Value<'t>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'t> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as JSON.
    Number(String),
    /// A string, decoded.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Node<'t>>),
    /// An object without duplicate keys.
    Object(Vec<Member<'t>>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<'t> {
    /// The key.
    pub key: Cow<'t, str>,
    /// The position of the key.
    pub at: Position,
    /// The value.
    pub node: Node<'t>,
}

/// The positions of a value and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The position of the key. For an element of an array, the position of its value.
    pub key: Position,
    /// The position of the value.
    pub value: Position,
}

impl<'t> Node<'t> {
    /// Returns the value under a JSON pointer (RFC 6901), and the value's place. `None` if there is no value.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<(&Self, Place)> {
        let mut found = (self, Place { key: self.at, value: self.at });
        let Some(segments) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(found) };
        for segment in segments.split('/') {
            let segment = unescape(segment);
            found = match &found.0.value {
                Value::Object(members) => {
                    let member = members.iter().find(|member| member.key == segment)?;
                    (&member.node, Place { key: member.at, value: member.node.at })
                }
                Value::Array(elements) => {
                    let element = elements.get(segment.parse::<usize>().ok()?)?;
                    (element, Place { key: element.at, value: element.at })
                }
                _ => return None,
            };
        }
        Some(found)
    }

    /// Returns the value of this key. `None` if the value is not an object, or lacks the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// Returns the members of an object. Empty for any other value.
    #[must_use]
    pub fn members(&self) -> &[Member<'t>] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    /// Returns the elements of an array. Empty for any other value.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        if let Value::Array(elements) = &self.value { elements } else { &[] }
    }

    /// Returns the value of a string. `None` for any other value.
    #[must_use]
    pub fn string(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// Returns the value as JSON, without spaces.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.value.write_json(&mut json);
        json
    }

    /// Returns the number of nodes in the value, including the value itself.
    pub(crate) fn count(&self) -> usize {
        let below: usize = match &self.value {
            Value::Array(elements) => elements.iter().map(Self::count).fold(0, usize::saturating_add),
            Value::Object(members) => members.iter().map(|member| member.node.count()).fold(0, usize::saturating_add),
            _ => 0,
        };
        below.saturating_add(1)
    }
}

impl Value<'_> {
    /// Appends the value as JSON, without spaces.
    pub fn write_json(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Bool(true) => json.push_str("true"),
            Self::Bool(false) => json.push_str("false"),
            Self::Number(number) => json.push_str(number),
            Self::String(text) => write_string(text, json),
            Self::Array(elements) => {
                json.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    element.value.write_json(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    write_string(&member.key, json);
                    json.push(':');
                    member.node.value.write_json(json);
                }
                json.push('}');
            }
        }
    }
}

/// Appends a JSON string.
fn write_string(text: &str, json: &mut String) {
    json.push('"');
    let mut rest = text;
    while let Some(index) = rest.find(|char: char| matches!(char, '"' | '\\' | '\0'..='\u{1f}')) {
        let (plain, from) = rest.split_at(index);
        json.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('\n') => json.push_str("\\n"),
            Some('\t') => json.push_str("\\t"),
            Some(char @ ('"' | '\\')) => json.extend(['\\', char]),
            Some(char) => json.push_str(&unicode_escape(char)),
            None => {}
        }
        rest = chars.as_str();
    }
    json.push_str(rest);
    json.push('"');
}

fn unicode_escape(char: char) -> String {
    format!("\\u{:04x}", u32::from(char))
}

fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') { segment.replace("~1", "/").replace("~0", "~").into() } else { segment.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_json_requires() {
        for text in ["", "plain", "a\"b\\c", "\n\t\r\0\u{1f}", "é\u{2028}😀"] {
            let mut json = String::new();
            write_string(text, &mut json);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
        }
    }
}
