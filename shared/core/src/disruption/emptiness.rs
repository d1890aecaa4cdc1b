//! Emptiness: which nodes have no pods that anyone would miss, and how many of them may go now?
//! (disruption 2.3, 2.4)

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blocked::Blocked;
use super::budget::{self, Allowance};
use super::calm;
use super::candidate::{Candidate, Fleet, is_initialized};
use super::cost::{by_savings_ratio, is_empty};
use super::rounds::{Budgets, Disruption};
use crate::eviction::{has_eviction_cost, is_reschedulable};
use crate::model::{ConditionKind, DisruptionReason, NodePool};

/// What emptiness asks beyond being a candidate.
///
/// # Errors
/// What keeps it.
pub fn filter(candidate: &Candidate<'_>, fleet: &Fleet<'_>) -> Result<(), Blocked> {
    let pool = &candidate.pool.name;
    if candidate.pool.replicas.is_some() {
        return Err(Blocked::StaticPool(Arc::clone(pool)));
    }
    if candidate.pool.consolidate_after_secs.is_none() {
        return Err(Blocked::ConsolidationDisabled(Arc::clone(pool)));
    }
    // behaviour: disruption/empty-means-no-pod-worth-moving
    if !is_empty(candidate) {
        let pods =
            candidate.pods.iter().filter(|pod| is_reschedulable(pod) && has_eviction_cost(pod)).count();
        return Err(Blocked::NotEmpty { pods });
    }
    calm::settled(candidate.claim, candidate.pool, fleet.now)
}

/// All empty nodes that the budgets allow, dearest first; nothing needs to be simulated.
pub(super) fn decide(
    mut candidates: Vec<Candidate<'_>>,
    budgets: &mut Budgets,
    blocked: &mut BTreeMap<Arc<str>, Blocked>,
) -> Option<Disruption> {
    candidates.sort_by(by_savings_ratio);
    candidates.retain(|candidate| {
        let pool = Arc::clone(&candidate.pool.name);
        let taken = budgets.take(&pool);
        if !taken {
            let why = Blocked::BudgetSpent { pool, reason: DisruptionReason::Empty };
            blocked.insert(Arc::clone(&candidate.claim.name), why);
        }
        taken
    });
    (!candidates.is_empty()).then(|| Disruption::new(&candidates, Vec::new()))
}

/// What the budgets of a pool leave for a reason, given the nodes that are away already.
pub fn remaining(fleet: &Fleet<'_>, pool: &NodePool, reason: DisruptionReason) -> Result<Allowance, String> {
    let (mut total, mut away) = (0_u32, 0_u32);
    for claim in fleet.snapshot.node_claims.iter().filter(|c| c.node_pool() == Some(&pool.name)) {
        let Some(node) = fleet.node_of(claim) else { continue };
        if !is_initialized(node) || claim.is(ConditionKind::InstanceTerminating) {
            continue;
        }
        total += 1;
        // behaviour: disruption/nodes-not-ready-spend-the-budget
        let going = fleet.is_marked(claim, Some(node)) || fleet.volatile.in_command.contains(&claim.name);
        away += u32::from(going || !node.ready);
    }
    budget::allowance(&pool.budgets, reason, total, fleet.now)
        .map(|allowance| allowance.less(away))
        .map_err(|refusal| refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disruption::candidate::Volatile;
    use crate::disruption::consolidation::ConsolidationRules;
    use crate::disruption::rounds::{self, Round};
    use crate::model::{Budget, BudgetNodes, Labels, NodeClaim, Pod, Snapshot, keys};
    use crate::samples::{self, at};
    use crate::scheduling::plan::Knobs;

    /// Five initialized nodes `n0` to `n4` of a pool that may lose two, calm since second 100.
    fn world() -> Snapshot {
        let two =
            Budget { nodes: BudgetNodes::Count(2), schedule: None, duration_secs: None, reasons: vec![] };
        let pool =
            NodePool { budgets: vec![two], consolidate_after_secs: Some(0), ..samples::pool("general") };
        let names = ["n0", "n1", "n2", "n3", "n4"];
        Snapshot {
            node_claims: names.iter().map(|name| calm_claim(name)).collect(),
            nodes: names.iter().map(|n| samples::initialized_node("general", n)).collect(),
            node_pools: vec![pool],
            instance_types: samples::instance_types(),
            ..Snapshot::default()
        }
    }

    fn calm_claim(name: &str) -> NodeClaim {
        let mut claim = samples::initialized_claim("general", name, at(100));
        claim.conditions.push(samples::holds(ConditionKind::Consolidatable, at(100)));
        claim
    }

    /// What emptiness says of a world.
    fn round(snapshot: &Snapshot, volatile: &Volatile) -> Round {
        let fleet = Fleet::new(snapshot, volatile, at(200));
        let knobs = Knobs {
            now: at(200),
            preference_policy: Default::default(),
            min_values_policy: Default::default(),
            reserved_mode: Default::default(),
        };
        rounds::look(&fleet, &knobs, ConsolidationRules::REFERENCE).remove(0)
    }

    fn names(round: &Round) -> Vec<String> {
        round.commands.iter().flat_map(|c| &c.claims).map(ToString::to_string).collect()
    }

    #[test]
    fn empty_nodes_go_within_the_budget_and_the_others_say_why() {
        let (snapshot, volatile) = (world(), Volatile::default());
        let answer = round(&snapshot, &volatile);
        assert_eq!(names(&answer), ["n0", "n1"]);
        let spent = Blocked::BudgetSpent { pool: "general".into(), reason: DisruptionReason::Empty };
        assert_eq!(answer.blocked, ["n2", "n3", "n4"].map(|n| (n.into(), spent.clone())).into());
    }

    // behaviour: disruption/nodes-not-ready-spend-the-budget
    #[test]
    fn nodes_that_are_not_ready_or_going_spend_the_budget() {
        let (mut snapshot, volatile) = (world(), Volatile::default());
        snapshot.nodes[4].ready = false;
        assert_eq!(names(&round(&snapshot, &volatile)), ["n0"]);
        let mut going = snapshot.clone();
        going.node_claims[3].deletion_at = Some(at(150));
        assert_eq!(names(&round(&going, &volatile)), [""; 0]);
    }

    /// What keeps `n0` once the world was changed.
    fn keeps(change: impl FnOnce(&mut Snapshot, &mut Volatile)) -> Option<Blocked> {
        let (mut snapshot, mut volatile) = (world(), Volatile::default());
        change(&mut snapshot, &mut volatile);
        round(&snapshot, &volatile).blocked.remove("n0")
    }

    fn with_pod(pod: Pod) -> Option<Blocked> {
        keeps(|s, _| s.pods.push(Pod { node_name: Some("n0".into()), ..pod }))
    }

    // behaviour: disruption/empty-means-no-pod-worth-moving
    #[test]
    fn pods_keep_a_node_unless_they_belong_to_it_or_are_free_to_go() {
        assert_eq!(with_pod(samples::pod("web")), Some(Blocked::NotEmpty { pods: 1 }));
        assert_eq!(with_pod(samples::owned_pod("agent", "DaemonSet")), None);
        let free =
            Labels::from([("controller.kubernetes.io/pod-deletion-cost".into(), "-2147483648".into())]);
        assert_eq!(with_pod(Pod { annotations: Arc::new(free), ..samples::pod("web") }), None);
    }

    // behaviour: disruption/nomination-shields
    #[test]
    fn a_nomination_shields_until_it_lapses() {
        let nominate = |until| keeps(|_, v| v.nominated.extend([("n0".into(), until)]));
        assert_eq!(nominate(at(201)), Some(Blocked::Nominated { until: at(201) }));
        assert_eq!(nominate(at(200)), None);
    }

    // behaviour: disruption/do-not-disrupt-on-a-node
    #[test]
    fn annotations_keep_a_node() {
        let annotate = |value: &str| {
            let value: Arc<str> = value.into();
            keeps(|s, _| s.nodes[0].annotations.extend([(keys::DO_NOT_DISRUPT.into(), value)]))
        };
        assert_eq!(annotate("true"), Some(Blocked::NodeDoNotDisrupt));
        assert_eq!(annotate("1h"), None);
        let agent = samples::owned_pod("agent", "DaemonSet");
        let key = agent.key.clone();
        let annotations = Labels::from([(keys::DO_NOT_DISRUPT.into(), "true".into())]);
        assert_eq!(
            with_pod(Pod { annotations: Arc::new(annotations), ..agent }),
            Some(Blocked::PodDoNotDisrupt { pod: key, until: None })
        );
    }

    #[test]
    fn each_other_obstacle_has_its_own_reason() {
        let pool = |change: fn(&mut NodePool)| keeps(|s, _| change(&mut s.node_pools[0]));
        assert_eq!(keeps(|_, v| v.in_command.extend(["n0".into()])), Some(Blocked::InCommand));
        assert_eq!(keeps(|s, _| drop(s.nodes.remove(0))), Some(Blocked::NoNode));
        assert_eq!(keeps(|s, _| s.nodes[0].labels.clear()), Some(Blocked::NotInitialized));
        assert_eq!(keeps(|s, _| s.marked_for_deletion.push("n0".into())), Some(Blocked::Deleting));
        assert_eq!(keeps(|s, _| s.node_claims[0].labels.clear()), Some(Blocked::NoPool));
        assert_eq!(keeps(|s, _| s.node_pools.clear()), Some(Blocked::PoolUnknown("general".into())));
        assert_eq!(keeps(|s, _| s.instance_types.clear()), Some(Blocked::PoolUnknown("general".into())));
        assert_eq!(pool(|p| p.replicas = Some(1)), Some(Blocked::StaticPool("general".into())));
        assert_eq!(
            pool(|p| p.consolidate_after_secs = None),
            Some(Blocked::ConsolidationDisabled("general".into()))
        );
        let restless = |s: &mut Snapshot| {
            s.node_pools[0].consolidate_after_secs = Some(101);
            s.node_claims[0].conditions.retain(|c| c.kind != ConditionKind::Consolidatable);
        };
        assert_eq!(keeps(|s, _| restless(s)), Some(Blocked::Restless { until: at(201) }));
        let foreign = |c: &mut NodeClaim| c.node_class.kind = "KWOKNodeClass".into();
        assert_eq!(keeps(|s, _| foreign(&mut s.node_claims[0])), None);
    }
}
