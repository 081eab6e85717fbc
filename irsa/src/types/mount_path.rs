//! Mount paths, and the paths of files below them.
//!
//! Source: Kubernetes' validation of `mountPath` (`pkg/apis/core/validation`). In addition, the path must be absolute.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// An absolute path that Kubernetes accepts as a `mountPath`: it has no `:` and no segment `..`.
///
/// ```
/// use irsa::internals::{MountPath, MountPathError};
///
/// let path = MountPath::new("/var/run/secrets/tokens".into())?;
/// assert!(path.same_path("/var/run/secrets/tokens/"));
/// assert_eq!(MountPath::new("/var/../tokens".into()), Err(MountPathError::ParentSegment));
/// # Ok::<(), MountPathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPath<'a> {
    text: Cow<'a, str>,
    /// Whether the path is already clean.
    is_clean: bool,
}

/// The maximum length of a path, in bytes: `PATH_MAX` of Linux.
const LENGTH_LIMIT: usize = 4096;

/// Why a string is not a mount path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountPathError {
    /// It has more than 4096 bytes, so Linux can't mount it.
    TooLong,
    /// It does not start with `/`.
    Relative,
    /// It has a `:`.
    Colon,
    /// It has a NUL character.
    Nul,
    /// It has a segment `..`.
    ParentSegment,
}

impl MountPath<'static> {
    /// The webhook's default for the token of web identity.
    pub const WEB_IDENTITY: Self = Self::clean("/var/run/secrets/eks.amazonaws.com/serviceaccount");
    /// The webhook's default for the token of container credentials.
    pub const CONTAINER_CREDENTIALS: Self = Self::clean("/var/run/secrets/pods.eks.amazonaws.com/serviceaccount");

    const fn clean(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), is_clean: true }
    }
}

impl<'a> MountPath<'a> {
    /// The expected value, for messages about a missing value or a value of another type.
    pub const EXPECTED: &'static str = "an absolute path without `:` and `..`";

    /// Checks that a string is a mount path.
    ///
    /// # Errors
    /// Returns the first problem found.
    pub fn new(text: Cow<'a, str>) -> Result<Self, MountPathError> {
        if text.len() > LENGTH_LIMIT {
            return Err(MountPathError::TooLong);
        }
        if !text.starts_with('/') {
            return Err(MountPathError::Relative);
        }
        if text.contains(':') {
            return Err(MountPathError::Colon);
        }
        if text.contains('\0') {
            return Err(MountPathError::Nul);
        }
        if text.split('/').any(|segment| segment == "..") {
            return Err(MountPathError::ParentSegment);
        }
        let is_clean = text.split('/').skip(1).all(is_kept);
        Ok(Self { text, is_clean })
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both paths are equal after cleaning.
    ///
    /// Container runtimes clean mount paths, so `//`, `/./`, `/x/..` and a final `/` make no difference.
    #[must_use]
    pub fn same_path(&self, path: &str) -> bool {
        // Cleaning can only make a path shorter. So if this path is clean, a different string can be the same path only
        // if the string is longer.
        let may_become_it = !self.is_clean || path.len() > self.text.len();
        *self.text == *path || (may_become_it && segments_from_the_end(&self.text).eq(segments_from_the_end(path)))
    }

    /// Whether this path is below a directory. False for the directory itself.
    pub(crate) fn is_below(&self, directory: &str) -> bool {
        // Most paths are clean, and comparing them costs less than cleaning them.
        if self.is_clean && is_plainly_clean(directory) {
            let rest = self.text.strip_prefix(directory);
            return rest.is_some_and(|rest| rest.starts_with('/'));
        }
        relative_to(&clean(directory), &clean(&self.text)).is_some_and(|rest| !rest.is_empty())
    }

    /// Returns the path of a file below this path, cleaned as Go's `filepath.Join` does. For Windows, it starts with
    /// `C:` and has backslashes. The injected `mountPath` keeps its Unix form on Windows.
    #[must_use]
    pub fn file(&self, name: &str, is_windows: bool) -> String {
        if !is_windows && self.is_clean && is_kept(name) && !name.as_bytes().contains(&b'/') {
            return [&*self.text, "/", name].concat();
        }
        let (mut path, separator) = if is_windows { ("C:".to_owned(), '\\') } else { (String::new(), '/') };
        let segments = self.text.split('/').chain(name.split('/'));
        for segment in segments.filter(|segment| is_kept(segment)) {
            path.push(separator);
            path.push_str(segment);
        }
        path
    }
}

/// Cleans an absolute path, as Go's `path.Clean` does.
pub(crate) fn clean(path: &str) -> String {
    let segments: Vec<&str> = segments_from_the_end(path).collect();
    let mut clean = String::with_capacity(path.len());
    for segment in segments.into_iter().rev() {
        clean.push('/');
        clean.push_str(segment);
    }
    clean
}

/// Returns the part of a path after a directory. Empty if both are equal, `None` if the path is not below the
/// directory. Both paths must be clean.
pub(crate) fn relative_to(directory: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
}

/// Whether an absolute path is clean. Also false for a clean path with a segment that starts with `.`.
fn is_plainly_clean(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.starts_with(b"/") && !bytes.ends_with(b"/") && !bytes.windows(2).any(|pair| matches!(pair, b"//" | b"/."))
}

/// Whether cleaning a path keeps a segment. Must not be called for `..`.
pub(crate) fn is_kept(segment: &str) -> bool {
    !matches!(segment, "" | ".")
}

/// Returns the segments of an absolute path as if it were clean, from last to first. Most paths already differ in the
/// last segment.
fn segments_from_the_end(path: &str) -> impl Iterator<Item = &str> {
    let mut parents = 0_usize;
    path.rsplit('/').filter(move |segment| match *segment {
        ".." => {
            parents = parents.saturating_add(1);
            false
        }
        segment if parents > 0 && is_kept(segment) => {
            parents = parents.saturating_sub(1);
            false
        }
        segment => is_kept(segment),
    })
}

impl fmt::Display for MountPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "expected a path of at most 4096 bytes, but got a longer path",
            Self::Relative => "expected an absolute path, but got a path that does not start with `/`",
            Self::Colon => "expected a path without `:`, but got a path with it",
            Self::Nul => "expected a path without NUL, but got U+0000",
            Self::ParentSegment => "expected a path without the segment `..`, but got a path with it",
        })
    }
}

impl core::error::Error for MountPathError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<MountPath<'_>, MountPathError> {
        MountPath::new(Cow::Borrowed(text))
    }

    #[test]
    fn is_below_its_parents_in_any_spelling() {
        let token = path("/var/run/secrets").unwrap();
        for parent in ["/", "/var", "/var/", "/var/run", "//var/./run", "/x/../var"] {
            assert!(token.is_below(parent), "{parent}");
        }
        for other in ["/var/run/secrets", "/var/run/secrets/", "/var/runs", "/va", "/tmp", "/var/run/secrets/x"] {
            assert!(!token.is_below(other), "{other}");
        }
    }

    #[test]
    fn cleans_the_path_of_a_file() {
        let token = path("/var/run").unwrap();
        for (name, file) in [("token", "/var/run/token"), ("a/b", "/var/run/a/b"), ("a//./b", "/var/run/a/b")] {
            assert_eq!(token.file(name, false), file, "{name}");
        }
        assert_eq!(token.file("a//b", true), r"C:\var\run\a\b");
    }

    #[test]
    fn accepts_absolute_paths_only() {
        use MountPathError::{Colon, Nul, ParentSegment, Relative};
        for text in ["/", "/var/run/secrets/irsa", "/var/..run", "/var/./run/"] {
            assert!(path(text).is_ok(), "{text}");
        }
        for (text, error) in [
            ("", Relative),
            ("var/run", Relative),
            ("C:\\var", Relative),
            ("/var:run", Colon),
            ("/var\0", Nul),
            ("/var/../run", ParentSegment),
            ("/..", ParentSegment),
        ] {
            assert_eq!(path(text), Err(error), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("var", "expected an absolute path, but got a path that does not start with `/`"),
            ("/a:b", "expected a path without `:`, but got a path with it"),
            ("/a\0", "expected a path without NUL, but got U+0000"),
            ("/..", "expected a path without the segment `..`, but got a path with it"),
        ] {
            assert_eq!(path(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn joins_paths_as_go_does() {
        let of = |mount, name, is_windows| path(mount).unwrap().file(name, is_windows);
        assert_eq!(of("/var/run", "token", false), "/var/run/token");
        assert_eq!(of("/var//run/./", "token", false), "/var/run/token");
        assert_eq!(of("/", "a/token", false), "/a/token");
        assert_eq!(of("/var/run", "token", true), "C:\\var\\run\\token");
    }

    #[test]
    fn compares_paths_after_cleaning_them() {
        for other in ["/var/run", "/var/run/", "/var//run", "//var/run", "/var/./run", "/./var/run/."] {
            assert!(path("/var/run").unwrap().same_path(other), "{other}");
            assert!(path(other).unwrap().same_path("/var/run"), "{other}");
        }
        assert!(path("/var/run").unwrap().same_path("/../var/lib/../run"));
        for other in ["/var", "/var/run/token", "/run", "/var/runs", "/var//runs", "/var/run/.."] {
            assert!(!path("/var/run").unwrap().same_path(other), "{other}");
        }
    }
}
