//! Saying what a pass found: nominations that shield nodes, events people see, facts for the timeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::model::{NamespacedName, Pod, Snapshot};
use joiner_core::scheduling::plan::Plan;
use joiner_core::scheduling::reason::{PoolRefusal, PoolSkipped};
use joiner_ports::{Event, LaunchIntent, Nomination, Ports, Store};

use crate::context::Context;
use crate::events::{pod_ref, pool_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Most `Nominated` events of one pass, as the peer bounds them (api 7.4).
const NOMINATED_EVENTS: usize = 10;
/// Seconds between two `FailedScheduling` events of a pod.
const FAILED_QUIET_SECS: u64 = 300;
/// Seconds between two events of a pool that takes no part.
const POOL_QUIET_SECS: u64 = 60;

/// Nominates, writes events, adds facts.
pub(super) async fn report<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    plan: &Plan,
    intents: &[LaunchIntent],
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let until = context.now + context.settings.batch.nomination();
    let nominated = plan.existing.iter().filter(|(_, pods)| !pods.is_empty()).map(|(node, _)| node);
    let on_new = intents.iter().map(|intent| intent.claim.to_arc());
    let nominations: Vec<Nomination> =
        nominated.cloned().chain(on_new).map(|node| Nomination { node, until }).collect();
    if !nominations.is_empty() {
        context.ports.store().nominate(&nominations).await?;
    }
    let pods: BTreeMap<&NamespacedName, &Pod> = snapshot.pods.iter().map(|pod| (&pod.key, pod)).collect();
    let mut events = placed(context, plan, intents, &pods, outcome);
    events.extend(refused(context, plan, &pods, outcome));
    events.extend(skipped(context, snapshot, plan, outcome));
    context.record(events).await
}

/// Pods that have a place now.
fn placed<P: Ports>(
    context: &Context<'_, P>,
    plan: &Plan,
    intents: &[LaunchIntent],
    pods: &BTreeMap<&NamespacedName, &Pod>,
    outcome: &mut Outcome,
) -> Vec<Event> {
    let on_new = intents.iter().map(|intent| (intent.claim.to_arc(), "nodeclaim", &intent.pods));
    let on_existing = plan.existing.iter().map(|(node, pods)| (Arc::clone(node), "node", pods));
    let mut events = Vec::new();
    for (on, kind, keys) in on_new.chain(on_existing) {
        for key in keys {
            outcome.push(Fact::Nominated { pod: key.clone(), on: Arc::clone(&on) });
            if let Some(pod) = pods.get(key).filter(|_| events.len() < NOMINATED_EVENTS) {
                events.push(context.normal(pod_ref(pod), "Nominated", format!("Expected on {kind}/{on}")));
            }
        }
    }
    events
}

/// Pods that have none, and pods that were left out.
fn refused<P: Ports>(
    context: &Context<'_, P>,
    plan: &Plan,
    pods: &BTreeMap<&NamespacedName, &Pod>,
    outcome: &mut Outcome,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut fail = |key: &NamespacedName, message: String| {
        if let Some(pod) = pods.get(key) {
            let event = context.warning(pod_ref(pod), "FailedScheduling", message);
            events.push(Event { quiet_secs: FAILED_QUIET_SECS, ..event });
        }
    };
    for refused in &plan.unschedulable {
        fail(&refused.pod, format!("No node can be launched for it: {}", refused.why));
        outcome.push(Fact::Unschedulable { pod: refused.pod.clone(), why: refused.why.clone() });
    }
    for ignored in plan.ignored.iter().filter(|ignored| !ignored.by_own_wish) {
        let why = ignored.why.join("; ");
        fail(&ignored.pod, format!("It is left out: {why}"));
        outcome.push(Fact::PodIgnored { pod: ignored.pod.clone(), why });
    }
    events
}

/// Pools that took no part.
fn skipped<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    plan: &Plan,
    outcome: &mut Outcome,
) -> Vec<Event> {
    // behaviour: provisioning/without-a-pool-nothing-is-launched-and-that-is-said
    if snapshot.node_pools.is_empty() {
        outcome.push(Fact::NoNodePools);
    }
    let mut events = Vec::new();
    for PoolSkipped { node_pool, why } in &plan.skipped_pools {
        let pool = snapshot.node_pools.iter().find(|pool| pool.name == *node_pool);
        if let Some((pool, reason)) = pool.zip(event_reason(why)) {
            let event = context.warning(pool_ref(pool), reason, format!("Not used: {why}"));
            events.push(Event { quiet_secs: POOL_QUIET_SECS, ..event });
        }
        outcome.push(Fact::PoolSkipped { node_pool: Arc::clone(node_pool), why: why.clone() });
    }
    events
}

/// Reason of the event on the pool; a pool that has a fixed size or goes away is left alone on purpose.
fn event_reason(why: &PoolRefusal) -> Option<&'static str> {
    match why {
        PoolRefusal::NoMatchingInstanceType(_) | PoolRefusal::NoInstanceTypes => {
            Some("NoCompatibleInstanceTypes")
        }
        PoolRefusal::NodeClassMissing(_)
        | PoolRefusal::NodeClassDeleting(_)
        | PoolRefusal::NodeClassNotReady { .. }
        | PoolRefusal::NotReady(_) => Some("NodePoolNotReady"),
        PoolRefusal::UnsupportedNodeClass(_) | PoolRefusal::Static | PoolRefusal::Deleting => None,
    }
}
