//! The balanced policy: is what a move saves worth what it disturbs? (disruption 2.7)

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidate::{Candidate, Fleet};
use super::cost::reschedule_cost;
use crate::eviction::{Cost, ONE, eviction_cost};
use crate::model::{ConsolidationPolicy, Price, keys};

/// What a pool costs and what it would cost to disturb all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Total {
    price: Cost,
    disruption: Cost,
}

/// Totals of the pools that have candidates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance(BTreeMap<Arc<str>, Total>);

/// A share of savings is worth at least half the share of disruption.
const THRESHOLD_INVERSE: Cost = 2;

impl Balance {
    /// Weighs the pools of candidates; `candidates` are those any method may touch.
    pub fn weigh(fleet: &Fleet<'_>, candidates: &[Candidate<'_>]) -> Self {
        let mut totals: BTreeMap<Arc<str>, Total> = BTreeMap::new();
        for candidate in candidates {
            let total = totals.entry(Arc::clone(&candidate.pool.name)).or_default();
            total.price += Cost::from(candidate.price.nano_usd_per_hour);
            total.disruption += reschedule_cost(candidate);
        }
        let mut balance = Balance(totals);
        for node in &fleet.snapshot.nodes {
            let pool = node.labels.get(keys::NODE_POOL);
            let counted = candidates.iter().any(|c| c.node.name == node.name);
            if let Some(total) = pool.filter(|_| !counted).and_then(|pool| balance.0.get_mut(pool)) {
                let pods = fleet.pods_of(node).iter().filter(|pod| !pod.is_owned_by_daemon_set());
                total.disruption += ONE + pods.map(|pod| eviction_cost(pod).max(0)).sum::<Cost>();
            }
        }
        balance
    }

    /// Whether every balanced pool in a move approves of it. `replacement` is what the new machine costs.
    // behaviour: disruption/balanced-moves-are-worth-their-disruption
    pub fn approves(&self, candidates: &[Candidate<'_>], replacement: Price) -> bool {
        let all: Cost = candidates.iter().map(price).sum();
        let savings = all - Cost::from(replacement.nano_usd_per_hour);
        let mut pools: BTreeMap<&Arc<str>, (Cost, Cost)> = BTreeMap::new();
        for candidate in candidates {
            if candidate.pool.consolidation_policy == ConsolidationPolicy::Balanced {
                let (own, disruption) = pools.entry(&candidate.pool.name).or_default();
                *own += price(candidate);
                *disruption += reschedule_cost(candidate);
            }
        }
        pools.iter().all(|(pool, (own, disruption))| {
            let share = if all > 0 { savings * own / all } else { savings };
            self.0.get(*pool).is_some_and(|total| total.approves(share, *disruption))
        })
    }

    /// Whether a candidate could be approved at all, if it only went away.
    pub fn may_approve(&self, candidate: &Candidate<'_>) -> bool {
        candidate.pool.consolidation_policy != ConsolidationPolicy::Balanced
            || self.0.get(&candidate.pool.name).is_none_or(|total| {
                total.price <= 0 || total.approves(price(candidate), reschedule_cost(candidate))
            })
    }
}

fn price(candidate: &Candidate<'_>) -> Cost {
    Cost::from(candidate.price.nano_usd_per_hour)
}

impl Total {
    fn approves(&self, savings: Cost, disruption: Cost) -> bool {
        if self.price <= 0 || self.disruption <= 0 || savings <= 0 {
            return false;
        }
        savings * self.disruption * THRESHOLD_INVERSE >= self.price * disruption
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // behaviour: disruption/balanced-moves-are-worth-their-disruption
    #[test]
    fn the_worked_examples_of_the_reference_come_out() {
        for (price, pool_disruption, savings, disruption, approved) in [
            (5808, 90, 726, 4, true),
            (5808, 90, 484, 5, true),
            (5808, 90, 242, 9, false),
            (4840, 90, 242, 9, true),
            (4840, 90, 241, 9, false),
            (0, 90, 1, 1, false),
            (4840, 90, 0, 0, false),
            (4840, 90, 1, 0, true),
        ] {
            let total = Total { price, disruption: pool_disruption };
            assert_eq!(
                total.approves(savings, disruption),
                approved,
                "{savings} of {price} for {disruption}"
            );
        }
    }
}
