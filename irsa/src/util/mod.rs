//! Algorithms on strings, written for a small module.

pub(crate) mod edit_distance;
pub(crate) mod names;
pub(crate) mod substring;
