//! A claim's next steps: launch it if that is still to do, let its node join, see it usable, end it in time.

use jiff::Timestamp;
use joiner_core::lifecycle::join::Joining;
use joiner_core::lifecycle::{self, Act, End, Step};
use joiner_core::machine::{Machine, NodeKey};
use joiner_core::model::{Condition, ConditionKind, Labels, NodeClaim, keys};
use joiner_ports::{
    ClaimName, ClaimPatch, ClusterRead, ClusterWrite, Delay, FinalizerChange, IntentPhase, Message,
    NodePatch, Ports, Queue, Store, Target,
};

use crate::context::Context;
use crate::events::claim_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::launch::{self, ClassView};
use crate::{loaded, pools, send_again};

/// Most steps of one claim in one invocation.
const STEPS: usize = 4;

/// Handles a step of a claim.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    again_until: Timestamp,
) -> Result<Outcome, Failure> {
    let (outcome, again_at) = advance(context, name).await?;
    let step = Message::ClaimStep { claim: name.clone(), again_until };
    send_again(context, step, again_at, again_until).await?;
    Ok(outcome)
}

/// Takes the steps of a claim that can be taken now, and says when the next may be due.
pub(crate) async fn advance<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
) -> Result<(Outcome, Option<Timestamp>), Failure> {
    let mut outcome = Outcome::default();
    let target = Target::Claim(name.clone());
    for _ in 0..STEPS {
        let machine = context.ports.cluster().machine(&target).await?.unwrap_or_default();
        let Some(claim) = &machine.claim else {
            outcome.append(forget(context, name).await?);
            return Ok((outcome, None));
        };
        let step = lifecycle::next(&machine, context.now);
        let again_at = step.again_at;
        let more = take(context, name, claim, &machine, step, &mut outcome).await?;
        if !more {
            return Ok((outcome, again_at));
        }
    }
    Ok((outcome, Some(context.now)))
}

/// A claim that is gone has no use for its intent any more. One not written yet is left to provisioning.
async fn forget<P: Ports>(context: &Context<'_, P>, name: &ClaimName) -> Result<Outcome, Failure> {
    let store = context.ports.store();
    match store.intent(name).await?.map(|intent| intent.phase) {
        Some(IntentPhase::Created { .. }) => {
            store.close_intent(name).await?;
            Ok(Fact::IntentClosed { claim: name.clone() }.into())
        }
        Some(IntentPhase::Committed) | None => Ok(Outcome::default()),
    }
}

/// Takes one step, and says whether another may follow at once.
#[expect(
    clippy::too_many_arguments,
    reason = "one step needs the claim as it was read, and the machine around it"
)]
async fn take<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    claim: &NodeClaim,
    machine: &Machine,
    step: Step,
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let cluster = context.ports.cluster();
    match step.act {
        Act::Nothing => {
            say_waiting(name, &step.conditions, outcome);
            write(context, name, claim, step.conditions).await?;
            Ok(false)
        }
        Act::Leave => {
            let target = Target::Claim(name.clone());
            let leave = Message::TerminateStep { target, again_until: context.until_next_tick() };
            context.ports.queue().send(leave, Delay::NONE).await?;
            Ok(false)
        }
        Act::AddFinalizer => {
            let patch = ClaimPatch { finalizer: FinalizerChange::Add, ..ClaimPatch::default() };
            cluster.patch_claim(name, &claim.uid, &patch).await?;
            Ok(true)
        }
        Act::Launch => launch_again(context, claim, outcome).await,
        Act::Join(joining) => {
            join(context, name, claim, *joining, step.conditions).await?;
            let node = machine.nodes.first().map(|node| node.name.clone()).unwrap_or_default();
            context.recount(claim).await?;
            outcome.push(Fact::Registered { claim: name.clone(), node });
            Ok(true)
        }
        Act::MarkUsable(node) => {
            mark_usable(context, name, claim, &node, step.conditions).await?;
            outcome.push(Fact::Initialized { claim: name.clone(), node: node.name });
            Ok(true)
        }
        Act::Delete(end) => {
            // As long as it is there, its pool can tell that it failed.
            if let (End::LaunchTimeout | End::RegistrationTimeout, Some(pool)) = (end, claim.node_pool()) {
                outcome.append(pools::handle(context, pool).await?);
            }
            end_claim(context, name, claim, end).await?;
            outcome.push(Fact::Ended { claim: name.clone(), end });
            Ok(false)
        }
    }
}

fn say_waiting(name: &ClaimName, conditions: &[Condition], outcome: &mut Outcome) {
    outcome.facts.extend(conditions.iter().map(|condition| Fact::Waiting {
        claim: name.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    }));
}

async fn write<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    claim: &NodeClaim,
    conditions: Vec<Condition>,
) -> Result<(), Failure> {
    if !conditions.is_empty() {
        let patch = ClaimPatch { conditions, ..ClaimPatch::default() };
        context.ports.cluster().patch_claim(name, &claim.uid, &patch).await?;
    }
    Ok(())
}

/// Launches a claim that its plan did not get to, or that someone wrote by hand.
async fn launch_again<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    match loaded::load(context).await? {
        Ok(loaded) => {
            let class = ClassView::of(&loaded, &claim.node_class.name);
            let launched = launch::launch(context, claim, class).await?;
            outcome.append(launched);
        }
        Err(why) => outcome.push(Fact::Incomplete { why }),
    }
    Ok(false)
}

/// Lets a node join: first the node, then the claim, so that a claim that says so has a node that has all of it.
async fn join<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    claim: &NodeClaim,
    joining: Joining,
    conditions: Vec<Condition>,
) -> Result<(), Failure> {
    let node = joining.node;
    let patch = NodePatch {
        labels: joining.labels,
        annotations: joining.annotations,
        finalizer: FinalizerChange::Add,
        add_taints: joining.add_taints,
        remove_taints: joining.remove_taints,
        owner: Some((name.clone(), claim.uid.clone())),
    };
    context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await?;
    if joining.was_open {
        let message =
            "The node came without the karpenter.sh/unregistered taint; pods may have started on it \
                       before its taints were set. Let its user data or kubelet register it with that taint."
                .to_owned();
        context.record(vec![context.warning(claim_ref(claim), "UnregisteredTaintMissing", message)]).await?;
    }
    let patch = ClaimPatch { conditions, node_name: Some(node.name), ..ClaimPatch::default() };
    context.ports.cluster().patch_claim(name, &claim.uid, &patch).await?;
    Ok(())
}

/// Marks a node usable, node first again, and has disruption look at it in time.
async fn mark_usable<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    claim: &NodeClaim,
    node: &NodeKey,
    conditions: Vec<Condition>,
) -> Result<(), Failure> {
    let labels = Labels::from([(keys::INITIALIZED.into(), "true".into())]);
    let patch = NodePatch { labels, ..NodePatch::default() };
    context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await?;
    write(context, name, claim, conditions).await
}

/// Deletes a claim, and has the pods it was for planned for again.
async fn end_claim<P: Ports>(
    context: &Context<'_, P>,
    name: &ClaimName,
    claim: &NodeClaim,
    end: End,
) -> Result<(), Failure> {
    context.ports.cluster().delete_claim(name, &claim.uid).await?;
    let target = Target::Claim(name.clone());
    let leave = Message::TerminateStep { target, again_until: context.until_next_tick() };
    context.ports.queue().send(leave, Delay::NONE).await?;
    tracing::info!(claim = %name, end = end.as_str(), launched = claim.is(ConditionKind::Launched), "claim ended");
    Ok(())
}
