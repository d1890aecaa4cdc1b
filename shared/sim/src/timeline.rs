//! What happened, for people: lines as things happen, with the many of one second that are alike told as one.

use std::time::Duration;

use jiff::Timestamp;

use crate::log::{EntryKind, LogEntry};
use crate::report::clock;

/// Things less than this apart are told together, unless asked otherwise.
const TOGETHER: Duration = Duration::from_secs(1);

/// What stands between place and time where pods run.
const AFTER: &str = " after ";

struct Group {
    kind: EntryKind,
    family: String,
    subjects: Vec<String>,
    details: Vec<String>,
}

/// Gathers entries and gives lines.
pub struct Timeline {
    start: Timestamp,
    since: Timestamp,
    together: Duration,
    groups: Vec<Group>,
}

impl Timeline {
    /// A timeline that counts from a moment.
    pub fn starting_at(start: Timestamp) -> Self {
        Timeline { start, since: start, together: TOGETHER, groups: Vec::new() }
    }

    /// Tells more together: what is less than this apart.
    #[must_use]
    pub fn telling_together(self, together: Duration) -> Self {
        Timeline { together, ..self }
    }

    /// Takes an entry; gives the lines that are complete.
    pub fn feed(&mut self, entry: &LogEntry) -> Vec<String> {
        if !entry.kind.is_for_people() {
            return Vec::new();
        }
        let is_later = entry.at.duration_since(self.since).unsigned_abs() >= self.together;
        let lines = if is_later { self.flush() } else { Vec::new() };
        if self.groups.is_empty() {
            self.since = entry.at;
        }
        let family = family(entry);
        match self.groups.iter_mut().find(|group| group.kind == entry.kind && group.family == family) {
            Some(group) => {
                group.subjects.push(entry.subject.clone());
                group.details.push(entry.detail.clone());
            }
            None => self.groups.push(Group {
                kind: entry.kind,
                family,
                subjects: vec![entry.subject.clone()],
                details: vec![entry.detail.clone()],
            }),
        }
        lines
    }

    /// Gives what is left.
    pub fn flush(&mut self) -> Vec<String> {
        let at = self.since.duration_since(self.start).unsigned_abs();
        let stamp = format!("{}.{}", clock(at), at.subsec_millis() / 100);
        std::mem::take(&mut self.groups).iter().map(|group| line(&stamp, group)).collect()
    }
}

/// What alike things have in common: the name without its number, and what would be said of each.
fn family(entry: &LogEntry) -> String {
    match entry.kind {
        EntryKind::PodPending | EntryKind::PodUnschedulable | EntryKind::PodEvicted => {
            format!("{} {}", stem(&entry.subject), entry.detail)
        }
        EntryKind::PodRunning => {
            let (place, _) = entry.detail.split_once(AFTER).unwrap_or_default();
            format!("{} {place}", stem(&entry.subject))
        }
        EntryKind::PodFinished | EntryKind::PodGone => stem(&entry.subject).to_owned(),
        _ => entry.subject.clone(),
    }
}

/// A name without the number at its end.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn line(stamp: &str, group: &Group) -> String {
    let subject = match &group.subjects[..] {
        [one] => one.clone(),
        [first, ..] => format!("{} x {}*", group.subjects.len(), stem(first)),
        [] => String::new(),
    };
    let mut details = group.details.clone();
    details.dedup();
    let detail = match &details[..] {
        [one] => one.clone(),
        [first, .., last] => {
            let last = last.split_once(AFTER).map_or(&**last, |(_, time)| time);
            format!("{first} .. {last}")
        }
        [] => String::new(),
    };
    format!("{stamp:>9}  {:<18}{subject}  {detail}", group.kind.as_str()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(millis: i64, kind: EntryKind, subject: &str, detail: &str) -> LogEntry {
        let at = Timestamp::from_millisecond(millis).unwrap();
        LogEntry { at, kind, subject: subject.to_owned(), detail: detail.to_owned() }
    }

    #[test]
    fn alike_things_of_one_second_are_one_line_and_others_are_not() {
        let mut timeline = Timeline::starting_at(Timestamp::UNIX_EPOCH);
        for entry in [
            entry(0, EntryKind::PodPending, "default/web-1", "cpu 1"),
            entry(10, EntryKind::Call, "snapshot", ""),
            entry(20, EntryKind::PodPending, "default/api-1", "cpu 1"),
            entry(30, EntryKind::PodPending, "default/web-2", "cpu 1"),
        ] {
            assert_eq!(timeline.feed(&entry), Vec::<String>::new());
        }
        let lines = timeline.feed(&entry(61_500, EntryKind::NodeReady, "n", ""));
        assert_eq!(
            lines,
            [
                "0:00:00.0  pod pending       2 x default/web-*  cpu 1",
                "0:00:00.0  pod pending       default/api-1  cpu 1",
            ]
        );
        assert_eq!(timeline.flush(), ["0:01:01.5  node ready        n"]);
    }
}
