//! Applies the settings `allowedRoles` and `allowedAudiences`.

use crate::settings::Settings;

/// Whether a namespace may use a role. If `allowedRoles` is set, a namespace without a matching entry may use no role.
pub(crate) fn allows_role(settings: &Settings<'_>, namespace: &str, arn: &str) -> bool {
    let Some(entries) = &settings.allowed_roles else { return true };
    entries.iter().any(|entry| {
        entry.namespaces.iter().any(|glob| glob.matches(namespace)) && entry.roles.iter().any(|glob| glob.matches(arn))
    })
}

/// Whether a token may have this audience.
pub(crate) fn allows_audience(settings: &Settings<'_>, audience: &str) -> bool {
    settings.allowed_audiences.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == audience))
}
