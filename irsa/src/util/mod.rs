//! Algorithms on strings, written for a small module.

pub(crate) mod edit_distance;
pub(crate) mod name_index;
pub(crate) mod substring;
