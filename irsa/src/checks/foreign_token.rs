//! Checks for tokens for STS that a pod defines itself, although its service account gives it no role: a way around the
//! rules on roles and audiences.

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::role_config_map::has_audience;
use crate::objects::pod::Pod;
use crate::types::sts_audience::is_sts_audience;

/// Reports each volume with a token for STS. `reason` says why the pod should have none.
pub(crate) fn check_tokens(checker: &mut Checker<'_>, pod: &Pod<'_>, reason: &str) {
    for volume in &pod.spec.volumes.elements {
        let audiences = volume.tokens.iter().map(|token| token.audience.decode());
        let mut candidates = audiences.filter(|audience| !audience.is_empty());
        if let Some(audience) = candidates.find(|audience| is_for_sts(checker, audience)) {
            let name = volume.name.decode();
            let text = format_args!("{reason}, but this is a token for ");
            let message = Message::new(Subject::Pod, text).on(Item::Volume(&name)).quote(&audience);
            checker.report(FindingKind::ForeignToken, message);
        }
    }
}

/// Whether STS may accept a token with this audience: one of AWS's, or one that the settings or the `ConfigMap` name.
fn is_for_sts(checker: &mut Checker<'_>, audience: &str) -> bool {
    let settings = checker.settings;
    if is_sts_audience(audience)
        || settings.token_audience == audience
        || settings.roles.iter().any(|role| role.audience.as_deref() == Some(audience))
        || settings.allowed_audiences.iter().flatten().any(|allowed| allowed == audience)
    {
        return true;
    }
    let is_of_container_credentials = |audience: &str| {
        let credentials = settings.container_credentials.as_ref();
        credentials.is_some_and(|credentials| credentials.audience == audience)
    };
    let Some(name) = settings.roles_config_map.as_ref().filter(|_| !is_of_container_credentials(audience)) else {
        return false;
    };
    // Unreadable mappings name no audience that is known.
    checker.lookups.role_mappings(name).is_ok_and(|text| text.is_some_and(|text| has_audience(&text, audience)))
}
