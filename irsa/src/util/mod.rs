//! Algorithms on strings that keep the module small.

pub(crate) mod edit_distance;
pub(crate) mod names;
pub(crate) mod substring;
