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

/// Line ends of the text stay, and other control characters are escaped. A closed standard error is no error.
fn message(label: &str, text: impl Display) {
    let text = text.to_string();
    let lines: Vec<String> = text.split('\n').map(|line| irsa::escaped_line(line, usize::MAX)).collect();
    let _ = writeln!(anstream::stderr(), "{label}: {}", lines.join("\n"));
}
