//! The JSON Patch (RFC 6902) from an object to the policy's mutated object.

use anyhow::{Context, Result};
use json_patch::Patch;
use serde_json::Value;

/// Returns the patch that changes `before` to `after`. `None` if the two objects are equal.
///
/// # Errors
/// Fails if `before` or `after` is not JSON.
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
    fn changes_the_first_object_to_the_second() {
        let (before, after) = (r#"{"a":[1,2],"b":1e400}"#, r#"{"a":[0,1,2],"b":1e400}"#);

        let patch = between(before, after).unwrap().unwrap();

        let mut patched: Value = serde_json::from_str(before).unwrap();
        json_patch::patch(&mut patched, &patch).unwrap();
        assert_eq!(patched, serde_json::from_str::<Value>(after).unwrap());
        assert!(!serde_json::to_string(&patch).unwrap().contains("/b"), "{patch}");
    }

    #[test]
    fn finds_no_patch_between_two_spellings_of_an_object() {
        assert!(between(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#).unwrap().is_none());
    }
}
