//! Errors in the settings, each with the path of its value.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One error in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The path of the key, such as `roles[0].roleArn`. Empty for the settings as a whole.
    pub path: String,
    /// The problem: what was expected, and what was given.
    pub problem: String,
}

/// The maximum number of errors that are written out, so that the answer stays short.
pub(super) const ERROR_LIMIT: usize = 100;

/// The errors in the settings, in the order of reading. After 100 errors, a last error says that there are more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsErrors(pub Vec<SettingsError>);

impl fmt::Display for SettingsErrors {
    /// Writes one line for each error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, SettingsError { path, problem }) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if !path.is_empty() {
                write!(f, "`{path}`: ")?;
            }
            f.write_str(problem)?;
        }
        Ok(())
    }
}

impl core::error::Error for SettingsErrors {}

/// The path of a value while it is read. Each step borrows the previous one, so nothing is allocated unless there is an
/// error.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
