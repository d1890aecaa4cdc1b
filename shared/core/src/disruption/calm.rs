//! Has a node been calm for long enough to be consolidated? (disruption 2.1)

use jiff::{SignedDuration, Timestamp};

use super::blocked::Blocked;
use crate::model::{ConditionKind, ConditionStatus, NodeClaim, NodePool};

/// Whether a claim's node may be consolidated, as far as calm goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calm {
    /// It may.
    Consolidatable,
    /// Not before this moment.
    Restless {
        /// When it will be, if nothing happens.
        until: Timestamp,
    },
    /// It is not initialized.
    NotInitialized,
    /// Its pool never consolidates.
    Never,
    /// Its pool has a fixed size.
    Static,
}

/// Judges a claim.
pub fn calm(claim: &NodeClaim, pool: &NodePool, now: Timestamp) -> Calm {
    if pool.replicas.is_some() {
        return Calm::Static;
    }
    let Some(secs) = pool.consolidate_after_secs else { return Calm::Never };
    let initialized =
        claim.condition(ConditionKind::Initialized).filter(|c| c.status == ConditionStatus::True);
    let Some(initialized) = initialized else { return Calm::NotInitialized };
    // behaviour: disruption/calm-counts-from-the-last-pod-event
    let since = claim.last_pod_event_at.unwrap_or(initialized.since);
    let wait = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    match since.checked_add(wait) {
        Ok(until) if now >= until => Calm::Consolidatable,
        Ok(until) => Calm::Restless { until },
        Err(_) => Calm::Never,
    }
}

/// Whether a claim says that it may be consolidated; until when it may not, where that can be told.
///
/// # Errors
/// What it waits for.
pub(super) fn settled(claim: &NodeClaim, pool: &NodePool, now: Timestamp) -> Result<(), Blocked> {
    if claim.is(ConditionKind::Consolidatable) {
        return Ok(());
    }
    match calm(claim, pool, now) {
        Calm::Restless { until } => Err(Blocked::Restless { until }),
        Calm::Consolidatable | Calm::NotInitialized | Calm::Never | Calm::Static => {
            Err(Blocked::NotConsolidatable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    // behaviour: disruption/calm-counts-from-the-last-pod-event
    #[test]
    fn calm_counts_from_the_last_pod_event_else_from_initialization() {
        let pool = NodePool { consolidate_after_secs: Some(30), ..samples::pool("general") };
        let ready = samples::initialized_claim("general", "a", at(100));
        let moved = NodeClaim { last_pod_event_at: Some(at(120)), ..ready.clone() };
        assert_eq!(calm(&ready, &pool, at(129)), Calm::Restless { until: at(130) });
        assert_eq!(calm(&ready, &pool, at(130)), Calm::Consolidatable);
        assert_eq!(calm(&moved, &pool, at(130)), Calm::Restless { until: at(150) });
        let never = NodePool { consolidate_after_secs: None, ..pool.clone() };
        assert_eq!(calm(&ready, &never, at(1000)), Calm::Never);
        let fixed = NodePool { replicas: Some(3), ..pool.clone() };
        assert_eq!(calm(&ready, &fixed, at(1000)), Calm::Static);
        let starting = NodeClaim { conditions: Vec::new(), ..ready };
        assert_eq!(calm(&starting, &pool, at(1000)), Calm::NotInitialized);
    }
}
