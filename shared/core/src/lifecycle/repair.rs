//! Is a node sick for so long that it is replaced, and do so many others fare the same that it must not be?
//! (disruption 4.10)

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{ConditionStatus, Node, NodeClaim, NodeCondition, Snapshot, keys};

/// Share of unhealthy nodes, in percent and rounded up, past which none is replaced: then something else is wrong.
const BREAKER_PERCENT: usize = 20;
/// Pause before a node is looked at again that is kept by the breaker.
const BLOCKED_PAUSE: SignedDuration = SignedDuration::from_mins(5);

const MINUTES: fn(i64) -> SignedDuration = SignedDuration::from_mins;

/// How long each kind of ailment is tolerated: the kind, whether it has to be known to be false, and for how long.
const TOLERATED: [(&str, bool, i64); 6] = [
    ("Ready", false, 30),
    ("AcceleratedHardwareReady", true, 10),
    ("StorageReady", true, 30),
    ("NetworkingReady", true, 30),
    ("KernelReady", true, 30),
    ("ContainerRuntimeReady", true, 30),
];

/// Whether repair looks at conditions of this kind.
pub fn looks_at(kind: &str) -> bool {
    TOLERATED.iter().any(|(tolerated, ..)| *tolerated == kind)
}

/// How long an ailment is tolerated; `None` for one that is no cause to replace a node.
fn tolerance(ailment: &NodeCondition) -> Option<SignedDuration> {
    let (_, must_be_false, minutes) = TOLERATED.iter().find(|(kind, ..)| **kind == *ailment.kind)?;
    let counts = match ailment.status {
        ConditionStatus::False => true,
        ConditionStatus::Unknown => !must_be_false,
        ConditionStatus::True => false,
    };
    counts.then(|| MINUTES(*minutes))
}

/// What becomes of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with it, or it is none of ours.
    Healthy,
    /// It may recover by itself.
    Tolerated {
        /// Until when that is waited for.
        until: Timestamp,
    },
    /// It is to be replaced.
    Replace {
        /// For this ailment.
        ailment: Arc<str>,
    },
    /// It would be replaced, if not so many others were unhealthy too.
    Blocked {
        /// Unhealthy nodes.
        unhealthy: usize,
        /// Of so many.
        nodes: usize,
        /// Of this pool; of the whole cluster for a claim without one.
        node_pool: Option<Arc<str>>,
        /// When to look again.
        again_at: Timestamp,
    },
}

/// The ailment of a node that is tolerated the shortest from now on, and until when.
fn first_due(node: &Node) -> Option<(Timestamp, &NodeCondition)> {
    let due = |ailment| Some((tolerance(ailment)?, ailment));
    let due = node.ailments.iter().filter_map(due);
    due.filter_map(|(tolerated, ailment)| Some((ailment.since.checked_add(tolerated).ok()?, ailment)))
        .min_by_key(|(until, _)| *until)
}

/// Judges the node of a claim.
pub fn judge(snapshot: &Snapshot, claim: &NodeClaim, node: &Node, now: Timestamp) -> Verdict {
    let Some((until, ailment)) = first_due(node) else { return Verdict::Healthy };
    // behaviour: repair/sick-nodes-are-tolerated-for-a-while
    if now < until {
        return Verdict::Tolerated { until };
    }
    let node_pool = claim.node_pool();
    let among = |node: &&Node| node_pool.is_none_or(|pool| node.labels.get(keys::NODE_POOL) == Some(pool));
    let nodes = snapshot.nodes.iter().filter(among).count();
    let unhealthy = snapshot.nodes.iter().filter(among).filter(|node| first_due(node).is_some()).count();
    // behaviour: repair/no-node-is-replaced-when-a-fifth-is-sick
    if unhealthy > (nodes * BREAKER_PERCENT).div_ceil(100) {
        let again_at = now + BLOCKED_PAUSE;
        return Verdict::Blocked { unhealthy, nodes, node_pool: node_pool.cloned(), again_at };
    }
    Verdict::Replace { ailment: Arc::clone(&ailment.kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, at};

    fn ailment(kind: &str, status: ConditionStatus, since: i64) -> NodeCondition {
        NodeCondition { kind: kind.into(), status, since: at(since) }
    }

    fn pool_of(healthy: usize, sick: usize) -> Snapshot {
        let node = |index: usize| {
            let ailments =
                if index < sick { vec![ailment("Ready", ConditionStatus::False, 0)] } else { Vec::new() };
            Node { ailments, ..samples::initialized_node("general", &index.to_string()) }
        };
        Snapshot { nodes: (0..healthy + sick).map(node).collect(), ..Snapshot::default() }
    }

    fn verdict(snapshot: &Snapshot, second: i64) -> Verdict {
        judge(snapshot, &samples::claim("general", "0"), &snapshot.nodes[0], at(second))
    }

    // behaviour: repair/sick-nodes-are-tolerated-for-a-while
    #[test]
    fn the_ailment_that_is_tolerated_the_shortest_counts() {
        let mut snapshot = pool_of(4, 1);
        snapshot.nodes[0].ailments.push(ailment("AcceleratedHardwareReady", ConditionStatus::False, 60));
        let hardware: Arc<str> = "AcceleratedHardwareReady".into();
        assert_eq!(verdict(&snapshot, 659), Verdict::Tolerated { until: at(660) });
        assert_eq!(verdict(&snapshot, 660), Verdict::Replace { ailment: hardware });
        snapshot.nodes[0].ailments.pop();
        assert_eq!(verdict(&snapshot, 1799), Verdict::Tolerated { until: at(1800) });
        assert_eq!(verdict(&snapshot, 1800), Verdict::Replace { ailment: "Ready".into() });
    }

    #[test]
    fn what_is_merely_unknown_counts_for_readiness_alone() {
        let mut snapshot = pool_of(4, 1);
        snapshot.nodes[0].ailments = vec![ailment("StorageReady", ConditionStatus::Unknown, 0)];
        assert_eq!(verdict(&snapshot, 9000), Verdict::Healthy);
        snapshot.nodes[0].ailments = vec![ailment("Ready", ConditionStatus::Unknown, 0)];
        assert_eq!(verdict(&snapshot, 9000), Verdict::Replace { ailment: "Ready".into() });
    }

    // behaviour: repair/no-node-is-replaced-when-a-fifth-is-sick
    #[test]
    fn a_fifth_of_the_pool_rounded_up_may_be_sick() {
        let blocked = |unhealthy, nodes| {
            let again_at = at(9000) + BLOCKED_PAUSE;
            Verdict::Blocked { unhealthy, nodes, node_pool: Some("general".into()), again_at }
        };
        let replace = Verdict::Replace { ailment: "Ready".into() };
        for (healthy, sick, expected) in
            [(7, 3, blocked(3, 10)), (8, 2, replace.clone()), (2, 1, replace.clone()), (1, 2, blocked(2, 3))]
        {
            assert_eq!(verdict(&pool_of(healthy, sick), 9000), expected, "{sick} of {}", healthy + sick);
        }
        let mut other = pool_of(2, 1);
        other.nodes[1].labels.clear();
        other.nodes[1].ailments = vec![ailment("Ready", ConditionStatus::False, 0)];
        assert_eq!(verdict(&other, 9000), replace, "nodes of other pools do not count");
    }
}
