//! The findings about an object, as they are made.

use crate::finding::{Action, Finding, FindingKind, Text, Wording};
use crate::settings::Actions;

/// All that was found about an object.
#[derive(Debug)]
pub struct Findings<'a> {
    actions: &'a Actions,
    /// The pod template that findings are about now: its place among the object's, and its path.
    template: Option<(usize, String)>,
    /// In the order in which they are reported: by template, then by kind, then as they were made.
    made: Vec<(usize, Finding)>,
    /// The kinds that were found, ignored ones too, in their order.
    found: Vec<FindingKind>,
}

impl<'a> Findings<'a> {
    /// No findings yet.
    #[must_use]
    pub fn new(actions: &'a Actions) -> Self {
        Self { actions, template: None, made: Vec::new(), found: Vec::new() }
    }

    /// From now on, findings are about this pod template, the object's `index`th.
    pub fn enter_template(&mut self, index: usize, path: String) {
        self.template = Some((index, path));
    }

    /// Whether findings are about a pod template, not a pod.
    #[must_use]
    pub fn is_about_template(&self) -> bool {
        self.template.is_some()
    }

    /// Adds a finding. It is written only if it is not ignored. The wording says what the finding is about, but for the
    /// template, which is said before it.
    pub fn add(&mut self, kind: FindingKind, wording: Wording<'_>) {
        self.push("", kind, wording);
    }

    /// Adds a finding about the pod itself, or its template, which the wording does not name.
    pub fn add_about_pod(&mut self, kind: FindingKind, wording: Wording<'_>) {
        self.push("pod: ", kind, wording);
    }

    /// Notes that a kind was found. Returns what is done about it, unless it is ignored.
    fn note(&mut self, kind: FindingKind) -> Option<Action> {
        if let Err(at) = self.found.binary_search(&kind) {
            self.found.insert(at, kind);
        }
        Some(self.actions.of(kind, self.is_about_template())).filter(|action| *action != Action::Ignore)
    }

    #[cold]
    fn push(&mut self, pod: &str, kind: FindingKind, wording: Wording<'_>) {
        let Some(action) = self.note(kind) else { return };
        let (index, text) = match &self.template {
            Some((index, path)) => (*index, wording.within(format_args!("pod template `{path}`: "), Text::new)),
            None => (0, wording.within(format_args!("{pod}"), Text::new)),
        };
        let at = self.made.partition_point(|(template, other)| (*template, other.kind) <= (index, kind));
        self.made.insert(at, (index, Finding::new(kind, action, text)));
    }

    /// Nothing that was found is a reason to refuse: what would be refused is warned of.
    pub fn soften(&mut self) {
        for (_, finding) in &mut self.made {
            finding.action = finding.action.min(Action::Warn);
        }
    }

    /// The names of the kinds that were found, ignored ones too, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.found.iter().map(|kind| kind.name())
    }

    /// The findings that are not ignored: by pod template, then by kind, then in the order in which they were made.
    #[must_use]
    pub fn into_made(self) -> Vec<Finding> {
        self.made.into_iter().map(|(_, finding)| finding).collect()
    }
}
