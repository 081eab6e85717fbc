//! Runs the policy on an object, and converts what was found to findings of this command.

use irsa::Settings;
use irsa_explain::check::{self, InFile, Index, Location};

use super::names;
use crate::documents::InputObject;
use crate::report::{Fix, Level, ObjectName};

/// A finding whose line is not known yet.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The message: what is wrong.
    pub message: String,
    /// The fix, if one is known.
    pub fix: Option<Fix>,
    /// The place of the finding.
    pub location: Location,
    /// The object that was checked.
    pub object: ObjectName,
    /// Whether the finding is in the service account that the checked object uses.
    pub is_in_account: bool,
}

/// Checks objects, with the index and the settings that all checks share.
pub struct Checker<'c> {
    /// The service accounts and `ConfigMap`s of the input.
    pub index: &'c Index,
    /// The settings for new objects.
    pub settings: &'c Settings<'c>,
    /// The settings for running pods, with mode `Validate`.
    pub settings_of_live: &'c Settings<'c>,
    /// The namespace for objects that specify no namespace.
    pub namespace: &'c str,
    /// Whether the input is complete: a service account that is not in the input does not exist.
    pub is_strict: bool,
}

/// Returns what identifies an object in the report.
pub fn object_name(object: &InputObject, default_namespace: &str) -> ObjectName {
    let head = &object.head;
    ObjectName {
        api_version: head.api_version.clone(),
        kind: head.kind.clone(),
        namespace: head.scope(default_namespace).map(str::to_owned),
        name: irsa::escaped_line(&head.name(), 253),
    }
}

impl Checker<'_> {
    /// Returns what the policy finds in an object, as if the object were created now.
    pub fn check(&self, file: usize, object: &InputObject) -> Vec<Found> {
        let location = object.location(file);
        let checker = check::Checker {
            objects: &InFile { index: self.index, file, is_complete: self.is_strict },
            settings: self.settings,
            settings_of_live: self.settings_of_live,
            allows_placeholders: !self.is_strict,
        };
        let found = checker.check(&object.at(&location, self.namespace)).found;
        found.into_iter().map(|found| self.found(found, object)).collect()
    }

    fn found(&self, found: check::Found, object: &InputObject) -> Found {
        let check::Found { name, level, message, fix, location, is_in_account } = found;
        let fix = Some(format!("{fix}{}", or_strict(name)).into());
        Found { name, level, message, fix, location, object: object_name(object, self.namespace), is_in_account }
    }
}

/// Returns the end of the fix of a note that `--strict` turns into a finding. Empty for any other finding.
fn or_strict(name: &str) -> &'static str {
    if name == names::PLACEHOLDER.name {
        ", or use `--strict` if nothing replaces it"
    } else if name == names::UNKNOWN_SERVICE_ACCOUNT.name || name == names::UNKNOWN_CONFIG_MAP.name {
        ", or use `--strict` if the input is complete"
    } else {
        ""
    }
}
