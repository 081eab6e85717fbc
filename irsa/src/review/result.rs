//! The result of checking one pod. `answer` combines the results into the answer.

use alloc::string::String;

use crate::identity::RoleSource;
use crate::injection::patch::Patch;

/// The result of checking one pod or pod template.
#[derive(Debug, Default)]
pub(super) struct PodResult {
    /// Whether the pod opts out. Nothing else is checked then.
    pub(super) opted_out: bool,
    /// The pod's service account, as `namespace/name`.
    pub(super) service_account: Option<String>,
    /// The role that the service account gives the pod.
    pub(super) role: Option<String>,
    /// The source of the pod's identity.
    pub(super) source: Option<RoleSource>,
    /// The insertions, if there are any.
    pub(super) patch: Option<Patch>,
}
