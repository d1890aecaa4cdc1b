//! The batch window: have pods stopped coming for long enough to plan for all of them at once? (scheduling 1.6)

use jiff::{SignedDuration, Timestamp};

/// How long pods are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchTimes {
    /// Calm that ends a window.
    pub idle: SignedDuration,
    /// Longest window, however restless.
    pub max: SignedDuration,
}

impl BatchTimes {
    /// The peer's defaults.
    pub const DEFAULT: BatchTimes =
        BatchTimes { idle: SignedDuration::from_secs(1), max: SignedDuration::from_secs(10) };

    /// How long a nominated node is shielded: twice the longest window, at least ten seconds (scheduling 8.5).
    pub fn nomination(self) -> SignedDuration {
        (self.max * 2).max(SignedDuration::from_secs(10))
    }
}

/// Whether a window has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// It has: plan.
    Closed,
    /// Not before this moment.
    OpenUntil(Timestamp),
}

/// Judges a window by its first and last sight of pods.
pub fn window(first_seen: Timestamp, last_seen: Timestamp, now: Timestamp, times: BatchTimes) -> WindowState {
    // behaviour: provisioning/batch-idle-1s-max-10s
    let end = (last_seen + times.idle).min(first_seen + times.max);
    if now >= end { WindowState::Closed } else { WindowState::OpenUntil(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milli: i64) -> Timestamp {
        Timestamp::from_millisecond(milli).unwrap()
    }

    // behaviour: provisioning/batch-idle-1s-max-10s
    #[test]
    fn a_window_ends_after_a_calm_second_and_after_ten_restless_ones() {
        for (first, last, now, expected) in [
            (0, 0, 999, WindowState::OpenUntil(at(1000))),
            (0, 0, 1000, WindowState::Closed),
            (0, 800, 1500, WindowState::OpenUntil(at(1800))),
            (0, 9_500, 9_900, WindowState::OpenUntil(at(10_000))),
            (0, 10_000, 10_000, WindowState::Closed),
        ] {
            let state = window(at(first), at(last), at(now), BatchTimes::DEFAULT);
            assert_eq!(state, expected, "{first} {last} {now}");
        }
    }

    #[test]
    fn a_nomination_outlasts_two_windows() {
        assert_eq!(BatchTimes::DEFAULT.nomination(), SignedDuration::from_secs(20));
        let short = BatchTimes { max: SignedDuration::from_secs(2), ..BatchTimes::DEFAULT };
        assert_eq!(short.nomination(), SignedDuration::from_secs(10));
    }
}
