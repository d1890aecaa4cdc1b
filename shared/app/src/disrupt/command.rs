//! The steps of a command: proposed, looked at again, nodes marked, replacements launched and usable, claims deleted;
//! or given up with everything taken back.
//!
//! The command stays in the store until all of it is done. Each step reads the world again and may be repeated: a run
//! that dies anywhere is followed by one that finds the same phase.

use joiner_ports::{Command, CommandId, CommandPhase, Delay, Lease, LeaseAnswer, Message, Ports, Store};

use super::{accept, remove, replace};
use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::provision::RETRY;

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
    // behaviour: disruption/validated-after-fifteen-seconds
    if context.now < command.due_at {
        // The message that is due then is on its way; one that came early only looks.
        return Ok(Outcome::default());
    }
    match store.acquire(context.now, context.settings.lease_term_secs).await? {
        LeaseAnswer::Taken { until } => {
            again(context, id, RETRY).await?;
            Ok(Fact::LeaseBusy { until }.into())
        }
        LeaseAnswer::Held(lease) => {
            let outcome = take(context, &lease, command).await;
            store.release(lease.fence).await?;
            let outcome = outcome?;
            if outcome.facts.iter().any(|fact| matches!(fact, Fact::Incomplete { .. })) {
                again(context, id, RETRY).await?;
            }
            Ok(outcome)
        }
    }
}

async fn take<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    command: Command,
) -> Result<Outcome, Failure> {
    match command.phase {
        CommandPhase::Proposed => accept::accept(context, lease, command).await,
        CommandPhase::Replacing => replace::wait(context, lease, command).await,
        CommandPhase::Deleting => {
            let mut outcome = Outcome::default();
            remove::delete(context, &command, &mut outcome).await?;
            Ok(outcome)
        }
    }
}

/// Has the command looked at again after a while.
pub(super) async fn again<P: Ports>(
    context: &Context<'_, P>,
    id: &CommandId,
    delay: Delay,
) -> Result<(), Failure> {
    let step = Message::CommandStep { command: id.clone() };
    context.wake_after(step, delay).await
}
