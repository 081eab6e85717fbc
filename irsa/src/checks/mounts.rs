//! Reports read-only mounts at parent paths of the token's mount path (`readOnlyParentMount`).
//!
//! `injection::plan` reports a mount at the token's own path (`conflictingMount`), and a volume with the name of the
//! token's volume (`conflictingVolume`).

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::injection::effective::EffectiveContainer;
use crate::objects::pod::PodSpec;
use crate::types::mount_path::MountPath;

/// Reports a read-only mount at a parent of the token's mount path, in a container that mounts the token. If the
/// read-only volume lacks the token's directory, the container runtime can't create the directory
/// (kubernetes/kubernetes#65835).
pub(crate) fn check_parents(
    checker: &mut Checker<'_>,
    container: &EffectiveContainer<'_, '_>,
    spec: &PodSpec<'_>,
    path: &MountPath<'_>,
) {
    let mounts = &container.container().mounts.elements;
    let has_mount = container.gets_mount() || mounts.iter().any(|mount| path.same_path(&mount.path.decode()));
    if !has_mount {
        return;
    }
    for mount in mounts.iter().filter(|mount| path.is_below(&mount.path.decode())) {
        let is_read_only =
            mount.is_read_only || spec.volume(&mount.volume.decode()).is_some_and(|volume| volume.is_read_only);
        if is_read_only {
            let parent = mount.path.decode();
            let text = format_args!(
                "it is read-only, so mounting the token below it can fail, and the container then does not start: \
                 move this mount, or set `tokenMountPath`"
            );
            let message = Message::new(Subject::Container(container.container().name()), text).on(Item::Mount(&parent));
            checker.report(FindingKind::ReadOnlyParentMount, message);
        }
    }
}
