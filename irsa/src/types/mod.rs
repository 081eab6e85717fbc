//! Types whose values are always valid: a constructor checks the value once, and later code relies on it.

pub(crate) mod account_pattern;
pub(crate) mod character;
pub(crate) mod dns;
pub(crate) mod glob;
pub(crate) mod mount_path;
pub(crate) mod object_name;
pub(crate) mod region;
pub(crate) mod role_arn;
pub mod skip_containers;
pub(crate) mod sts_audience;
pub(crate) mod token_lifetime;
