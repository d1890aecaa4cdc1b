//! One look at all methods in their order: the first one with an answer wins (disruption 1.1, 1.2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::balance::Balance;
use super::blocked::Blocked;
use super::budget::Allowance;
use super::candidate::{Candidate, Fleet};
use super::consolidation::ConsolidationRules;
use super::{consolidation, drift, emptiness};
use crate::model::{ConditionKind, DisruptionReason, NamespacedName};
use crate::scheduling::Ground;
use crate::scheduling::plan::{Knobs, Plan, ProposedClaim, ReservedMode};

/// The methods, in the order they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Method {
    /// Empty nodes are deleted.
    Emptiness,
    /// Drifted nodes of pools with a fixed size are replaced.
    StaticDrift,
    /// Drifted nodes are replaced.
    Drift,
    /// Several nodes are deleted or merged into one cheaper one.
    MultiNodeConsolidation,
    /// One node is deleted or replaced by a cheaper one.
    SingleNodeConsolidation,
}

impl Method {
    /// All methods in order.
    pub const ALL: [Method; 5] = [
        Method::Emptiness,
        Method::StaticDrift,
        Method::Drift,
        Method::MultiNodeConsolidation,
        Method::SingleNodeConsolidation,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Emptiness => "Emptiness",
            Method::StaticDrift => "StaticDrift",
            Method::Drift => "Drift",
            Method::MultiNodeConsolidation => "MultiNodeConsolidation",
            Method::SingleNodeConsolidation => "SingleNodeConsolidation",
        }
    }

    /// The reason budgets know it by.
    pub const fn reason(self) -> DisruptionReason {
        match self {
            Method::Emptiness => DisruptionReason::Empty,
            Method::StaticDrift | Method::Drift => DisruptionReason::Drifted,
            Method::MultiNodeConsolidation | Method::SingleNodeConsolidation => {
                DisruptionReason::Underutilized
            }
        }
    }

    /// Whether what keeps pods only delays it, where the claim has a termination grace period.
    pub const fn is_eventual(self) -> bool {
        matches!(self, Method::StaticDrift | Method::Drift)
    }

    /// Whether it is looked at again after a wait before it is carried out: consolidation and emptiness may be
    /// overtaken by pods, drift stays (disruption 2.9, 2.11).
    pub const fn waits(self) -> bool {
        !self.is_eventual()
    }
}

/// What is to be done with some nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disruption {
    /// Names of the nodes that go, in order.
    pub nodes: Vec<Arc<str>>,
    /// Names of their claims, in the same order.
    pub claims: Vec<Arc<str>>,
    /// Machines that must be usable first; none means the nodes are only deleted.
    pub replacements: Vec<ProposedClaim>,
}

impl Disruption {
    pub(super) fn new(candidates: &[Candidate<'_>], replacements: Vec<ProposedClaim>) -> Self {
        let mut order: Vec<&Candidate<'_>> = candidates.iter().collect();
        order.sort_by(|a, b| a.node.name.cmp(&b.node.name));
        Disruption {
            nodes: order.iter().map(|c| Arc::clone(&c.node.name)).collect(),
            claims: order.iter().map(|c| Arc::clone(&c.claim.name)).collect(),
            replacements,
        }
    }
}

/// What is left of the budgets of pools for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets(pub BTreeMap<Arc<str>, Allowance>);

/// What one method found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The method.
    pub method: Method,
    /// Names of the nodes it may touch, in order.
    pub candidates: Vec<Arc<str>>,
    /// What its budgets are afterwards; empty when there was no candidate.
    pub budgets: Budgets,
    /// What it would do.
    pub commands: Vec<Disruption>,
    /// By claim: what keeps each of the others.
    pub blocked: BTreeMap<Arc<str>, Blocked>,
}

/// What the methods of one look share.
pub struct Terms<'a> {
    /// The snapshot, made ready for simulations.
    pub ground: Ground<'a>,
    /// Pods that wait for a place anyway; whether they find one is no matter.
    pub pending: BTreeSet<&'a NamespacedName>,
    /// Settings of consolidation.
    pub rules: ConsolidationRules,
    /// Nodes within their calm.
    pub restless: BTreeSet<Arc<str>>,
}

impl<'a> Terms<'a> {
    pub(super) fn new(
        fleet: &Fleet<'a>,
        knobs: &Knobs,
        rules: ConsolidationRules,
        restless: &BTreeSet<Arc<str>>,
    ) -> Self {
        // A simulation never waits for a reservation.
        let knobs = Knobs { reserved_mode: ReservedMode::Fallback, ..*knobs };
        let pending = fleet.snapshot.pods.iter().filter(|pod| pod.is_provisionable()).map(|pod| &pod.key);
        Terms {
            ground: Ground::new(fleet.snapshot, &knobs),
            pending: pending.collect(),
            rules,
            restless: restless.clone(),
        }
    }

    /// Whether a plan leaves a pod without a place that has one now.
    pub(super) fn strands(&self, plan: &Plan) -> bool {
        plan.unschedulable.iter().any(|failed| !self.pending.contains(&failed.pod))
    }
}

/// Tries the methods in order, up to the first that would do something.
// behaviour: disruption/first-method-with-a-command-wins
pub fn look<'a>(fleet: &Fleet<'a>, knobs: &Knobs, rules: ConsolidationRules) -> Vec<Round> {
    let restless = consolidation::restless(fleet);
    // Compiling a snapshot pays only when something has to be simulated.
    let mut terms = None;
    let mut rounds = Vec::new();
    for method in Method::ALL {
        let terms_of = || Terms::new(fleet, knobs, rules, &restless);
        let round = try_method(fleet, (&mut terms, &terms_of), method);
        let done = !round.commands.is_empty();
        rounds.push(round);
        if done {
            break;
        }
    }
    rounds
}

fn try_method<'a>(
    fleet: &Fleet<'a>,
    (terms, terms_of): (&mut Option<Terms<'a>>, &dyn Fn() -> Terms<'a>),
    method: Method,
) -> Round {
    let mut blocked = BTreeMap::new();
    let mut assessed = Vec::new();
    for claim in fleet.snapshot.node_claims.iter().filter(|c| c.node_class.is_supported()) {
        match fleet.assess_for(claim, method.is_eventual()) {
            Ok(candidate) => assessed.push(candidate),
            Err(why) => {
                blocked.insert(Arc::clone(&claim.name), why);
            }
        }
    }
    let mut candidates = Vec::new();
    for candidate in &assessed {
        match filter(method, candidate, fleet) {
            Ok(()) => candidates.push(candidate.clone()),
            Err(why) => {
                blocked.insert(Arc::clone(&candidate.claim.name), why);
            }
        }
    }
    candidates.sort_by(|a, b| a.node.name.cmp(&b.node.name));
    let names = candidates.iter().map(|c| Arc::clone(&c.node.name)).collect();
    if candidates.is_empty() {
        return Round {
            method,
            candidates: names,
            budgets: Budgets::default(),
            commands: Vec::new(),
            blocked,
        };
    }
    let mut budgets = budgets_for(fleet, method.reason());
    let command = match method {
        Method::Emptiness => emptiness::decide(candidates, &mut budgets, &mut blocked),
        Method::StaticDrift => None,
        Method::Drift => drift::decide(terms.get_or_insert_with(terms_of), candidates, &budgets),
        Method::MultiNodeConsolidation => {
            let balance = Balance::weigh(fleet, &assessed);
            consolidation::multi(
                fleet,
                terms.get_or_insert_with(terms_of),
                candidates,
                (&balance, &mut budgets),
            )
        }
        Method::SingleNodeConsolidation => {
            let balance = Balance::weigh(fleet, &assessed);
            consolidation::single(fleet, terms.get_or_insert_with(terms_of), candidates, (&balance, &budgets))
        }
    };
    Round { method, candidates: names, budgets, commands: command.into_iter().collect(), blocked }
}

pub(super) fn filter(method: Method, candidate: &Candidate<'_>, fleet: &Fleet<'_>) -> Result<(), Blocked> {
    let pool = &candidate.pool.name;
    let is_static = candidate.pool.replicas.is_some();
    match method {
        Method::Emptiness => emptiness::filter(candidate, fleet),
        // Pools with a fixed size are not kept yet, so their nodes are not replaced either.
        Method::StaticDrift => Err(Blocked::NotDrifted),
        Method::Drift if is_static => Err(Blocked::StaticPool(Arc::clone(pool))),
        Method::Drift if candidate.claim.is(ConditionKind::Drifted) => Ok(()),
        Method::Drift => Err(Blocked::NotDrifted),
        Method::MultiNodeConsolidation | Method::SingleNodeConsolidation => {
            consolidation::filter(candidate, fleet)
        }
    }
}

pub(super) fn budgets_for(fleet: &Fleet<'_>, reason: DisruptionReason) -> Budgets {
    let left = |pool: &crate::model::NodePool| {
        // A budget that cannot be read closes its pool.
        emptiness::remaining(fleet, pool, reason).unwrap_or(Allowance::AtMost(0))
    };
    Budgets(fleet.snapshot.node_pools.iter().map(|pool| (Arc::clone(&pool.name), left(pool))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disruption::candidate::Volatile;
    use crate::model::{Labels, NodeClaim, Pod, Snapshot, keys};
    use crate::samples::{self, at};

    // behaviour: disruption/grace-period-overrules-pods-for-drift
    #[test]
    fn a_kept_pod_keeps_a_drifted_node_only_without_a_termination_grace_period() {
        let kept = Labels::from([(keys::DO_NOT_DISRUPT.into(), "true".into())]);
        let pod = Pod { annotations: Arc::new(kept), node_name: Some("n".into()), ..samples::pod("web") };
        let look_at = |grace: Option<u64>| {
            let mut claim = samples::initialized_claim("general", "n", at(0));
            claim.conditions.push(samples::holds(ConditionKind::Drifted, at(50)));
            let claim = NodeClaim { termination_grace_secs: grace, ..claim };
            let snapshot = Snapshot {
                node_claims: vec![claim],
                nodes: vec![samples::initialized_node("general", "n")],
                node_pools: vec![samples::pool("general")],
                pods: vec![pod.clone()],
                instance_types: samples::instance_types(),
                ..Snapshot::default()
            };
            let volatile = Volatile::default();
            let fleet = Fleet::new(&snapshot, &volatile, at(100));
            let knobs = Knobs {
                now: at(100),
                preference_policy: Default::default(),
                min_values_policy: Default::default(),
                reserved_mode: Default::default(),
            };
            let rounds = look(&fleet, &knobs, ConsolidationRules::REFERENCE);
            let candidates = |method| {
                let round = rounds.iter().find(|round| round.method == method);
                round.map(|round| round.candidates.len())
            };
            (candidates(Method::Emptiness), candidates(Method::Drift))
        };
        assert_eq!(look_at(None), (Some(0), Some(0)));
        assert_eq!(look_at(Some(3600)), (Some(0), Some(1)));
    }
}
