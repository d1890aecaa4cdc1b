//! Nodes nobody needs: find them, within budgets, and have them looked at again before anything is touched.
//!
//! A decision becomes a command in the store; [`command`] carries it out. What the claims say of being
//! consolidatable is kept in [`conditions`].

pub mod command;
mod conditions;

use jiff::{SignedDuration, Timestamp};
use joiner_core::disruption::blocked::Blocked;
use joiner_core::disruption::candidate::{Candidate, Fleet};
use joiner_core::disruption::emptiness;
use joiner_core::disruption::rounds::Method;
use joiner_core::model::NodeClaim;
use joiner_ports::{
    ClaimName, Command, CommandId, CommandNode, CommandPhase, Delay, Event, Lease, LeaseAnswer, Message,
    NameError, Ports, Queue, Store,
};

use crate::context::Context;
use crate::events::{claim_ref, node_ref, pool_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::{self, Loaded};
use crate::send_again;

/// Seconds between two events that say why a node is not consolidated (disruption 5.1).
const UNCONSOLIDATABLE_QUIET_SECS: u64 = 900;
/// Seconds between two events that say that a pool's budgets allow nothing.
const BUDGET_QUIET_SECS: u64 = 60;

/// Handles a look at what may be disrupted.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, again_until: Timestamp) -> Result<Outcome, Failure> {
    let store = context.ports.store();
    let again = Message::DisruptTick { again_until };
    match store.acquire(context.now, context.settings.lease_term_secs).await? {
        LeaseAnswer::Taken { until } => {
            let retry_at = context.now + spread(again_until);
            send_again(context, again, Some(retry_at), again_until).await?;
            Ok(Fact::LeaseBusy { until }.into())
        }
        LeaseAnswer::Held(lease) => {
            let looked = look(context, &lease).await;
            store.release(lease.fence).await?;
            let (outcome, look_again_at) = looked?;
            send_again(context, again, look_again_at, again_until).await?;
            Ok(outcome)
        }
    }
}

/// How long a look that found the lease taken waits: the many that start at once, as nodes empty together, come
/// back one by one, spread by what sets each apart.
fn spread(again_until: Timestamp) -> SignedDuration {
    SignedDuration::from_secs(2 + i64::from(again_until.subsec_millisecond() % 10))
}

/// Looks once, under a lease; says when another look may find something new.
async fn look<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
) -> Result<(Outcome, Option<Timestamp>), Failure> {
    let loaded = match loaded::load(context).await? {
        Ok(loaded) => loaded,
        Err(why) => return Ok((Fact::Incomplete { why }.into(), None)),
    };
    let mut outcome = Outcome::default();
    conditions::tidy(context, &loaded, &mut outcome).await?;
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    let emptiness = emptiness::decide(&fleet, None);
    if !emptiness.chosen.is_empty() {
        propose(context, lease, &emptiness.chosen, &mut outcome).await?;
    }
    let events = blocked_events(context, &loaded, &fleet, &emptiness.blocked);
    for (claim, why) in emptiness.blocked {
        outcome.push(Fact::Blocked { claim, why });
    }
    context.record(events).await?;
    Ok((outcome, emptiness.look_again_at))
}

/// Stores the command, and has it looked at again once validation is due.
async fn propose<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    chosen: &[Candidate<'_>],
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let due_at = context.now + context.settings.validation_delay;
    let command = Command {
        id: CommandId::new(&format!("empty-{}", lease.fence.0))?,
        method: Method::Emptiness,
        replacements: Vec::new(),
        nodes: chosen.iter().map(node_of).collect::<Result<_, NameError>>()?,
        proposed_at: context.now,
        due_at,
        deadline_at: context.now + SignedDuration::from_mins(10),
        phase: CommandPhase::Proposed,
    };
    context.ports.store().put_command(lease.fence, &command, &[]).await?;
    let step = Message::CommandStep { command: command.id.clone() };
    context.ports.queue().send(step, Delay::until(due_at, context.now)).await?;
    let nodes = command.nodes.iter().map(|node| node.node.clone()).collect();
    let reason = command.reason();
    outcome.push(Fact::CommandProposed { command: command.id, reason, nodes, due_at });
    Ok(())
}

fn node_of(candidate: &Candidate<'_>) -> Result<CommandNode, NameError> {
    Ok(CommandNode {
        claim: ClaimName::new(&candidate.claim.name)?,
        claim_uid: candidate.claim.uid.clone(),
        node: candidate.node.name.clone(),
        node_uid: candidate.node.uid.clone(),
    })
}

/// What keeps nodes, for people who look at them (disruption 1.4, 2.3, 2.14).
fn blocked_events<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    fleet: &Fleet<'_>,
    blocked: &std::collections::BTreeMap<std::sync::Arc<str>, Blocked>,
) -> Vec<Event> {
    let mut events = Vec::new();
    for (name, why) in blocked {
        let claim: Option<&NodeClaim> = loaded.snapshot.node_claims.iter().find(|claim| claim.name == *name);
        if let (Some(claim), Some(reason)) = (claim, why.event_reason()) {
            let quiet = |event: Event| match why {
                Blocked::ConsolidationDisabled(_) => {
                    Event { quiet_secs: UNCONSOLIDATABLE_QUIET_SECS, ..event }
                }
                _ => event,
            };
            let about = fleet.node_of(claim).map(node_ref).into_iter().chain([claim_ref(claim)]);
            events.extend(about.map(|about| quiet(context.normal(about, reason, why.to_string()))));
        }
        if let Blocked::BudgetSpent { pool, .. } | Blocked::BudgetUnreadable { pool, .. } = why
            && let Some(pool) = loaded.snapshot.node_pools.iter().find(|p| p.name == *pool)
        {
            let event = context.normal(pool_ref(pool), "DisruptionBlocked", why.to_string());
            events.push(Event { quiet_secs: BUDGET_QUIET_SECS, ..event });
        }
    }
    events.dedup();
    events
}
