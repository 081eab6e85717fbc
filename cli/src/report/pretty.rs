//! Writes the report for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Finding, FleetRow, Level, Report};
use crate::check::names;
use crate::output::line;
use crate::terminal::wrapped;

const BOLD: Style = Style::new().bold();
const DIMMED: Style = Style::new().dimmed();
const INDENT: &str = "  ";
const FIX: &str = "fix: ";
/// The indentation of a message's second line: more than the lines about the message, so that they stand out.
const DEEP: usize = 4;
/// The space between two columns of a table.
const GAP: &str = "  ";

/// The maximum number of notes of one kind that are printed one by one. If there are more, only their number is
/// printed.
const READABLE: usize = 10;

/// Options for writing the report.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Whether to leave out notes and the summary.
    pub is_quiet: bool,
    /// The width of the terminal. `None` if the output is not a terminal. Each message is then printed on one line.
    pub width: Option<usize>,
}

/// Writes the report.
pub fn write(report: &Report, layout: Layout, out: &mut dyn Write) -> io::Result<()> {
    for unreadable in &report.unreadable {
        let style = AnsiColor::Red.on_default().bold();
        let place = place(&unreadable.file, unreadable.at);
        layout.head(&place, (style, "unreadable"), &unreadable.message, out)?;
        writeln!(out)?;
    }
    let repeated = repeated(report);
    for (name, count) in repeated.iter().filter(|_| !layout.is_quiet) {
        let style = style(Level::Note);
        let text = format!("{count} documents are not checked; `--format json` lists them [{name}]");
        writeln!(out, "{style}note{style:#}: {}\n", wrapped(&text, layout.width, "note: ".len(), DEEP))?;
    }
    let is_shown = |finding: &&Finding| {
        finding.level > Level::Note || (!layout.is_quiet && !repeated.iter().any(|(name, _)| *name == finding.name))
    };
    for finding in report.reported().filter(is_shown) {
        layout.finding(finding, out)?;
        writeln!(out)?;
    }
    if !report.fleet.is_empty() {
        table(&report.fleet, layout.width, out)?;
        writeln!(out)?;
    }
    if !report.restarts.is_empty() {
        writeln!(out, "{BOLD}Recreate these pods, so that they get what the policy injects now:{BOLD:#}")?;
        for restart in &report.restarts {
            writeln!(out, "  {}", restart.command)?;
        }
        writeln!(out)?;
    }
    if !layout.is_quiet {
        writeln!(out, "{}", summary_line(report))?;
    }
    Ok(())
}

impl Layout {
    fn finding(self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let message = format!("{} [{}]", finding.message, finding.name);
        let place = place(&finding.file, finding.at);
        self.head(&place, (style(finding.level), finding.level.name()), &message, out)?;
        if let Some(object) = &finding.object {
            writeln!(out, "{INDENT}{DIMMED}in {object}{DIMMED:#}")?;
        }
        if let Some(fix) = &finding.fix {
            let indent = INDENT.len().saturating_add(FIX.len());
            writeln!(out, "{INDENT}{BOLD}{FIX}{BOLD:#}{}", wrapped(&fix.text, self.width, indent, indent))?;
            for statement in &fix.statements {
                for code in serde_json::to_string_pretty(statement)?.lines() {
                    writeln!(out, "{INDENT}{INDENT}{}", line(code))?;
                }
            }
        }
        if finding.level > Level::Note {
            writeln!(out, "{INDENT}{DIMMED}{}{DIMMED:#}", finding.link())?;
        }
        Ok(())
    }

    /// Writes the first line: the place, a label and the message.
    fn head(self, place: &str, (style, label): (Style, &str), message: &str, out: &mut dyn Write) -> io::Result<()> {
        let before = format!("{place}: {label}: ").chars().count();
        writeln!(out, "{BOLD}{place}{BOLD:#}: {style}{label}{style:#}: {}", wrapped(message, self.width, before, DEEP))
    }
}

/// Returns each kind of note about skipped documents that occurs more than [`READABLE`] times: the name of the note,
/// and how often it occurs.
fn repeated(report: &Report) -> Vec<(&'static str, usize)> {
    let kinds = [names::TEMPLATE, names::PATCH, names::FRAGMENT, names::KUBECONFIG];
    let count = |name| report.reported().filter(|finding| finding.name == name).count();
    kinds.iter().map(|own| (own.name, count(own.name))).filter(|(_, count)| *count > READABLE).collect()
}

/// Formats the numbers of the report as one line.
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

/// Writes the table of the service accounts. If it is wider than the terminal, each role is on a line of its own.
fn table(rows: &[FleetRow], terminal: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let head = ["SERVICE ACCOUNT", "CLUSTER", "STATUS", "ROLE"].map(str::to_owned);
    let cells = |row: &FleetRow| [&row.service_account, &row.cluster, &row.status, &row.role].map(Clone::clone);
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let [account, cluster, status, role] = [0, 1, 2, 3].map(width);
    let total = [account, cluster, status, role, GAP.len().saturating_mul(3)].iter().sum::<usize>();
    let (status, before_role) = match terminal {
        Some(columns) if total > columns => (0, "\n    "),
        _ => (status, GAP),
    };
    for (index, [first, second, third, fourth]) in lines.iter().enumerate() {
        let style = match third.as_str() {
            _ if index == 0 => BOLD,
            "refused" | "missing" => style(Level::Reject),
            "unknown" => style(Level::Note),
            _ => Style::new(),
        };
        // Each cell is padded within its style codes, so the columns stay aligned.
        let other = if index == 0 { BOLD } else { Style::new() };
        writeln!(
            out,
            "{other}{first:account$}{GAP}{second:cluster$}{other:#}{GAP}{style}{third:status$}{style:#}{before_role}\
             {other}{fourth}{other:#}"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_roles_on_their_own_lines_if_the_terminal_is_narrow() {
        let row = FleetRow {
            service_account: "shop/api".to_owned(),
            cluster: "prod".to_owned(),
            status: "trusted".to_owned(),
            role: "arn:aws:iam::111122223333:role/web".to_owned(),
            reason: String::new(),
        };
        let written = |width| {
            let mut out = Vec::new();
            table(std::slice::from_ref(&row), width, &mut out).unwrap();
            anstream::adapter::strip_bytes(&out).into_vec()
        };
        let wide = "SERVICE ACCOUNT  CLUSTER  STATUS   ROLE\nshop/api         prod     trusted  arn:aws:iam::111122223333:role/web\n";
        let narrow = "SERVICE ACCOUNT  CLUSTER  STATUS\n    ROLE\nshop/api         prod     trusted\n    arn:aws:iam::111122223333:role/web\n";
        assert_eq!(String::from_utf8(written(None)).unwrap(), wide);
        assert_eq!(String::from_utf8(written(Some(69))).unwrap(), wide);
        assert_eq!(String::from_utf8(written(Some(68))).unwrap(), narrow);
    }
}
