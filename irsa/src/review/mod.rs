//! Reviews a request: chooses the review for the kind of its object, and turns the result into an answer.
//!
//! Pods get an identity. Service accounts, workloads and the `ConfigMap` of role mappings are only checked. Every other
//! request is accepted unchanged.
//!
//! If an update does not change the values that were already wrong, the update is accepted with a warning. The old and
//! the new object are compared in three places: in `workload` (`is_unchanged`), in `service_account`
//! (`downgrade_to_warnings`), and for each entry in `config_map` (`is_unchanged`).

mod accounts;
pub(crate) mod answer;
mod config_map;
mod pod;
mod result;
mod service_account;
mod workload;

use crate::cluster::Cluster;
use crate::json;
use crate::objects::workload::Workload;
use crate::request::{Operation, Request};
use crate::settings::Settings;

use answer::Review;

impl<'j> Review<'j> {
    /// Reviews a request.
    #[must_use]
    pub fn new(request: &Request<'j>, settings: &Settings<'_>, cluster: &mut dyn Cluster) -> Self {
        let review = review(request, settings, cluster).unwrap_or_else(|unreadable| Self::unreadable(&unreadable));
        settings.errors_in_entries().map_or(review, |errors| Self::misconfigured(&errors))
    }
}

/// Chooses the review by the kind of the object. Accepts every request that the policy does not check.
fn review<'j>(request: &Request<'j>, settings: &Settings<'_>, cluster: &mut dyn Cluster) -> json::Result<Review<'j>> {
    let is_write = matches!(request.operation, Operation::Create | Operation::Update);
    if request.is_subresource || !is_write {
        return Ok(Review::skipped());
    }
    if request.kind.is_pod() {
        // The update of a pod is not checked, because the volumes and the environment of a pod can't change.
        return match request.operation {
            Operation::Create => pod::review_pod(request, settings, cluster),
            _ => Ok(Review::skipped()),
        };
    }
    if request.kind.is("", "v1", "ServiceAccount") {
        return service_account::review_account(request, settings, cluster);
    }
    if request.kind.is("", "v1", "ConfigMap") {
        return config_map::review_config_map(request, settings, cluster);
    }
    match Workload::of_kind(&request.kind, settings) {
        Some(workload) => workload::review_workload(request, &workload, settings, cluster),
        None => Ok(Review::skipped()),
    }
}
