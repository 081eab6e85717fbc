//! What the command prints: results to the standard output, errors and warnings to the standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Error;

/// The exit status if the reader of the output went away, as with `| head`: what a shell reports for a program that
/// `SIGPIPE` ended.
pub const CLOSED_PIPE: u8 = 141;

/// Whether the command failed only because nobody reads its output any more.
pub fn is_closed_pipe(error: &Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

/// Prints an error.
pub fn error(error: &Error) {
    message("Error", format_args!("{error:#}"));
}

/// Prints a warning.
pub fn warning(text: impl Display) {
    message("warning", text);
}

/// If the standard error is closed, nobody is left to tell.
fn message(label: &str, text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{label}: {text}");
}
