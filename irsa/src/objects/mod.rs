//! What the policy reads of Kubernetes objects.
//!
//! Only the fields that a rule needs are read. Everything else is skipped, and survives: objects are never written
//! anew, only inserted into. Field names and types are those of Kubernetes' `core/v1`.

pub(crate) mod annotation_keys;
pub(crate) mod config_map;
pub(crate) mod container;
pub(crate) mod env_var;
pub(crate) mod kind;
pub(crate) mod metadata;
pub(crate) mod node_os;
pub(crate) mod pod;
pub(crate) mod service_account;
pub(crate) mod target;
mod target_walk;
pub(crate) mod volume;
pub(crate) mod workload;
