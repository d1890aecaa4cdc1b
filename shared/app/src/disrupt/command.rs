//! Carrying a command out: look again on a fresh view, taint, look once more at the node alone, delete the claim.
//!
//! The command stays in the store until all of it is done, so a run that dies is followed by one that looks again:
//! nodes whose claim goes already are done, the others must still be empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::condition::Finding;
use joiner_core::disruption::candidate::Fleet;
use joiner_core::disruption::emptiness;
use joiner_core::eviction::{disrupted_taint, is_active, protection};
use joiner_core::machine::Machine;
use joiner_core::model::{ConditionKind, ConditionStatus};
use joiner_ports::{
    ClaimPatch, ClusterRead, ClusterWrite, Command, CommandId, CommandNode, CommandPhase, Delay, Lease,
    LeaseAnswer, Message, NodePatch, Ports, Queue, Store, Target,
};

use super::conditions;
use crate::context::Context;
use crate::events::{claim_ref, node_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::{self, Loaded};
use crate::node_events::is_empty;
use crate::provision::RETRY;
use crate::send_again;

/// Handles a step of a command.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, id: &CommandId) -> Result<Outcome, Failure> {
    let store = context.ports.store();
    let commands = store.commands().await?;
    let Some(command) = commands.into_iter().find(|command| command.id == *id) else {
        return Ok(Outcome::default());
    };
    let again = |delay| context.ports.queue().send(Message::CommandStep { command: id.clone() }, delay);
    // behaviour: disruption/validated-after-fifteen-seconds
    if context.now < command.due_at {
        // The message that is due then is on its way; one that came early only looks.
        return Ok(Outcome::default());
    }
    match store.acquire(context.now, context.settings.lease_term_secs).await? {
        LeaseAnswer::Taken { until } => {
            again(RETRY).await?;
            Ok(Fact::LeaseBusy { until }.into())
        }
        LeaseAnswer::Held(lease) => {
            let outcome = carry_out(context, &lease, command).await;
            store.release(lease.fence).await?;
            let outcome = outcome?;
            if outcome.facts.iter().any(|fact| matches!(fact, Fact::Incomplete { .. })) {
                again(RETRY).await?;
            }
            Ok(outcome)
        }
    }
}

/// Carries a command out under a lease.
async fn carry_out<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    command: Command,
) -> Result<Outcome, Failure> {
    let mut loaded = match loaded::load(context).await? {
        Ok(loaded) => loaded,
        Err(why) => return Ok(Fact::Incomplete { why }.into()),
    };
    let mut outcome = Outcome::default();
    let (kept, look_again_at) = validate(context, &mut loaded, &command, &mut outcome);
    if !kept.is_empty() {
        let accepted = Command { nodes: kept, phase: CommandPhase::Deleting, ..command.clone() };
        context.ports.store().put_command(lease.fence, &accepted, &[]).await?;
        for node in &accepted.nodes {
            disrupt(context, &accepted, node, &mut outcome).await?;
        }
    }
    for node in &command.nodes {
        withdraw(context, &loaded, node, &mut outcome).await?;
    }
    context.ports.store().drop_command(&command.id).await?;
    // Nodes that were only not calm enough get another look when they are.
    let again_until = context.until_next_tick();
    send_again(context, Message::DisruptTick { again_until }, look_again_at, again_until).await?;
    Ok(outcome)
}

/// Nodes of a command that must still go, by a fresh view, and when another look may find more. Those that go
/// already are done.
fn validate<P: Ports>(
    context: &Context<'_, P>,
    loaded: &mut Loaded,
    command: &Command,
    outcome: &mut Outcome,
) -> (Vec<CommandNode>, Option<Timestamp>) {
    let own: BTreeSet<Arc<str>> = command.nodes.iter().map(|node| node.claim.to_arc()).collect();
    // The command does not stand in its own way.
    loaded.volatile.in_command.retain(|claim| !own.contains(claim));
    loaded.snapshot.marked_for_deletion.retain(|claim| !own.contains(claim));
    let by_claim: BTreeMap<Arc<str>, &CommandNode> =
        command.nodes.iter().map(|node| (node.claim.to_arc(), node)).collect();
    let staying = loaded.snapshot.node_claims.iter().filter(|claim| {
        claim.deletion_at.is_none()
            && by_claim.get(&claim.name).is_some_and(|node| node.claim_uid == claim.uid)
    });
    let among: BTreeSet<Arc<str>> = staying.map(|claim| claim.name.clone()).collect();
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    let verdict = emptiness::decide(&fleet, Some(&among));
    for (claim, why) in &verdict.blocked {
        outcome.push(Fact::Abandoned { claim: Arc::clone(claim), why: why.to_string() });
    }
    let kept = verdict.chosen.iter().filter_map(|c| by_claim.get(&c.claim.name).copied());
    let kept =
        kept.filter(|node| verdict.chosen.iter().any(|c| c.node.uid == node.node_uid)).cloned().collect();
    (kept, verdict.look_again_at)
}

/// Taints a node, and deletes its claim if it is still empty then: with the taint on, no new pod comes.
async fn disrupt<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    node: &CommandNode,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let cluster = context.ports.cluster();
    let patch = NodePatch { add_taints: vec![disrupted_taint()], ..NodePatch::default() };
    cluster.patch_node(&node.node, &node.node_uid, &patch).await?;
    let machine = cluster.machine(&Target::Claim(node.claim.clone())).await?.unwrap_or_default();
    let Some(claim) = machine.claim.as_ref().filter(|claim| claim.uid == node.claim_uid) else {
        return Ok(());
    };
    // behaviour: disruption/a-pod-that-came-before-the-taint-keeps-its-node
    if !is_empty(&machine) || is_protected(context, &machine) {
        let why = "A pod came to the node before it was tainted".to_owned();
        outcome.push(Fact::Abandoned { claim: node.claim.to_arc(), why });
        return Ok(());
    }
    let reason = command.reason().as_str();
    let finding = Finding {
        kind: ConditionKind::DisruptionReason,
        status: ConditionStatus::True,
        reason,
        message: reason,
    };
    let conditions = finding.on(claim, context.now).into_iter().collect();
    conditions::patch_claim(context, claim, &ClaimPatch { conditions, ..ClaimPatch::default() }).await?;
    let of_claim = [(claim_ref(claim), "NodeClaim")];
    let about = machine.nodes.iter().map(|node| (node_ref(node), "Node")).chain(of_claim);
    let event = |(about, kind)| {
        context.normal(about, "DisruptionTerminating", format!("Disrupting {kind}: {reason}"))
    };
    context.record(about.map(event).collect()).await?;
    cluster.delete_claim(&node.claim, &node.claim_uid).await?;
    let target = Target::Claim(node.claim.clone());
    let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
    context.ports.queue().send(step, Delay::NONE).await?;
    outcome.push(Fact::Disrupted {
        claim: node.claim.clone(),
        node: node.node.clone(),
        reason: command.reason(),
    });
    Ok(())
}

/// Whether a pod on it must not be disrupted.
fn is_protected<P>(context: &Context<'_, P>, machine: &Machine) -> bool {
    machine.pods.iter().any(|pod| is_active(pod) && protection(pod, context.now).is_active())
}

/// Takes the marks off a node of the command that does not go after all.
async fn withdraw<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    node: &CommandNode,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let gone = |fact: &Fact| matches!(fact, Fact::Disrupted { claim, .. } if *claim == node.claim);
    let was_there = loaded.snapshot.node_claims.iter().any(|claim| claim.uid == node.claim_uid);
    if !was_there || outcome.facts.iter().any(gone) {
        return Ok(());
    }
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
