//! How much of an invocation is left?

use std::time::Duration;

use tokio::time::Instant;

/// What is kept for the answer: a message cut off by us is reported, one cut off by Lambda takes its whole batch
/// with it.
const RESERVE: Duration = Duration::from_millis(1500);
/// With less than this nothing new is begun.
const LEAST: Duration = Duration::from_millis(1000);

/// The end of an invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// An end so far away.
    pub(crate) fn after(left: Duration) -> Self {
        Deadline(Instant::now() + left)
    }

    /// The end Lambda tells, in milliseconds since 1970, seen from a moment of the same clock.
    pub(crate) fn at(deadline_ms: u64, now: jiff::Timestamp) -> Self {
        let now_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Deadline::after(Duration::from_millis(deadline_ms.saturating_sub(now_ms)))
    }

    /// The moment itself.
    pub(crate) fn moment(self) -> Instant {
        self.0
    }

    /// How long something that begins now may take; none when it should not begin.
    pub(crate) fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now()).checked_sub(RESERVE)?;
        (left >= LEAST).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_begins_shortly_before_the_end() {
        assert!(Deadline::after(Duration::from_secs(10)).left() > Some(Duration::from_secs(8)));
        assert_eq!(Deadline::after(Duration::from_millis(2400)).left(), None);
        let now = jiff::Timestamp::from_second(100).unwrap();
        assert_eq!(Deadline::at(101_000, now).left(), None);
        assert_eq!(Deadline::at(1, now).left(), None);
    }
}
