//! The service accounts that a review has checked.
//!
//! Thousands of pod templates can use the same account. The account is checked once, and its findings are repeated for
//! each template.

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::result::PodResult;
use crate::checks::account::check_keys;
use crate::context::Checker;
use crate::findings::Recording;
use crate::identity::RoleSource;
use crate::identity::annotations::account_selection;
use crate::identity::container_selection::ContainerSelection;
use crate::identity::resolve::{Resolution, resolve};
use crate::objects::service_account::ServiceAccount;
use crate::types::token_lifetime::TokenLifetime;

/// The accounts that were checked.
#[derive(Default)]
pub(super) struct Accounts<'c>(Vec<CheckedAccount<'c>>);

/// A service account, and the result of checking it.
pub(super) struct CheckedAccount<'c> {
    pub(super) account: Rc<ServiceAccount>,
    pub(super) resolution: Resolution<'c>,
    findings: Recording,
    pub(super) selection: AccountSelection,
}

/// The containers that an account's annotations select, and the findings about those annotations. Read when the first
/// pod needs them.
#[derive(Default)]
pub(super) struct AccountSelection(Option<(ContainerSelection, Recording)>);

impl<'c> Accounts<'c> {
    /// Checks an account and resolves its identity. If the account was checked before, repeats the recorded findings.
    ///
    /// Returns whether the account is new.
    ///
    /// `pod_lifetime` is used only for a new account. This is enough, because only the pod templates of a workload can
    /// use the same account twice in one review. No token is injected into a template.
    pub(super) fn check(
        &mut self,
        checker: &mut Checker<'c>,
        account: Rc<ServiceAccount>,
        pod_lifetime: Option<TokenLifetime>,
    ) -> (bool, &mut CheckedAccount<'c>) {
        let known = self.0.iter().position(|resolved| Rc::ptr_eq(&resolved.account, &account));
        if let Some(known) = known {
            let resolved = self.0.swap_remove(known);
            checker.findings.replay(&resolved.findings);
            return (false, self.0.push_mut(resolved));
        }
        let before = checker.findings.counts();
        let resolution = resolve(checker, &account, pod_lifetime);
        // An account whose role is unknown is treated as having a role.
        check_keys(checker, &account, !matches!(resolution, Resolution::NoRole));
        let findings = checker.findings.recording(&before);
        let resolved = CheckedAccount { account, resolution, findings, selection: AccountSelection::default() };
        (true, self.0.push_mut(resolved))
    }
}

impl CheckedAccount<'_> {
    /// Returns the result for a pod of this account, without insertions.
    pub(super) fn result(&self) -> PodResult {
        let (role, source) = match &self.resolution {
            Resolution::Identity(identity) => (identity.method.role().map(str::to_owned), Some(identity.source)),
            Resolution::Blocked { role } => (Some(role.clone().into_owned()), Some(RoleSource::Annotation)),
            Resolution::NoRole | Resolution::Unknown(_) => (None, None),
        };
        PodResult { service_account: Some(self.account.name.to_string()), role, source, ..PodResult::default() }
    }
}

impl AccountSelection {
    /// Reads the selection. If the selection was read before, repeats the recorded findings.
    pub(super) fn read(&mut self, checker: &mut Checker<'_>, account: &ServiceAccount) -> &ContainerSelection {
        if let Some((_, findings)) = &self.0 {
            checker.findings.replay(findings);
        }
        let (selection, _) = self.0.get_or_insert_with(|| {
            let before = checker.findings.counts();
            let selection = account_selection(checker, account);
            (selection, checker.findings.recording(&before))
        });
        selection
    }
}
