//! Collects the findings about an object: sorts and counts them, and applies the actions.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::actions::Actions;
use super::escape::escaped_line;
use super::kind::{Action, FindingKind};
use super::message::{Message, Text};
use super::place::{Owner, Place, TargetKind};

/// The maximum length of a warning that Kubernetes passes on unchanged, in bytes.
pub(crate) const WARNING_LIMIT: usize = 256;

/// The length of a warning that Kubernetes recommends, in bytes.
const WARNING_ADVICE: usize = 120;

/// The maximum length of a line in a rejection's message, in bytes.
pub(crate) const LINE_LIMIT: usize = 1024;

/// The maximum number of findings with the same kind and action that are written out. The others are only counted.
const SHOWN: usize = 8;

/// A problem or a remark about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind: its name, default action and meaning.
    pub kind: FindingKind,
    /// The action. Never [`Action::Ignore`].
    pub action: Action,
    /// The place of the finding in the object.
    pub place: Place,
    text: Text,
}

impl Finding {
    /// The finding as a line of a rejection's message: at most 1024 bytes. Ends with the finding's name in brackets.
    #[must_use]
    pub fn line(&self) -> String {
        self.shortened(LINE_LIMIT, LINE_LIMIT)
    }

    /// The finding as an admission warning: at most 120 bytes if shortening the quoted value is enough for that, and
    /// otherwise at most 256.
    #[must_use]
    pub fn warning(&self) -> String {
        self.shortened(WARNING_ADVICE, WARNING_LIMIT)
    }

    fn shortened(&self, advice: usize, limit: usize) -> String {
        let name = [" [", self.kind.name(), "]"].concat();
        let prefix = match &self.place.template {
            Some(path) => escaped_line(&[self.place.target.name(), " `", path, "`: "].concat(), LINE_LIMIT),
            None => String::new(),
        };
        let (advice, limit) = (advice.saturating_sub(name.len()), limit.saturating_sub(name.len()));
        let mut line = self.text.shortened(&prefix, advice, limit);
        line.push_str(&name);
        line
    }
}

/// The number of findings of each kind and action.
pub(crate) type Counts = Vec<(FindingKind, Action, usize)>;

/// The findings about a service account, recorded for one pod template. Other templates with the same account have the
/// same findings, except for the template's path.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    shown: Vec<Finding>,
    counts: Counts,
}

/// The findings about an object.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    actions: &'a Actions,
    /// The target in a workload that new findings are about: its index, its kind and its path. `None` while findings
    /// are about the object itself.
    template: Option<(usize, TargetKind, String)>,
    /// The findings to write out, each with the index of its target. Sorted by target, then by kind, then by time.
    reported: Vec<(usize, Finding)>,
    /// The number of findings of each kind and action.
    counts: Counts,
    /// Whether new findings are at most warnings.
    is_limited: bool,
    /// The kinds of all findings, including ignored ones, in the order of [`FindingKind::ALL`].
    found: Vec<FindingKind>,
}

impl<'a> Findings<'a> {
    /// An empty report.
    pub(crate) fn new(actions: &'a Actions) -> Self {
        Self { actions, template: None, reported: Vec::new(), counts: Vec::new(), is_limited: false, found: Vec::new() }
    }

    /// Starts a pod template or another target of a workload. New findings are about this target.
    pub(crate) fn enter_template(&mut self, index: usize, kind: TargetKind, path: String) {
        self.template = Some((index, kind, path));
    }

    /// Whether new findings are about a target of a workload, and not about a pod.
    pub(crate) fn is_about_template(&self) -> bool {
        self.template.is_some()
    }

    /// The action for a kind of finding, for the current pod or target.
    pub(crate) fn action(&self, kind: FindingKind) -> Action {
        self.actions.of(kind, self.is_about_template())
    }

    /// Sets whether new findings are at most warnings.
    pub(crate) fn limit_to_warnings(&mut self, is_limited: bool) {
        self.is_limited = is_limited;
    }

    /// Adds a finding. The message is formatted only if the finding is written out.
    pub(crate) fn add(&mut self, kind: FindingKind, message: Message<'_>) {
        self.add_at_most(kind, Action::Reject, message);
    }

    /// Adds a finding whose action is at most `limit`, whatever the settings say.
    #[cold]
    pub(crate) fn add_at_most(&mut self, kind: FindingKind, limit: Action, message: Message<'_>) {
        if let Err(at) = self.found.binary_search(&kind) {
            self.found.insert(at, kind);
        }
        let limit = if self.is_limited { Action::Warn } else { limit };
        let action = self.action(kind).min(limit);
        if action == Action::Ignore {
            return;
        }
        if self.count(kind, action, 1) >= SHOWN {
            return;
        }
        let (index, template) = match &self.template {
            Some((index, kind, path)) => (*index, Some((*kind, path.as_str()))),
            None => (0, None),
        };
        let finding = Finding {
            kind,
            action,
            place: message.place(template),
            text: message.format(template.is_some(), LINE_LIMIT),
        };
        self.insert(index, finding);
    }

    fn insert(&mut self, index: usize, finding: Finding) {
        let at = self.reported.partition_point(|(template, other)| (*template, other.kind) <= (index, finding.kind));
        self.reported.insert(at, (index, finding));
    }

    /// The current counts, for [`recording`](Self::recording).
    pub(crate) fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Records the current target's findings about its service account. `before` is the result of `counts` before the
    /// account was checked.
    pub(crate) fn recording(&self, before: &Counts) -> Recording {
        let index = self.template.as_ref().map_or(0, |(index, _, _)| *index);
        let is_of_account = |finding: &Finding| finding.place.owner != Owner::Object;
        let shown = self.reported.iter().filter(|(template, finding)| *template == index && is_of_account(finding));
        let added = self.counts.iter().filter_map(|&(kind, action, count)| {
            let before = before.iter().find(|(other, done, _)| (*other, *done) == (kind, action));
            let added = count.saturating_sub(before.map_or(0, |(_, _, count)| *count));
            (added > 0).then_some((kind, action, added))
        });
        Recording { shown: shown.map(|(_, finding)| finding.clone()).collect(), counts: added.collect() }
    }

    /// Adds the findings of a recording, for the current target.
    pub(crate) fn replay(&mut self, recording: &Recording) {
        let Some((index, target, path)) = self.template.clone() else { return };
        for &(kind, action, added) in &recording.counts {
            let free = SHOWN.saturating_sub(self.count(kind, action, added));
            let shown = recording.shown.iter().filter(|finding| (finding.kind, finding.action) == (kind, action));
            for finding in shown.take(free) {
                let place = Place { template: Some(path.clone()), target, ..finding.place.clone() };
                self.insert(index, Finding { place, ..finding.clone() });
            }
        }
    }

    /// Whether a finding rejects the request.
    pub(crate) fn has_rejection(&self) -> bool {
        self.reported.iter().any(|(_, finding)| finding.action == Action::Reject)
    }

    /// Downgrades every `Reject` to `Warn`.
    pub(crate) fn downgrade_to_warnings(&mut self) {
        for (_, finding) in &mut self.reported {
            finding.action = finding.action.min(Action::Warn);
        }
        for (_, action, _) in &mut self.counts {
            *action = (*action).min(Action::Warn);
        }
    }

    /// The names of all findings, including ignored ones.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.found.iter().map(|kind| kind.name())
    }

    /// The findings that are not ignored, in the order of the report. If some findings of a kind are not written out,
    /// an additional finding says how many.
    pub(crate) fn into_reported(self) -> Vec<Finding> {
        let mut reported: Vec<Finding> = self.reported.into_iter().map(|(_, finding)| finding).collect();
        for (kind, action, count) in self.counts {
            let more = count.saturating_sub(SHOWN);
            if more == 0 {
                continue;
            }
            let is_it = |finding: &Finding| (finding.kind, finding.action) == (kind, action);
            let after = reported.iter().rposition(is_it).map_or(reported.len(), |last| last.saturating_add(1));
            let text = Text::plain(format!("and {more} more"));
            reported.insert(after, Finding { kind, action, place: Place::default(), text });
        }
        reported
    }

    /// Adds to the number of findings of a kind and an action. Returns the previous number.
    fn count(&mut self, kind: FindingKind, action: Action, added: usize) -> usize {
        let known = self.counts.iter_mut().find(|(other, done, _)| (*other, *done) == (kind, action));
        let Some((_, _, count)) = known else {
            self.counts.push((kind, action, added));
            return 0;
        };
        let before = *count;
        *count = count.saturating_add(added);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Subject;
    use crate::types::object_name::AccountName;

    fn expected_a_role(value: &str) -> Finding {
        let account = AccountName { namespace: "team-a".into(), name: "web".into() };
        let text = format_args!("expected a role, but got ");
        report(FindingKind::InvalidRoleArn, Message::new(Subject::ServiceAccount(&account), text).quote(value))
    }

    fn report(kind: FindingKind, message: Message<'_>) -> Finding {
        let actions = Actions::default();
        let mut findings = Findings::new(&actions);
        findings.add(kind, message);
        findings.into_reported().remove(0)
    }

    #[test]
    fn ends_with_the_name_in_brackets() {
        assert_eq!(
            expected_a_role("not-an-arn").line(),
            "service account `team-a/web`: expected a role, but got `not-an-arn` [invalidRoleArn]"
        );
    }

    #[test]
    fn writes_out_eight_findings_of_a_kind_and_counts_the_others() {
        let actions = Actions::default();
        let mut findings = Findings::new(&actions);
        for index in 0..12 {
            let text = format!("{index}");
            findings.add(FindingKind::NotInjected, Message::new(Subject::Pod, format_args!("{text}")));
            if index < 8 {
                findings.add(FindingKind::InvalidRoleArn, Message::new(Subject::Pod, format_args!("{text}")));
            }
        }
        let reported = findings.into_reported();
        let lines: Vec<String> = reported.iter().map(Finding::line).collect();
        assert_eq!(lines.len(), 17, "{lines:?}");
        assert_eq!(lines[7..9], ["pod: 7 [invalidRoleArn]", "pod: 0 [notInjected]"]);
        assert_eq!(lines[15..], ["pod: 7 [notInjected]", "and 4 more [notInjected]"]);
        assert_eq!(reported[16].action, reported[15].action);
    }

    #[test]
    fn shortens_the_quoted_value_and_keeps_the_rest() {
        let warning = expected_a_role(&"x".repeat(300)).warning();
        assert!(warning.len() <= WARNING_ADVICE, "{warning}");
        assert!(warning.starts_with("service account `team-a/web`: expected a role, but got `xxx"), "{warning}");
        assert!(warning.ends_with("x\u{2026}` [invalidRoleArn]"), "{warning}");
    }

    #[test]
    fn cuts_warnings_at_the_limit_and_between_characters() {
        for start in ["", "x"] {
            let text = format!("{start}{}", "\u{e4}".repeat(400));
            let finding = report(FindingKind::LookupFailed, Message::new(Subject::Pod, format_args!("{text}")));
            let warning = finding.warning();
            assert!(warning.len() <= WARNING_LIMIT);
            assert!(warning.ends_with("\u{e4}\u{2026} [lookupFailed]"));
        }
    }
}
