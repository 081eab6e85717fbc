//! Checks an audience that comes from an annotation, a role mapping or the settings.

use super::allowed_audiences::allows_audience;
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::types::sts_audience::{has_blank, meant_audience};

/// Reports an audience that `allowedAudiences` does not contain.
pub(crate) fn check_allowed_audience(checker: &mut Checker<'_>, subject: Subject<'_>, audience: &str) {
    if !allows_audience(checker.settings, audience) {
        let message = Message::new(subject, format_args!("`allowedAudiences` does not contain ")).quote(audience);
        checker.report(FindingKind::AudienceNotAllowed, message);
    }
}

/// Reports an audience that has a blank or is probably a misspelled STS audience, unless `tokenAudience` or
/// `allowedAudiences` contains it.
pub(crate) fn check_likely_audience(checker: &mut Checker<'_>, subject: Subject<'_>, item: Item<'_>, audience: &str) {
    let settings = checker.settings;
    let is_named = settings.token_audience == audience
        || settings.allowed_audiences.iter().flatten().any(|allowed| allowed == audience);
    if is_named {
        return;
    }
    let message = Message::new(subject, format_args!("expected an STS audience, but got ")).quote(audience).on(item);
    match meant_audience(audience) {
        Some(meant) => {
            let rest = format_args!(", did you mean `{meant}`?");
            checker.report(FindingKind::UnlikelyAudience, message.then(rest));
        }
        None if has_blank(audience) => {
            checker.report(FindingKind::UnlikelyAudience, message.then(format_args!(", which contains a blank")));
        }
        None => {}
    }
}
