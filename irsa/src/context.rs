//! The state of one review: the settings, the lookups and the findings.

use alloc::vec::Vec;
use core::cell::OnceCell;

use crate::cluster::Cluster;
use crate::cluster::lookups::Lookups;
use crate::findings::{FindingKind, Findings, Item, Message};
use crate::settings::Settings;
use crate::types::glob::Glob;

/// The state of one review. Most functions of the core take it as their first argument.
pub(crate) struct Checker<'a> {
    pub(crate) settings: &'a Settings<'a>,
    /// The namespace of the request: a DNS label.
    pub(crate) namespace: &'a str,
    /// The uid of the request: the seed for the jitter of token lifetimes.
    pub(crate) request_uid: &'a str,
    /// Looks up objects in the cluster, and keeps the results.
    pub(crate) lookups: Lookups<'a>,
    /// The findings so far.
    pub(crate) findings: Findings<'a>,
    /// The roles that `allowedRoles` allows the namespace to use. `None` if the setting is absent. The first check of a
    /// role reads the setting.
    allowed_roles: OnceCell<Option<Vec<Glob<'a>>>>,
}

impl<'a> Checker<'a> {
    /// The state at the start of a review.
    pub(crate) fn new(
        settings: &'a Settings<'a>,
        cluster: &'a mut dyn Cluster,
        namespace: &'a str,
        request_uid: &'a str,
    ) -> Self {
        let lookups = Lookups::new(cluster, settings, namespace);
        let findings = Findings::new(&settings.actions);
        Self { settings, namespace, request_uid, lookups, findings, allowed_roles: OnceCell::new() }
    }

    /// Whether `allowedRoles` allows the namespace to use a role. If the setting is present, no role is allowed in a
    /// namespace without a matching entry.
    pub(crate) fn allows_role(&self, arn: &str) -> bool {
        let allowed = self.allowed_roles.get_or_init(|| self.settings.roles_allowed_in(self.namespace));
        allowed.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(arn)))
    }

    /// Reports a finding.
    pub(crate) fn report(&mut self, kind: FindingKind, message: Message<'_>) {
        self.findings.add(kind, message);
    }

    /// Reports a finding about the annotation `prefix/key`.
    pub(crate) fn report_annotation(&mut self, kind: FindingKind, key: &str, message: Message<'_>) {
        self.findings.add(kind, message.on(Item::Annotation { prefix: &self.settings.annotation_prefix, key }));
    }
}
