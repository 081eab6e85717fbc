//! The explanation of a setup, for a page in a browser: JSON in, JSON out.

use wasm_bindgen::prelude::wasm_bindgen;

/// Explains the setup whose [inputs](irsa_explain::Inputs) are given as JSON: its
/// [explanation](irsa_explain::Explanation), as JSON.
///
/// # Errors
///
/// With what is wrong where the text is not that of inputs, which is a mistake of the page's.
#[wasm_bindgen]
pub fn explain(inputs: &str) -> Result<String, String> {
    let inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    serde_json::to_string(&irsa_explain::explain(&inputs)).map_err(|error| error.to_string())
}
