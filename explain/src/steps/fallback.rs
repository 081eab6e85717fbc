//! Checks what the SDKs do if STS refuses to give the role: they fail, or use the node's role without an error.
//!
//! A pod that uses the node's role "has the wrong role", so the fallback is a step of its own. The step fails only if
//! an earlier step failed, so that STS refuses.

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::explanation::{Outcome, Step, StepKind};
use crate::scenario::Scenario;
use crate::sdk::{Place, SDKS, Sdk, Taken};

const STEP: StepKind = StepKind::Fallback;

/// The name of the detail that lists the SDKs.
const NAME: &str = "use the node's role if STS refuses";

/// Checks which SDKs use the node's role if STS refuses. `asked` are the steps that show whether STS refuses: it
/// refuses if one of them failed.
pub fn fallback(scenario: &Scenario<'_>, asked: [&Step; 5]) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(STEP, "Not checked: the pod does not use STS.");
    }
    let Some(subject) = scenario.has_pod().filter(|_| scenario.why_unknown().is_none()) else {
        return Step::skipped(STEP, "Not checked: the environment of the containers is not known.");
    };
    let with_role: Vec<&Container> = subject.containers.iter().filter(|container| container.has_role()).collect();
    if with_role.is_empty() {
        return Step::skipped(STEP, "Not checked: no container has a role.");
    }
    let mut falling: Vec<&Sdk> = Vec::new();
    for sdk in &SDKS {
        let uses_node = |it: &&Container| {
            sdk.takes(it) == Taken::From(Place::WebIdentity)
                && sdk.takes_if_refused(it) == Some(Taken::From(Place::Instance))
        };
        if with_role.iter().any(uses_node) {
            falling.push(sdk);
        }
    }
    let is_refused = asked.iter().any(|step| super::failed(step));
    let sdks = falling.iter().map(|sdk| sdk.name).collect::<Vec<_>>().join(", ");
    if falling.is_empty() {
        return Step::passed(STEP, "If STS refuses, every SDK reports an error, and none uses the node's role.");
    }
    if !is_refused {
        let step = Step::passed(STEP, "If STS refuses, some SDKs use the node's role instead.");
        return about_java(step, &falling).detail(NAME, sdks, Outcome::Skipped);
    }
    let says = "Some SDKs use the node's role, because they do not get the pod's role.";
    let step = Step::failed(STEP, Diagnosis::NodeRoleFallback, says)
        .because(format!(
            "these SDKs then use the instance metadata, if the pod can reach it, so the program acts as the node: {sdks}"
        ))
        .because("the other SDKs report an error");
    about_java(step, &falling)
        .fix("Correct the step that failed first. To make these SDKs fail instead of using the node's role, set the setting `disableInstanceMetadata`, or `AWS_EC2_METADATA_DISABLED=true` in the container.")
        .detail(NAME, sdks, Outcome::Failed)
}

/// Adds another reason why the Java SDKs may use the node's role, if they are among the SDKs in `falling`.
/// `WebIdentityCredentialsUtils.factory` (v2) and `STSProfileCredentialsServiceProvider` (v1) load the STS client from
/// a separate module. If the program lacks this module, the credentials provider chain continues with its next
/// provider.
fn about_java(step: Step, falling: &[&Sdk]) -> Step {
    if falling.iter().any(|sdk| sdk.needs_sts_module) {
        step.because(
            "Java v1 and v2 also use the node's role if the program lacks the SDK's module for STS (`sts`, `aws-java-sdk-sts`)",
        )
    } else {
        step
    }
}
