//! Reads the input of a check: files, directories and the standard input become Kubernetes objects.
//!
//! `walk` finds the files, `source` reads a file, and `classify` reports documents that are not complete objects. Each
//! such document becomes a [`Skipped`] with its position and what to do. The documents after it are still read. `chart`
//! finds the Helm chart that a file belongs to.

mod chart;
mod classify;
mod source;
mod walk;

pub use chart::METADATA as CHART_METADATA;
pub use classify::{Skipped, SkippedKind, has_template_actions};
pub use source::{InputObject, Parsed, Source};
pub use walk::sources;
