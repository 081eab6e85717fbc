//! Reviews a workload: checks the pods that it would make, so that its author sees the findings at once.

use super::answer::{Review, conclude_object};
use super::pod::{Accounts, check_pod};
use crate::cluster::Cluster;
use crate::context::Checker;
use crate::findings::{Findings, WARNING_LIMIT, escaped_line};
use crate::json::{self, Unreadable, path_text};
use crate::objects::service_account::is_relevant;
use crate::objects::workload::{Template, Workload};
use crate::request::{Operation, Request};
use crate::settings::Settings;

/// Reviews the creation or update of a workload.
pub(super) fn review_workload<'j>(
    request: &Request<'j>,
    workload: &Workload<'_>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review<'j>> {
    let document = request.required_object()?;
    // A new object is not being deleted.
    if request.operation == Operation::Update && document.metadata()?.is_terminating {
        return Ok(Review::skipped());
    }
    let templates = workload.templates(document.text).map_err(|error| error.within("object"))?;
    if templates.is_empty() {
        return Ok(conclude_object(&[], Findings::new(&settings.actions), &[]));
    }
    let old = request.old_object.get().and_then(|old| workload.templates(old.text).ok());
    let is_unchanged = old.is_some_and(|old| are_equivalent(&old, &templates, settings));
    if !workload.is_built_in() && request.namespace.is_empty() {
        return Err(
            Unreadable::missing("a namespace: `customWorkloads` supports namespaced kinds only").within("namespace")
        );
    }
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    review_templates(Checker::new(settings, cluster, &namespace, &uid), &templates, is_unchanged)
}

/// Reviews pod templates. If nothing changed, an unreadable template is only a warning: its pods are checked later, and
/// an old fault must not block an update.
fn review_templates<'j>(
    mut checker: Checker<'_>,
    templates: &[Template<'_>],
    is_unchanged: bool,
) -> json::Result<Review<'j>> {
    let within = |error: Unreadable, path: &str| error.within(path).within("object");
    let mut unreadable = Vec::new();
    for Template { path, pod, .. } in templates {
        if let Err(error) = pod {
            let error = within(error.clone(), &path_text(path));
            if !is_unchanged {
                return Err(error);
            }
            unreadable.push(error);
        }
    }
    let mut results = Vec::new();
    let mut accounts = Accounts::default();
    for (index, Template { path, pod, .. }) in templates.iter().enumerate() {
        let Ok(pod) = pod else { continue };
        let path = path_text(path);
        checker.findings.enter_template(index, path.clone());
        match check_pod(&mut checker, &mut accounts, pod) {
            Ok(result) => results.push(result),
            Err(error) => unreadable.push(within(error, &path)),
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

/// Whether an update changes nothing that the policy reads.
fn are_equivalent(old: &[Template<'_>], new: &[Template<'_>], settings: &Settings<'_>) -> bool {
    let is_relevant = |key: &str| is_relevant(key, &settings.annotation_prefix);
    let is_equivalent = |old: &Template<'_>, new: &Template<'_>| match (&old.pod, &new.pod) {
        (Ok(old), Ok(new)) => old.is_equivalent(new, is_relevant),
        // An unreadable template can only be compared as text.
        _ => old.text == new.text,
    };
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.path == new.path && is_equivalent(old, new))
}
