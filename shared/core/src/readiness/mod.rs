//! Are a pool and a class ready, and what do their conditions say? (api 0.1)
//!
//! Each object has conditions it is ready by; `Ready` sums them up. What a review finds is compared with what the
//! object carries, and only what differs is to be written. [`class`] and [`pool`] review their kinds, [`health`] tells
//! whether the machines of a pool join, [`stamp`] what hashes are written where.

pub mod class;
pub mod health;
pub mod pool;
pub mod stamp;

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{ConditionStatus, ObjectCondition, ReportedCondition};

/// The condition that sums up the others.
pub const READY: &str = "Ready";
/// Reason of a condition that nobody has looked at yet.
pub const AWAITING: &str = "AwaitingReconciliation";
const AWAITING_TEXT: &str = "Nobody has looked at the object yet";

/// What was found out about one condition of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionFinding {
    /// Which one.
    pub kind: &'static str,
    /// Its truth.
    pub status: ConditionStatus,
    /// Machine-readable reason.
    pub reason: Arc<str>,
    /// For people.
    pub message: Arc<str>,
}

impl ConditionFinding {
    /// It holds; reason is its own name.
    pub fn holds(kind: &'static str) -> Self {
        ConditionFinding { kind, status: ConditionStatus::True, reason: kind.into(), message: "".into() }
    }

    /// It does not.
    pub fn fails(kind: &'static str, reason: &str, message: &str) -> Self {
        ConditionFinding {
            kind,
            status: ConditionStatus::False,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Nobody knows yet.
    pub fn awaited(kind: &'static str) -> Self {
        let (reason, message) = (AWAITING.into(), AWAITING_TEXT.into());
        ConditionFinding { kind, status: ConditionStatus::Unknown, reason, message }
    }
}

/// The condition of a kind.
pub fn reported<'a>(conditions: &'a [ReportedCondition], kind: &str) -> Option<&'a ReportedCondition> {
    conditions.iter().find(|condition| &*condition.kind == kind)
}

/// Whether the condition of a kind holds, and speaks of this generation.
pub fn holds(conditions: &[ReportedCondition], kind: &str, generation: i64) -> bool {
    reported(conditions, kind).is_some_and(|condition| {
        condition.status == ConditionStatus::True && condition.observed_generation == Some(generation)
    })
}

/// A condition that `Ready` depends on, as it will be.
struct Dependent<'a> {
    kind: &'static str,
    status: ConditionStatus,
    since: Timestamp,
    is_current: bool,
    reported: Option<&'a ReportedCondition>,
}

/// The conditions to write after a review: what was found and differs from what the object carries, those that
/// `Ready` depends on and nobody spoke of, and `Ready` itself.
// behaviour: objects/only-what-changed-is-written
pub fn changed(
    carried: &[ReportedCondition],
    mut found: Vec<ConditionFinding>,
    dependents: &[&'static str],
    generation: i64,
    now: Timestamp,
) -> Vec<ObjectCondition> {
    for kind in dependents {
        if found.iter().all(|finding| finding.kind != *kind) && reported(carried, kind).is_none() {
            found.push(ConditionFinding::awaited(kind));
        }
    }
    found.push(root(carried, &found, dependents, generation, now));
    let differs = |finding: &ConditionFinding| {
        reported(carried, finding.kind).is_none_or(|old| {
            (old.status, &old.reason, &old.message) != (finding.status, &finding.reason, &finding.message)
                || old.observed_generation != Some(generation)
        })
    };
    let write = |finding: ConditionFinding| ObjectCondition {
        kind: finding.kind,
        status: finding.status,
        reason: finding.reason,
        message: finding.message,
        observed_generation: generation,
    };
    found.into_iter().filter(differs).map(write).collect()
}

/// What `Ready` is. A condition that speaks of another generation counts as one that does not hold.
fn root(
    carried: &[ReportedCondition],
    found: &[ConditionFinding],
    dependents: &[&'static str],
    generation: i64,
    now: Timestamp,
) -> ConditionFinding {
    let dependents = dependents.iter().map(|kind| {
        let old = reported(carried, kind);
        match (found.iter().find(|finding| finding.kind == *kind), old) {
            (Some(finding), old) => {
                let since = old.filter(|old| old.status == finding.status).map_or(now, |old| old.since);
                Dependent { kind, status: finding.status, since, is_current: true, reported: old }
            }
            (None, Some(old)) => {
                let is_current = old.observed_generation == Some(generation);
                Dependent { kind, status: old.status, since: old.since, is_current, reported: Some(old) }
            }
            (None, None) => {
                let status = ConditionStatus::Unknown;
                Dependent { kind, status, since: now, is_current: true, reported: None }
            }
        }
    });
    let mut bad: Vec<Dependent<'_>> =
        dependents.filter(|one| !one.is_current || one.status != ConditionStatus::True).collect();
    if bad.is_empty() {
        return ConditionFinding::holds(READY);
    }
    bad.sort_by_key(|one| (Reverse(one.since), one.reported.is_none()));
    let words: Vec<String> = bad.iter().map(|one| format!("{}={}", one.kind, word(one.status))).collect();
    let message = words.join(", ");
    if bad.iter().any(|one| one.is_current && one.status == ConditionStatus::False) {
        return ConditionFinding::fails(READY, "UnhealthyDependents", &message);
    }
    let (status, reason) = (ConditionStatus::Unknown, "ReconcilingDependents".into());
    ConditionFinding { kind: READY, status, reason, message: message.into() }
}

/// A truth as objects spell it.
fn word(status: ConditionStatus) -> &'static str {
    match status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    const DEPENDENTS: [&str; 2] = ["A", "B"];

    fn carried(kind: &str, status: ConditionStatus, generation: i64, since: i64) -> ReportedCondition {
        let reason = if status == ConditionStatus::True { kind } else { "Broken" };
        ReportedCondition {
            kind: kind.into(),
            status,
            reason: reason.into(),
            message: "".into(),
            observed_generation: Some(generation),
            since: at(since),
        }
    }

    fn ready(conditions: &[ObjectCondition]) -> Option<(ConditionStatus, &str, &str)> {
        let ready = conditions.iter().find(|condition| condition.kind == READY)?;
        Some((ready.status, &ready.reason, &ready.message))
    }

    #[test]
    fn a_fresh_object_waits_until_all_is_known() {
        let found = vec![ConditionFinding::holds("A")];
        let written = changed(&[], found, &DEPENDENTS, 1, at(9));
        let kinds: Vec<_> = written.iter().map(|c| (c.kind, c.status)).collect();
        let (yes, unknown) = (ConditionStatus::True, ConditionStatus::Unknown);
        assert_eq!(kinds, [("A", yes), ("B", unknown), (READY, unknown)]);
        assert_eq!(ready(&written), Some((unknown, "ReconcilingDependents", "B=Unknown")));
    }

    // behaviour: objects/only-what-changed-is-written
    #[test]
    fn what_the_object_says_already_is_not_written_again() {
        let yes = ConditionStatus::True;
        let all = ["A", "B", READY].map(|kind| carried(kind, yes, 1, 3));
        let found = || DEPENDENTS.map(ConditionFinding::holds).to_vec();
        assert_eq!(changed(&all, found(), &DEPENDENTS, 1, at(9)), []);
        let next = changed(&all, found(), &DEPENDENTS, 2, at(9));
        assert_eq!(
            next.iter().map(|c| (c.kind, c.observed_generation)).collect::<Vec<_>>(),
            [("A", 2), ("B", 2), (READY, 2)]
        );
    }

    #[test]
    fn one_that_fails_or_speaks_of_another_generation_unmakes_ready() {
        let (yes, no, unknown) = (ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown);
        let all = ["A", "B", READY].map(|kind| carried(kind, yes, 1, 3));
        let fails = vec![ConditionFinding::fails("A", "Broken", "")];
        let written = changed(&all, fails, &DEPENDENTS, 1, at(9));
        assert_eq!(ready(&written), Some((no, "UnhealthyDependents", "A=False")));
        let written = changed(&all, vec![ConditionFinding::holds("A")], &DEPENDENTS, 2, at(9));
        assert_eq!(ready(&written), Some((unknown, "ReconcilingDependents", "B=True")));
        let both = ["A", "B"].map(|kind| ConditionFinding::fails(kind, "Broken", "")).to_vec();
        let older = [carried("A", no, 1, 5), carried("B", yes, 1, 3)];
        let written = changed(&older, both, &DEPENDENTS, 1, at(9));
        assert_eq!(ready(&written), Some((no, "UnhealthyDependents", "B=False, A=False")), "latest first");
    }
}
