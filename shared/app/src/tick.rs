//! The net under everything: once a minute, whatever any lost message would have said is seen and said again.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::lifecycle::expires_at;
use joiner_core::machine::has_finalizer;
use joiner_core::model::{ConditionKind, NodeClaim, Snapshot};
use joiner_ports::{
    ClaimName, ClusterRead, Command, Completeness, Delay, Message, PendingHint, Ports, Queue, Store, Target,
};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::{classes, pools, together};

/// Handles a tick.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>) -> Result<Outcome, Failure> {
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        return Ok(Fact::Incomplete { why }.into());
    }
    let commands = context.ports.store().commands().await?;
    let window = context.ports.store().window().await?;
    let mut messages = owed(context, &view.snapshot, &commands)?;
    if window.is_some() {
        messages.push((Message::PodsPending { hint: PendingHint::WindowDue }, Delay::NONE));
    }
    for pool in view.snapshot.node_pools.iter().filter(|pool| pools::is_owed(context, &view.snapshot, pool)) {
        messages.push((Message::PoolChanged { pool: Arc::clone(&pool.name) }, Delay::NONE));
    }
    for class in &view.snapshot.node_classes {
        if classes::is_owed(context, class).await? {
            messages.push((Message::ClassChanged { class: Arc::clone(&class.name) }, Delay::NONE));
        }
    }
    let count = messages.len();
    let queue = context.ports.queue();
    let sent = messages.into_iter().map(|(message, delay)| queue.send(message, delay)).collect();
    together::try_all(sent).await?;
    Ok(Fact::Ticked { messages: count }.into())
}

/// Messages for everything that is not where it should end up.
fn owed<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    commands: &[Command],
) -> Result<Vec<(Message, Delay)>, Failure> {
    let mut messages = vec![(Message::Sweep, Delay::NONE)];
    if snapshot.pods.iter().any(|pod| pod.is_provisionable()) {
        messages.push((Message::PodsPending { hint: PendingHint::Again }, Delay::NONE));
    }
    for claim in &snapshot.node_claims {
        messages.extend(step_of(claim, context.now, context.until_next_tick())?);
    }
    messages.extend(nodes_going(snapshot, context.until_next_tick()));
    let steps = commands.iter().map(|command| Message::CommandStep { command: command.id.clone() });
    messages.extend(steps.map(|step| (step, Delay::NONE)));
    if snapshot.node_claims.iter().any(|claim| claim.is(ConditionKind::Initialized)) {
        let again_until = context.until_next_tick();
        messages.push((Message::DisruptTick { again_until }, Delay::NONE));
    }
    Ok(messages)
}

/// The step a claim may have to take before the next tick.
fn step_of(
    claim: &NodeClaim,
    now: Timestamp,
    again_until: Timestamp,
) -> Result<Option<(Message, Delay)>, Failure> {
    if !claim.node_class.is_supported() {
        return Ok(None);
    }
    let name = ClaimName::new(&claim.name)?;
    if claim.deletion_at.is_some() {
        let target = Target::Claim(name);
        return Ok(Some((Message::TerminateStep { target, again_until }, Delay::NONE)));
    }
    let due = if claim.is(ConditionKind::Initialized) {
        expires_at(claim).filter(|at| *at <= again_until)
    } else {
        Some(now)
    };
    let step = Message::ClaimStep { claim: name, again_until };
    Ok(due.map(|at| (step, Delay::until(at, now))))
}

/// Nodes that go while their claim does not, or without one.
fn nodes_going(snapshot: &Snapshot, again_until: Timestamp) -> impl Iterator<Item = (Message, Delay)> {
    let going = snapshot.nodes.iter().filter(|node| {
        let followed = snapshot.node_claims.iter().any(|claim| {
            claim.deletion_at.is_some()
                && claim.provider_id.is_some()
                && claim.provider_id == node.provider_id
        });
        node.deletion_at.is_some() && has_finalizer(&node.finalizers) && !followed
    });
    going.map(move |node| {
        let target = Target::Node(node.name.clone());
        (Message::TerminateStep { target, again_until }, Delay::NONE)
    })
}
