//! Applies the setting `allowedAudiences`. (`Checker::allows_role` applies the setting `allowedRoles`.)

use crate::settings::Settings;

/// Whether a token may have this audience.
pub(crate) fn allows_audience(settings: &Settings<'_>, audience: &str) -> bool {
    settings.allowed_audiences.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == audience))
}
