//! Checks the objects that were read, and the plan for injection.
//!
//! Each check reports findings and changes nothing:
//!
//! | file | checks | findings |
//! |---|---|---|
//! | `account` | the annotations of a service account | `ineffectiveAnnotation`, `partitionMismatch` |
//! | `containers` | each container after injection | `ambiguousCredentials`, `partitionMismatch` |
//! | `credentials` | the roles that a pod sets explicitly | `roleNotAllowed`, `overriddenRole` |
//! | | the credentials that a pod sets explicitly | `partialCredentials`, `staticCredentials` |
//! | `foreign_token` | token volumes for STS in a pod without a known role | `foreignToken` |
//! | `metadata` | keys of annotations and labels | `misspelledAnnotation`, `ineffectiveAnnotation` |
//! | | names in the annotations of a pod | `unknownSkipContainer` |
//! | `missing` | in mode `Validate`: what mode `Mutate` would inject | `notInjected` |
//! | `mounts` | mounts at parents of the token's mount path | `readOnlyParentMount` |
//! | `token_file` | `AWS_WEB_IDENTITY_TOKEN_FILE` | `wrongTokenFile`, `invalidAudience` |
//!
//! Three other places report findings too:
//!
//! - `identity` reports findings about roles, audiences, values of annotations and role mappings.
//! - `injection::plan` reports findings about the token's volume and mounts: `conflictingVolume` and
//!   `conflictingMount`.
//! - `review::pod` reports findings about lookups and opting out: `lookupFailed`, `missingServiceAccount`,
//!   `missingRole` and `optedOut`.

pub(crate) mod account;
pub(crate) mod containers;
pub(crate) mod credentials;
pub(crate) mod foreign_token;
pub(crate) mod metadata;
pub(crate) mod missing;
pub(crate) mod mounts;
pub(crate) mod token_file;
