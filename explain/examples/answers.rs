//! Prints the explanation of each setup of `setups/` on a line: `{"name": …, "answer": …}`, with the answer as a
//! string. The playground's tests compare the answers with those of the page.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the playground's tests run this example and read its output"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use irsa_explain::explain;
use serde_json::json;

fn main() {
    for (name, setup) in support::setups() {
        let answer = serde_json::to_string(&explain(&setup.inputs())).unwrap();
        println!("{}", json!({"name": name, "answer": answer}));
    }
}
