//! What an explanation says: of each setup, each mistake and each condition, of what is open, and of anything at all.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod conditions;
mod diagnoses;
mod laws;
mod pod_side;
mod sdks;
mod secrets;
mod setups;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod undecided;
