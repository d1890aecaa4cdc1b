//! Machines that run: do they still match what they were made from, are they what was launched, are they healthy, and
//! does everybody find them? Looked at with every sweep, which has seen the cluster and the cloud together.
//!
//! What is found is written as conditions; acting on it is the business of disruption and of the end of machines.

mod patches;
mod repair;
mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::eviction::{Protection, is_active, protection};
use joiner_core::model::{InstanceType, Node, NodeClaim, NodeClass, NodePool, Snapshot, keys};
use joiner_ports::{Event, Instance, InstanceTypeError, InstanceTypeSource, Message, Ports};

use crate::context::Context;
use crate::events::pod_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Seconds within which the same is not said of a pod again.
const POD_QUIET_SECS: u64 = 3600;

/// Everything a claim is compared with, indexed.
struct Surroundings<'a> {
    nodes: BTreeMap<&'a str, Vec<&'a Node>>,
    instances: BTreeMap<&'a str, &'a Instance>,
    pools: BTreeMap<&'a str, &'a NodePool>,
    classes: BTreeMap<&'a str, (&'a NodeClass, Arc<Vec<InstanceType>>)>,
}

impl<'a> Surroundings<'a> {
    /// Nodes of a claim.
    fn nodes_of(&self, claim: &NodeClaim) -> &[&'a Node] {
        let of_id = claim.provider_id.as_deref().and_then(|id| self.nodes.get(id));
        of_id.map_or(&[], Vec::as_slice)
    }

    /// What the cloud says of the instance of a claim.
    fn instance_of(&self, claim: &NodeClaim) -> Option<&'a Instance> {
        self.instances.get(claim.provider_id.as_deref()?).copied()
    }
}

/// Looks at all claims that are to stay, once.
pub(crate) async fn look<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    instances: &[Instance],
) -> Result<Outcome, Failure> {
    let surroundings = surroundings(context, snapshot, instances).await?;
    let mut outcome = Outcome::default();
    let mut drifted = false;
    for claim in staying(snapshot) {
        if repair::repair(context, snapshot, &surroundings, claim, &mut outcome).await? {
            continue;
        }
        drifted |= patches::write(context, &surroundings, claim, &mut outcome).await?;
    }
    tags::tag(context, snapshot, &surroundings, &mut outcome).await?;
    invalid_annotations(context, snapshot, &mut outcome).await?;
    if drifted {
        let again_until = context.until_next_tick();
        context.wake(Message::DisruptTick { again_until }, context.now).await?;
    }
    Ok(outcome)
}

/// Claims with an instance of ours that are not going.
fn staying(snapshot: &Snapshot) -> impl Iterator<Item = &NodeClaim> {
    snapshot.node_claims.iter().filter(|claim| {
        claim.deletion_at.is_none() && claim.provider_id.is_some() && claim.node_class.is_supported()
    })
}

async fn surroundings<'a, P: Ports>(
    context: &Context<'_, P>,
    snapshot: &'a Snapshot,
    instances: &'a [Instance],
) -> Result<Surroundings<'a>, Failure> {
    let mut nodes: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in &snapshot.nodes {
        if let Some(id) = node.provider_id.as_deref() {
            nodes.entry(id).or_default().push(node);
        }
    }
    let mut classes = BTreeMap::new();
    for class in &snapshot.node_classes {
        let types = match context.ports.instance_types().of(class, &[]).await {
            Ok(types) => types,
            Err(InstanceTypeError::Rejected(why)) => {
                tracing::debug!(class = %class.name, %why, "the class has no instance types");
                Arc::default()
            }
            Err(failure @ InstanceTypeError::Unavailable(_)) => return Err(failure.into()),
        };
        classes.insert(&*class.name, (class, types));
    }
    Ok(Surroundings {
        nodes,
        instances: instances.iter().map(|instance| (&*instance.provider_id, instance)).collect(),
        pools: snapshot.node_pools.iter().map(|pool| (&*pool.name, pool)).collect(),
        classes,
    })
}

/// Pods whose do-not-disrupt annotation cannot be read: it does not protect them, and whoever wrote it thinks so.
// behaviour: disruption/an-unreadable-do-not-disrupt-is-told
async fn invalid_annotations<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut events = Vec::new();
    for pod in snapshot.pods.iter().filter(|pod| pod.node_name.is_some() && is_active(pod)) {
        let value = pod.annotations.get(keys::DO_NOT_DISRUPT);
        if let (Some(value), Protection::Invalid) = (value, protection(pod, context.now)) {
            let message = format!(
                "{}: {value:?} is neither \"true\" nor a duration such as \"30m\"; it protects nothing",
                keys::DO_NOT_DISRUPT
            );
            let event = context.warning(pod_ref(pod), "InvalidDoNotDisruptAnnotation", message);
            events.push(Event { quiet_secs: POD_QUIET_SECS, ..event });
            outcome.push(Fact::Unprotected { pod: pod.key.clone(), value: Arc::clone(value) });
        }
    }
    context.record(events).await
}
