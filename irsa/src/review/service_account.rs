//! Reviews a service account when it is written: checks its annotations before a pod uses them.

use alloc::string::ToString;

use super::answer::{Review, conclude_object};
use super::result::PodResult;
use crate::checks::account::check_account;
use crate::cluster::Cluster;
use crate::context::Checker;
use crate::identity::RoleSource;
use crate::json;
use crate::objects::service_account::{AccountAnnotations, ServiceAccount};
use crate::request::{Operation, Request};
use crate::settings::Settings;
use crate::types::object_name::AccountName;

/// Reviews the creation or update of a service account. Looks up nothing in the cluster.
pub(super) fn review_account<'j>(
    request: &Request<'j>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review<'j>> {
    let document = request.required_object()?;
    let new = document.metadata()?;
    if request.operation == Operation::Update && new.is_terminating {
        return Ok(Review::skipped());
    }
    let prefix = &settings.annotation_prefix;
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    let account = ServiceAccount {
        name: AccountName { namespace: namespace.to_string(), name: new.name.decode().into_owned() },
        annotations: AccountAnnotations::new(&new.annotations, prefix),
    };
    let mut checker = Checker::new(settings, cluster, &namespace, &uid);
    let role = check_account(&mut checker, &account);
    let old = request.old_object.get().and_then(|old| old.metadata().ok());
    if old.is_some_and(|old| AccountAnnotations::new(&old.annotations, prefix) == account.annotations) {
        checker.findings.downgrade_to_warnings();
    }
    let result = PodResult {
        service_account: Some(account.name.to_string()),
        source: role.as_ref().map(|_| RoleSource::Annotation),
        role,
        ..PodResult::default()
    };
    Ok(conclude_object(&[result], checker.findings, &[]))
}
