//! Checks: each judges what was read of the pod and its account, and what injection planned. A check only reports.

pub(crate) mod account;
pub(crate) mod containers;
pub(crate) mod credentials;
pub(crate) mod foreign_token;
pub(crate) mod metadata;
pub(crate) mod missing;
pub(crate) mod mounts;
pub(crate) mod token_file;
