//! Explanations: of each setup, of each diagnosis, of what is unknown, and laws for any input.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod diagnoses;
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
