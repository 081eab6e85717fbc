//! The explanation of a setup and the policy's answers about objects, for a page in a browser: JSON in, JSON out.

mod review;

use wasm_bindgen::prelude::wasm_bindgen;

/// Explains the setup whose [inputs](irsa_explain::Inputs) are given as JSON: its
/// [explanation](irsa_explain::Explanation), as JSON.
///
/// # Errors
///
/// If the string is not that of inputs, which is a mistake in the page.
#[wasm_bindgen]
pub fn explain(inputs: &str) -> Result<String, String> {
    let inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    serde_json::to_string(&irsa_explain::explain(&inputs)).map_err(|error| error.to_string())
}

/// The policy's answer about each object of a question, with the place of each finding.
///
/// # Errors
///
/// If the string is not that of a question, which is a mistake in the page.
#[wasm_bindgen]
pub fn review(question: &str) -> Result<String, String> {
    let question = serde_json::from_str(question).map_err(|error| error.to_string())?;
    serde_json::to_string(&review::answers(&question)).map_err(|error| error.to_string())
}
