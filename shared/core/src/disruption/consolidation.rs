//! Consolidation: which nodes can go because their pods fit elsewhere, or on one cheaper node? (disruption 2.6,
//! 2.8)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::balance::Balance;
use super::blocked::Blocked;
use super::budget::Allowance;
use super::calm::{self, Calm, calm};
use super::candidate::{Candidate, Fleet};
use super::cost::{by_savings_ratio, is_empty};
use super::replacement::{NoReplacement, narrow, narrow_several, without_same_types};
use super::rounds::{Budgets, Disruption, Terms};
use crate::model::{ConsolidationPolicy, Price, keys};
use crate::scheduling::instance_types_of;
use crate::scheduling::plan::{ProposedClaim, Removal};

/// Most nodes looked at together, in the mode that equals the reference.
const MOST_TOGETHER: usize = 100;

/// How far consolidation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsolidationMode {
    /// As the reference: at most 100 nodes looked at together, replaced by one at most.
    Reference,
    /// All nodes looked at together, replaced by any number of others, when that saves enough.
    Several {
        /// Least share of their price that replacing nodes by two or more has to save, in percent.
        least_saving_percent: u32,
    },
}

impl ConsolidationMode {
    /// What a deployment does unless told otherwise.
    pub const DEFAULT: ConsolidationMode = ConsolidationMode::Several { least_saving_percent: 5 };
}

/// Settings of consolidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConsolidationRules {
    /// Whether spot nodes may be replaced by spot nodes.
    pub spot_to_spot: bool,
    /// How far it goes.
    pub mode: ConsolidationMode,
}

/// Why a set of nodes stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unchanged {
    /// Some of its pods would fit nowhere.
    PodsWouldNotFit,
    /// More than one new machine would be needed.
    NeedsSeveral(usize),
    /// The new machine would not do.
    Replacement(NoReplacement),
}

impl ConsolidationRules {
    /// As the reference does unless told otherwise.
    pub const REFERENCE: ConsolidationRules =
        ConsolidationRules { spot_to_spot: false, mode: ConsolidationMode::Reference };
}

/// What consolidation asks beyond being a candidate (disruption 2.3).
///
/// # Errors
/// What keeps it.
pub fn filter(candidate: &Candidate<'_>, fleet: &Fleet<'_>) -> Result<(), Blocked> {
    let pool = &candidate.pool.name;
    if candidate.pool.replicas.is_some() {
        return Err(Blocked::StaticPool(Arc::clone(pool)));
    }
    let labels = &candidate.node.labels;
    let type_name = labels.get(keys::INSTANCE_TYPE);
    let types = fleet.snapshot.instance_types.get(&candidate.pool.template.node_class.name);
    if !types.is_some_and(|types| types.iter().any(|t| Some(&t.name) == type_name)) {
        let name = type_name.map_or("", |n| n);
        return Err(Blocked::Unpriced(format!("Instance type {name:?} is not known")));
    }
    for key in [keys::CAPACITY_TYPE, keys::ZONE] {
        if !labels.contains_key(key) {
            return Err(Blocked::Unpriced(format!("Its node has no label {key}")));
        }
    }
    if candidate.pool.consolidate_after_secs.is_none() {
        return Err(Blocked::ConsolidationDisabled(Arc::clone(pool)));
    }
    if is_empty(candidate) {
        return Err(Blocked::IsEmpty);
    }
    if candidate.pool.consolidation_policy == ConsolidationPolicy::WhenEmpty {
        return Err(Blocked::WhenEmptyOnly(Arc::clone(pool)));
    }
    calm::settled(candidate.claim, candidate.pool, fleet.now)
}

/// Nodes that are within their calm and take no pods that are only moved to save money (disruption 1.7).
pub(super) fn restless(fleet: &Fleet<'_>) -> BTreeSet<Arc<str>> {
    let claims = fleet.snapshot.node_claims.iter();
    let nodes = claims.filter_map(|claim| {
        let (node, pool) = (fleet.node_of(claim)?, fleet.pool_of(claim)?);
        let gated = pool.consolidate_after_secs.is_some_and(|secs| secs > 0)
            && matches!(calm(claim, pool, fleet.now), Calm::Restless { .. });
        gated.then(|| Arc::clone(&node.name))
    });
    nodes.collect()
}

/// What becomes of a set of nodes: deleted (no replacement), replaced, or left alone.
///
/// # Errors
/// Why it is left alone.
// behaviour: disruption/consolidation-deletes-or-replaces-by-one-cheaper
pub fn compute(
    fleet: &Fleet<'_>,
    terms: &mut Terms<'_>,
    candidates: &[Candidate<'_>],
) -> Result<Vec<ProposedClaim>, Unchanged> {
    let nodes = candidates.iter().map(|c| Arc::clone(&c.node.name)).collect();
    let removal = Removal { nodes, restless: terms.restless.clone() };
    let mut plan = terms.ground.simulate(&removal);
    if terms.strands(&plan) {
        return Err(Unchanged::PodsWouldNotFit);
    }
    let ConsolidationRules { spot_to_spot, mode } = terms.rules;
    match (plan.claims.len(), mode) {
        (0, _) => Ok(Vec::new()),
        (1, _) => {
            let claim = plan.claims.remove(0);
            let types = instance_types_of(fleet.snapshot, &claim.node_pool);
            let narrowed = narrow(claim, &types, candidates, spot_to_spot);
            narrowed.map(|claim| vec![claim]).map_err(Unchanged::Replacement)
        }
        (several, ConsolidationMode::Reference) => Err(Unchanged::NeedsSeveral(several)),
        (_, ConsolidationMode::Several { least_saving_percent }) => {
            let types = |claim: &ProposedClaim| instance_types_of(fleet.snapshot, &claim.node_pool);
            let claims = plan.claims.into_iter().map(|claim| (types(&claim), claim));
            let claims = claims.map(|(types, claim)| (claim, types)).collect();
            narrow_several(claims, candidates, spot_to_spot, least_saving_percent)
                .map_err(Unchanged::Replacement)
        }
    }
}

/// The largest run of the best candidates that can go together.
// behaviour: disruption/multi-node-searches-prefixes
pub fn multi(
    fleet: &Fleet<'_>,
    terms: &mut Terms<'_>,
    mut candidates: Vec<Candidate<'_>>,
    (balance, budgets): (&Balance, &mut Budgets),
) -> Option<Disruption> {
    candidates.sort_by(by_savings_ratio);
    candidates.retain(|candidate| budgets.take(&candidate.pool.name));
    if candidates.len() < 2 {
        return None;
    }
    let together_most = match terms.rules.mode {
        ConsolidationMode::Reference => MOST_TOGETHER,
        ConsolidationMode::Several { .. } => usize::MAX,
    };
    let (mut least, mut most) = (1, together_most.min(candidates.len() - 1));
    let mut best = None;
    while least <= most {
        let middle = (least + most) / 2;
        match together(fleet, terms, &candidates[..=middle], balance) {
            Some(command) => {
                best = Some(command);
                least = middle + 1;
            }
            None => most = middle - 1,
        }
    }
    best
}

fn together(
    fleet: &Fleet<'_>,
    terms: &mut Terms<'_>,
    set: &[Candidate<'_>],
    balance: &Balance,
) -> Option<Disruption> {
    let mut replacements = compute(fleet, terms, set).ok()?;
    if replacements.len() == 1 {
        let claim = replacements.remove(0);
        let types = instance_types_of(fleet.snapshot, &claim.node_pool);
        replacements.push(without_same_types(claim, &types, set).ok()?);
    }
    balance.approves(set, price_of(&replacements)).then(|| Disruption::new(set, replacements))
}

fn price_of(replacements: &[ProposedClaim]) -> Price {
    replacements.iter().map(|claim| claim.cheapest_price).sum()
}

/// The best single candidate that can go; pools take turns.
// behaviour: disruption/single-node-pools-take-turns
pub fn single(
    fleet: &Fleet<'_>,
    terms: &mut Terms<'_>,
    candidates: Vec<Candidate<'_>>,
    (balance, budgets): (&Balance, &Budgets),
) -> Option<Disruption> {
    for candidate in interleaved(candidates) {
        if budgets.left(&candidate.pool.name).is_spent() || !balance.may_approve(&candidate) {
            continue;
        }
        let set = std::slice::from_ref(&candidate);
        if let Ok(replacements) = compute(fleet, terms, set)
            && balance.approves(set, price_of(&replacements))
        {
            return Some(Disruption::new(set, replacements));
        }
    }
    None
}

fn interleaved(mut candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    candidates.sort_by(by_savings_ratio);
    let mut by_pool: BTreeMap<Arc<str>, std::collections::VecDeque<Candidate<'_>>> = BTreeMap::new();
    for candidate in candidates {
        by_pool.entry(Arc::clone(&candidate.pool.name)).or_default().push_back(candidate);
    }
    let mut turns = Vec::new();
    while by_pool.values().any(|queue| !queue.is_empty()) {
        turns.extend(by_pool.values_mut().filter_map(std::collections::VecDeque::pop_front));
    }
    turns
}

impl Budgets {
    /// What is left for a pool.
    pub fn left(&self, pool: &Arc<str>) -> Allowance {
        self.0.get(pool).copied().unwrap_or(Allowance::Unlimited)
    }

    /// Takes one from a pool's budget, if there is one left.
    pub fn take(&mut self, pool: &Arc<str>) -> bool {
        let left = self.left(pool);
        if !left.is_spent() {
            self.0.insert(Arc::clone(pool), left.less(1));
        }
        !left.is_spent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodePool;
    use crate::samples::{self, at};

    // behaviour: disruption/single-node-pools-take-turns
    #[test]
    fn pools_take_turns_each_with_its_best_first() {
        let pools: [NodePool; 2] = [samples::pool("a"), samples::pool("b")];
        let machines: Vec<_> =
            [("a", "a1", 9), ("a", "a2", 8), ("a", "a3", 7), ("b", "b1", 1), ("b", "b2", 2)]
                .map(|(pool, name, nano)| {
                    let claim = samples::initialized_claim(pool, name, at(0));
                    (pool, claim, samples::initialized_node(pool, name), Price { nano_usd_per_hour: nano })
                })
                .into();
        let candidates = machines
            .iter()
            .map(|(pool, claim, node, price)| Candidate {
                claim,
                node,
                pool: if *pool == "a" { &pools[0] } else { &pools[1] },
                pods: Vec::new(),
                price: *price,
            })
            .collect();
        let order: Vec<String> = interleaved(candidates).iter().map(|c| c.node.name.to_string()).collect();
        assert_eq!(order, ["a1", "b2", "a2", "b1", "a3"]);
    }
}
