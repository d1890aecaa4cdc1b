//! Lets a plan come true: its machines launch as the cheapest thing they allow, join, and take their pods.

use std::sync::Arc;

use joiner_core::model::{
    Allowed, ConditionKind, InstanceType, Labels, NamespacedName, Node, Offering, PodPhase, Snapshot, keys,
};
use joiner_core::scheduling::draft;
use joiner_core::scheduling::plan::{Plan, ProposedClaim};

use super::objects;

/// Applies a whole plan.
pub(crate) fn apply(world: &mut Snapshot, plan: &Plan) {
    for claim in &plan.claims {
        let name: Arc<str> = format!("{}-{}", claim.node_pool, world.nodes.len() + 1).into();
        launch(world, claim, &name);
        bind(world, &claim.pods, &name);
    }
    for (node, pods) in &plan.existing {
        join(world, node);
        bind(world, pods, node);
    }
}

/// A launched claim gets its node.
fn join(world: &mut Snapshot, name: &Arc<str>) {
    if world.nodes.iter().any(|n| n.name == *name) {
        return;
    }
    let claim = world.node_claims.iter().find(|c| c.name == *name).expect("a claim takes the pods");
    let mut node = Node {
        taints: claim.taints.clone(),
        capacity: claim.capacity.clone(),
        allocatable: claim.allocatable.clone(),
        ..objects::node(name)
    };
    node.labels.extend(claim.labels.clone());
    for key in [keys::REGISTERED, keys::INITIALIZED] {
        node.labels.insert(key.into(), "true".into());
    }
    world.nodes.push(node);
}

fn bind(world: &mut Snapshot, pods: &[NamespacedName], node: &Arc<str>) {
    for pod in world.pods.iter_mut().filter(|p| pods.contains(&p.key)) {
        pod.node_name = Some(node.clone());
        pod.phase = PodPhase::Running;
        (pod.unschedulable, pod.ready) = (false, true);
    }
}

/// The cheapest offering a claim may be launched into.
pub(crate) fn cheapest<'a>(
    claim: &ProposedClaim,
    types: &'a [InstanceType],
) -> (&'a InstanceType, &'a Offering) {
    types
        .iter()
        .filter(|t| claim.instance_types.contains(&t.name))
        .filter_map(|t| Some((t, t.cheapest_available(&claim.requirements)?)))
        .min_by_key(|(t, o)| (o.price, &t.name, &o.zone))
        .expect("a claim can be launched")
}

/// Launches and initializes a node for a claim.
pub(crate) fn launch(world: &mut Snapshot, claim: &ProposedClaim, name: &Arc<str>) {
    let pool = world.node_pools.iter().find(|p| p.name == claim.node_pool).expect("the pool is there");
    let class = pool.template.node_class.name.clone();
    let types = world.instance_types[&class].clone();
    let (instance_type, offering) = cheapest(claim, &types);
    let drafted = draft(claim, pool, &types);
    let labels = labels(instance_type, offering, &drafted.labels);
    let mut made = objects::claim(name, &class);
    made.labels = labels.clone();
    made.requirements = drafted.requirements;
    made.taints = drafted.taints.clone();
    made.startup_taints = drafted.startup_taints;
    made.node_name = Some(name.clone());
    made.capacity = instance_type.capacity.clone();
    made.allocatable = instance_type.allocatable();
    made.conditions = [ConditionKind::Launched, ConditionKind::Registered, ConditionKind::Initialized]
        .map(objects::holds)
        .into();
    let mut node = Node {
        taints: drafted.taints,
        capacity: made.capacity.clone(),
        allocatable: made.allocatable.clone(),
        ..objects::node(name)
    };
    node.labels.extend(labels);
    for key in [keys::REGISTERED, keys::INITIALIZED] {
        node.labels.insert(key.into(), "true".into());
    }
    if let Some(reservation) = &offering.reservation {
        take_one(world, &reservation.id.clone());
    }
    world.node_claims.push(made);
    world.nodes.push(node);
}

fn labels(instance_type: &InstanceType, offering: &Offering, own: &Labels) -> Labels {
    let mut labels = Labels::new();
    for requirement in instance_type.requirements.iter().chain(offering.requirements.iter()) {
        if let Allowed::Only(values) = &requirement.allowed
            && let (Some(value), 1) = (values.first(), values.len())
        {
            labels.insert(requirement.key.as_str().into(), value.clone());
        }
    }
    labels.extend(own.clone());
    labels
}

fn take_one(world: &mut Snapshot, id: &Arc<str>) {
    for types in world.instance_types.values_mut() {
        for offering in Arc::make_mut(types).iter_mut().flat_map(|t| &mut t.offerings) {
            if let Some(reservation) = offering.reservation.as_mut().filter(|r| r.id == *id) {
                reservation.remaining -= 1;
                offering.available = reservation.remaining > 0;
            }
        }
    }
}
