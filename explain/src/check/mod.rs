//! Checks objects with the policy, as if they were created now: what the policy finds, and the place of each finding.
//!
//! `irsa check` and the playground use this module, so they report the same findings. The policy's lookups search the
//! [objects](Objects) of the input instead of a cluster. The input may be incomplete. Then an object that it does not
//! contain is unknown, and the check reports a note instead of a finding of the policy.

mod found;
mod index;
mod lookup;
mod names;
mod object;

use irsa::Settings;
use irsa::json::Reader;
use irsa::{Request, Review};

pub use found::{Found, Level};
pub use index::{Entry, Index};
pub use lookup::{Answer, InFile, Lookup, Objects};
pub use names::{
    MISSPELLED_SERVICE_ACCOUNT, OwnFinding, PLACEHOLDER, UNKNOWN_CONFIG_MAP, UNKNOWN_SERVICE_ACCOUNT, UNREADABLE_OBJECT,
};
pub use object::{Location, Object};

use crate::explanation::Reviewed;
use crate::policy_answer::reviewed;

/// The result of checking an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was found.
    pub found: Vec<Found>,
    /// The policy's response, without the pod. `None` if it depends on an object that is unknown.
    pub response: Option<Reviewed>,
}

/// Checks objects, with the input and the settings that all checks share.
#[derive(Clone, Copy)]
pub struct Checker<'c, 'i> {
    /// The objects that the policy may look up.
    pub objects: &'c dyn Objects<'i>,
    /// The settings for new objects.
    pub settings: &'c Settings<'c>,
    /// The settings for pods that were read from a cluster.
    pub settings_of_live: &'c Settings<'c>,
    /// Whether a value that is a placeholder, such as `${ROLE}`, is a note instead of a finding.
    pub allows_placeholders: bool,
}

impl Checker<'_, '_> {
    /// Checks an object.
    #[must_use]
    pub fn check(&self, object: &Object<'_>) -> Checked {
        let request = object.request();
        let settings = if object.is_live_pod() { self.settings_of_live } else { self.settings };
        let mut lookup = Lookup::new(self.objects);
        let review = match Request::read(&mut Reader::new(&request)) {
            Ok(request) => Review::new(&request, settings, &mut lookup),
            Err(unreadable) => Review::unreadable(&unreadable),
        };
        let response = lookup.is_known().then(|| reviewed(&review, None));
        Checked { found: found::of_review(&review, object, &lookup, self.allows_placeholders), response }
    }
}
