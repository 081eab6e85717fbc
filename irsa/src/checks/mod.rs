//! Checks: each judges what was read of the pod and its account, and what injection planned. A check only reports.

pub(crate) mod annotations;
pub(crate) mod credentials;
pub(crate) mod missing;
