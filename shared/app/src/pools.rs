//! A pool came, changed, or its machines did: its conditions, counters and hashes are brought up to date (api 1.3).

use std::sync::Arc;

use joiner_core::model::{Labels, NodeClaim, NodePool, Snapshot};
use joiner_core::readiness::{self, READY, pool, stamp};
use joiner_ports::{
    ClaimName, ClaimPatch, ClusterError, ClusterRead, ClusterWrite, Completeness, Delay, Message,
    PendingHint, PoolPatch, Ports, Queue,
};

use crate::context::Context;
use crate::events::{Transition, pool_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::together;

/// Handles the sight of a pool.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, name: &Arc<str>) -> Result<Outcome, Failure> {
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        return Ok(Fact::Incomplete { why }.into());
    }
    let Some(pool) = view.snapshot.node_pools.iter().find(|pool| pool.name == *name) else {
        return Ok(Outcome::default());
    };
    match bring_up_to_date(context, &view.snapshot, pool).await {
        Err(Failure::Cluster(ClusterError::Gone(_))) => Ok(Outcome::default()),
        other => other,
    }
}

async fn bring_up_to_date<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    pool: &NodePool,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    // Claims before the pool: as long as the pool carries the other version, whoever comes next goes on.
    restamp(context, &pool.name, stamps(snapshot, pool), &mut outcome).await?;
    let review = pool::review(snapshot, pool, context.now);
    if review.is_empty() {
        return Ok(outcome);
    }
    let patch = PoolPatch {
        annotations: review.annotations.clone(),
        resources: review.resources.clone(),
        nodes: review.nodes,
        node_class_observed_generation: review.node_class_observed_generation,
        conditions: review.conditions.clone(),
    };
    context.ports.cluster().patch_pool(&pool.name, &pool.uid, &patch).await?;
    let transitions = Transition::all(&pool.status.conditions, &review.conditions);
    let events = transitions.iter().map(|turn| turn.event(context, pool_ref(pool))).collect();
    context.record(events).await?;
    outcome.push(Fact::PoolWritten {
        node_pool: Arc::clone(&pool.name),
        nodes: review.nodes.unwrap_or(pool.status.nodes),
        conditions: review.conditions.len(),
    });
    outcome.facts.extend(transitions.iter().map(|turn| Fact::PoolTurned {
        node_pool: Arc::clone(&pool.name),
        condition: turn.kind,
        reason: Arc::clone(&turn.reason),
        message: Arc::clone(&turn.message),
    }));
    // It asks for something else than before: nodes made from that may have drifted.
    let ready = readiness::reported(&pool.status.conditions, READY);
    if ready.is_some_and(|ready| ready.observed_generation != Some(pool.generation)) {
        context.wake(Message::Sweep, context.now).await?;
    }
    // behaviour: pools/pods-are-looked-at-when-a-pool-turns-ready
    if review.turns_ready() {
        let again = Message::PodsPending { hint: PendingHint::Again };
        context.ports.queue().send(again, Delay::NONE).await?;
    }
    Ok(outcome)
}

fn stamps<'a>(snapshot: &'a Snapshot, pool: &NodePool) -> Vec<(&'a NodeClaim, Labels)> {
    if pool.deleting || !pool.template.node_class.is_supported() {
        return Vec::new();
    }
    let of_pool = snapshot.node_claims.iter().filter(|claim| claim.node_pool() == Some(&pool.name));
    stamp::claims(&pool.annotations, of_pool, &stamp::POOL, &pool.hash)
}

/// Writes hashes on claims of an owner whose hashes are of another version. Claims that went meanwhile need none.
pub(crate) async fn restamp<P: Ports>(
    context: &Context<'_, P>,
    owner: &str,
    stamps: Vec<(&NodeClaim, Labels)>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    if stamps.is_empty() {
        return Ok(());
    }
    let claims = stamps.len();
    let write = |(claim, annotations): (&NodeClaim, Labels)| {
        let (name, uid) = (ClaimName::new(&claim.name), Arc::clone(&claim.uid));
        async move {
            let patch = ClaimPatch { annotations, ..ClaimPatch::default() };
            match context.ports.cluster().patch_claim(&name?, &uid, &patch).await {
                Ok(_) | Err(ClusterError::Gone(_)) => Ok::<_, Failure>(()),
                Err(failure) => Err(failure.into()),
            }
        }
    };
    together::try_all(stamps.into_iter().map(write).collect()).await?;
    outcome.push(Fact::Adopted { owner: owner.into(), claims });
    Ok(())
}

/// Whether a pool is to be looked at although nobody said so.
pub(crate) fn is_owed<P>(context: &Context<'_, P>, snapshot: &Snapshot, pool: &NodePool) -> bool {
    !stamps(snapshot, pool).is_empty() || !pool::review(snapshot, pool, context.now).is_empty()
}
