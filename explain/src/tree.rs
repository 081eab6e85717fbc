//! Writes an explanation as lines for a terminal: the cause, the fix, then the steps.

use std::fmt;

use crate::explanation::{Explanation, Outcome, Place, Problem, Step};
use crate::fix::TrustFix;
use crate::inputs::Input;

/// A line of the output. Displayed without color.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The level of indentation, from 0.
    pub depth: usize,
    /// The mark at the start of the line.
    pub mark: Mark,
    /// The text: one line, in which control characters and bidirectional formatting characters are escaped.
    pub text: String,
}

/// The mark at the start of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The outcome of a step, or of one checked value.
    Outcome(Outcome),
    /// A reason.
    Reason,
    /// A fix.
    Fix,
    /// The cause: the first line, if there is a cause.
    Cause,
    /// A warning: something works, but is a risk.
    Warning,
    /// A line to copy: JSON, Terraform or a command. The line starts without a mark.
    Copy,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outcome(Outcome::Passed) => "\u{2713}",
            Self::Outcome(Outcome::Failed) => "\u{2717}",
            Self::Outcome(Outcome::Unknown) => "?",
            Self::Outcome(Outcome::Skipped) => "-",
            Self::Reason => "because",
            Self::Fix => "fix:",
            Self::Cause => "cause:",
            Self::Warning => "warning:",
            Self::Copy => "",
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = self.depth.saturating_mul(2);
        match self.mark {
            Mark::Copy => write!(f, "{:indent$}{}", "", self.text),
            mark => write!(f, "{:indent$}{mark} {}", "", self.text),
        }
    }
}

/// Returns the lines of an explanation: the cause or the summary, the fix, the inputs that could not be read, and the
/// steps.
///
/// If `is_verbose` is `false`, steps that passed or were skipped are only counted, and only the values that are wrong
/// or unknown are listed. The warnings of steps that passed are always shown.
#[must_use]
pub fn tree(explanation: &Explanation, is_verbose: bool) -> Vec<Line> {
    tree_with_places(explanation, is_verbose, |place| {
        is_verbose.then(|| format!("{} {}", place.input.words(), place.pointer).trim_end().to_owned())
    })
}

/// Like [`tree`], but each reason is followed by its place, such as `trust-policy.json:12:9`, if `text_of` returns a
/// string for the place.
#[must_use]
pub fn tree_with_places(
    explanation: &Explanation,
    is_verbose: bool,
    text_of: impl Fn(&Place) -> Option<String>,
) -> Vec<Line> {
    let mut lines = Lines { lines: Vec::new(), text_of: &text_of };
    let cause = explanation.cause_step();
    let headline = cause.or_else(|| observation(explanation));
    match cause {
        Some(step) => {
            lines.add(0, Mark::Cause, &format!("{}{}", without_stop(&step.says), named(step)));
            lines.fix(explanation, step);
        }
        None => lines.headline(explanation),
    }
    for problem in &explanation.problems {
        lines.problem(problem);
    }
    for step in explanation.warnings() {
        lines.warning(step);
    }
    let is_shown = |step: &&Step| is_verbose || !matches!(step.outcome, Outcome::Passed | Outcome::Skipped);
    for step in explanation.steps.iter().filter(is_shown) {
        lines.step(explanation, step, headline, is_verbose);
    }
    let count = |outcome| explanation.steps.iter().filter(|it| it.outcome == outcome && !is_shown(it)).count();
    let (passed, skipped) = (count(Outcome::Passed), count(Outcome::Skipped));
    if passed > 0 {
        lines.add(
            0,
            Mark::Outcome(Outcome::Passed),
            &format!("{passed} more {} (`--verbose` shows all)", counted(passed, "passed")),
        );
    }
    // If there is a cause, the reader does not need to know yet what else was not checked.
    let folded = explanation.steps.iter().filter(|step| cause.is_none() && !is_shown(step));
    for detail in folded.flat_map(|step| &step.details).filter(|detail| detail.is_unchecked()) {
        lines.add(0, Mark::Outcome(Outcome::Skipped), &format!("{}: {}", detail.name, detail.value));
    }
    if skipped > 0 {
        lines.add(0, Mark::Outcome(Outcome::Skipped), &format!("{skipped} more {}", counted(skipped, "not checked")));
    }
    lines.lines
}

struct Lines<'t> {
    lines: Vec<Line>,
    text_of: &'t dyn Fn(&Place) -> Option<String>,
}

impl Lines<'_> {
    fn add(&mut self, depth: usize, mark: Mark, text: &str) {
        self.lines.push(Line { depth, mark, text: irsa::escaped_line(text, usize::MAX) });
    }

    /// Adds the first lines if there is no cause.
    fn headline(&mut self, explanation: &Explanation) {
        let unknown = explanation.steps.iter().filter(|step| step.outcome == Outcome::Unknown).count();
        let all = explanation.steps.len();
        let missing = missing_inputs(explanation);
        let missing = if missing.is_empty() { missing } else { format!(": {missing}") };
        let need = if unknown == 1 { "needs" } else { "need" };
        let need = format!("{unknown} of {all} steps {need} more input{missing}");
        match (observation(explanation), unknown) {
            // If an input could not be read, the problems are the first lines.
            _ if !explanation.problems.is_empty() => {}
            (None, 0) => {
                let text = match explanation.warnings().count() {
                    0 => "No problem found".to_owned(),
                    1 => "Every step passed, with a warning".to_owned(),
                    warnings => format!("Every step passed, with {warnings} warnings"),
                };
                self.add(0, Mark::Outcome(explanation.outcome), &text);
            }
            (None, _) => self.add(0, Mark::Outcome(explanation.outcome), &format!("No problem found; {need}")),
            (Some(step), _) => {
                self.add(0, Mark::Outcome(explanation.outcome), without_stop(&step.says));
                self.fix(explanation, step);
                if !missing.is_empty() {
                    self.add(0, Mark::Outcome(explanation.outcome), &need);
                }
            }
        }
    }

    fn problem(&mut self, Problem { input, message, line, column }: &Problem) {
        let place = match (line, column) {
            (Some(line), Some(column)) => format!(", line {line}, column {column}"),
            _ => String::new(),
        };
        self.add(0, Mark::Outcome(Outcome::Failed), &format!("The {}{place}: {message}", input.words()));
    }

    /// Adds the fix of the cause, with the lines to copy.
    fn fix(&mut self, explanation: &Explanation, step: &Step) {
        let trust_fix = explanation.trust_fix.as_ref().filter(|_| step.is_of_trust_policy());
        match (trust_fix, &step.fix) {
            (Some(fix), _) => self.trust_fix(0, fix),
            (None, Some(fix)) => self.add(0, Mark::Fix, fix),
            (None, None) => {}
        }
    }

    fn trust_fix(&mut self, depth: usize, fix: &TrustFix) {
        let below = depth.saturating_add(1);
        self.add(depth, Mark::Fix, &fix.says);
        for statement in &fix.statements {
            let text = serde_json::to_string_pretty(statement).unwrap_or_default();
            text.lines().for_each(|line| self.add(below, Mark::Copy, line));
        }
        if !fix.terraform.is_empty() {
            self.add(depth, Mark::Fix, "The same change for Terraform's `aws_iam_policy_document`:");
            fix.terraform.lines().for_each(|line| self.add(below, Mark::Copy, line));
        }
        self.add(
            depth,
            Mark::Fix,
            "To apply the change, save the whole policy as `trust-policy.json` (`--fix trust-policy` prints it), and run:",
        );
        fix.commands.iter().for_each(|command| self.add(below, Mark::Copy, command));
        if let Some(alternative) = &fix.alternative {
            self.add(depth, Mark::Fix, alternative);
        }
    }

    /// Adds the warning of a step that passed. The warning is the step's last reason.
    fn warning(&mut self, step: &Step) {
        let last = step.reasons.len().saturating_sub(1);
        let reason = step.reasons.get(last).map_or(step.says.as_str(), String::as_str);
        self.add(0, Mark::Warning, &format!("{}{}{}", without_stop(reason), self.place(step, last), named(step)));
        for (index, reason) in step.reasons.iter().enumerate().take(last) {
            self.add(1, Mark::Reason, &format!("{reason}{}", self.place(step, index)));
        }
        if let Some(fix) = &step.fix {
            self.add(1, Mark::Fix, fix);
        }
    }

    /// Returns the place of a reason, as the end of the reason's line. Empty if the reason has no place.
    fn place(&self, step: &Step, reason: usize) -> String {
        let place = step.places.iter().find(|place| place.reason == reason).and_then(|place| (self.text_of)(place));
        place.map(|place| format!(" ({place})")).unwrap_or_default()
    }

    fn step(&mut self, explanation: &Explanation, step: &Step, headline: Option<&Step>, is_verbose: bool) {
        let says = match step.outcome {
            _ if headline != Some(step) => step.says.as_str(),
            Outcome::Failed => "the cause, see above",
            _ => "see above",
        };
        self.add(0, Mark::Outcome(step.outcome), &format!("{}: {says}{}", step.title, named(step)));
        for detail in &step.details {
            if is_verbose || matches!(detail.outcome, Outcome::Failed | Outcome::Unknown) {
                self.add(1, Mark::Outcome(detail.outcome), &format!("{}: {}", detail.name, detail.value));
            }
        }
        for (index, reason) in step.reasons.iter().enumerate() {
            let place = self.place(step, index);
            // A reason that the step's sentence already contains is left out, unless it has a place.
            if !place.is_empty() || !step.says.contains(reason.as_str()) {
                self.add(1, Mark::Reason, &format!("{reason}{place}"));
            }
        }
        // The fixes of the cause and of warnings are printed above.
        let is_fixed_here = headline != Some(step) && step.outcome != Outcome::Passed;
        let trust_fix = explanation.trust_fix.as_ref().filter(|_| step.is_of_trust_policy());
        match (trust_fix, &step.fix) {
            _ if !is_fixed_here => {}
            // If the cause is another step whose correction keeps the pod's identity, such as static keys, the trust
            // policy still needs this fix.
            (Some(fix), _) if step.outcome == Outcome::Failed => self.trust_fix(1, fix),
            (_, Some(fix)) => self.add(1, Mark::Fix, fix),
            (_, None) => {}
        }
    }
}

/// Returns the first unknown step with a fix, which the user should look at. If no input is missing, returns the first
/// unknown step.
fn observation(explanation: &Explanation) -> Option<&Step> {
    let is_complete = explanation.missing.is_empty();
    explanation.steps.iter().find(|step| step.outcome == Outcome::Unknown && (is_complete || step.fix.is_some()))
}

/// Returns the names of the inputs that the unknown steps need, each with its option of `irsa explain`. Empty if no
/// input is missing.
#[must_use]
pub fn missing_inputs(explanation: &Explanation) -> String {
    let names: Vec<String> = explanation.missing.iter().map(|input| input_with_option(*input)).collect();
    names.join(", ")
}

/// Returns the input's name, with the option of `irsa explain` for the input.
fn input_with_option(input: Input) -> String {
    let option = match input {
        Input::Pod => "--pod",
        Input::ServiceAccount => "--service-account",
        Input::Issuer => "--issuer",
        Input::TrustPolicy => "--trust-policy",
        Input::Settings => "--settings",
        _ => return input.words().to_owned(),
    };
    format!("{} (`{option}`)", input.words())
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("step {what}") } else { format!("steps {what}") }
}

fn named(step: &Step) -> String {
    step.mistake.map(|mistake| format!(" [{}]", mistake.name())).unwrap_or_default()
}

fn without_stop(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}
