//! Checks the objects that were read, and the plan for injection.
//!
//! Each check reports findings and changes nothing. One file per rule, or per group of rules about the same thing.

pub(crate) mod account;
pub(crate) mod containers;
pub(crate) mod credentials;
pub(crate) mod foreign_token;
pub(crate) mod metadata;
pub(crate) mod missing;
pub(crate) mod mounts;
pub(crate) mod token_file;
