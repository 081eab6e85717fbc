//! Checks the annotations of pods and service accounts.

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::annotations::{PodAnnotations, skip_containers, sts_regional_endpoints, token_lifetime};
use crate::identity::resolve::{annotated_audience, annotated_role, container_credentials};
use crate::objects::pod::Pod;
use crate::objects::service_account::{Misspelled, POD_KEYS, SKIP_CONTAINERS, ServiceAccount, misspelled};
use crate::util::names::Names;

/// Checks the annotations of a pod or a pod template.
pub(crate) fn check_pod(checker: &mut Checker<'_>, pod: &Pod<'_>, annotations: &PodAnnotations) {
    let Some(metadata) = pod.metadata.get() else { return };
    if let Some(skipped) = &annotations.skipped {
        let containers = Names::new(pod.spec.containers.iter().map(|container| container.name().decode()));
        for unknown in skipped.in_order().into_iter().filter(|name| !containers.contains(name)) {
            let message = Message::new(Subject::Pod, format_args!("no container is named ")).quote(unknown);
            checker.report_annotation(FindingKind::UnknownSkipContainer, SKIP_CONTAINERS, message);
        }
    }
    let misspelled = misspelled(&metadata.annotations, &checker.settings.annotation_prefix, &POD_KEYS);
    report_misspelled(checker, Subject::Pod, &misspelled);
}

/// Checks a service account by itself, and returns its role. Reads every annotation, whether or not there is a role.
///
/// The role and the audience of an account with container credentials are not used, so they are not checked.
pub(crate) fn check_account(checker: &mut Checker<'_>, account: &ServiceAccount) -> Option<String> {
    let (subject, annotations) = (Subject::ServiceAccount(&account.name), &account.annotations);
    check_account_keys(checker, account);
    token_lifetime(checker, subject, annotations.token_expiration.as_deref());
    sts_regional_endpoints(checker, subject, annotations.sts_regional_endpoints.as_deref());
    skip_containers(checker, subject, annotations.skip_containers.as_deref());
    if container_credentials(checker.settings, account).is_some() {
        return None;
    }
    if annotations.audience.is_some() {
        annotated_audience(checker, account);
    }
    annotated_role(checker, account).map(std::borrow::Cow::into_owned)
}

/// Checks the keys of a service account's annotations.
pub(crate) fn check_account_keys(checker: &mut Checker<'_>, account: &ServiceAccount) {
    report_misspelled(checker, Subject::ServiceAccount(&account.name), &account.annotations.misspelled);
}

fn report_misspelled(checker: &mut Checker<'_>, subject: Subject<'_>, misspelled: &[Misspelled]) {
    for Misspelled { key, meant } in misspelled {
        let text = format_args!("expected `{}/{meant}`", checker.settings.annotation_prefix);
        let message = Message::new(subject, text).on(Item::AnnotationKey(key));
        checker.report(FindingKind::MisspelledAnnotation, message);
    }
}
