//! Why does my pod have the wrong role?
pub mod explanation;
pub mod inputs;
pub mod mistake;
