//! Drift: replacing nodes that no longer match their pool or class (disruption 2.11).

use super::candidate::Candidate;
use super::rounds::{Budgets, Disruption, Terms};
use crate::eviction::is_reschedulable;
use crate::model::ConditionKind;
use crate::scheduling::plan::Removal;

/// One drifted node whose pods find a place, the longest drifted first, but nodes without pods before all.
/// Price is no matter, and any number of new machines will do.
// behaviour: disruption/drift-replaces-one-node-a-round
pub fn decide(
    terms: &mut Terms<'_>,
    mut candidates: Vec<Candidate<'_>>,
    budgets: &Budgets,
) -> Option<Disruption> {
    candidates.sort_by_key(|candidate| {
        let has_pods = candidate.pods.iter().any(|pod| is_reschedulable(pod));
        let since = candidate.claim.condition(ConditionKind::Drifted).map(|c| c.since);
        (has_pods, since, candidate.node.name.clone())
    });
    candidates.iter().filter(|c| !budgets.left(&c.pool.name).is_spent()).find_map(|candidate| {
        let nodes = [candidate.node.name.clone()].into();
        let plan = terms.ground.simulate(&Removal { nodes, ..Removal::default() });
        let set = std::slice::from_ref(candidate);
        (!terms.strands(&plan)).then(|| Disruption::new(set, plan.claims))
    })
}
