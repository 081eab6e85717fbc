//! Reads the policy's settings as kwctl does. The settings must be an object. An empty document and `null` are read as
//! `{}`. JSON is kept byte for byte.

use anyhow::{Context, Result, bail};
use serde_json::value::RawValue;

use crate::yaml;

/// The policy's settings: a JSON object. Only the policy checks what the object contains.
#[derive(Clone, Debug)]
pub struct Settings(Box<RawValue>);

impl Settings {
    /// Reads a JSON object, or `null`.
    ///
    /// # Errors
    /// Fails if the text is not JSON, or is neither an object nor `null`.
    pub fn from_json(text: &str) -> Result<Self> {
        let json = serde_json::from_str(text).context("cannot parse the settings as JSON")?;
        Self::from_raw(json)
    }

    /// Reads a YAML or JSON document.
    ///
    /// # Errors
    /// Fails if the text is neither YAML nor JSON, has several documents, or is neither a mapping nor `null`.
    pub fn from_yaml(text: &str) -> Result<Self> {
        let mut documents = yaml::documents(text).context("cannot parse the settings")?;
        match (documents.pop(), documents.len()) {
            (None, _) => Ok(Self::default()),
            (Some(document), 0) => Self::from_raw(document),
            (Some(_), others) => bail!("expected one document of settings, but got {}", others + 1),
        }
    }

    /// The settings as JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    fn from_raw(json: Box<RawValue>) -> Result<Self> {
        match json.get() {
            "null" => Ok(Self::default()),
            text if text.starts_with('{') => Ok(Self(json)),
            _ => bail!("expected the settings to be an object, but got `{json}`"),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_null_and_an_empty_document_as_an_empty_object() {
        assert_eq!(Settings::from_json("null").unwrap().as_json(), "{}");
        assert_eq!(Settings::from_yaml("").unwrap().as_json(), "{}");
        assert_eq!(Settings::default().as_json(), "{}");
    }

    #[test]
    fn keeps_the_bytes_of_json() {
        let text = r#"{ "a":1.0 }"#;

        assert_eq!(Settings::from_json(text).unwrap().as_json(), text);
    }

    #[test]
    fn rejects_settings_that_are_not_one_object() {
        for text in ["[]", "1", "\"text\"", "{", "{} {}"] {
            assert!(Settings::from_json(text).is_err(), "{text}");
        }
        assert!(Settings::from_yaml("a: 1\n---\nb: 2").is_err());
    }
}
