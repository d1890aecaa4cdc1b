//! Messages for a later moment: each step has one at a time, however many copies of it arrive.
//!
//! A step sends itself again. Queues deliver twice now and then, and every copy of a step would send another, so the
//! moment that is waited for is noted, and nobody sends for a later one meanwhile. Once it has passed the note is
//! void: a message that got lost is replaced by the next that comes, at the latest that of the tick.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_core::model::NodeClaim;
use joiner_ports::{Delay, Message, PendingHint, Ports, Queue, Store, Target};

use crate::context::Context;
use crate::failure::Failure;

/// A step that can do nothing yet does not spin.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
/// Notes end this much before the message can arrive, so that clocks that differ by less do not hold up the step
/// that it starts.
const SLACK: SignedDuration = SignedDuration::from_millis(200);

impl<P: Ports> Context<'_, P> {
    /// Sends a message for a moment, unless one about the same is on its way for no later one.
    // behaviour: queue/copies-of-a-step-do-not-multiply
    pub(crate) async fn wake(&self, message: Message, at: Timestamp) -> Result<(), Failure> {
        let delay = Delay::until(at.max(self.now + SHORTEST), self.now);
        let due_at = self.now + SignedDuration::from_secs(delay.as_secs().cast_signed()) - SLACK;
        if self.ports.store().note_wake(&about(&message), due_at, self.now).await? {
            self.ports.queue().send(message, delay).await?;
        }
        Ok(())
    }

    /// The same after a delay.
    pub(crate) async fn wake_after(&self, message: Message, delay: Delay) -> Result<(), Failure> {
        self.wake(message, self.now + SignedDuration::from_secs(delay.as_secs().cast_signed())).await
    }
}

/// Pause before a pool is counted again: several of its claims change together.
const COUNT_AFTER: SignedDuration = SignedDuration::from_secs(5);

impl<P: Ports> Context<'_, P> {
    /// Has the pool of a claim that changed counted again soon.
    pub(crate) async fn recount(&self, claim: &NodeClaim) -> Result<(), Failure> {
        match claim.node_pool() {
            Some(pool) => {
                let message = Message::PoolChanged { pool: Arc::clone(pool) };
                self.wake(message, self.now + COUNT_AFTER).await
            }
            None => Ok(()),
        }
    }
}

/// What a message is about: its kind and its subject.
fn about(message: &Message) -> String {
    let kind = message.kind();
    match message {
        // All but the one that never extends the batch window come to the same.
        Message::PodsPending { hint: PendingHint::WindowDue } => format!("{kind}/windowDue"),
        Message::PodsPending { .. } => format!("{kind}/again"),
        Message::ClaimStep { claim, .. } => format!("{kind}/{claim}"),
        Message::PodMoved { node } | Message::NodeChanged { node } => format!("{kind}/{node}"),
        Message::CommandStep { command } => format!("{kind}/{command}"),
        Message::TerminateStep { target: Target::Claim(claim), .. } => format!("{kind}/claim/{claim}"),
        Message::TerminateStep { target: Target::Node(node), .. } => format!("{kind}/node/{node}"),
        Message::Interruption { instance, event, .. } => format!("{kind}/{instance}/{event:?}"),
        Message::PoolChanged { pool } => format!("{kind}/{pool}"),
        Message::ClassChanged { class } => format!("{kind}/{class}"),
        Message::DisruptTick { .. } | Message::Sweep | Message::Tick => kind.to_owned(),
    }
}
