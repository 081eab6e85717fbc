//! What the operator allows: which namespaces may use which roles, and which audiences tokens may have.

use crate::settings::Settings;

/// Whether a namespace may use a role. Where `allowedRoles` is set, a namespace that no entry names may use none.
#[must_use]
pub fn role(arn: &str, namespace: &str, settings: &Settings<'_>) -> bool {
    let Some(entries) = &settings.allowed_roles else { return true };
    entries.iter().any(|entry| {
        entry.namespaces.iter().any(|glob| glob.matches(namespace)) && entry.roles.iter().any(|glob| glob.matches(arn))
    })
}

/// Whether a token may have this audience.
#[must_use]
pub fn audience(audience: &str, settings: &Settings<'_>) -> bool {
    settings.allowed_audiences.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == audience))
}
