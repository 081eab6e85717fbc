//! The report for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Finding, FleetRow, Level, Report, line};
use crate::check::names;

/// How many notes of one kind are printed one by one.
const READABLE: usize = 10;

/// Writes the report.
pub fn write(report: &Report, is_quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let dimmed = Style::new().dimmed();
    for unreadable in &report.unreadable {
        let place = place(&unreadable.file, unreadable.at);
        let style = AnsiColor::Red.on_default().bold();
        writeln!(out, "{bold}{place}{bold:#}: {style}unreadable{style:#}: {}", unreadable.message)?;
    }
    let repeated = repeated(report);
    for (name, count) in repeated.iter().filter(|_| !is_quiet) {
        let style = style(Level::Note);
        let text = format!("{count} documents are not checked; `--format json` lists them");
        writeln!(out, "{style}note{style:#}: {text} [{name}]")?;
    }
    let is_shown = |finding: &&Finding| {
        finding.level > Level::Note || (!is_quiet && !repeated.iter().any(|(name, _)| *name == finding.name))
    };
    for finding in report.reported().filter(is_shown) {
        let style = style(finding.level);
        let place = place(&finding.file, finding.at);
        let level = finding.level.name();
        writeln!(out, "{bold}{place}{bold:#}: {style}{level}{style:#}: {} [{}]", finding.message, finding.name)?;
        if let Some(object) = &finding.object {
            writeln!(out, "  {dimmed}in {object}{dimmed:#}")?;
        }
        if let Some(fix) = &finding.fix {
            writeln!(out, "  fix: {}", fix.text)?;
            for statement in &fix.statements {
                for code in serde_json::to_string_pretty(statement)?.lines() {
                    writeln!(out, "    {}", line(code))?;
                }
            }
        }
        if finding.level > Level::Note {
            writeln!(out, "  {dimmed}{}{dimmed:#}", finding.link())?;
        }
    }
    if !report.fleet.is_empty() {
        writeln!(out)?;
        table(&report.fleet, out)?;
    }
    if !report.restarts.is_empty() {
        writeln!(out, "\n{bold}Restart these, so that their pods get what their service accounts say now:{bold:#}")?;
        for restart in &report.restarts {
            writeln!(out, "  {}", restart.command)?;
        }
    }
    if !is_quiet {
        writeln!(out, "{}", summary_line(report))?;
    }
    Ok(())
}

/// The notes about documents that are not checked, if there are more than anybody reads: name, number.
fn repeated(report: &Report) -> Vec<(&'static str, usize)> {
    let kinds = [names::TEMPLATE, names::PATCH, names::FRAGMENT, names::KUBECONFIG];
    let count = |name| report.reported().filter(|finding| finding.name == name).count();
    kinds.iter().map(|own| (own.name, count(own.name))).filter(|(_, count)| *count > READABLE).collect()
}

/// One line with the numbers.
pub fn summary_line(report: &Report) -> String {
    let summary = report.summary();
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut line = format!(
        "Checked {} in {}: {}, {}, {}",
        count(summary.objects, "object", "objects"),
        count(summary.files, "file", "files"),
        count(summary.reject, "rejection", "rejections"),
        count(summary.warn, "warning", "warnings"),
        count(summary.note, "note", "notes"),
    );
    for (number, words) in
        [(summary.ignored, "ignored"), (summary.skipped, "not checked"), (summary.unreadable, "unreadable")]
    {
        if number > 0 {
            line = format!("{line}, {number} {words}");
        }
    }
    line
}

fn place(file: &str, at: Option<manifest_reader::Position>) -> String {
    let file = line(file);
    match at {
        Some(at) => format!("{file}:{at}"),
        None => file,
    }
}

const fn style(level: Level) -> Style {
    match level {
        Level::Reject => AnsiColor::Red.on_default().bold(),
        Level::Warn => AnsiColor::Yellow.on_default().bold(),
        Level::Note => AnsiColor::Cyan.on_default(),
    }
}

fn table(rows: &[FleetRow], out: &mut dyn Write) -> io::Result<()> {
    let head = ["SERVICE ACCOUNT", "CLUSTER", "STATUS", "ROLE"].map(str::to_owned);
    let cells = |row: &FleetRow| [&row.service_account, &row.cluster, &row.status, &row.role].map(Clone::clone);
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let [account, cluster, status] = [0, 1, 2].map(width);
    for [first, second, third, fourth] in &lines {
        writeln!(out, "{first:account$}  {second:cluster$}  {third:status$}  {fourth}")?;
    }
    Ok(())
}
