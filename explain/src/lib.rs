//! Why does my pod have the wrong role?
pub mod explanation;
pub mod inputs;
pub mod mistake;
pub mod sdk;
pub mod trust;

mod admission;
mod case;
mod chain;
mod container;
mod jwt;
mod keys;
mod read;
mod scrub;
mod steps;
mod tree;

pub use chain::explain;
pub use explanation::{Explanation, Outcome};
pub use inputs::Inputs;
pub use tree::{Line, Mark, tree};
