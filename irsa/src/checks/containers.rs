//! Checks the environment of each container after injection: reports a container with two kinds of credentials
//! (`ambiguousCredentials`), and a region that is in another partition than the role (`partitionMismatch`).

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::injection::effective::EffectiveContainer;
use crate::injection::environment::{CONTAINER_CREDENTIALS, WEB_IDENTITY};
use crate::objects::env_var::EnvVar;
use crate::types::region::{Region, partition_of_arn};

/// Checks one container.
pub(crate) fn check_container(checker: &mut Checker<'_>, container: &EffectiveContainer<'_, '_>) {
    check_ambiguous_credentials(checker, container);
    check_partition(checker, container);
}

fn check_ambiguous_credentials(checker: &mut Checker<'_>, container: &EffectiveContainer<'_, '_>) {
    let has_both = |pair: [EnvVar; 2]| pair.into_iter().all(|variable| container.value(variable).is_set());
    // Container credentials are checked first, because few containers have them.
    if has_both(CONTAINER_CREDENTIALS) && has_both(WEB_IDENTITY) {
        let text = format_args!(
            "it has a role (IRSA) and container credentials (EKS Pod Identity), and most SDKs use the role: remove one \
             of them"
        );
        let message = Message::new(Subject::Container(container.container().name()), text);
        checker.report(FindingKind::AmbiguousCredentials, message);
    }
}

/// Reports a region in another partition than the role. SDKs prefer `AWS_REGION`. The AWS CLI and older SDKs read only
/// `AWS_DEFAULT_REGION`.
fn check_partition(checker: &mut Checker<'_>, container: &EffectiveContainer<'_, '_>) {
    let role = container.value(EnvVar::RoleArn);
    let Some(role_partition) = role.literal().and_then(partition_of_arn) else { return };
    for variable in [EnvVar::Region, EnvVar::DefaultRegion] {
        let value = container.value(variable);
        let region = value.literal().and_then(|region| Region::new(region.into()).ok());
        let Some(region) = region.filter(|region| region.partition() != role_partition) else { continue };
        let text = format_args!("is a region of `{}`, but the role is in `{role_partition}`", region.partition());
        let message = Message::new(Subject::Container(container.container().name()), text);
        checker.report(FindingKind::PartitionMismatch, message.on(Item::Variable(variable.name())));
        return;
    }
}
