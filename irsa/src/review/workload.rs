//! Reviews a workload, such as a Deployment. Checks the pods that the workload creates, so that the author of the
//! workload sees the findings at once.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::ToString;
use alloc::vec::Vec;

use super::accounts::Accounts;
use super::answer::{Review, conclude_object};
use super::pod::{check_account_only, check_pod};
use super::result::PodResult;
use crate::checks::metadata::check_workload;
use crate::cluster::Cluster;
use crate::context::Checker;
use crate::findings::{Findings, TargetKind, WARNING_LIMIT, escaped_line};
use crate::json::{self, Unreadable, path_text};
use crate::objects::annotation_keys::is_relevant;
use crate::objects::metadata::Metadata;
use crate::objects::target::{Content, Target, Targets};
use crate::objects::workload::Workload;
use crate::request::{Operation, Request};
use crate::settings::Settings;

/// The maximum number of account names that are remembered per object. A remembered account is not checked again. The
/// value equals the limit for lookups, `ACCOUNT_LIMIT` in `cluster::lookups`.
const ACCOUNT_LIMIT: usize = 50;

/// Reviews the creation or update of a workload.
pub(super) fn review_workload<'j>(
    request: &Request<'j>,
    workload: &Workload<'_>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review<'j>> {
    // An object of a cluster-scoped kind creates no pods itself. Its pods are created by a namespaced object that
    // refers to it. The policy checks that object instead.
    if !workload.is_built_in() && request.namespace.is_empty() {
        return Ok(Review::skipped());
    }
    let document = request.required_object()?;
    let metadata = document.metadata()?;
    if request.operation == Operation::Update && metadata.is_terminating {
        return Ok(Review::skipped());
    }
    let targets = document.targets(workload).map_err(|error| error.within("object"))?;
    if targets.all.is_empty() {
        return Ok(conclude_object(&[], Findings::new(&settings.actions), &[]));
    }
    let old = request.old_object.get().and_then(|old| workload.targets(old.text).ok());
    let is_relevant = |key: &str| is_relevant(key, &settings.annotation_prefix);
    let is_unchanged = old.is_some_and(|old| old.are_equivalent(&targets, &is_relevant));
    let old_metadata = request.old_object.get().and_then(|old| old.metadata().ok());
    let is_unchanged = is_unchanged && old_metadata.is_some_and(|old| has_equivalent_keys(&old, &metadata, settings));
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    let mut checker = Checker::new(settings, cluster, &namespace, &uid);
    // A custom kind's own metadata is not checked: its controller may read annotations that are unknown here.
    if workload.is_built_in() {
        check_workload(&mut checker, &metadata);
    }
    review_targets(checker, &targets, is_unchanged)
}

/// Reviews each target of a workload. If an update changes nothing that the policy reads (`is_unchanged`), every
/// problem is only a warning, so that an old fault does not block the update. The pods are checked again when they are
/// created.
fn review_targets<'j>(mut checker: Checker<'_>, targets: &Targets<'_>, is_unchanged: bool) -> json::Result<Review<'j>> {
    let mut results = Vec::new();
    let mut unreadable = Vec::new();
    let mut named: Vec<Cow<'_, str>> = Vec::new();
    let mut accounts = Accounts::default();
    for (index, target) in targets.all.iter().enumerate() {
        let path = path_text(&targets.path(target));
        let within = |error: Unreadable| if path.is_empty() { error } else { error.within(&path) }.within("object");
        let content = match target.read() {
            Ok(content) => content,
            Err(error) if is_unchanged => {
                unreadable.push(within(error));
                continue;
            }
            Err(error) => return Err(within(error)),
        };
        let shown = if path.is_empty() { "$" } else { &*path };
        checker.findings.enter_template(index, target.kind, shown.to_owned());
        match content {
            Content::Nothing => {}
            Content::Pod(pod) => match check_pod(&mut checker, &mut accounts, &pod) {
                Ok(result) => results.push(result),
                Err(error) => unreadable.push(within(error)),
            },
            // Many parts of an object can contain the name of the same account. Its findings are reported once.
            Content::Account(name) => {
                if named.contains(&name) {
                    continue;
                }
                match check_account(&mut checker, &mut accounts, target, &name) {
                    Ok(result) => results.push(result),
                    Err(error) => unreadable.push(within(error)),
                }
                if named.len() < ACCOUNT_LIMIT {
                    named.push(name);
                }
            }
        }
    }
    if !is_unchanged {
        return Ok(conclude_object(&results, checker.findings, &unreadable));
    }
    checker.findings.downgrade_to_warnings();
    let mut review = conclude_object(&results, checker.findings, &[]);
    review.warnings.extend(unreadable.iter().map(|error| escaped_line(&error.to_string(), WARNING_LIMIT)));
    Ok(review)
}

fn check_account<'c>(
    checker: &mut Checker<'c>,
    accounts: &mut Accounts<'c>,
    target: &Target<'_>,
    name: &str,
) -> json::Result<PodResult> {
    let result = check_account_only(checker, accounts, name);
    result.map_err(|error| if target.kind == TargetKind::Spec { error.within("serviceAccountName") } else { error })
}

/// Whether all values that the policy reads in the workload's own metadata are equal before and after an update.
fn has_equivalent_keys(old: &Metadata<'_>, new: &Metadata<'_>, settings: &Settings<'_>) -> bool {
    let is_relevant = |key: &str| is_relevant(key, &settings.annotation_prefix);
    old.opts_out() == new.opts_out() && old.annotations.agree_on(&new.annotations, is_relevant)
}
