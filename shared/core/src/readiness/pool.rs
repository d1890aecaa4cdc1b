//! Can a pool be launched from, what does it hold, and do its machines join? (api 1.3, disruption 4.12)

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ConditionFinding, changed, health, reported, stamp};
use crate::model::{
    ConditionStatus, Labels, Node, NodeClass, NodePool, ObjectCondition, Quantity, ResourceName, Resources,
    Snapshot,
};

/// Conditions that must hold for a pool to be ready.
pub const DEPENDENTS: [&str; 2] = ["ValidationSucceeded", NODE_CLASS_READY];
const NODE_CLASS_READY: &str = "NodeClassReady";

/// Resources that are counted even when there is none.
const COUNTED: [ResourceName; 5] = [
    ResourceName::Cpu,
    ResourceName::Memory,
    ResourceName::Pods,
    ResourceName::EphemeralStorage,
    ResourceName::Nodes,
];

/// What has to be written of a pool; nothing where it says so already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolReview {
    /// Annotations to set.
    pub annotations: Labels,
    /// What its nodes hold together.
    pub resources: Option<Resources>,
    /// How many nodes there are.
    pub nodes: Option<u64>,
    /// Generation of its class that registration health was computed from.
    pub node_class_observed_generation: Option<i64>,
    /// Conditions.
    pub conditions: Vec<ObjectCondition>,
}

impl PoolReview {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == PoolReview::default()
    }

    /// Whether the pool turns ready by it.
    pub fn turns_ready(&self) -> bool {
        let turned = |c: &ObjectCondition| c.kind == super::READY && c.status == ConditionStatus::True;
        self.conditions.iter().any(turned)
    }
}

/// Reviews a pool. One that is going, and one whose class is of another provider, is left alone.
pub fn review(snapshot: &Snapshot, pool: &NodePool, now: Timestamp) -> PoolReview {
    if pool.deleting || !pool.template.node_class.is_supported() {
        return PoolReview::default();
    }
    let class = snapshot.node_classes.iter().find(|class| class.name == pool.template.node_class.name);
    let mut found = vec![validated(pool), class_ready(class)];
    let health = health::review(snapshot, pool, class, now);
    found.extend(health.finding);
    let (resources, nodes) = held(snapshot, pool);
    let mut annotations = stamp::owner(&pool.annotations, &stamp::POOL, &pool.hash);
    annotations.extend(health.annotation);
    PoolReview {
        annotations,
        resources: (resources != pool.status.resources).then_some(resources),
        nodes: (nodes != pool.status.nodes).then_some(nodes),
        node_class_observed_generation: health.class_generation,
        conditions: changed(&pool.status.conditions, found, &DEPENDENTS, pool.generation, now),
    }
}

fn validated(pool: &NodePool) -> ConditionFinding {
    match &pool.flaw {
        Some(flaw) => ConditionFinding::fails("ValidationSucceeded", &flaw.reason, &flaw.message),
        None => ConditionFinding::holds("ValidationSucceeded"),
    }
}

// behaviour: pools/a-pool-is-ready-when-its-class-is
fn class_ready(class: Option<&NodeClass>) -> ConditionFinding {
    let fails = |reason, message| ConditionFinding::fails(NODE_CLASS_READY, reason, message);
    let Some(class) = class else {
        return fails("NodeClassNotFound", "The NodeClass that it names does not exist");
    };
    if class.deleting {
        return fails("NodeClassTerminating", "Its NodeClass is being deleted");
    }
    match reported(&class.conditions, super::READY) {
        Some(ready) if ready.status == ConditionStatus::True => ConditionFinding::holds(NODE_CLASS_READY),
        Some(ready) if ready.status == ConditionStatus::False => fails(&ready.reason, &ready.message),
        Some(_) | None => {
            fails("NodeClassReadinessUnknown", "Whether its NodeClass is ready is not known yet")
        }
    }
}

/// What the machines of a pool that are to stay hold together, and how many there are.
fn held(snapshot: &Snapshot, pool: &NodePool) -> (Resources, u64) {
    let by_id: BTreeMap<&str, &Node> =
        snapshot.nodes.iter().filter_map(|node| Some((node.provider_id.as_deref()?, node))).collect();
    let mut resources: Resources = COUNTED.into_iter().map(|name| (name, Quantity::ZERO)).collect();
    let mut nodes = 0_u64;
    let of_pool = snapshot.node_claims.iter().filter(|claim| claim.node_pool() == Some(&pool.name));
    for claim in of_pool.filter(|claim| claim.deletion_at.is_none()) {
        let Some(provider_id) = claim.provider_id.as_deref() else { continue };
        let reported = by_id.get(provider_id).map(|node| &node.capacity);
        resources.add(reported.filter(|capacity| !capacity.is_empty()).unwrap_or(&claim.capacity));
        nodes += 1;
    }
    resources.set(ResourceName::Nodes, Quantity::from_units(i64::try_from(nodes).unwrap_or(i64::MAX)));
    (resources, nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Flaw, NodeClaim, PoolStatus, ReportedCondition};
    use crate::samples::{self, at};

    fn snapshot(class: NodeClass) -> Snapshot {
        let pool = samples::pool("general");
        Snapshot { node_pools: vec![pool], node_classes: vec![class], ..Snapshot::default() }
    }

    fn told(snapshot: &Snapshot, kind: &str) -> (ConditionStatus, String) {
        let review = review(snapshot, &snapshot.node_pools[0], at(9));
        let condition = review.conditions.into_iter().find(|condition| condition.kind == kind).unwrap();
        (condition.status, condition.reason.to_string())
    }

    // behaviour: pools/a-pool-is-ready-when-its-class-is
    #[test]
    fn a_pool_is_ready_when_its_class_is() {
        let no = |reason: &str| (ConditionStatus::False, reason.to_owned());
        let mut none = snapshot(samples::class());
        none.node_classes.clear();
        assert_eq!(told(&none, NODE_CLASS_READY), no("NodeClassNotFound"));
        let going = snapshot(NodeClass { deleting: true, ..samples::ready_class() });
        assert_eq!(told(&going, NODE_CLASS_READY), no("NodeClassTerminating"));
        assert_eq!(told(&snapshot(samples::class()), NODE_CLASS_READY), no("NodeClassReadinessUnknown"));
        let mut failed = snapshot(samples::ready_class());
        failed.node_classes[0].conditions[0].status = ConditionStatus::False;
        failed.node_classes[0].conditions[0].reason = "SubnetsNotFound".into();
        assert_eq!(told(&failed, NODE_CLASS_READY), no("SubnetsNotFound"));
        assert_eq!(told(&failed, "Ready"), no("UnhealthyDependents"));
        let ready = snapshot(samples::ready_class());
        assert_eq!(told(&ready, "Ready"), (ConditionStatus::True, "Ready".to_owned()));
        assert!(review(&ready, &ready.node_pools[0], at(9)).turns_ready());
    }

    #[test]
    fn a_pool_that_cannot_be_used_as_it_is_says_why() {
        let mut flawed = snapshot(samples::ready_class());
        let flaw = Flaw { reason: "NodePoolValidationFailed".into(), message: "no".into() };
        flawed.node_pools[0].flaw = Some(flaw);
        let failed = (ConditionStatus::False, "NodePoolValidationFailed".to_owned());
        assert_eq!(told(&flawed, "ValidationSucceeded"), failed);
    }

    #[test]
    fn machines_that_stay_are_counted_by_their_node_or_else_their_claim() {
        let cpu = |amount: &str| Resources::from_iter([(ResourceName::Cpu, amount.parse().unwrap())]);
        let mut world = snapshot(samples::ready_class());
        let claim = |name: &str| NodeClaim { capacity: cpu("4"), ..samples::claim("general", name) };
        let going = NodeClaim { deletion_at: Some(at(5)), ..claim("going") };
        let unlaunched = NodeClaim { provider_id: None, ..claim("unlaunched") };
        let other = samples::claim("other", "other");
        world.node_claims = vec![claim("a"), claim("b"), going, unlaunched, other];
        world.nodes = vec![Node { capacity: cpu("8"), ..samples::node("a") }];
        let review = review(&world, &world.node_pools[0], at(9));
        assert_eq!(review.nodes, Some(2));
        let resources = review.resources.unwrap();
        assert_eq!(resources.to_string(), "cpu 12, ephemeral-storage 0, memory 0, nodes 2, pods 0");
    }

    #[test]
    fn a_pool_that_says_all_of_it_already_is_left_alone() {
        let mut world = snapshot(samples::ready_class());
        let first = review(&world, &world.node_pools[0], at(9));
        let reported = |condition: &ObjectCondition| ReportedCondition {
            kind: condition.kind.into(),
            status: condition.status,
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            observed_generation: Some(condition.observed_generation),
            since: at(9),
        };
        let pool = &mut world.node_pools[0];
        pool.annotations.extend(first.annotations.clone());
        pool.status = PoolStatus {
            resources: first.resources.clone().unwrap(),
            nodes: 0,
            node_class_observed_generation: first.node_class_observed_generation,
            conditions: first.conditions.iter().map(reported).collect(),
        };
        assert_eq!(review(&world, &world.node_pools[0], at(60)), PoolReview::default());
        world.node_pools[0].template.node_class.kind = "OtherNodeClass".into();
        world.node_pools[0].status = PoolStatus::default();
        assert!(review(&world, &world.node_pools[0], at(60)).is_empty(), "a class of another provider");
    }
}
