//! Prints explanations: as trees, as JSON, or only the corrected trust policy.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use irsa_explain::{
    Explanation, Line, Mark, Outcome, missing_inputs, redact_tokens, tree, tree_with_places, trust_policy,
};
use serde::Serialize;

use super::places::Places;
use super::{Args, Explained, Fix, Output};
use crate::{output, terminal};

/// An explanation with the name of its pod, which is printed if there are several pods.
#[derive(Serialize)]
struct Named<'e> {
    name: String,
    #[serde(flatten)]
    explanation: &'e Explanation,
}

/// Prints the explanations in the form that the command line chooses. Returns whether `--fix` printed a trust policy.
pub fn print(args: &Args, explained: &[Explained]) -> Result<bool> {
    let mut out = anstream::stdout();
    let mut is_fixed = false;
    match (args.fix, args.output) {
        (Some(Fix::TrustPolicy), _) => is_fixed = fix(&mut out, explained)?,
        (None, Output::Json) => writeln!(out, "{}", json(explained)?)?,
        (None, Output::Tree) => trees(&mut out, args, explained)?,
    }
    out.flush()?;
    Ok(is_fixed)
}

/// Formats one explanation as a JSON object, and several as an array.
fn json(explained: &[Explained]) -> serde_json::Result<String> {
    match explained {
        [one] => output::json(&one.explanation),
        several => {
            let named = several.iter().map(|it| Named { name: name(it), explanation: &it.explanation });
            output::json(&named.collect::<Vec<_>>())
        }
    }
}

fn trees(out: &mut impl Write, args: &Args, explained: &[Explained]) -> Result<()> {
    let has_several = explained.len() > 1;
    let width = terminal::width();
    for (index, it) in explained.iter().enumerate() {
        let places = Places::new(args, &it.subject.inputs);
        let text_of = |place: &_| places.text_of(place).map(|text| output::line(&redact_tokens(&text)));
        let mut lines = tree_with_places(&it.explanation, args.verbose, text_of);
        if has_several {
            let is_whole = args.verbose || it.explanation.outcome != Outcome::Passed;
            if !is_whole {
                // For a pod that passed, keep only the first line and the warnings.
                let mut is_first = true;
                lines.retain(|line| {
                    let is_kept = line.depth > 0 || !matches!(line.mark, Mark::Outcome(_));
                    std::mem::take(&mut is_first) || is_kept
                });
            }
            if index > 0 && is_whole {
                writeln!(out)?;
            }
        }
        let name = has_several.then(|| output::line(&name(it)));
        for (index, line) in lines.iter().enumerate() {
            write_line(out, line, name.as_deref().filter(|_| index == 0), width)?;
        }
    }
    Ok(())
}

/// Returns the name of a pod. Tokens are redacted, because a name in a manifest can be any string.
fn name(explained: &Explained) -> String {
    redact_tokens(explained.subject.name.as_deref().unwrap_or_default())
}

/// Prints the corrected trust policy to the standard output, or the trust policy as it is if it accepts the pod. Prints
/// its description, and the commands that apply it, to the standard error. Returns whether a trust policy was printed.
/// If none was printed, the reason is on the standard error.
fn fix(out: &mut impl Write, explained: &[Explained]) -> Result<bool> {
    let [Explained { explanation, subject }] = explained else {
        let names: Vec<String> = explained.iter().map(|it| format!("`{}`", name(it))).collect();
        bail!("`--fix` needs one pod: choose {}", names.join(" or "));
    };
    let note = |text: &str| anstream::eprintln!("{}", output::line(text));
    if let Some(fix) = &explanation.trust_fix {
        writeln!(out, "{}", output::json(&fix.policy)?)?;
        note(&fix.says);
        fix.alternative.iter().chain(&fix.commands).for_each(|line| note(line));
        return Ok(true);
    }
    if let Some(policy) = trust_policy(&subject.inputs).filter(|_| explanation.is_accepted()) {
        writeln!(out, "{}", output::json(&policy)?)?;
        note("The trust policy needs no change: it accepts the pod.");
        return Ok(true);
    }
    let missing = missing_inputs(explanation);
    if missing.is_empty() {
        let cause = tree(explanation, false).into_iter().next().map(|line| line.text).unwrap_or_default();
        note(&format!("error: there is no safe change of the trust policy: {cause}"));
    } else {
        note(&format!("error: which change of the trust policy is safe is not known: give {missing}"));
    }
    Ok(false)
}

/// Writes a line. If `name` is set, the line starts with the name of the pod. A line to copy is not broken.
fn write_line(out: &mut impl Write, line: &Line, name: Option<&str>, width: Option<usize>) -> std::io::Result<()> {
    let style = match line.mark {
        Mark::Outcome(Outcome::Passed) => AnsiColor::Green.on_default(),
        Mark::Outcome(Outcome::Failed) | Mark::Cause => AnsiColor::Red.on_default().bold(),
        Mark::Outcome(Outcome::Unknown) | Mark::Warning => AnsiColor::Yellow.on_default().bold(),
        Mark::Outcome(Outcome::Skipped) | Mark::Reason => Style::new().dimmed(),
        Mark::Fix => Style::new().bold(),
        Mark::Copy => return writeln!(out, "{line}"),
    };
    let indent = line.depth.saturating_mul(2);
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let mark = line.mark.to_string();
    let before = indent.saturating_add(mark.chars().count()).saturating_add(1);
    let text = terminal::wrapped(&format!("{name}{}", line.text), width, before, before);
    writeln!(out, "{:indent$}{style}{mark}{style:#} {text}", "")
}
