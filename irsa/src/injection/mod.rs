//! Injection: plans what a pod lacks for its identity, and inserts it into the pod's text.

pub(crate) mod effective;
pub(crate) mod environment;
pub(crate) mod patch;
pub(crate) mod plan;
