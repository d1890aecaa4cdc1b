//! EC2 announced something about an instance: its claim goes in time, and what was taken back is not asked for.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_core::interruption::{self, Notice, Reaction, Urgency};
use joiner_core::machine::Machine;
use joiner_core::model::{Labels, Node, NodeClaim, Snapshot};
use joiner_core::termination::{DEADLINE_ANNOTATION, deadline};
use joiner_ports::{
    ClaimName, ClaimPatch, ClusterError, ClusterRead, ClusterWrite, Completeness, Delay, InstanceId,
    InterruptionKind, Message, Ports, Queue, Store, Target, UnavailableUntil,
};

use crate::context::Context;
use crate::events::{claim_ref, node_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// How long after a notice a view that is not complete is asked for again: past that, a spot instance is gone.
const WORTHWHILE: SignedDuration = SignedDuration::from_mins(2);
/// Pause before that.
const RETRY: Delay = Delay::from_secs(2);

/// Handles what EC2 announced about an instance, at a moment.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(
    context: &Context<'_, P>,
    instance: &InstanceId,
    event: &InterruptionKind,
    said_at: Timestamp,
) -> Result<Outcome, Failure> {
    let Some(notice) = notice_of(event) else { return Ok(Outcome::default()) };
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        if context.now < said_at + WORTHWHILE {
            let again =
                Message::Interruption { instance: instance.clone(), event: event.clone(), at: said_at };
            context.wake_after(again, RETRY).await?;
        }
        return Ok(Fact::Incomplete { why }.into());
    }
    // Rules of the account tell of every instance in it; most are somebody else's.
    // behaviour: interruption/instances-of-others-are-left-alone
    let Some(claim) = claim_of(&view.snapshot, instance) else {
        return Ok(Fact::NotOurs { instance: instance.clone() }.into());
    };
    let name = ClaimName::new(&claim.name)?;
    if claim.deletion_at.is_some() {
        // Its end may be what it waits for.
        leave(context, &name).await?;
        return Ok(Outcome::default());
    }
    let of_claim = |node: &&Node| node.provider_id == claim.provider_id;
    let nodes = view.snapshot.nodes.iter().filter(of_claim).cloned().collect();
    let machine = Machine { claim: Some(claim.clone()), nodes, ..Machine::default() };
    let reaction = interruption::react(notice, claim);
    let facts =
        vec![Fact::Noticed { claim: name.clone(), instance: instance.clone(), reason: reaction.reason }];
    let mut outcome = Outcome { facts };
    tell(context, &machine, notice, &reaction).await?;
    mark(context, &reaction).await?;
    end(context, claim, &name, &reaction, &mut outcome).await?;
    Ok(outcome)
}

/// The notice in an announcement; `None` where there is nothing to do about it.
fn notice_of(event: &InterruptionKind) -> Option<Notice> {
    match event {
        InterruptionKind::SpotInterruption => Some(Notice::SpotTaken),
        InterruptionKind::RebalanceRecommendation => Some(Notice::Rebalance),
        InterruptionKind::ScheduledChange => Some(Notice::ScheduledChange),
        InterruptionKind::StateChange { state } => Notice::of_state(state),
        InterruptionKind::StatusCheckFailed => Some(Notice::StatusCheckFailed),
        InterruptionKind::CapacityReservationInterruption => Some(Notice::ReservationTaken),
    }
}

/// The claim of an instance, if its class is one this product launches from.
fn claim_of<'a>(snapshot: &'a Snapshot, instance: &InstanceId) -> Option<&'a NodeClaim> {
    snapshot.node_claims.iter().filter(|claim| claim.node_class.is_supported()).find(|claim| {
        let id = claim.provider_id.as_deref().and_then(InstanceId::from_provider_id);
        id.as_ref() == Some(instance)
    })
}

/// Says it where people look: on the claim and its node.
async fn tell<P: Ports>(
    context: &Context<'_, P>,
    machine: &Machine,
    notice: Notice,
    reaction: &Reaction,
) -> Result<(), Failure> {
    let claim = machine.claim.iter().map(|claim| (claim_ref(claim), "NodeClaim", &claim.name));
    let nodes = machine.nodes.iter().map(|node| (node_ref(node), "Node", &node.name));
    let mut events = Vec::new();
    for (about, kind, name) in claim.chain(nodes) {
        let text = notice.text(&format!("{kind} {name}"));
        if reaction.urgency == Urgency::Stays {
            events.push(context.normal(about, reaction.event, text));
        } else {
            events.push(context.warning(about.clone(), reaction.event, text));
            let text = format!("{kind} {name} goes because of that");
            events.push(context.warning(about, "TerminatingOnInterruption", text));
        }
    }
    context.record(events).await
}

/// Remembers what is not to be had.
async fn mark<P: Ports>(context: &Context<'_, P>, reaction: &Reaction) -> Result<(), Failure> {
    let until = context.now + context.settings.unavailable_for;
    let marks: Vec<UnavailableUntil> =
        reaction.unavailable.iter().map(|what| UnavailableUntil { what: what.clone(), until }).collect();
    if marks.is_empty() { Ok(()) } else { Ok(context.ports.store().mark_unavailable(&marks).await?) }
}

/// Deletes the claim, if it has to go; a forced one gets a deadline that is over first.
async fn end<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
    reaction: &Reaction,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    match reaction.urgency {
        Urgency::Stays => return Ok(()),
        Urgency::Force => set_deadline(context, claim, name).await?,
        Urgency::Drain => {}
    }
    context.ports.cluster().delete_claim(name, &claim.uid).await?;
    leave(context, name).await?;
    outcome.push(Fact::ClaimDisrupted {
        claim: name.clone(),
        node_pool: claim.node_pool().map(Arc::clone),
        reason: reaction.reason.into(),
    });
    Ok(())
}

/// Gives a claim a deadline that is over, unless it has one that is.
pub(crate) async fn set_deadline<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
) -> Result<(), Failure> {
    if deadline(claim).is_some_and(|at| at <= context.now) {
        return Ok(());
    }
    let annotations = Labels::from([(DEADLINE_ANNOTATION.into(), context.now.to_string().into())]);
    let patch = ClaimPatch { annotations, ..ClaimPatch::default() };
    match context.ports.cluster().patch_claim(name, &claim.uid, &patch).await {
        Ok(_) | Err(ClusterError::Gone(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// Sees that a claim that goes is followed.
async fn leave<P: Ports>(context: &Context<'_, P>, name: &ClaimName) -> Result<(), Failure> {
    let target = Target::Claim(name.clone());
    let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
    Ok(context.ports.queue().send(step, Delay::NONE).await?)
}
