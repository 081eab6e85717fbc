//! Where a token is mounted, and the path of its file.

use std::borrow::Cow;

/// An absolute path, as Kubernetes accepts for a `mountPath`: no `:`, and no `..` among its segments.
///
/// ```
/// use irsa::internals::MountPath;
///
/// let path = MountPath::new("/var/run/secrets/tokens".into()).unwrap();
/// assert!(path.same_path("/var/run/secrets/tokens/"));
/// assert!(MountPath::new("/var/../tokens".into()).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPath<'a> {
    text: Cow<'a, str>,
    /// Cleaning leaves it as it is.
    is_clean: bool,
}

impl MountPath<'static> {
    /// Where the webhook mounts the token of web identity.
    pub const WEB_IDENTITY: Self = Self::clean("/var/run/secrets/eks.amazonaws.com/serviceaccount");
    /// Where it mounts that of container credentials.
    pub const CONTAINER_CREDENTIALS: Self = Self::clean("/var/run/secrets/pods.eks.amazonaws.com/serviceaccount");

    const fn clean(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), is_clean: true }
    }
}

impl<'a> MountPath<'a> {
    /// The text as a path to mount at, if it can be one.
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Option<Self> {
        let is_path =
            text.starts_with('/') && !text.contains([':', '\0']) && text.split('/').all(|segment| segment != "..");
        let is_clean = text.split('/').skip(1).all(is_kept);
        is_path.then_some(Self { text, is_clean })
    }

    /// The path's text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a mount at `path` is one at this path: container runtimes clean the paths of mounts, so `//`, `/./`, `/x/..` and a `/`
    /// at the end make no difference.
    #[must_use]
    pub fn same_path(&self, path: &str) -> bool {
        // Cleaning makes no path longer, so one that is not longer than a clean path and not the same can't become it.
        let may_become_it = !self.is_clean || path.len() > self.text.len();
        *self.text == *path || (may_become_it && segments_from_the_end(&self.text).eq(segments_from_the_end(path)))
    }

    /// The path of a file below, cleaned as Go's `filepath.Join` does. For Windows containers it starts with the
    /// drive and has backslashes; the path of the mount stays as it is.
    #[must_use]
    pub fn file(&self, name: &str, is_windows: bool) -> String {
        let (mut path, separator) = if is_windows { ("C:".to_owned(), '\\') } else { (String::new(), '/') };
        let segments = self.text.split('/').chain(name.split('/'));
        for segment in segments.filter(|segment| is_kept(segment)) {
            path.push(separator);
            path.push_str(segment);
        }
        path
    }
}

/// Whether cleaning a path keeps a segment, but for `..`.
pub(crate) fn is_kept(segment: &str) -> bool {
    !matches!(segment, "" | ".")
}

/// The segments of an absolute path, as Go's `path.Clean` leaves them, the last first: most paths differ there.
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
            assert!(path("/var/run").unwrap().same_path(other), "{other}");
            assert!(path(other).unwrap().same_path("/var/run"), "{other}");
        }
        assert!(path("/var/run").unwrap().same_path("/../var/lib/../run"));
        for other in ["/var", "/var/run/token", "/run", "/var/runs", "/var//runs", "/var/run/.."] {
            assert!(!path("/var/run").unwrap().same_path(other), "{other}");
        }
    }
}
