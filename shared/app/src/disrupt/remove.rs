//! The two ends of a command: the claims of its nodes are deleted, or everything is taken back.

use jiff::SignedDuration;
use joiner_core::machine::Machine;
use joiner_core::model::ConditionKind;
use joiner_ports::{
    ClaimPatch, ClusterRead, ClusterWrite, Command, CommandNode, Delay, Message, Ports, Queue, Store, Target,
};

use super::conditions;
use crate::context::Context;
use crate::events::{claim_ref, node_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::send_again;

/// Pause before methods look again once a command is over (disruption 1.1).
const NEXT_LOOK: SignedDuration = SignedDuration::from_secs(10);

/// Deletes the claims of a command, then forgets it. Claims that go already are done.
pub(super) async fn delete<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    for node in &command.nodes {
        delete_one(context, command, node, outcome).await?;
    }
    context.ports.store().drop_command(&command.id).await?;
    look_again(context).await
}

async fn delete_one<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    node: &CommandNode,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let cluster = context.ports.cluster();
    let target = Target::Claim(node.claim.clone());
    let machine = cluster.machine(&target).await?.unwrap_or_default();
    let Some(claim) = machine.claim.as_ref().filter(|c| c.uid == node.claim_uid && c.deletion_at.is_none())
    else {
        return Ok(());
    };
    let reason = command.reason().as_str();
    let of_claim = [(claim_ref(claim), "NodeClaim")];
    let about = machine.nodes.iter().map(|node| (node_ref(node), "Node")).chain(of_claim);
    let event = |(about, kind)| {
        context.normal(about, "DisruptionTerminating", format!("Disrupting {kind}: {reason}"))
    };
    context.record(about.map(event).collect()).await?;
    cluster.delete_claim(&node.claim, &node.claim_uid).await?;
    let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
    context.ports.queue().send(step, Delay::NONE).await?;
    outcome.push(Fact::Disrupted {
        claim: node.claim.clone(),
        node: node.node.clone(),
        reason: command.reason(),
    });
    Ok(())
}

/// Takes everything back and forgets the command. Replacements that came stay: they are nodes like any other.
pub(super) async fn give_up<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    why: &str,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    for node in &command.nodes {
        outcome.push(Fact::Abandoned { claim: node.claim.to_arc(), why: why.to_owned() });
        withdraw(context, node, outcome).await?;
    }
    context.ports.store().drop_command(&command.id).await?;
    look_again(context).await
}

/// Takes the marks off a node of the command that does not go after all.
pub(super) async fn withdraw<P: Ports>(
    context: &Context<'_, P>,
    node: &CommandNode,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let machine = context.ports.cluster().machine(&Target::Claim(node.claim.clone())).await?;
    let Machine { claim, nodes, .. } = machine.unwrap_or_default();
    let Some(claim) = claim.filter(|c| c.uid == node.claim_uid && c.deletion_at.is_none()) else {
        return Ok(());
    };
    for node in nodes.iter().filter(|node| node.deletion_at.is_none()) {
        conditions::untaint(context, node, outcome).await?;
    }
    let marked = claim.condition(ConditionKind::DisruptionReason).map(|c| c.kind);
    let patch = ClaimPatch { cleared: marked.into_iter().collect(), ..ClaimPatch::default() };
    conditions::patch_claim(context, &claim, &patch).await
}

/// What was held by the command may be looked at again, and nodes that were only not calm enough when they are.
pub(super) async fn look_again<P: Ports>(context: &Context<'_, P>) -> Result<(), Failure> {
    let again_until = context.until_next_tick();
    send_again(context, Message::DisruptTick { again_until }, Some(context.now + NEXT_LOOK), again_until)
        .await
}
