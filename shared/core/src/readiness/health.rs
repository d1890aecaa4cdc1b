//! Do the machines of a pool join the cluster? (disruption 4.6)
//!
//! The last outcomes are kept on the pool itself, with the moment up to which they are known; later ones are read off
//! the claims, so that it does not matter how often, or how late, anybody looks.

use std::sync::Arc;

use jiff::Timestamp;

use super::{ConditionFinding, reported};
use crate::condition::unchanged_since;
use crate::lifecycle::{LAUNCH_TIMEOUT, REGISTRATION_TIMEOUT};
use crate::model::{ConditionKind, ConditionStatus, NodeClaim, NodeClass, NodePool, Snapshot};

/// The condition.
pub const KIND: &str = "NodeRegistrationHealthy";
/// The annotation of a pool with its last outcomes: a moment, and a digit for each, 1 for success, oldest first.
pub const OUTCOMES: &str = "joiner/registration-outcomes";
/// How many outcomes count.
const REMEMBERED: usize = 4;
/// As many failures among them make a pool unhealthy.
const UNHEALTHY: usize = 2;

/// What has to be written about the health of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthReview {
    /// The condition, where anything is known of it.
    pub finding: Option<ConditionFinding>,
    /// Key and value of the annotation, when it changes.
    pub annotation: Option<(Arc<str>, Arc<str>)>,
    /// Generation of the class to remember, when it changes.
    pub class_generation: Option<i64>,
}

/// Outcomes, oldest first, known up to a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    until: Timestamp,
    outcomes: Vec<bool>,
}

impl Known {
    fn read(text: &str) -> Option<Self> {
        let (until, digits) = text.split_once(' ')?;
        let outcomes = digits.chars().take(REMEMBERED).map(|digit| digit == '1').collect();
        Some(Known { until: until.parse().ok()?, outcomes })
    }

    fn text(&self) -> String {
        let digits: String = self.outcomes.iter().map(|joined| if *joined { '1' } else { '0' }).collect();
        format!("{} {digits}", self.until)
    }

    fn push(&mut self, outcome: &Outcome<'_>) {
        self.until = self.until.max(outcome.at);
        self.outcomes.push(outcome.failed.is_none());
        let surplus = self.outcomes.len().saturating_sub(REMEMBERED);
        self.outcomes.drain(..surplus);
    }

    fn is_unhealthy(&self) -> bool {
        self.outcomes.iter().filter(|joined| !**joined).count() >= UNHEALTHY
    }
}

/// How a launch ended.
struct Outcome<'a> {
    at: Timestamp,
    /// The claim, if it failed.
    failed: Option<&'a NodeClaim>,
}

/// How the launch of a claim ended, if it has.
fn outcome(claim: &NodeClaim, now: Timestamp) -> Option<Outcome<'_>> {
    if let Some(registered) = claim.condition(ConditionKind::Registered)
        && registered.status == ConditionStatus::True
    {
        return Some(Outcome { at: registered.since, failed: None });
    }
    let (kind, timeout) = if claim.is(ConditionKind::Launched) {
        (ConditionKind::Registered, REGISTRATION_TIMEOUT)
    } else {
        (ConditionKind::Launched, LAUNCH_TIMEOUT)
    };
    let deadline = unchanged_since(claim, kind, now) + timeout;
    // One that was deleted earlier did not run out of time: whoever deleted it knows why.
    let over = deadline <= now && claim.deletion_at.is_none_or(|deleted| deleted >= deadline);
    over.then_some(Outcome { at: deadline, failed: Some(claim) })
}

/// Reviews the health of a pool.
pub fn review(
    snapshot: &Snapshot,
    pool: &NodePool,
    class: Option<&NodeClass>,
    now: Timestamp,
) -> HealthReview {
    let Some(class) = class else { return HealthReview::default() };
    let condition = reported(&pool.status.conditions, KIND);
    let seen = pool.status.node_class_observed_generation;
    // behaviour: pools/health-starts-anew-with-every-change
    let Some(condition) = condition
        .filter(|c| c.observed_generation == Some(pool.generation) && seen == Some(class.generation))
    else {
        let known = Known { until: now, outcomes: Vec::new() };
        return HealthReview {
            finding: Some(ConditionFinding::awaited(KIND)),
            annotation: Some((OUTCOMES.into(), known.text().into())),
            class_generation: (seen != Some(class.generation)).then_some(class.generation),
        };
    };
    let written = pool.annotations.get(OUTCOMES).and_then(|text| Known::read(text));
    let before = written.unwrap_or_else(|| {
        // Written by someone else: what it says stands for outcomes that would lead to it.
        let outcomes = match condition.status {
            ConditionStatus::True => vec![true],
            ConditionStatus::False => vec![false; UNHEALTHY],
            ConditionStatus::Unknown => Vec::new(),
        };
        Known { until: condition.since, outcomes }
    });
    let of_pool = snapshot.node_claims.iter().filter(|claim| claim.node_pool() == Some(&pool.name));
    let outcomes = of_pool.filter_map(|claim| outcome(claim, now));
    let mut fresh: Vec<Outcome<'_>> = outcomes.filter(|outcome| outcome.at > before.until).collect();
    fresh.sort_by_key(|outcome| outcome.at);
    let mut known = before.clone();
    let mut finding = None;
    for outcome in &fresh {
        known.push(outcome);
        match (outcome.failed, known.is_unhealthy()) {
            (None, false) => finding = Some(ConditionFinding::holds(KIND)),
            (Some(claim), true) => finding = Some(unhealthy(claim)),
            (None, true) | (Some(_), false) => {}
        }
    }
    // Outcomes that change nothing are not written: they are read off the claims again.
    let changed = known.outcomes != before.outcomes;
    let annotation = changed.then(|| (OUTCOMES.into(), known.text().into()));
    HealthReview { finding, annotation, class_generation: None }
}

/// What is said of a pool whose machines do not join.
fn unhealthy(claim: &NodeClaim) -> ConditionFinding {
    match claim.condition(ConditionKind::Launched) {
        Some(launched) if launched.status != ConditionStatus::True => {
            ConditionFinding::fails(KIND, &launched.reason, &launched.message)
        }
        Some(_) | None => {
            let message = "Machines of the pool were launched and did not join the cluster in time";
            ConditionFinding::fails(KIND, "RegistrationFailed", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PoolStatus, ReportedCondition};
    use crate::samples::{self, at, holds};

    fn pool(status: ConditionStatus, outcomes: Option<&str>) -> NodePool {
        let condition = ReportedCondition {
            kind: KIND.into(),
            status,
            reason: "".into(),
            message: "".into(),
            observed_generation: Some(1),
            since: at(0),
        };
        let mut pool = samples::pool("general");
        let (conditions, node_class_observed_generation) = (vec![condition], Some(1));
        pool.status = PoolStatus { conditions, node_class_observed_generation, ..PoolStatus::default() };
        pool.annotations.extend(outcomes.map(|text| (OUTCOMES.into(), text.into())));
        pool
    }

    fn joined(second: i64) -> NodeClaim {
        let conditions = vec![holds(ConditionKind::Registered, at(second))];
        NodeClaim { conditions, ..samples::claim("general", &second.to_string()) }
    }

    fn launched(second: i64) -> NodeClaim {
        let name = format!("launched-{second}");
        let conditions = vec![holds(ConditionKind::Launched, at(second))];
        NodeClaim { conditions, created_at: Some(at(second)), ..samples::claim("general", &name) }
    }

    fn reviewed(pool: &NodePool, claims: Vec<NodeClaim>, second: i64) -> HealthReview {
        let snapshot = Snapshot { node_claims: claims, ..Snapshot::default() };
        review(&snapshot, pool, Some(&samples::class()), at(second))
    }

    fn kept(second: i64, digits: &str) -> Option<(Arc<str>, Arc<str>)> {
        Some((OUTCOMES.into(), format!("{} {digits}", at(second)).into()))
    }

    #[test]
    fn successes_are_read_off_the_claims_once() {
        let first =
            reviewed(&pool(ConditionStatus::Unknown, Some("1970-01-01T00:00:00Z ")), vec![joined(5)], 9);
        assert_eq!(first.annotation, kept(5, "1"));
        assert_eq!(first.finding, Some(ConditionFinding::holds(KIND)));
        let known = pool(ConditionStatus::True, Some("1970-01-01T00:00:05Z 1"));
        assert_eq!(reviewed(&known, vec![joined(5)], 9), HealthReview::default());
        assert_eq!(reviewed(&known, vec![joined(5), joined(7)], 9).annotation, kept(7, "11"));
    }

    #[test]
    fn two_of_four_failures_are_unhealthy_until_successes_outweigh_them() {
        let one = pool(ConditionStatus::True, Some("1970-01-01T00:00:05Z 11"));
        let failed = REGISTRATION_TIMEOUT.as_secs() + 10;
        let after = reviewed(&one, vec![launched(10)], failed);
        assert_eq!((after.finding, after.annotation), (None, kept(failed, "110")));
        let after = reviewed(&one, vec![launched(10), launched(10)], failed);
        assert_eq!(after.finding.unwrap().reason, "RegistrationFailed".into());
        assert_eq!(after.annotation, kept(failed, "1100"));
        let bad = pool(ConditionStatus::False, Some("1970-01-01T00:00:05Z 1100"));
        let after = reviewed(&bad, vec![joined(6), joined(7)], 9);
        assert_eq!((after.finding, after.annotation), (None, kept(7, "0011")), "still two of four");
        let after = reviewed(&bad, vec![joined(6), joined(7), joined(8)], 9);
        assert_eq!(after.finding, Some(ConditionFinding::holds(KIND)));
    }

    #[test]
    fn claims_that_were_deleted_before_their_time_was_up_do_not_count() {
        let known = pool(ConditionStatus::True, Some("1970-01-01T00:00:05Z 11"));
        let deleted = NodeClaim { deletion_at: Some(at(20)), ..launched(10) };
        assert_eq!(reviewed(&known, vec![deleted], 9000), HealthReview::default());
    }

    // behaviour: pools/health-starts-anew-with-every-change
    #[test]
    fn a_change_of_pool_or_class_starts_anew() {
        let fresh = reviewed(&samples::pool("general"), vec![joined(5)], 9);
        assert_eq!(fresh.finding, Some(ConditionFinding::awaited(KIND)));
        assert_eq!((fresh.annotation, fresh.class_generation), (kept(9, ""), Some(1)));
        let changed = NodePool { generation: 2, ..pool(ConditionStatus::True, None) };
        assert_eq!(reviewed(&changed, vec![], 9).finding, Some(ConditionFinding::awaited(KIND)));
        let adopted = pool(ConditionStatus::False, None);
        let after = reviewed(&adopted, vec![joined(6)], 9);
        assert_eq!((after.finding, after.annotation), (None, kept(6, "001")), "what others said stands");
    }
}
