//! Evaluates trust policies as IAM does: whether a request may assume the role.
//!
//! Sources: the IAM User Guide, "IAM JSON policy elements" (Statement, Effect, Principal, Action, Condition), and
//! "Policy evaluation logic": an explicit `Deny` overrides every `Allow`, and a request that no statement allows is
//! denied. If neither the inputs nor IAM's documentation decide a result, the result is [`Ternary::Unknown`]. Examples
//! are `NotPrincipal`, keys that only AWS knows, and operators that do not exist.

mod condition;
mod document;
mod fix;
mod iam_provider;
mod operator;
mod pattern;
mod policy;
mod request;
mod ternary;

#[cfg(test)]
mod tests;

pub use condition::Clause;
pub use document::TrustDocument;
pub use fix::{ChangeKind, Repair, accepts, is_misspelled, repair};
pub use iam_provider::IamProviders;
pub use operator::{Operator, Test};
pub use pattern::{has_wildcard, matches};
pub use policy::{ArnFault, Effect, Principal, Provider, Statement, is_placeholder};
pub use request::{
    Chained, Known, PODS_EKS, PodIdentity, Request, WEB_IDENTITY_ACTION, WebIdentity, is_host_and_path, split_key,
};
pub use ternary::Ternary;
