//! The steps, each in its own file.

pub mod account;
pub mod conditions;
pub mod credentials;
pub mod fallback;
pub mod injected;
pub mod issuer;
pub mod provider;
pub mod region;
pub mod token;

use crate::explanation::{Outcome, Step};

/// Whether a step failed.
pub fn failed(step: &Step) -> bool {
    step.outcome == Outcome::Failed
}
