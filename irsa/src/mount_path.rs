//! Where a token is mounted, and the path of its file.

use std::borrow::Cow;

/// An absolute path, as Kubernetes accepts for a `mountPath`: no `:`, and no `..` among its segments.
///
/// ```
/// use irsa::mount_path::MountPath;
///
/// let path = MountPath::new("/var/run/secrets/tokens".into()).unwrap();
/// assert!(path.is("/var/run/secrets/tokens/"));
/// assert!(MountPath::new("/var/../tokens".into()).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPath<'a>(Cow<'a, str>);

impl MountPath<'static> {
    /// Where the webhook mounts the token of web identity.
    pub const WEB_IDENTITY: Self = Self(Cow::Borrowed("/var/run/secrets/eks.amazonaws.com/serviceaccount"));
    /// Where it mounts that of container credentials.
    pub const CONTAINER_CREDENTIALS: Self =
        Self(Cow::Borrowed("/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"));
}

impl<'a> MountPath<'a> {
    /// The text as a path to mount at, if it can be one.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        let is_path =
            text.starts_with('/') && !text.contains([':', '\0']) && text.split('/').all(|segment| segment != "..");
        is_path.then_some(Self(text))
    }

    /// The path's text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a mount at `path` is one at this path: container runtimes clean the paths of mounts, so `//`, `/./`, `/x/..` and a `/`
    /// at the end make no difference.
    #[must_use]
    pub fn is(&self, path: &str) -> bool {
        *self.0 == *path || (!(is_clean(&self.0) && is_clean(path)) && clean(&self.0) == clean(path))
    }

    /// The path of a file below, cleaned as Go's `filepath.Join` does. For Windows containers it starts with the
    /// drive and has backslashes; the path of the mount stays as it is.
    #[must_use]
    pub fn file(&self, name: &str, is_windows: bool) -> String {
        let (mut path, separator) = if is_windows { ("C:".to_owned(), '\\') } else { (String::new(), '/') };
        for segment in clean(&self.0).into_iter().chain(clean(name)) {
            path.push(separator);
            path.push_str(segment);
        }
        path
    }
}

/// The segments of a path, as Go's `path.Clean` leaves them of an absolute one.
fn clean(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    segments
}

/// Whether [`clean`] could leave a path as it is, told with few instructions: most are.
fn is_clean(path: &str) -> bool {
    let bytes = path.as_bytes();
    !path.ends_with('/') && bytes.windows(2).all(|pair| !matches!(pair, b"//" | b"/."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<MountPath<'_>> {
        MountPath::new(Cow::Borrowed(text))
    }

    #[test]
    fn accepts_absolute_paths_only() {
        assert!(path("/var/run/secrets/irsa").is_some());
        for text in ["", "var/run", "/var/../run", "/var:run", "C:\\var"] {
            assert!(path(text).is_none(), "{text}");
        }
    }

    #[test]
    fn joins_as_go_does() {
        let of = |mount, name, is_windows| path(mount).unwrap().file(name, is_windows);
        assert_eq!(of("/var/run", "token", false), "/var/run/token");
        assert_eq!(of("/var//run/./", "token", false), "/var/run/token");
        assert_eq!(of("/", "a/token", false), "/a/token");
        assert_eq!(of("/var/run", "token", true), "C:\\var\\run\\token");
    }

    #[test]
    fn is_the_same_however_it_is_written() {
        for other in ["/var/run", "/var/run/", "/var//run", "//var/run", "/var/./run", "/./var/run/."] {
            assert!(path("/var/run").unwrap().is(other), "{other}");
            assert!(path(other).unwrap().is("/var/run"), "{other}");
        }
        assert!(path("/var/run").unwrap().is("/../var/lib/../run"));
        for other in ["/var", "/var/run/token", "/run", "/var/runs", "/var//runs", "/var/run/.."] {
            assert!(!path("/var/run").unwrap().is(other), "{other}");
        }
    }
}
