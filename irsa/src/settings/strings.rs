//! Checks settings that are kept as strings: audiences, token paths and URIs.
//!
//! Source of the rules for token paths: Kubernetes' validation of projected files (`validateLocalNonReservedPath` in
//! `pkg/apis/core/validation`). In addition, a path must name a file.

use core::fmt;

use crate::types::character::Shown;
use crate::types::mount_path::is_kept;

/// Why a string is not an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudienceError {
    /// It is empty. Kubernetes would issue a token for the API server.
    Empty,
    /// It contains this white-space character. No audience of AWS contains white space.
    Blank(char),
}

/// Why a string is not the path of a token in its volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenPathError {
    /// It starts with `/`.
    Absolute,
    /// It starts with `..`.
    Start,
    /// It contains a segment `..`.
    ParentSegment,
    /// It contains a NUL character.
    Nul,
    /// It is empty, or consists of `.` and `/` only.
    NoFile,
}

/// Why a string is not an HTTP URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UriError {
    /// It starts with neither `http://` nor `https://`.
    Scheme,
    /// No host follows the scheme.
    Host,
    /// It contains this character, which is white space or a control character.
    Character(char),
}

pub(super) fn check_audience(text: &str) -> Result<(), AudienceError> {
    if text.is_empty() {
        return Err(AudienceError::Empty);
    }
    text.chars().find(|character| character.is_whitespace()).map_or(Ok(()), |blank| Err(AudienceError::Blank(blank)))
}

pub(super) fn check_token_path(text: &str) -> Result<(), TokenPathError> {
    if text.starts_with('/') {
        return Err(TokenPathError::Absolute);
    }
    if text.starts_with("..") {
        return Err(TokenPathError::Start);
    }
    if text.contains('\0') {
        return Err(TokenPathError::Nul);
    }
    if text.split('/').any(|segment| segment == "..") {
        return Err(TokenPathError::ParentSegment);
    }
    if text.split('/').any(is_kept) { Ok(()) } else { Err(TokenPathError::NoFile) }
}

pub(super) fn check_uri(text: &str) -> Result<(), UriError> {
    let after = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).ok_or(UriError::Scheme)?;
    if after.is_empty() || after.starts_with('/') {
        return Err(UriError::Host);
    }
    match text.chars().find(|character| character.is_whitespace() || character.is_control()) {
        Some(character) => Err(UriError::Character(character)),
        None => Ok(()),
    }
}

impl fmt::Display for AudienceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected an audience, but got an empty string"),
            Self::Blank(blank) => write!(f, "expected an audience without blanks, but got {}", Shown(*blank)),
        }
    }
}

impl fmt::Display for TokenPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absolute => "expected a relative path, but got a path that starts with `/`",
            Self::Start => "expected a path that does not start with `..`, but got `..` at the start",
            Self::ParentSegment => "expected a path without the segment `..`, but got a path with it",
            Self::Nul => "expected a path without NUL, but got U+0000",
            Self::NoFile => "expected the path of a file, but got a path without a file name",
        })
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => {
                f.write_str("expected a URI that starts with `http://` or `https://`, but the value does not")
            }
            Self::Host => f.write_str("expected a host after `://`, but it is missing"),
            Self::Character(character) => {
                write!(f, "expected a URI without white space and control characters, but got {}", Shown(*character))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_audiences() {
        assert_eq!(check_audience("sts.amazonaws.com"), Ok(()));
        assert_eq!(check_audience("").unwrap_err().to_string(), "expected an audience, but got an empty string");
    }

    #[test]
    fn checks_token_paths() {
        for path in ["token", "a/token", "./token", ".token", "a/..b"] {
            assert_eq!(check_token_path(path), Ok(()), "{path}");
        }
        for (path, message) in [
            ("/token", "expected a relative path, but got a path that starts with `/`"),
            ("..", "expected a path that does not start with `..`, but got `..` at the start"),
            ("..token", "expected a path that does not start with `..`, but got `..` at the start"),
            ("a/../b", "expected a path without the segment `..`, but got a path with it"),
            ("a\0b", "expected a path without NUL, but got U+0000"),
            ("", "expected the path of a file, but got a path without a file name"),
            (".", "expected the path of a file, but got a path without a file name"),
            ("./", "expected the path of a file, but got a path without a file name"),
        ] {
            assert_eq!(check_token_path(path).unwrap_err().to_string(), message, "{path}");
        }
    }

    #[test]
    fn checks_uris() {
        for uri in ["http://127.0.0.1/a", "https://host", "http://[fd00:ec2::23]/v1/credentials"] {
            assert_eq!(check_uri(uri), Ok(()), "{uri}");
        }
        for (uri, message) in [
            ("", "expected a URI that starts with `http://` or `https://`, but the value does not"),
            ("ftp://host", "expected a URI that starts with `http://` or `https://`, but the value does not"),
            ("host", "expected a URI that starts with `http://` or `https://`, but the value does not"),
            ("http://", "expected a host after `://`, but it is missing"),
            ("https:///a", "expected a host after `://`, but it is missing"),
            ("http://a b", "expected a URI without white space and control characters, but got a space"),
            ("http://a\0", "expected a URI without white space and control characters, but got U+0000"),
        ] {
            assert_eq!(check_uri(uri).unwrap_err().to_string(), message, "{uri}");
        }
    }
}
