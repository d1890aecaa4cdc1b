//! What is shown while a run goes on, and at its end.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use joiner_sim::log::LogEntry;
use joiner_sim::report::{RunReport, clock};
use joiner_sim::scenario::RunProgress;
use joiner_sim::timeline::Timeline;
use joiner_sim::world::START_SECOND;
use serde_json::{Value, json};

use crate::args::OutputForm;
use crate::output;

/// Time between two progress lines.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Shows a run.
pub(super) struct Show {
    form: OutputForm,
    start: Timestamp,
    timeline: Timeline,
    entries: Vec<Value>,
    speed: Option<f64>,
    began: Instant,
    progress_at: Instant,
    has_progress: bool,
    is_terminal: bool,
}

impl Show {
    /// Begins to show.
    pub(super) fn new(form: OutputForm, speed: Option<f64>) -> Self {
        let start = Timestamp::from_second(START_SECOND).unwrap_or(Timestamp::UNIX_EPOCH);
        let now = Instant::now();
        Show {
            form,
            start,
            timeline: Timeline::starting_at(start),
            entries: Vec::new(),
            speed,
            began: now,
            progress_at: now + PROGRESS_EVERY,
            has_progress: false,
            is_terminal: stderr().is_terminal(),
        }
    }

    /// Shows what happened since the last look.
    pub(super) fn look(&mut self, progress: &RunProgress, entries: &[LogEntry]) {
        for entry in entries.iter().filter(|entry| entry.kind.is_for_people()) {
            match self.form {
                OutputForm::Text => {
                    let lines = self.timeline.feed(entry);
                    self.print(&lines);
                }
                OutputForm::Json => self.entries.push(self.as_json(entry)),
            }
        }
        self.show_progress(progress);
        self.keep_pace(progress.elapsed);
    }

    /// The answer: the closing table, or everything as JSON.
    pub(super) fn close(mut self, report: &RunReport) -> String {
        self.clear_progress();
        match self.form {
            OutputForm::Text => {
                let lines = self.timeline.flush();
                self.print(&lines);
                format!("\n{report}")
            }
            OutputForm::Json => output::json(&json!({ "timeline": self.entries, "report": report })),
        }
    }

    fn as_json(&self, entry: &LogEntry) -> Value {
        let at = entry.at.duration_since(self.start).unsigned_abs();
        json!({
            "atMillis": at.as_millis() as u64,
            "kind": entry.kind,
            "subject": entry.subject,
            "detail": entry.detail,
        })
    }

    fn print(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.clear_progress();
        let mut out = stdout().lock();
        for line in lines {
            // A reader that has gone away is told of once, by the closing table.
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
    }

    /// One line on a terminal that a run of many steps is still going on.
    fn show_progress(&mut self, progress: &RunProgress) {
        let now = Instant::now();
        if !self.is_terminal || now < self.progress_at {
            return;
        }
        self.progress_at = now + PROGRESS_EVERY;
        self.has_progress = true;
        let RunProgress { elapsed, running, waiting, nodes, steps_left } = *progress;
        let text = format!(
            "{}  {nodes} nodes, {running} pods running, {waiting} waiting, {steps_left} steps to come",
            clock(elapsed)
        );
        let _ = write!(stderr().lock(), "\r\x1b[2K{text}");
    }

    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.has_progress) {
            let _ = write!(stderr().lock(), "\r\x1b[2K");
        }
    }

    /// Lets real time pass until it has caught up with virtual time at the pace asked for.
    fn keep_pace(&self, elapsed: Duration) {
        let Some(speed) = self.speed else { return };
        let due = self.began + elapsed.div_f64(speed);
        while let Some(ahead) = due.checked_duration_since(Instant::now()).filter(|ahead| !ahead.is_zero()) {
            std::thread::park_timeout(ahead);
        }
    }
}
