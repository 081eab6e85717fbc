//! Reads the input of a check: files, directories and the standard input become Kubernetes objects.
//!
//! `walk` finds the files, `classify` tells what a document is, and `source` reads a file. A document that is not a
//! complete object is a [`Skipped`] with its position and what to do; the documents after it still count.

mod classify;
mod source;
mod walk;

pub use classify::{Skipped, SkippedKind};
pub use source::{InputObject, Parsed, Source};
pub use walk::sources;
