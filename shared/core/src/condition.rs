//! Conditions of a claim: what is written when something is found out, and since when it counts (api 2.4)?

use jiff::Timestamp;

use crate::model::{Condition, ConditionKind, ConditionStatus, NodeClaim};

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Which condition.
    pub kind: ConditionKind,
    /// Its truth.
    pub status: ConditionStatus,
    /// Machine-readable reason.
    pub reason: &'a str,
    /// For people.
    pub message: &'a str,
}

impl<'a> Finding<'a> {
    /// It holds; reason is its own name.
    pub fn holds(kind: ConditionKind) -> Self {
        Finding { kind, status: ConditionStatus::True, reason: kind.as_str(), message: "" }
    }

    /// It is not known yet, for a reason.
    pub fn unknown(kind: ConditionKind, reason: &'a str, message: &'a str) -> Self {
        Finding { kind, status: ConditionStatus::Unknown, reason, message }
    }

    /// The condition to write; `None` when the claim says so already. The moment of the last change of truth
    /// stays; a claim that never said anything was unknown since its creation.
    pub fn on(self, claim: &NodeClaim, now: Timestamp) -> Option<Condition> {
        let old = claim.condition(self.kind);
        if old.is_some_and(|c| {
            c.status == self.status && &*c.reason == self.reason && &*c.message == self.message
        }) {
            return None;
        }
        let feeds_ready = matches!(
            self.kind,
            ConditionKind::Launched | ConditionKind::Registered | ConditionKind::Initialized
        );
        let since = match old {
            Some(old) if old.status == self.status => old.since,
            None if feeds_ready && self.status == ConditionStatus::Unknown => claim.created_at.unwrap_or(now),
            Some(_) | None => now,
        };
        Some(Condition {
            kind: self.kind,
            status: self.status,
            reason: self.reason.into(),
            message: self.message.into(),
            since,
        })
    }
}

/// When the truth of a condition last changed; a claim that never said anything was unknown since its creation.
pub fn unchanged_since(claim: &NodeClaim, kind: ConditionKind, now: Timestamp) -> Timestamp {
    claim.condition(kind).map(|c| c.since).or(claim.created_at).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, at};

    #[test]
    fn the_moment_moves_only_when_the_truth_changes() {
        let mut claim = samples::claim("general", "a");
        let unknown = |reason| Finding::unknown(ConditionKind::Registered, reason, "");
        let first = unknown("NodeNotFound").on(&claim, at(50)).unwrap();
        assert_eq!(first.since, at(0), "since its creation");
        claim.conditions.push(first);
        assert_eq!(unknown("NodeNotFound").on(&claim, at(60)), None);
        assert_eq!(unknown("Other").on(&claim, at(60)).unwrap().since, at(0));
        assert_eq!(Finding::holds(ConditionKind::Registered).on(&claim, at(60)).unwrap().since, at(60));
    }
}
