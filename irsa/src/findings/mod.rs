//! Findings: the table of kinds, the message of each finding, and the report that collects them.
//!
//! Every check reports findings. The setting `actions` decides whether a finding rejects the request, warns, or is
//! ignored.

mod actions;
mod escape;
mod kind;
mod message;
mod place;
mod report;

pub use actions::Actions;
pub use escape::escaped_line;
pub use kind::{Action, FindingKind};
pub use place::{ItemKind, Owner, Place, TargetKind};
pub use report::Finding;

pub(crate) use message::{Item, Message, Subject};
pub(crate) use report::{Findings, LINE_LIMIT, Recording, WARNING_LIMIT};
