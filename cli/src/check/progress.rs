//! Shows the progress of a check, if the standard error is a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The time after which a check shows a progress line.
const PATIENCE: Duration = Duration::from_secs(1);

/// The minimum time between two changes of the line.
const INTERVAL: Duration = Duration::from_millis(100);

/// A progress line on the standard error. It is erased at the end.
pub struct Progress {
    start: Instant,
    last: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { start: Instant::now(), last: None, is_terminal: std::io::stderr().is_terminal() }
    }

    /// Shows how many files are checked, if the check takes longer than [`PATIENCE`].
    pub fn show(&mut self, done: usize, total: usize) {
        let is_due = self.start.elapsed() > PATIENCE && self.last.is_none_or(|last| last.elapsed() > INTERVAL);
        if self.is_terminal && is_due {
            self.last = Some(Instant::now());
            let _ = write!(std::io::stderr(), "\rChecking file {done} of {total}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
