//! Trust policies, as IAM reads them: may a web identity assume the role?
//!
//! Sources: the IAM User Guide, "IAM JSON policy elements" (Statement, Effect, Principal, Action, Condition), and
//! "Policy evaluation logic": an explicit `Deny` wins, and what nothing allows is denied. What cannot be known from the
//! policy and the token is [`Ternary::Unknown`], never guessed: policy variables, `NotPrincipal`, `NotAction`, operators
//! and keys that are not known here.

mod condition;
mod context;
mod operator;
mod pattern;
mod policy;
mod ternary;

pub use condition::{Clause, clauses};
pub use context::split_key;
pub use context::{Context, Known};
pub use operator::{Operator, Test};
pub use pattern::{has_wildcard, matches};
pub use policy::{ACTION, Effect, Policy, Principal, Provider, Statement};
pub use ternary::Ternary;
