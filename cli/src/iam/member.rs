//! Finds the service accounts of the input that have a role.

use std::borrow::Cow;

use irsa::json::Reader;
use irsa::{Request, Review, RoleArn, Settings};
use irsa_explain::check::{Entry, InFile, Index, Lookup};
use serde_json::{Value, json};

use crate::check::Found;
use crate::check::names::OwnFinding;
use crate::report::{Fix, FleetRow, ObjectName};

/// A service account with a role.
pub struct Member<'f> {
    /// Its namespace.
    pub namespace: &'f str,
    /// Its name.
    pub name: &'f str,
    /// The ARN of its role.
    pub arn: String,
    /// The audience of its tokens. `None` if its pods get no token.
    pub audience: Option<String>,
    /// The ConfigMap that the policy looked up for the account.
    pub config_map: Option<Cow<'f, Entry>>,
    /// Its manifest.
    pub entry: &'f Entry,
    /// The prefix of the annotations.
    prefix: &'f str,
}

/// Returns the service accounts of the input that have a role, sorted by namespace and name.
pub fn members<'f>(index: &'f Index, settings: &'f Settings<'f>) -> Vec<Member<'f>> {
    let accounts = index.accounts().into_iter();
    accounts.filter_map(|account| member(account, index, settings)).collect()
}

/// Asks the policy which role it gives to a pod of this service account (namespace, name, manifest). `None` if the pod
/// gets no role, or if the ARN is invalid.
fn member<'f>(
    (namespace, name, entry): (&'f str, &'f str, &'f Entry),
    index: &'f Index,
    settings: &'f Settings<'f>,
) -> Option<Member<'f>> {
    let pod = json!({"spec": {"serviceAccountName": name, "containers": [{"name": "any"}]}});
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let request = json!({"uid": "check", "kind": kind, "namespace": namespace, "operation": "CREATE", "object": pod});
    let request = request.to_string();
    let request = Request::read(&mut Reader::new(&request)).ok()?;
    // The account may be in any file.
    let objects = InFile { index, file: usize::MAX, is_complete: false };
    let mut lookup = Lookup::new(&objects);
    let review = Review::new(&request, settings, &mut lookup);
    let (_, arn) = review.audit_annotations.iter().find(|(key, _)| *key == "role-arn")?;
    // The policy reports an invalid ARN as a finding, so the account is left out here.
    RoleArn::new(arn.as_str().into()).ok()?;
    let audience = review.mutated_object.and_then(|pod| {
        let pod: Value = serde_json::from_str(&pod.to_string()).ok()?;
        // The volume of the token is the only volume of the pod.
        let audience = pod.pointer("/spec/volumes/0/projected/sources/0/serviceAccountToken/audience")?;
        audience.as_str().map(str::to_owned)
    });
    let config_map = lookup.config_map;
    let prefix = &*settings.annotation_prefix;
    Some(Member { namespace, name, arn: arn.clone(), audience, config_map, entry, prefix })
}

impl Member<'_> {
    /// Returns a finding at the annotation that names the role.
    pub fn found(&self, own: OwnFinding, message: &str, fix: Option<Fix>) -> Found {
        let pointer = format!("/metadata/annotations/{}~1role-arn", self.prefix);
        let value: Value = serde_json::from_str(&self.entry.json).unwrap_or_default();
        // If the account has no such annotation, its role comes from the settings or the ConfigMap of role mappings.
        let pointer = if value.pointer(&pointer).is_some() { &pointer } else { "/metadata" };
        let location = self.entry.location.child(pointer);
        Found {
            name: own.name,
            level: own.level,
            message: format!("service account `{}/{}`: {message}", self.namespace, self.name),
            fix,
            location,
            object: ObjectName {
                api_version: "v1".to_owned(),
                kind: "ServiceAccount".to_owned(),
                namespace: Some(self.namespace.to_owned()),
                name: self.name.to_owned(),
            },
            is_in_account: false,
        }
    }

    /// Returns the table row for this service account in a cluster.
    pub fn row(&self, cluster: &str, status: &str, reason: &str) -> FleetRow {
        FleetRow {
            service_account: format!("{}/{}", self.namespace, self.name),
            cluster: cluster.to_owned(),
            role: self.arn.clone(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }
}
