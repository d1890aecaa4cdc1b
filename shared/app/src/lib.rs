//! The use cases: one module per function, each the same four phases over ports. Load a snapshot, decide with the
//! core, commit what was decided, act on it.
//!
//! Any invocation may die at any await, and any message may come twice, late or out of order: whoever runs next
//! reads the world again and finishes what was committed. Nothing here waits; a wait is a message with a delay.
//! Modules in reading order:
//!
//! - [`context`], [`fact`], [`failure`]: what a use case gets, what it answers, how it fails.
//! - [`relay`]: cluster events into messages.
//! - [`provision`]: pending pods into claims and instances; [`launch`] is shared with [`lifecycle`].
//! - [`lifecycle`]: a claim from launch to usable; [`node_events`] what nodes and pods on them say.
//! - [`classes`], [`pools`]: what they resolve to, and what they say of themselves.
//! - [`interrupt`]: what EC2 announces.
//! - [`disrupt`]: nodes nobody needs; [`terminate`]: machines that go.
//! - [`sweep`]: what was lost on the way; [`tick`]: the minute's net under all of it.

pub mod classes;
pub mod context;
pub mod disrupt;
pub mod fact;
pub mod failure;
pub mod interrupt;
pub mod launch;
pub mod lifecycle;
pub mod node_events;
pub mod pools;
pub mod provision;
pub mod relay;
pub mod sweep;
pub mod terminate;
pub mod tick;

mod events;
mod loaded;
mod together;
mod upkeep;
mod wake;

pub use context::{Context, Settings};
pub use fact::{Fact, Outcome};
pub use failure::Failure;

use jiff::Timestamp;
use joiner_ports::{Message, Ports};

/// Handles one message: the whole product behind one door. `now` is read once, by the caller.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
#[expect(clippy::manual_async_fn, reason = "the signature promises that the future is Send")]
pub fn handle<P: Ports>(
    ports: &P,
    settings: &Settings,
    message: Message,
    now: Timestamp,
) -> impl Future<Output = Result<Outcome, Failure>> + Send {
    async move {
        let context = Context { ports, settings, now };
        let failure = match dispatch(&context, &message).await {
            Ok(outcome) => return Ok(outcome),
            Err(failure) => failure,
        };
        // The world moved under the decision, or asked to wait: to look again soon is cheaper than to let the
        // queue count a failure.
        let Some(delay) = failure.again_after() else { return Err(failure) };
        tracing::debug!(%failure, ?message, "looking again");
        context.wake_after(message, delay).await?;
        Ok(Outcome::from(Fact::Postponed { why: failure.to_string(), delay }))
    }
}

async fn dispatch<P: Ports>(context: &Context<'_, P>, message: &Message) -> Result<Outcome, Failure> {
    match message {
        Message::PodsPending { hint } => provision::handle(context, hint).await,
        Message::ClaimStep { claim, again_until } => lifecycle::handle(context, claim, *again_until).await,
        Message::PodMoved { node } => node_events::pod_moved(context, node).await,
        Message::NodeChanged { node } => node_events::node_changed(context, node).await,
        Message::DisruptTick { again_until } => disrupt::handle(context, *again_until).await,
        Message::CommandStep { command } => disrupt::command::handle(context, command).await,
        Message::TerminateStep { target, again_until } => {
            terminate::handle(context, target, *again_until).await
        }
        Message::Interruption { instance, event, at } => {
            interrupt::handle(context, instance, event, *at).await
        }
        Message::PoolChanged { pool } => pools::handle(context, pool).await,
        Message::ClassChanged { class } => classes::handle(context, class).await,
        Message::Sweep => sweep::handle(context).await,
        Message::Tick => tick::handle(context).await,
    }
}

/// Sends a message unless its moment is past the time until which it may be sent again.
async fn send_again<P: Ports>(
    context: &Context<'_, P>,
    message: Message,
    at: Option<Timestamp>,
    again_until: Timestamp,
) -> Result<(), Failure> {
    match at.filter(|at| *at <= again_until) {
        Some(at) => context.wake(message, at).await,
        None => Ok(()),
    }
}
