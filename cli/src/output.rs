//! What the command prints: results to the standard output, errors and warnings to the standard error.
//!
//! User input is escaped before it reaches a terminal, and messages contain no token: one may have been typed as an
//! argument, or may be in a file that was named by mistake.

use std::env;
use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::Error;
use irsa_explain::redact_tokens;
use serde::Serialize;

/// The exit status if the reader of the output went away, as with `| head`: what a shell reports for a program that
/// `SIGPIPE` ended.
pub const CLOSED_PIPE: u8 = 141;

/// Whether the command failed only because nobody reads its output any more.
pub fn is_closed_pipe(error: &Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

/// User input as one line of a terminal: control characters, line ends and characters that turn the direction of
/// writing are escaped.
pub fn line(text: &str) -> String {
    irsa::escaped_line(text, usize::MAX)
}

/// The value as JSON, for programs and for terminals: what [`line`] escapes is escaped as JSON does it.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // serde_json escapes the control characters of ASCII but DEL. A line end is its own.
        let is_plain = matches!(character, '\n' | ' '..='~') || {
            let one = character.to_string();
            line(&one) == one
        };
        if is_plain {
            escaped.push(character);
        } else {
            // Writing to a string does not fail. No character that is escaped needs two units of UTF-16.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        }
    }
    Ok(escaped)
}

/// Prints an error.
pub fn error(error: &Error) {
    message("Error", format_args!("{error:#}"));
}

/// Prints a warning.
pub fn warning(text: impl Display) {
    message("warning", text);
}

/// Prints what clap says about the command line. Help and the version are no errors.
pub fn command_line(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    // clap's styles are escape sequences, too: they are printed only if the user typed none.
    let is_plain = |argument: String| printable(&argument) == argument;
    let is_safe = env::args_os().all(|argument| is_plain(argument.to_string_lossy().into_owned()));
    let _ = if is_safe || !error.use_stderr() {
        error.print()
    } else {
        write!(anstream::stderr(), "{}", printable(&error.to_string()))
    };
    code
}

/// If the standard error is closed, nobody is left to tell.
fn message(label: &str, text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{label}: {}", printable(&text.to_string()));
}

/// A message without tokens, and with each of its lines escaped.
fn printable(text: &str) -> String {
    let text = redact_tokens(text);
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "a\u{1b}[31m\u{202e}b\u{9b}c\u{7f}\u{2028}\rd";

    #[test]
    fn escapes_user_input_for_terminals() {
        assert_eq!(line(RAW), r"a\u{1b}[31m\u{202e}b\u{9b}c\u{7f}\u{2028}\rd");
        let text = json(&serde_json::json!({RAW: RAW})).unwrap();
        assert_eq!(
            text,
            "{\n  \"a\\u001b[31m\\u202eb\\u009bc\\u007f\\u2028\\rd\": \"a\\u001b[31m\\u202eb\\u009bc\\u007f\\u2028\\rd\"\n}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), serde_json::json!({RAW: RAW}));
    }

    #[test]
    fn keeps_lines_and_drops_tokens() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(printable(&format!("a\nb\u{1b} {token}")), "a\nb\\u{1b} <token>");
    }
}
