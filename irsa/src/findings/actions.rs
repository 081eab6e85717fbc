//! The setting `actions`: the action for each kind of finding.

use super::kind::{Action, FindingKind};

/// The action for each kind of finding: from the settings, or the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions([Option<Action>; FindingKind::ALL.len()]);

impl Actions {
    /// Returns the action for a kind of finding, on a pod or on a pod template.
    #[must_use]
    pub fn of(&self, kind: FindingKind, is_about_template: bool) -> Action {
        match (self.0.get(kind as usize).copied().flatten(), kind) {
            (Some(action), _) => action,
            // A warning is enough for a workload, because the policy checks its pods when they are created.
            (None, FindingKind::MissingServiceAccount | FindingKind::LookupFailed) if is_about_template => Action::Warn,
            (None, _) => kind.default_action(),
        }
    }

    /// Sets the action for a kind.
    pub fn choose(&mut self, kind: FindingKind, action: Action) {
        // INVARIANT: the array has an element for each kind.
        if let Some(chosen) = self.0.get_mut(kind as usize) {
            *chosen = Some(action);
        }
    }
}
