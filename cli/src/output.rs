//! Prints results to the standard output, and errors and warnings to the standard error.
//!
//! User input is escaped before it is printed. Tokens are redacted in messages, because a user may type a token as an
//! argument, or name a file with a token by mistake.

use std::env;
use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::Error;
use irsa_explain::redact_tokens;
use serde::Serialize;

/// The exit status if the reader of the output closes it early, as `| head` does. A shell reports this status for a
/// program that `SIGPIPE` ended.
pub const CLOSED_PIPE: u8 = 141;

/// Whether the command failed because the reader of its output closed the output.
pub fn is_closed_pipe(error: &Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

/// Escapes user input for one line of a terminal: control characters, line ends and characters that change the
/// direction of writing.
pub fn line(text: &str) -> String {
    irsa::escaped_line(text, usize::MAX)
}

/// Formats a value as JSON that is safe to print: the characters that [`line`] escapes become escapes of JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // serde_json escapes the control characters of ASCII, except DEL. So a line end in `text` is never user input:
        // serde_json adds it between values.
        let is_plain = matches!(character, '\n' | ' '..='~') || {
            let one = character.to_string();
            line(&one) == one
        };
        if is_plain {
            escaped.push(character);
        } else {
            // Writing to a string can't fail. Each escaped character is one unit of UTF-16, so one escape is enough.
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

/// Prints a message of clap: an error in the command line, the help or the version. Returns the exit status.
pub fn command_line(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    // clap's styles are escape sequences, which `printable` would escape. So clap prints the message itself if no
    // argument contains anything to escape or to redact.
    let is_plain = |argument: String| printable(&argument) == argument;
    let is_safe = env::args_os().all(|argument| is_plain(argument.to_string_lossy().into_owned()));
    let _ = if is_safe || !error.use_stderr() {
        error.print()
    } else {
        write!(anstream::stderr(), "{}", printable(&error.to_string()))
    };
    code
}

/// Prints a message to the standard error. If the standard error is closed, does nothing.
fn message(label: &str, text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{label}: {}", printable(&text.to_string()));
}

/// Redacts the tokens in a message, and escapes each of its lines.
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
