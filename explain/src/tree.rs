//! An explanation for people: a tree of lines, one for each step, with what is to be said of it beneath.

use std::fmt;

use crate::explanation::{Explanation, Outcome, Problem};

/// A line of the tree. It is displayed without colour, which is up to who prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How far it stands in, from 0.
    pub depth: usize,
    /// What it begins with.
    pub mark: Mark,
    /// What it says: one line, without control characters.
    pub text: String,
}

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// How something turned out.
    Outcome(Outcome),
    /// Why.
    Reason,
    /// What to do about it.
    Fix,
    /// The cause, the first line.
    Cause,
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
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:indent$}{} {}", "", self.mark, self.text, indent = self.depth.saturating_mul(2))
    }
}

/// The lines of an explanation: the cause, if there is one, then the steps, then what could not be read. Of what a step
/// looked at, only that is shown which did not pass, unless `is_verbose`.
#[must_use]
pub fn tree(explanation: &Explanation, is_verbose: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |depth, mark, text: &str| lines.push(Line { depth, mark, text: printable(text) });
    if let Some(cause) = explanation.cause {
        let mistake = cause.mistake.map(|mistake| format!(" [{}]", mistake.name())).unwrap_or_default();
        add(0, Mark::Cause, &format!("{}{mistake}", cause.step.title()));
    }
    for step in &explanation.steps {
        let mistake = step.mistake.map(|mistake| format!(" [{}]", mistake.name())).unwrap_or_default();
        add(0, Mark::Outcome(step.outcome), &format!("{}: {}{mistake}", step.title, step.says));
        for detail in &step.details {
            if is_verbose || matches!(detail.outcome, Outcome::Failed | Outcome::Unknown) {
                add(1, Mark::Outcome(detail.outcome), &format!("{}: {}", detail.name, detail.value));
            }
        }
        for reason in &step.reasons {
            add(1, Mark::Reason, reason);
        }
        if let Some(fix) = &step.fix {
            add(1, Mark::Fix, fix);
        }
    }
    for Problem { input, message, line, column } in &explanation.problems {
        let place = match (line, column) {
            (Some(line), Some(column)) => format!(", line {line}, column {column}"),
            _ => String::new(),
        };
        add(0, Mark::Outcome(Outcome::Failed), &format!("The {}{place}: {message}", input.words()));
    }
    lines
}

/// Control characters, which could break a line in two, or a terminal, are written as escapes.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}
