//! Tests the explanations of each setup, of each diagnosis, and of inputs that leave steps unknown. Also tests
//! properties that hold for any input.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod checks;
mod diagnoses;
mod edits;
mod evidence;
mod fixes;
mod laws;
mod pod_side;
mod questions;
mod sdks;
mod secrets;
mod setups;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod undecided;
