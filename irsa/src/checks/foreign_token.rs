//! Reports the token volumes for STS that a pod defines itself (`foreignToken`). Such a token bypasses the rules for
//! roles and audiences. This check runs only if the pod's service account gives the pod no role, or if the role is
//! unknown.

use alloc::borrow::Cow;
use core::fmt;

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::role_config_map::audiences;
use crate::objects::pod::Pod;
use crate::settings::{ContainerCredentials, Settings};
use crate::types::sts_audience::is_sts_audience;
use crate::util::names::Names;

/// Reports each volume with a token for STS. `reason` says why the pod is not expected to have such a token.
pub(crate) fn check_tokens(checker: &mut Checker<'_>, pod: &Pod<'_>, reason: fmt::Arguments<'_>) {
    let credentials = checker.settings.container_credentials.as_ref();
    let agent_audience = credentials.map_or(ContainerCredentials::AUDIENCE, |credentials| &credentials.audience);
    let mut of_config_map = None;
    let mut of_settings = None;
    for volume in &pod.spec.volumes.elements {
        let audiences = volume.tokens.iter().map(|token| token.audience.decode());
        let mut candidates = audiences.filter(|audience| !audience.is_empty() && **audience != *agent_audience);
        let mut is_for_sts = |audience: &Cow<'_, str>| {
            is_sts_audience(audience)
                || of_settings.get_or_insert_with(|| names_in_settings(checker.settings)).contains(audience)
                || of_config_map.get_or_insert_with(|| names_in_config_map(checker)).contains(audience)
        };
        if let Some(audience) = candidates.find(|audience| is_for_sts(audience)) {
            let name = volume.name.decode();
            let text = format_args!("{reason}, but this is a token for ");
            let message = Message::new(Subject::Pod, text).on(Item::Volume(&name)).quote(&audience);
            checker.report(FindingKind::ForeignToken, message);
        }
    }
}

/// Returns the web identity audiences in the settings.
fn names_in_settings<'c>(settings: &'c Settings<'_>) -> Names<'c> {
    let allowed = settings.allowed_audiences.iter().flatten().map(|audience| Cow::Borrowed(&**audience));
    let default = core::iter::once(Cow::Borrowed(&*settings.token_audience));
    Names::new(default.chain(settings.audiences_of_roles()).chain(allowed))
}

/// Returns the audiences in the `ConfigMap`. Empty if the mappings can't be read.
fn names_in_config_map(checker: &mut Checker<'_>) -> Names<'static> {
    let Some(name) = &checker.settings.roles_config_map else { return Names::default() };
    match checker.lookups.role_mappings(name) {
        Ok(Some(text)) => audiences(&text),
        _ => Names::default(),
    }
}
