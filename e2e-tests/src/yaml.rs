//! Reads Kubernetes objects from a string: consecutive JSON documents, or YAML documents separated by `---`.
//!
//! JSON is kept byte for byte. YAML is converted to JSON, and numbers of more than 64 bits are not kept exactly.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads the documents in a string, each as JSON. Skips empty documents.
///
/// # Errors
/// Fails if the string is neither JSON nor YAML.
pub fn documents(text: &str) -> Result<Vec<Box<RawValue>>> {
    if let Some(documents) = json_documents(text) {
        return Ok(documents);
    }
    values(text)?
        .iter()
        .map(|value| serde_json::value::to_raw_value(value).context("cannot write the document as JSON"))
        .collect()
}

/// Reads and parses the documents in a string. Skips empty documents.
///
/// # Errors
/// Fails if the string is neither JSON nor YAML.
pub fn values(text: &str) -> Result<Vec<Value>> {
    if let Some(values) = json_documents(text) {
        return Ok(values);
    }
    let mut values = Vec::new();
    for (index, document) in yaml_serde::Deserializer::from_str(text).enumerate() {
        let value = Value::deserialize(document)
            .with_context(|| format!("cannot read document {} as YAML or JSON", index + 1))?;
        if !value.is_null() {
            values.push(value);
        }
    }
    Ok(values)
}

/// Reads the consecutive JSON documents in a string. `None` if the string is not JSON, or has no document.
fn json_documents<'t, D: Deserialize<'t>>(text: &'t str) -> Option<Vec<D>> {
    let documents = serde_json::Deserializer::from_str(text).into_iter().collect::<Result<Vec<_>, _>>().ok()?;
    (!documents.is_empty()).then_some(documents)
}

/// Formats a value as YAML, for people.
///
/// # Errors
/// Fails if the value can't be written as YAML.
pub fn to_string(value: &Value) -> Result<String> {
    yaml_serde::to_string(&to_yaml(value)).context("cannot write the value as YAML")
}

/// Converts a JSON value to a YAML value. `yaml_serde` can't serialize the JSON value directly, because only
/// `serde_json` understands its own form of numbers (`arbitrary_precision`).
fn to_yaml(value: &Value) -> yaml_serde::Value {
    match value {
        Value::Null => yaml_serde::Value::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) => float.into(),
            (None, None) => number.to_string().into(),
        },
        Value::String(string) => string.as_str().into(),
        Value::Array(items) => items.iter().map(to_yaml).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.as_str().into(), to_yaml(field)));
            yaml_serde::Value::Mapping(fields.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_bytes_of_json() {
        let text = r#"{"n": 1234567890123456789012345678901234567890, "s": "\u00e9\/"}"#;

        let documents = documents(text).unwrap();

        assert_eq!(documents[0].get(), text);
    }

    #[test]
    fn reads_json_documents_one_after_the_other() {
        let documents = documents("{\"s\": \"\\ud83d\\ude00\"}\n{\"s\": \"\u{85}\"}\n").unwrap();

        let texts: Vec<_> = documents.iter().map(|document| document.get()).collect();
        assert_eq!(texts, ["{\"s\": \"\\ud83d\\ude00\"}", "{\"s\": \"\u{85}\"}"]);
    }

    #[test]
    fn reads_every_yaml_document_and_skips_empty_ones() {
        let documents = documents("# a comment\n---\na: 1\n---\n---\nb: [2]\n").unwrap();

        let texts: Vec<_> = documents.iter().map(|document| document.get()).collect();
        assert_eq!(texts, [r#"{"a":1}"#, r#"{"b":[2]}"#]);
    }

    #[test]
    fn writes_the_yaml_that_it_has_read() {
        let text = "n: 86400\nneg: -1\nf: 0.5\ns: '86400'\nlist:\n- null\n- true\n- {}\n";

        assert_eq!(to_string(&values(text).unwrap()[0]).unwrap(), text);
    }

    #[test]
    fn names_the_document_that_is_not_valid() {
        let error = documents("a: 1\n---\nb: [\n").unwrap_err();

        assert!(error.to_string().contains("document 2"), "{error}");
    }
}
