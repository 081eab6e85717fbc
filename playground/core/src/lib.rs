//! The core for a page in a browser.

use wasm_bindgen::prelude::wasm_bindgen;

/// Explains.
#[wasm_bindgen]
#[must_use]
pub fn explain(inputs: &str) -> String {
    inputs.to_owned()
}
