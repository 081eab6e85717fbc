//! The findings that a check reports in addition to the policy's findings.

use super::found::Level;

/// A finding that the policy does not report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFinding {
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The meaning of the finding, in one sentence.
    pub meaning: &'static str,
}

/// Defines a constant for each finding.
macro_rules! findings {
    ($($constant:ident = $name:literal, $level:ident, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub const $constant: OwnFinding = OwnFinding { name: $name, level: Level::$level, meaning: $meaning };
        )+
    };
}

findings! {
    UNREADABLE_OBJECT = "unreadableObject", Reject, "A field has the wrong type, or a required field is missing.";
    UNKNOWN_SERVICE_ACCOUNT = "unknownServiceAccount", Note, "The service account is not in the input, so its role is not known.";
    MISSPELLED_SERVICE_ACCOUNT = "misspelledServiceAccount", Warn, "The service account is not in the input, but the input has an unused account with a similar name.";
    UNKNOWN_CONFIG_MAP = "unknownConfigMap", Note, "The ConfigMap of role mappings is not in the input.";
    PLACEHOLDER = "placeholder", Note, "A value is a placeholder, such as `${ROLE}`, so it is not checked.";
}
