//! The state of one review: the settings, the lookups and the findings.

use crate::cluster::Cluster;
use crate::cluster::lookups::Lookups;
use crate::findings::{FindingKind, Findings, Item, Message};
use crate::settings::Settings;

/// The state of one review. Most functions of the core take it as their first argument.
pub(crate) struct Checker<'a> {
    /// The settings of the policy.
    pub(crate) settings: &'a Settings<'a>,
    /// The namespace of the request: a DNS label.
    pub(crate) namespace: &'a str,
    /// The uid of the request: the seed for the jitter of token lifetimes.
    pub(crate) request_uid: &'a str,
    /// The cluster, and the results of earlier lookups.
    pub(crate) lookups: Lookups<'a>,
    /// The findings so far.
    pub(crate) findings: Findings<'a>,
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
        Self { settings, namespace, request_uid, lookups, findings: Findings::new(&settings.actions) }
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
