//! The steps, one per file, and the code that several steps share.

pub mod account;
pub mod conditions;
pub mod credentials;
pub mod fallback;
pub mod injected;
pub mod issuer;
pub mod pod_identity;
pub mod provider;
pub mod region;
pub mod repair;
pub mod token;
pub mod trust_view;

use crate::explanation::{Outcome, Step};

use crate::sdk::ROLE as PAIR;

/// The audience that AWS recommends for tokens.
pub const STS: &str = "sts.amazonaws.com";

/// Whether a step failed.
pub fn failed(step: &Step) -> bool {
    step.outcome == Outcome::Failed
}
