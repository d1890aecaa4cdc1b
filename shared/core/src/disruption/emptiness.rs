//! Emptiness: which nodes have no pods that anyone would miss, and how many of them may go now?
//! (disruption 2.3, 2.4)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::blocked::Blocked;
use super::budget::{self, Allowance};
use super::calm::{self, Calm};
use super::candidate::{Candidate, Fleet, is_initialized};
use crate::eviction::{has_eviction_cost, is_reschedulable};
use crate::model::{ConditionKind, DisruptionReason, NodePool};

/// The answer: nodes to remove, what keeps each of the others, and when to look again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Emptiness<'a> {
    /// Empty nodes within budget, dearest first.
    pub chosen: Vec<Candidate<'a>>,
    /// By claim: what keeps it.
    pub blocked: BTreeMap<Arc<str>, Blocked>,
    /// The next moment that may change the answer without any event, if one is known.
    pub look_again_at: Option<Timestamp>,
}

/// Finds empty nodes, among all claims or among the given ones only; budgets always look at all.
pub fn decide<'a>(fleet: &Fleet<'a>, among: Option<&BTreeSet<Arc<str>>>) -> Emptiness<'a> {
    let mut answer = Emptiness::default();
    let mut empty = Vec::new();
    let asked = |name: &Arc<str>| among.is_none_or(|names| names.contains(name));
    for claim in fleet.snapshot.node_claims.iter().filter(|c| c.node_class.is_supported() && asked(&c.name)) {
        match fleet.assess(claim).and_then(|candidate| filter(candidate, fleet.now)) {
            Ok(candidate) => empty.push(candidate),
            Err(why) => {
                answer.blocked.insert(Arc::clone(&claim.name), why);
            }
        }
    }
    empty.sort_by(|a, b| b.price.cmp(&a.price).then_with(|| a.claim.name.cmp(&b.claim.name)));
    spend(fleet, empty, &mut answer);
    let spent = answer.blocked.values().filter_map(|why| match why {
        Blocked::BudgetSpent { pool, .. } => fleet.snapshot.node_pools.iter().find(|p| p.name == *pool),
        _ => None,
    });
    let openings = spent.filter_map(|pool| budget::next_change(&pool.budgets, fleet.now));
    let endings = answer.blocked.values().filter_map(Blocked::ends_at);
    answer.look_again_at = openings.chain(endings).filter(|at| *at > fleet.now).min();
    answer
}

/// What emptiness asks beyond being a candidate.
fn filter(candidate: Candidate<'_>, now: Timestamp) -> Result<Candidate<'_>, Blocked> {
    let pool = &candidate.pool.name;
    if candidate.pool.replicas.is_some() {
        return Err(Blocked::StaticPool(Arc::clone(pool)));
    }
    if candidate.pool.consolidate_after_secs.is_none() {
        return Err(Blocked::ConsolidationDisabled(Arc::clone(pool)));
    }
    // behaviour: disruption/empty-means-no-pod-worth-moving
    let pods = candidate.pods.iter().filter(|pod| is_reschedulable(pod) && has_eviction_cost(pod)).count();
    if pods > 0 {
        return Err(Blocked::NotEmpty { pods });
    }
    match calm::calm(candidate.claim, candidate.pool, now) {
        Calm::Consolidatable => Ok(candidate),
        Calm::Restless { until } => Err(Blocked::Restless { until }),
        Calm::NotInitialized => Err(Blocked::NotInitialized),
        Calm::Never => Err(Blocked::ConsolidationDisabled(Arc::clone(pool))),
        Calm::Static => Err(Blocked::StaticPool(Arc::clone(pool))),
    }
}

/// Takes candidates in order while the budgets of their pools last.
fn spend<'a>(fleet: &Fleet<'a>, empty: Vec<Candidate<'a>>, answer: &mut Emptiness<'a>) {
    let mut left: BTreeMap<Arc<str>, Result<Allowance, String>> = BTreeMap::new();
    for candidate in empty {
        let pool = &candidate.pool.name;
        let allowance = left
            .entry(Arc::clone(pool))
            .or_insert_with(|| remaining(fleet, candidate.pool, DisruptionReason::Empty));
        let why = match allowance {
            Ok(allowance) if !allowance.is_spent() => {
                *allowance = allowance.less(1);
                answer.chosen.push(candidate);
                continue;
            }
            Ok(_) => Blocked::BudgetSpent { pool: Arc::clone(pool), reason: DisruptionReason::Empty },
            Err(why) => Blocked::BudgetUnreadable { pool: Arc::clone(pool), why: why.clone() },
        };
        answer.blocked.insert(Arc::clone(&candidate.claim.name), why);
    }
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
    use crate::model::{Budget, BudgetNodes, Labels, NodeClaim, Pod, Snapshot, keys};
    use crate::samples::{self, at};

    /// Five initialized nodes `n0` to `n4` of a pool that may lose two, calm since second 100.
    fn world() -> Snapshot {
        let two =
            Budget { nodes: BudgetNodes::Count(2), schedule: None, duration_secs: None, reasons: vec![] };
        let pool =
            NodePool { budgets: vec![two], consolidate_after_secs: Some(0), ..samples::pool("general") };
        let names = ["n0", "n1", "n2", "n3", "n4"];
        Snapshot {
            node_claims: names.iter().map(|n| samples::initialized_claim("general", n, at(100))).collect(),
            nodes: names.iter().map(|n| samples::initialized_node("general", n)).collect(),
            node_pools: vec![pool],
            instance_types: samples::instance_types(),
            ..Snapshot::default()
        }
    }

    fn names(answer: &Emptiness<'_>) -> Vec<String> {
        answer.chosen.iter().map(|c| c.claim.name.to_string()).collect()
    }

    #[test]
    fn empty_nodes_go_within_the_budget_and_the_others_say_why() {
        let (snapshot, volatile) = (world(), Volatile::default());
        let fleet = Fleet::new(&snapshot, &volatile, at(200));
        let answer = decide(&fleet, None);
        assert_eq!(names(&answer), ["n0", "n1"]);
        let spent = Blocked::BudgetSpent { pool: "general".into(), reason: DisruptionReason::Empty };
        assert_eq!(answer.blocked, ["n2", "n3", "n4"].map(|n| (n.into(), spent.clone())).into());
    }

    // behaviour: disruption/nodes-not-ready-spend-the-budget
    #[test]
    fn nodes_that_are_not_ready_or_going_spend_the_budget() {
        let (mut snapshot, volatile) = (world(), Volatile::default());
        snapshot.nodes[4].ready = false;
        let fleet = Fleet::new(&snapshot, &volatile, at(200));
        assert_eq!(names(&decide(&fleet, None)), ["n0"]);
        let mut going = snapshot.clone();
        going.node_claims[3].deletion_at = Some(at(150));
        let fleet = Fleet::new(&going, &volatile, at(200));
        assert_eq!(names(&decide(&fleet, None)), [""; 0]);
    }

    /// What keeps `n0` once the world was changed.
    fn keeps(change: impl FnOnce(&mut Snapshot, &mut Volatile)) -> Option<Blocked> {
        let (mut snapshot, mut volatile) = (world(), Volatile::default());
        change(&mut snapshot, &mut volatile);
        let fleet = Fleet::new(&snapshot, &volatile, at(200));
        decide(&fleet, Some(&["n0".into()].into())).blocked.remove("n0")
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
        assert_eq!(
            pool(|p| p.consolidate_after_secs = Some(101)),
            Some(Blocked::Restless { until: at(201) })
        );
        let foreign = |c: &mut NodeClaim| c.node_class.kind = "KWOKNodeClass".into();
        assert_eq!(keeps(|s, _| foreign(&mut s.node_claims[0])), None);
    }

    #[test]
    fn the_earliest_moment_that_may_change_the_answer_is_told() {
        let (mut snapshot, volatile) = (world(), Volatile::default());
        snapshot.node_pools[0].consolidate_after_secs = Some(150);
        snapshot.node_claims[2].last_pod_event_at = Some(at(80));
        let fleet = Fleet::new(&snapshot, &volatile, at(200));
        assert_eq!(decide(&fleet, None).look_again_at, Some(at(230)));
    }
}
