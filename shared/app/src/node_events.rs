//! What nodes and the pods on them say: a pod came or went, a node joined, turned ready or is going.

use std::sync::Arc;

use joiner_core::eviction::{has_eviction_cost, is_reschedulable};
use joiner_core::lifecycle::should_stamp;
use joiner_core::machine::{Machine, has_finalizer};
use joiner_core::model::{ConditionKind, Node};
use joiner_ports::{ClaimName, ClaimPatch, ClusterRead, ClusterWrite, Delay, Message, Ports, Queue, Target};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::lifecycle;

/// A pod came to or went from a node: its calm starts anew, and if that was the last one, the node may be empty.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn pod_moved<P: Ports>(context: &Context<'_, P>, node: &Arc<str>) -> Result<Outcome, Failure> {
    let target = Target::Node(Arc::clone(node));
    let machine = context.ports.cluster().machine(&target).await?.unwrap_or_default();
    let Some(claim) = machine.claim.as_ref().filter(|claim| claim.deletion_at.is_none()) else {
        return Ok(Outcome::default());
    };
    let initialized = claim.is(ConditionKind::Initialized);
    // Until a node is usable only its own agents come to it as a rule, and they are no pod events.
    if !initialized && !machine.pods.iter().any(is_reschedulable) {
        return Ok(Outcome::default());
    }
    let mut outcome = Outcome::default();
    if should_stamp(claim, context.now) {
        let name = ClaimName::new(&claim.name)?;
        let patch = ClaimPatch { last_pod_event_at: Some(context.now), ..ClaimPatch::default() };
        context.ports.cluster().patch_claim(&name, &claim.uid, &patch).await?;
        outcome.push(Fact::PodEvent { claim: name });
    }
    if initialized && is_empty(&machine) {
        let look = Message::DisruptTick { again_until: context.until_next_tick() };
        // Many nodes empty together: one look serves them all.
        context.wake(look, context.now).await?;
    }
    Ok(outcome)
}

/// Whether nobody would miss anything on it.
pub(crate) fn is_empty(machine: &Machine) -> bool {
    !machine.pods.iter().any(|pod| is_reschedulable(pod) && has_eviction_cost(pod))
}

/// A node joined, changed, or is going: its claim may have a step to take.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn node_changed<P: Ports>(context: &Context<'_, P>, node: &Arc<str>) -> Result<Outcome, Failure> {
    let target = Target::Node(Arc::clone(node));
    let machine = context.ports.cluster().machine(&target).await?.unwrap_or_default();
    let going = |node: &Node| node.deletion_at.is_some() && has_finalizer(&node.finalizers);
    if machine.nodes.iter().any(going) {
        let target = match &machine.claim {
            Some(claim) => Target::Claim(ClaimName::new(&claim.name)?),
            None => target,
        };
        let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
        context.ports.queue().send(step, Delay::NONE).await?;
        return Ok(Outcome::default());
    }
    let Some(claim) = machine.claim.filter(|claim| !claim.is(ConditionKind::Initialized)) else {
        return Ok(Outcome::default());
    };
    // The claim's own steps come again by themselves; this is only to be quicker.
    let (outcome, _) = lifecycle::advance(context, &ClaimName::new(&claim.name)?).await?;
    Ok(outcome)
}
