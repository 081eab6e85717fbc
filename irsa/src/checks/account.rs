//! Checks the annotations of a service account when the account is written, and again in the reviews of its pods.

use alloc::borrow::Cow;
use alloc::string::String;

use super::metadata::report_misspelled;
use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::annotations::{account_selection, region, sts_regional_endpoints, token_lifetime};
use crate::identity::resolve::{annotated_audience, annotated_role, check_ecr_role, container_credentials};
use crate::objects::annotation_keys::{AUDIENCE, REGION, ROLE_ARN, STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION};
use crate::objects::metadata::SKIP_LABEL;
use crate::objects::service_account::ServiceAccount;
use crate::types::region::partition_of_arn;

/// Checks a service account when it is written. Reads every annotation, even if the account has no role.
///
/// Returns the role of the account. `None` if the account has no role, or if it has container credentials. Pods with
/// container credentials do not use the account's role and audience, so these two annotations are not checked.
pub(crate) fn check_account(checker: &mut Checker<'_>, account: &ServiceAccount) -> Option<String> {
    let (subject, annotations) = (Subject::ServiceAccount(&account.name), &account.annotations);
    check_keys(checker, account, annotations.role().is_some());
    if annotations.role_arn.as_deref() == Some("") {
        let text = format_args!("no effect, because it is empty: set the ARN of a role, or remove it");
        checker.report_annotation(FindingKind::IneffectiveAnnotation, ROLE_ARN, Message::new(subject, text));
    }
    if annotations.has_skip_label {
        let text = format_args!("no effect on a service account: make it a label of the pod");
        let message = Message::new(subject, text).on(Item::AnnotationKey(SKIP_LABEL));
        checker.report(FindingKind::IneffectiveAnnotation, message);
    }
    token_lifetime(checker, subject, annotations.token_expiration.as_deref());
    sts_regional_endpoints(checker, subject, annotations.sts_regional_endpoints.as_deref());
    account_selection(checker, account);
    let region = region(checker, account);
    if container_credentials(checker.settings, account).is_some() {
        return None;
    }
    if annotations.audience.is_some() {
        annotated_audience(checker, account);
    }
    let role = annotated_role(checker, account).map(Cow::into_owned)?;
    if let (Some(region), Some(partition)) = (region, partition_of_arn(&role))
        && region.partition() != partition
    {
        let text = format_args!(
            "`{}` is in partition `{}`, but the role is in `{partition}`",
            region.as_str(),
            region.partition()
        );
        checker.report_annotation(FindingKind::PartitionMismatch, REGION, Message::new(subject, text));
    }
    Some(role)
}

/// Checks the annotation keys of a service account, and its `ecr-role-arn`. `has_role` is true if the account has a
/// role, or may have one.
pub(crate) fn check_keys(checker: &mut Checker<'_>, account: &ServiceAccount, has_role: bool) {
    let (subject, annotations) = (Subject::ServiceAccount(&account.name), &account.annotations);
    report_misspelled(checker, subject, (&annotations.misspelled, has_role));
    check_ecr_role(checker, account);
    if annotations.role().is_some() {
        return;
    }
    let has_container_credentials = container_credentials(checker.settings, account).is_some();
    for (key, value, is_read_with_container_credentials) in [
        (AUDIENCE, &annotations.audience, false),
        (STS_REGIONAL_ENDPOINTS, &annotations.sts_regional_endpoints, true),
        (TOKEN_EXPIRATION, &annotations.token_expiration, true),
        (REGION, &annotations.region, true),
    ] {
        if value.is_some() && !(has_container_credentials && is_read_with_container_credentials) {
            let text = format_args!("no effect without `{}/{ROLE_ARN}`", checker.settings.annotation_prefix);
            checker.report_annotation(FindingKind::IneffectiveAnnotation, key, Message::new(subject, text));
        }
    }
}
