//! Nodes that should go: find them by all methods in their order, within budgets, and have them looked at again
//! before anything is touched.
//!
//! A decision becomes a command in the store; [`command`] carries it out: [`accept`] looks again and marks the
//! nodes, [`replace`] waits for what takes their place, [`remove`] deletes their claims or takes everything back.
//! What the claims say of being consolidatable is kept in [`conditions`], what keeps nodes is told by [`report`].

mod accept;
pub mod command;
mod conditions;
mod remove;
mod replace;
mod report;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_core::disruption::budget;
use joiner_core::disruption::calm::{Calm, calm};
use joiner_core::disruption::candidate::Fleet;
use joiner_core::disruption::rounds::{self, Disruption, Method, Round};
use joiner_core::model::Snapshot;
use joiner_core::scheduling::{draft, instance_types_of};
use joiner_ports::{
    ClaimName, Command, CommandId, CommandNode, CommandPhase, Lease, LeaseAnswer, Message, NameError, Ports,
    Replacement, Store,
};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::{self, Loaded};
use crate::send_again;

/// Shortest and longest time a command may take, and what each node adds to it (disruption 2.15).
const SHORTEST: SignedDuration = SignedDuration::from_mins(10);
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
const PER_NODE: SignedDuration = SignedDuration::from_millis(80);

/// Pause of a look that found the lease taken.
const BUSY: SignedDuration = SignedDuration::from_secs(2);

/// Handles a look at what may be disrupted.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, again_until: Timestamp) -> Result<Outcome, Failure> {
    let store = context.ports.store();
    let again = Message::DisruptTick { again_until };
    match store.acquire(context.now, context.settings.lease_term_secs).await? {
        LeaseAnswer::Taken { until } => {
            let retry_at = context.now + BUSY;
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

/// Looks once, under a lease; says when another look may find something new.
async fn look<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
) -> Result<(Outcome, Option<Timestamp>), Failure> {
    let mut loaded = match loaded::load(context).await? {
        Ok(loaded) => loaded,
        Err(why) => return Ok((Fact::Incomplete { why }.into(), None)),
    };
    let mut outcome = Outcome::default();
    let settled = conditions::settle(context, &mut loaded.snapshot);
    conditions::tidy(context, &loaded, settled, &mut outcome).await?;
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    let rounds = rounds::look(&fleet, &context.knobs(), context.settings.consolidation);
    if let Some(round) = rounds.last() {
        for (index, disruption) in round.commands.iter().enumerate() {
            let name = format!("{}-{}-{index}", round.method.reason().as_str().to_lowercase(), lease.fence.0);
            let command = command_of(context, &loaded, (round.method, CommandId::new(&name)?), disruption)?;
            propose(context, lease, command, &mut outcome).await?;
        }
    }
    let look_again_at = next_look(context, &fleet, &rounds);
    report::blocked(context, &loaded, &fleet, rounds, &mut outcome).await?;
    Ok((outcome, look_again_at))
}

/// The next moment that may change the answer without any event: a node turns calm, a budget opens, something that
/// shields a node ends.
fn next_look<P>(context: &Context<'_, P>, fleet: &Fleet<'_>, rounds: &[Round]) -> Option<Timestamp> {
    let snapshot = fleet.snapshot();
    let calming = snapshot.node_claims.iter().filter(|claim| claim.deletion_at.is_none()).filter_map(
        |claim| match calm(claim, fleet.pool_of(claim)?, context.now) {
            Calm::Restless { until } => Some(until),
            Calm::Consolidatable | Calm::NotInitialized | Calm::Never | Calm::Static => None,
        },
    );
    let spent: BTreeSet<&Arc<str>> = rounds
        .iter()
        .flat_map(|round| &round.budgets.0)
        .filter(|(_, left)| left.is_spent())
        .map(|(pool, _)| pool)
        .collect();
    let pools = snapshot.node_pools.iter().filter(|pool| spent.contains(&pool.name));
    let openings = pools.filter_map(|pool| budget::next_change(&pool.budgets, context.now));
    let endings = rounds.iter().flat_map(|round| round.blocked.values()).filter_map(|why| why.ends_at());
    calming.chain(openings).chain(endings).filter(|at| *at > context.now).min()
}

/// A decision as a record.
fn command_of<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    (method, id): (Method, CommandId),
    disruption: &Disruption,
) -> Result<Command, Failure> {
    let nodes = disruption.nodes.iter().zip(&disruption.claims);
    let nodes: Vec<CommandNode> =
        nodes.filter_map(|pair| node_of(&loaded.snapshot, pair).transpose()).collect::<Result<_, _>>()?;
    let wait = if method.waits() { context.settings.validation_delay } else { SignedDuration::ZERO };
    let count = i32::try_from(nodes.len()).unwrap_or(i32::MAX);
    Ok(Command {
        id,
        method,
        replacements: replacements(&loaded.snapshot, disruption),
        proposed_at: context.now,
        due_at: context.now + wait,
        deadline_at: context.now + (PER_NODE * count).clamp(SHORTEST, LONGEST),
        phase: CommandPhase::Proposed,
        nodes,
    })
}

fn node_of(
    snapshot: &Snapshot,
    (node, claim): (&Arc<str>, &Arc<str>),
) -> Result<Option<CommandNode>, NameError> {
    let claim = snapshot.node_claims.iter().find(|known| known.name == *claim);
    let node = snapshot.nodes.iter().find(|known| known.name == *node);
    let Some((claim, node)) = claim.zip(node) else { return Ok(None) };
    Ok(Some(CommandNode {
        claim: ClaimName::new(&claim.name)?,
        claim_uid: Arc::clone(&claim.uid),
        node: Arc::clone(&node.name),
        node_uid: Arc::clone(&node.uid),
    }))
}

/// What has to be launched first. Every proposed machine comes from a pool of the snapshot.
fn replacements(snapshot: &Snapshot, disruption: &Disruption) -> Vec<Replacement> {
    let of = |proposed: &joiner_core::scheduling::plan::ProposedClaim| {
        let pool = snapshot.node_pools.iter().find(|pool| pool.name == proposed.node_pool)?;
        Some(Replacement {
            claim: None,
            node_pool: Arc::clone(&pool.name),
            node_pool_uid: Arc::clone(&pool.uid),
            draft: draft(proposed, pool, &instance_types_of(snapshot, &pool.name)),
            pods: proposed.pods.clone(),
            usable: false,
        })
    };
    disruption.replacements.iter().filter_map(of).collect()
}

/// Stores the command, and has it looked at again once validation is due.
async fn propose<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    command: Command,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    context.ports.store().put_command(lease.fence, &command, &[]).await?;
    let step = Message::CommandStep { command: command.id.clone() };
    context.wake(step, command.due_at).await?;
    let nodes = command.nodes.iter().map(|node| Arc::clone(&node.node)).collect();
    let reason = command.reason();
    outcome.push(Fact::CommandProposed { command: command.id, reason, nodes, due_at: command.due_at });
    Ok(())
}
