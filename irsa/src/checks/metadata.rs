//! Checks the annotations and labels of pods, pod templates and workloads: misspelled keys, and keys without effect.

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::annotations::PodAnnotations;
use crate::json::RawStr;
use crate::objects::annotation_keys::{
    ACCOUNT_KEYS, INCLUDE_CONTAINERS, KIAM_ROLE, MisspelledKeys, POD_KEYS, SKIP_CONTAINERS, name_under,
};
use crate::objects::metadata::{Metadata, SKIP_LABEL};
use crate::objects::pod::Pod;
use crate::settings::Mode;
use crate::util::names::Names;

/// Checks the annotations of a pod or a pod template, except for misspelled keys.
pub(crate) fn check_pod(checker: &mut Checker<'_>, pod: &Pod<'_>, annotations: &PodAnnotations) {
    let Some(metadata) = pod.metadata.get() else { return };
    if checker.settings.mode == Mode::Validate && !checker.findings.is_about_template() {
        check_container_names(checker, pod, annotations);
    }
    // If a controller owns the pod, the annotations come from the workload. The review of the workload reports these
    // annotations.
    if !metadata.is_controlled {
        check_pod_keys(checker, metadata);
    }
}

/// Reports the misspelled annotations of a pod or a pod template. `has_role` is true if the pod's service account has a
/// role, or may have one.
pub(crate) fn check_pod_spelling(checker: &mut Checker<'_>, pod: &Pod<'_>, has_role: bool) {
    let Some(metadata) = pod.metadata.get() else { return };
    let misspelled = MisspelledKeys::new(&metadata.annotations, &checker.settings.annotation_prefix, &POD_KEYS);
    report_misspelled(checker, Subject::Pod, (&misspelled, has_role));
}

/// Checks the metadata of the workload itself. The policy reads no annotation or label there.
pub(crate) fn check_workload(checker: &mut Checker<'_>, metadata: &Metadata<'_>) {
    if metadata.is_controlled {
        return;
    }
    let prefix = &checker.settings.annotation_prefix;
    for key in metadata.annotations.keys().map(RawStr::decode) {
        let text = match name_under(&key, prefix) {
            Some(name) if POD_KEYS.contains(&name) => {
                format_args!("no effect on a workload: put it on the pod template")
            }
            Some(name) if ACCOUNT_KEYS.contains(&name) => {
                format_args!("no effect on a workload: put it on the service account")
            }
            _ if key == SKIP_LABEL => format_args!("no effect: make it a label of the pod template"),
            _ => continue,
        };
        report_ineffective(checker, Message::new(Subject::Metadata, text).on(Item::AnnotationKey(&key)));
    }
    if metadata.opts_out() {
        let text = format_args!("no effect on a workload: make it a label of the pod template");
        report_ineffective(checker, Message::new(Subject::Metadata, text).on(Item::Label(SKIP_LABEL)));
    }
}

/// Reports the annotation of kube2iam and kiam on a pod whose service account has no role.
pub(crate) fn check_kiam_role(checker: &mut Checker<'_>, pod: &Pod<'_>) {
    let Some(metadata) = pod.metadata.get() else { return };
    if !metadata.is_controlled && metadata.annotations.contains(KIAM_ROLE) {
        let text = format_args!(
            "no effect unless kiam or kube2iam runs: annotate the service account with `{}/role-arn`",
            checker.settings.annotation_prefix
        );
        report_ineffective(checker, Message::new(Subject::Pod, text).on(Item::AnnotationKey(KIAM_ROLE)));
    }
}

/// Reports misspelled annotations. If the settings change the prefix, a key with the default prefix is reported only if
/// the account has no role.
pub(crate) fn report_misspelled(
    checker: &mut Checker<'_>,
    subject: Subject<'_>,
    (misspelled, has_role): (&MisspelledKeys, bool),
) {
    let settings = checker.settings;
    for key in misspelled.first.iter().filter(|key| !(key.has_default_prefix && has_role)) {
        let text = format_args!("expected `{}/{}`", settings.annotation_prefix, key.meant);
        checker
            .report(FindingKind::MisspelledAnnotation, Message::new(subject, text).on(Item::AnnotationKey(&key.key)));
    }
    if misspelled.more > 0 {
        let text = format_args!("{} more annotations are misspelled", misspelled.more);
        checker.report(FindingKind::MisspelledAnnotation, Message::new(subject, text));
    }
}

fn check_container_names(checker: &mut Checker<'_>, pod: &Pod<'_>, annotations: &PodAnnotations) {
    let lists =
        [(SKIP_CONTAINERS, &annotations.skip_containers), (INCLUDE_CONTAINERS, &annotations.include_containers)];
    if lists.iter().all(|(_, names)| names.is_none()) {
        return;
    }
    let containers = Names::new(pod.spec.containers.iter().map(|container| container.name().decode()));
    for (key, names) in lists {
        for unknown in names.iter().flatten().filter(|name| !containers.contains(name)) {
            let message = Message::new(Subject::Pod, format_args!("no container is named ")).quote(unknown);
            checker.report_annotation(FindingKind::UnknownSkipContainer, key, message);
        }
    }
}

/// Reports annotations that have an effect only on a service account. Also reports an annotation with the key of the
/// skip label.
fn check_pod_keys(checker: &mut Checker<'_>, metadata: &Metadata<'_>) {
    let prefix = &checker.settings.annotation_prefix;
    let object = if checker.findings.is_about_template() { "pod template" } else { "pod" };
    for key in metadata.annotations.keys().map(RawStr::decode) {
        let text = match name_under(&key, prefix) {
            Some(name) if ACCOUNT_KEYS.contains(&name) && !POD_KEYS.contains(&name) => {
                format_args!("no effect on a {object}: put it on the service account")
            }
            _ if key == SKIP_LABEL => format_args!("no effect as an annotation: make it a label of the {object}"),
            _ => continue,
        };
        report_ineffective(checker, Message::new(Subject::Pod, text).on(Item::AnnotationKey(&key)));
    }
}

fn report_ineffective(checker: &mut Checker<'_>, message: Message<'_>) {
    checker.report(FindingKind::IneffectiveAnnotation, message);
}
