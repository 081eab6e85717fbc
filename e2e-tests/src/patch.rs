//! The JSON Patch (RFC 6902) from an object to the policy's mutated object.

use anyhow::{Context, Result};
use json_patch::Patch;
use serde_json::Value;

/// The patch. `None` if both objects are the same.
///
/// # Errors
/// Fails if one of the texts is not JSON.
pub fn between(before: &str, after: &str) -> Result<Option<Patch>> {
    let before: Value = serde_json::from_str(before).context("cannot parse the object")?;
    let after: Value = serde_json::from_str(after).context("cannot parse the mutated object")?;
    let patch = json_patch::diff(&before, &after);
    Ok((!patch.is_empty()).then_some(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_from_one_object_to_the_other() {
        let (before, after) = (r#"{"a":[1,2],"b":1e400}"#, r#"{"a":[0,1,2],"b":1e400}"#);

        let patch = between(before, after).unwrap().unwrap();

        let mut patched: Value = serde_json::from_str(before).unwrap();
        json_patch::patch(&mut patched, &patch).unwrap();
        assert_eq!(patched, serde_json::from_str::<Value>(after).unwrap());
        assert!(!serde_json::to_string(&patch).unwrap().contains("/b"), "{patch}");
    }

    #[test]
    fn finds_nothing_between_the_same_object_in_other_words() {
        assert!(between(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#).unwrap().is_none());
    }
}
