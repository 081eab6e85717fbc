//! Escapes characters of the input that are unsafe in a terminal or a log: control characters, line ends, and
//! characters that change the direction of writing.

use super::{FleetRow, ObjectName, Report, Restart};
use crate::output::line;

impl Report {
    /// Escapes the strings of the report, so that each string is on one line. Keeps the names of files unchanged, so
    /// that other programs find the files.
    pub fn printable(mut self) -> Self {
        for finding in &mut self.findings {
            escape(&mut finding.message);
            finding.fix.iter_mut().for_each(|fix| escape(&mut fix.text));
            finding.ignored.iter_mut().for_each(escape);
            finding.object.iter_mut().for_each(escape_object);
        }
        for unreadable in &mut self.unreadable {
            escape(&mut unreadable.message);
        }
        for (_, object) in &mut self.checked {
            escape_object(object);
        }
        for Restart { command, .. } in &mut self.restarts {
            escape(command);
        }
        for FleetRow { service_account, cluster, role, status, reason } in &mut self.fleet {
            [service_account, cluster, role, status, reason].into_iter().for_each(escape);
        }
        self
    }
}

fn escape_object(ObjectName { api_version, kind, namespace, name }: &mut ObjectName) {
    [api_version, kind, name].into_iter().chain(namespace).for_each(escape);
}

fn escape(text: &mut String) {
    *text = line(text);
}
