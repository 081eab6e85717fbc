//! Checks the objects that were read, and the plan for injection.
//!
//! Each check reports findings and changes nothing. Two stages report their own findings: `identity`, which reads
//! roles, audiences and the values of annotations, and `injection::plan` (`conflictingVolume` and `conflictingMount`).
//!
//! | file | checks |
//! |---|---|
//! | `account` | the annotations of a service account |
//! | `containers` | each container after injection: two kinds of credentials, a region of another partition |
//! | `credentials` | the credentials and roles that a pod sets explicitly |
//! | `foreign_token` | token volumes for STS in a pod whose service account has no role |
//! | `metadata` | annotations and labels: misspelled keys, and keys without effect |
//! | `missing` | in mode `Validate`: what mode `Mutate` would inject |
//! | `mounts` | read-only mounts at parents of the token's mount path |
//! | `token_file` | `AWS_WEB_IDENTITY_TOKEN_FILE`: whether a token for AWS is at that path |

pub(crate) mod account;
pub(crate) mod containers;
pub(crate) mod credentials;
pub(crate) mod foreign_token;
pub(crate) mod metadata;
pub(crate) mod missing;
pub(crate) mod mounts;
pub(crate) mod token_file;
