//! A handler that does the whole job in one pass over the world, whatever the message, and without any care: no
//! lease, no intents, no second look. Good enough in a calm world with one invocation at a time; the checkers
//! have to catch what it does in others.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{
    Condition, ConditionKind, ConditionStatus, Node, NodeClaim, NodeClass, Snapshot, Taint, TaintEffect, keys,
};
use joiner_core::scheduling::plan::{ClaimDraft, Knobs, Plan, ReservedMode};
use joiner_core::scheduling::{draft, solve};
use joiner_ports::*;
use joiner_sim::ports::SimPorts;
use joiner_sim::runtime::{Handled, Invocation};

/// The handler.
pub(crate) fn handler(ports: SimPorts, _message: Message, now: Timestamp) -> Invocation {
    Box::pin(async move { pass(&ports, now).await })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn pass(ports: &SimPorts, now: Timestamp) -> Handled {
    let mut world = ports.snapshot().await.map_err(text)?.snapshot;
    for class in world.node_classes.clone() {
        let types = ports.of(&class, &[]).await.map_err(text)?;
        world.instance_types.insert(Arc::clone(&class.name), types);
    }
    for claim in world.node_claims.clone() {
        let node = world.nodes.iter().find(|n| n.provider_id.is_some() && n.provider_id == claim.provider_id);
        match (claim.deletion_at, node) {
            (Some(_), node) => take_down(ports, &world, &claim, node).await?,
            (None, Some(node)) => bring_up(ports, &world, &claim, node, now).await?,
            (None, None) => {}
        }
    }
    provision(ports, &world, now).await
}

async fn provision(ports: &SimPorts, world: &Snapshot, now: Timestamp) -> Handled {
    let knobs = Knobs {
        now,
        preference_policy: Default::default(),
        min_values_policy: Default::default(),
        reserved_mode: ReservedMode::Strict,
    };
    let plan = solve(world, &knobs);
    tell(ports, &plan);
    for (index, proposed) in plan.claims.iter().enumerate() {
        let pool = world.node_pools.iter().find(|pool| pool.name == proposed.node_pool).ok_or("no pool")?;
        let class = world.node_classes.iter().find(|class| class.name == pool.template.node_class.name);
        let class = class.ok_or("no class")?;
        let types = Arc::clone(&world.instance_types[&class.name]);
        let draft = draft(proposed, pool, &types);
        let lease = Lease { fence: Fence(0), acquired_at: now, expires_at: now };
        let name = ClaimName::derive(&pool.name, &lease, index).map_err(text)?;
        let new = NewClaim { name: &name, node_pool: &pool.name, node_pool_uid: &pool.uid, draft: &draft };
        let claim = ports.create_claim(new).await.map_err(text)?.claim;
        launch(ports, &claim, &draft, (class, &types), now).await?;
    }
    Ok(())
}

async fn launch(
    ports: &SimPorts,
    claim: &NodeClaim,
    draft: &ClaimDraft,
    (class, types): (&NodeClass, &[joiner_core::model::InstanceType]),
    now: Timestamp,
) -> Handled {
    let name = ClaimName::new(&claim.name).map_err(text)?;
    let token = LaunchToken::derive(ports.cluster_name(), &name, &claim.uid);
    let request = LaunchRequest { claim: &name, token: &token, draft, class, instance_types: types };
    let launched = ports.launch(request).await.map_err(text)?;
    let patch = ClaimPatch {
        labels: launched.labels,
        provider_id: Some(launched.provider_id),
        capacity: Some(launched.capacity),
        allocatable: Some(launched.allocatable),
        conditions: vec![condition(ConditionKind::Launched, now)],
        ..ClaimPatch::default()
    };
    ports.patch_claim(&name, &claim.uid, &patch).await.map_err(text)?;
    Ok(())
}

fn condition(kind: ConditionKind, since: Timestamp) -> Condition {
    let (reason, message) = (kind.as_str().into(), "".into());
    Condition { kind, status: ConditionStatus::True, reason, message, since }
}

/// Says why pods wait and pools are not used.
fn tell(ports: &SimPorts, plan: &Plan) {
    let mut world = ports.world().lock();
    for refused in &plan.unschedulable {
        world.pod_does_not_fit(&refused.pod, refused.why.to_string());
    }
    for skipped in &plan.skipped_pools {
        world.pool_is_not_used(&skipped.node_pool, skipped.why.to_string());
    }
}

/// Registers and initializes, and takes the claim down once its node has been empty for long enough.
async fn bring_up(
    ports: &SimPorts,
    world: &Snapshot,
    claim: &NodeClaim,
    node: &Node,
    now: Timestamp,
) -> Handled {
    let name = ClaimName::new(&claim.name).map_err(text)?;
    let mut labels = claim.labels.clone();
    let mut kinds = vec![ConditionKind::Registered];
    labels.insert(keys::REGISTERED.into(), "true".into());
    if node.ready {
        labels.insert(keys::INITIALIZED.into(), "true".into());
        kinds.push(ConditionKind::Initialized);
    }
    if !node.labels.contains_key(keys::INITIALIZED) {
        let unregistered =
            Taint { key: keys::UNREGISTERED_TAINT.into(), value: "".into(), effect: TaintEffect::NoExecute };
        let patch = NodePatch {
            labels,
            finalizer: FinalizerChange::Add,
            remove_taints: vec![unregistered],
            ..NodePatch::default()
        };
        ports.patch_node(&node.name, &node.uid, &patch).await.map_err(text)?;
        let conditions = kinds.into_iter().map(|kind| condition(kind, now)).collect();
        let node_name = Some(Arc::clone(&node.name));
        let last_pod_event_at = Some(now);
        let patch = ClaimPatch { conditions, node_name, last_pod_event_at, ..ClaimPatch::default() };
        ports.patch_claim(&name, &claim.uid, &patch).await.map_err(text)?;
        return Ok(());
    }
    let is_busy = world.pods.iter().any(|pod| {
        pod.node_name.as_ref() == Some(&node.name) && !pod.is_terminal() && !pod.is_owned_by_daemon_set()
    });
    if is_busy {
        let patch = ClaimPatch { last_pod_event_at: Some(now), ..ClaimPatch::default() };
        ports.patch_claim(&name, &claim.uid, &patch).await.map_err(text)?;
    } else if claim.last_pod_event_at.is_some_and(|at| now.duration_since(at).as_secs() >= 30) {
        ports.delete_claim(&name, &claim.uid).await.map_err(text)?;
    }
    Ok(())
}

async fn take_down(ports: &SimPorts, world: &Snapshot, claim: &NodeClaim, node: Option<&Node>) -> Handled {
    let name = ClaimName::new(&claim.name).map_err(text)?;
    let mut is_gone = true;
    if let Some(node) = node {
        let disrupted =
            Taint { key: keys::DISRUPTED_TAINT.into(), value: "".into(), effect: TaintEffect::NoSchedule };
        let patch = NodePatch { add_taints: vec![disrupted], ..NodePatch::default() };
        ports.patch_node(&node.name, &node.uid, &patch).await.map_err(text)?;
        ports.delete_node(&node.name, &node.uid).await.map_err(text)?;
        let of_node = |pod: &&joiner_core::model::Pod| pod.node_name.as_ref() == Some(&node.name);
        for pod in world.pods.iter().filter(of_node).filter(|pod| !pod.is_terminal()) {
            is_gone = false;
            ports.evict(&pod.key, &pod.uid).await.map_err(text)?;
        }
    }
    let instance = claim.provider_id.as_deref().and_then(InstanceId::from_provider_id);
    if let Some(instance) = instance.filter(|_| is_gone) {
        is_gone = ports.terminate(&instance).await.map_err(text)? == Termination::Gone;
    }
    if !is_gone {
        return ports.send(Message::Tick, Delay::from_secs(5)).await.map_err(text);
    }
    if let Some(node) = node {
        let patch = NodePatch { finalizer: FinalizerChange::Remove, ..NodePatch::default() };
        ports.patch_node(&node.name, &node.uid, &patch).await.map_err(text)?;
    }
    let patch = ClaimPatch { finalizer: FinalizerChange::Remove, ..ClaimPatch::default() };
    ports.patch_claim(&name, &claim.uid, &patch).await.map_err(text)?;
    Ok(())
}
