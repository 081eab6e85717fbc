//! Functions for a page in a browser: explain a setup, and ask the policy about objects. Input and output are JSON.

mod review;

use wasm_bindgen::prelude::wasm_bindgen;

/// Explains a setup. Takes the [inputs](irsa_explain::Inputs) as JSON, and returns the
/// [explanation](irsa_explain::Explanation) as JSON.
///
/// # Errors
///
/// If the string is not valid JSON of [inputs](irsa_explain::Inputs). The page must never pass such a string.
#[wasm_bindgen]
pub fn explain(inputs: &str) -> Result<String, String> {
    let inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    serde_json::to_string(&irsa_explain::explain(&inputs)).map_err(|error| error.to_string())
}

/// Asks the policy about each object of a question, which is JSON. Returns the answers as JSON, with the place of each
/// finding.
///
/// # Errors
///
/// If the string is not valid JSON of a question. The page must never pass such a string.
#[wasm_bindgen]
pub fn review(question: &str) -> Result<String, String> {
    let question = serde_json::from_str(question).map_err(|error| error.to_string())?;
    serde_json::to_string(&review::answers(&question)).map_err(|error| error.to_string())
}
