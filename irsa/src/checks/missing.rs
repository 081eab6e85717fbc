//! Mode `Validate`: reports what mode `Mutate` would inject into a pod (`notInjected`).

use alloc::string::String;

use super::credentials::has_container_credentials;
use crate::context::Checker;
use crate::findings::{FindingKind, Message, Subject};
use crate::injection::plan::Plan;
use crate::objects::metadata::POD_IDENTITY_LABEL;
use crate::objects::pod::Pod;

/// Reports what the plan would inject. Skips containers with container credentials: EKS's own webhook gave them an
/// identity.
pub(crate) fn check_injected(checker: &mut Checker<'_>, pod: &Pod<'_>, plan: &Plan<'_>) {
    let settings = checker.settings;
    let volume = plan.token.volume_name;
    let mut is_reported = false;
    for (container, additions) in pod.spec.containers.iter().zip(&plan.containers) {
        if additions.is_empty() || has_container_credentials(container, &pod.spec, settings) {
            continue;
        }
        is_reported = true;
        let mut missing = String::new();
        for (variable, _) in plan.variables(*additions) {
            missing.push_str(if missing.is_empty() { "`" } else { ", `" });
            missing.push_str(variable.name());
            missing.push('`');
        }
        if additions.mount {
            missing.push_str(if missing.is_empty() { "the token's mount" } else { ", the token's mount" });
        }
        let text = format_args!("it lacks {missing}");
        checker.report(FindingKind::NotInjected, Message::new(Subject::Container(container.name()), text));
    }
    if is_reported {
        return;
    }
    if plan.volume && pod.spec.containers.iter().any(|container| container.mounts(volume)) {
        let text = format_args!("it lacks volume `{volume}`");
        checker.report(FindingKind::NotInjected, Message::new(Subject::Pod, text));
    }
    let has_credentials = |container| has_container_credentials(container, &pod.spec, settings);
    if plan.label && !pod.spec.containers.iter().any(has_credentials) {
        let text = format_args!("it lacks label `{POD_IDENTITY_LABEL}`");
        checker.report(FindingKind::NotInjected, Message::new(Subject::Pod, text));
    }
}
