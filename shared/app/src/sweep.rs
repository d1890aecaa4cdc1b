//! What was lost on the way: instances without a claim, claims without an instance, intents nobody finishes.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use joiner_core::model::{ConditionKind, NodeClaim, Snapshot};
use joiner_ports::{
    ClaimName, Cloud, ClusterRead, ClusterWrite, Completeness, Delay, Instance, InstanceId, InstanceState,
    IntentPhase, LaunchIntent, Message, PendingHint, Ports, Queue, Store, Target, Termination,
};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::upkeep;

/// How old an intent without a claim must be before nobody is believed to be at it any more.
const INTENT_TERM: SignedDuration = SignedDuration::from_mins(5);

/// Handles a sweep.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>) -> Result<Outcome, Failure> {
    // Instances before claims: an instance that is listed has had its claim for longer. The other way round, one
    // launched in between would look like an orphan.
    let instances = context.ports.cloud().instances().await?;
    let intents = context.ports.store().open_intents().await?;
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        return Ok(Fact::Incomplete { why }.into());
    }
    let mut outcome = Outcome::default();
    for instance in instances.iter().filter(|instance| is_orphan(context, instance, &view.snapshot, &intents))
    {
        outcome.append(terminate(context, instance, &view.snapshot).await?);
    }
    for claim in view.snapshot.node_claims.iter().filter(|claim| is_lost(claim, &view.snapshot, &instances)) {
        outcome.append(delete(context, claim).await?);
    }
    for intent in &intents {
        outcome.append(tidy(context, intent, &view.snapshot).await?);
    }
    // What is lost comes first: what runs can wait for the next sweep.
    outcome.append(upkeep::look(context, &view.snapshot, &instances).await?);
    Ok(outcome)
}

/// Whether no claim stands for an instance, nor will.
fn is_orphan<P: Ports>(
    context: &Context<'_, P>,
    instance: &Instance,
    snapshot: &Snapshot,
    intents: &[LaunchIntent],
) -> bool {
    // behaviour: sweep/an-instance-without-a-claim-is-terminated-after-thirty-seconds
    let old = context.now.duration_since(instance.launched_at) > context.settings.orphan_age;
    let claims = &snapshot.node_claims;
    let owned = claims.iter().any(|claim| claim.provider_id.as_ref() == Some(&instance.provider_id));
    let named = |claim: &NodeClaim| instance.claim.as_ref().is_some_and(|name| *claim.name == *name.as_str());
    // A claim that stays and does not know its instance yet asks for it again, with the same token.
    let awaited =
        claims.iter().any(|claim| claim.provider_id.is_none() && claim.deletion_at.is_none() && named(claim));
    let intended = intents.iter().any(|intent| {
        intent.phase == IntentPhase::Committed && instance.claim.as_ref() == Some(&intent.claim)
    });
    old && instance.state != InstanceState::ShuttingDown && !owned && !awaited && !intended
}

async fn terminate<P: Ports>(
    context: &Context<'_, P>,
    instance: &Instance,
    snapshot: &Snapshot,
) -> Result<Outcome, Failure> {
    if context.ports.cloud().terminate(&instance.id).await? == Termination::Gone {
        return Ok(Outcome::default());
    }
    for node in snapshot.nodes.iter().filter(|node| node.provider_id.as_ref() == Some(&instance.provider_id))
    {
        context.ports.cluster().delete_node(&node.name, &node.uid).await?;
        let target = Target::Node(node.name.clone());
        let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
        context.ports.queue().send(step, Delay::NONE).await?;
    }
    Ok(Fact::OrphanTerminated { instance: instance.id.clone(), claim: instance.claim.clone() }.into())
}

/// Whether a claim's instance went away under it: it had joined, is not listed, and its node is not ready.
fn is_lost(claim: &NodeClaim, snapshot: &Snapshot, instances: &[Instance]) -> bool {
    let Some(provider_id) = &claim.provider_id else { return false };
    let listed: BTreeSet<&str> = instances
        .iter()
        .filter(|instance| instance.state != InstanceState::ShuttingDown)
        .map(|instance| &*instance.provider_id)
        .collect();
    let ready =
        |node: &joiner_core::model::Node| node.ready && node.provider_id.as_ref() == Some(provider_id);
    claim.deletion_at.is_none()
        && claim.node_class.is_supported()
        && claim.is(ConditionKind::Registered)
        && !listed.contains(&**provider_id)
        && !snapshot.nodes.iter().any(ready)
}

/// Deletes a claim once the cloud, asked for its instance by id, does not know it either.
async fn delete<P: Ports>(context: &Context<'_, P>, claim: &NodeClaim) -> Result<Outcome, Failure> {
    let id = claim.provider_id.as_deref().and_then(InstanceId::from_provider_id);
    if let Some(id) = id
        && context.ports.cloud().exists(&id).await?
    {
        return Ok(Outcome::default());
    }
    let name = ClaimName::new(&claim.name)?;
    context.ports.cluster().delete_claim(&name, &claim.uid).await?;
    let target = Target::Claim(name.clone());
    let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
    context.ports.queue().send(step, Delay::NONE).await?;
    Ok(Fact::InstanceLost { claim: name }.into())
}

/// Closes an intent that has nothing left to do; has a pass look at one that was committed and left.
async fn tidy<P: Ports>(
    context: &Context<'_, P>,
    intent: &LaunchIntent,
    snapshot: &Snapshot,
) -> Result<Outcome, Failure> {
    let claims = &snapshot.node_claims;
    let over = match &intent.phase {
        IntentPhase::Created { claim_uid } => !claims.iter().any(|claim| claim.uid == *claim_uid),
        IntentPhase::Committed => {
            let pool = snapshot.node_pools.iter().any(|pool| pool.uid == intent.node_pool_uid);
            !pool && context.now.duration_since(intent.decided_at) > INTENT_TERM
        }
    };
    if over {
        context.ports.store().close_intent(&intent.claim).await?;
        return Ok(Fact::IntentClosed { claim: intent.claim.clone() }.into());
    }
    let message = match &intent.phase {
        IntentPhase::Committed => Message::PodsPending { hint: PendingHint::Again },
        IntentPhase::Created { .. } => {
            Message::ClaimStep { claim: intent.claim.clone(), again_until: context.until_next_tick() }
        }
    };
    context.ports.queue().send(message, Delay::NONE).await?;
    Ok(Outcome::default())
}
