//! Pods are pending: plan for all of them at once, and launch what they need.
//!
//! The batch window in the store is the mark that a pass is owed. It is closed only once a pass has acted, so
//! wherever a run dies, the message that comes again finds it and makes another pass.

mod commit;
mod pass;
mod report;

use joiner_core::batch::{self, WindowState};
use joiner_ports::{BatchWindow, Delay, LeaseAnswer, Message, PendingHint, Ports, Store};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Pause before a pass that could not be made is tried again.
pub(crate) const RETRY: Delay = Delay::from_secs(2);

/// Handles the sight of pending pods.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, hint: &PendingHint) -> Result<Outcome, Failure> {
    let store = context.ports.store();
    let window = match hint {
        PendingHint::Pod { .. } | PendingHint::NodeGoing | PendingHint::Again => {
            store.note_pending(context.now).await?
        }
        PendingHint::WindowDue => match store.window().await? {
            Some(window) => window,
            None => return Ok(Fact::NothingPending.into()),
        },
    };
    let state = batch::window(window.first_seen, window.last_seen, context.now, context.settings.batch);
    if let WindowState::OpenUntil(until) = state {
        look_again(context, Delay::until(until, context.now)).await?;
        return Ok(Fact::WindowOpen { until }.into());
    }
    match store.acquire(context.now, context.settings.lease_term_secs).await? {
        LeaseAnswer::Taken { until } => {
            look_again(context, RETRY).await?;
            Ok(Fact::LeaseBusy { until }.into())
        }
        LeaseAnswer::Held(lease) => {
            let outcome = pass::run(context, &lease, window).await;
            // A run that dies here keeps the lease until it ends; the others wait for that long.
            store.release(lease.fence).await?;
            outcome
        }
    }
}

/// Looks at the window again, without extending it.
async fn look_again<P: Ports>(context: &Context<'_, P>, delay: Delay) -> Result<(), Failure> {
    let due = Message::PodsPending { hint: PendingHint::WindowDue };
    context.wake_after(due, delay).await
}

/// Closes the window a pass has served.
async fn close<P: Ports>(context: &Context<'_, P>, window: BatchWindow) -> Result<(), Failure> {
    Ok(context.ports.store().close_window(window).await?)
}
