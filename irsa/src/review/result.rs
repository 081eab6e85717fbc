//! The result of checking one pod, before the answer is concluded.

use alloc::string::String;

use crate::identity::RoleSource;
use crate::injection::patch::Patch;

/// The result of checking one pod or pod template.
#[derive(Debug, Default)]
pub(super) struct PodResult {
    /// Whether the pod opts out, so that nothing else was checked.
    pub(super) opted_out: bool,
    /// Its service account, as `namespace/name`.
    pub(super) service_account: Option<String>,
    /// The role that its account gives it.
    pub(super) role: Option<String>,
    /// The source of its identity.
    pub(super) source: Option<RoleSource>,
    /// What is inserted into it, if anything.
    pub(super) patch: Option<Patch>,
}
