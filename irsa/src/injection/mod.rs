//! Injects an identity: plans what a pod lacks, and inserts it into the pod's JSON.

pub(crate) mod effective;
pub(crate) mod environment;
pub(crate) mod patch;
pub(crate) mod plan;
