//! Reads Kubernetes objects.
//!
//! Only the fields that a rule needs are read; all others are skipped. The policy never rebuilds an object from the
//! fields that it has read, so skipped fields are not lost. Field names and types are the same as in Kubernetes'
//! `core/v1`.

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
