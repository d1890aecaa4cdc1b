//! Committing a plan: from here on its machines will come, whoever launches them.

use joiner_core::model::Snapshot;
use joiner_core::scheduling::draft;
use joiner_core::scheduling::plan::Plan;
use joiner_ports::{ClaimName, IntentPhase, LaunchIntent, Lease, MAX_INTENTS_PER_COMMIT, Ports, Store};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Writes the intents of a plan under the fence, and answers with them. A plan larger than one commit takes is
/// committed in parts: each machine stands for itself.
pub(super) async fn commit<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    snapshot: &Snapshot,
    plan: &Plan,
    outcome: &mut Outcome,
) -> Result<Vec<LaunchIntent>, Failure> {
    let intents = intents(context, lease, snapshot, plan)?;
    for part in intents.chunks(MAX_INTENTS_PER_COMMIT) {
        context.ports.store().commit_intents(lease.fence, part).await?;
    }
    for (intent, proposed) in intents.iter().zip(&plan.claims) {
        outcome.push(Fact::ClaimPlanned {
            claim: intent.claim.clone(),
            node_pool: intent.node_pool.clone(),
            pods: proposed.pods.len(),
            types: proposed.instance_types.len(),
            price: proposed.cheapest_price,
        });
    }
    Ok(intents)
}

/// One intent per proposed machine, in the order of the plan. Names follow from lease and position alone.
fn intents<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    snapshot: &Snapshot,
    plan: &Plan,
) -> Result<Vec<LaunchIntent>, Failure> {
    let pool_of = |name: &str| snapshot.node_pools.iter().find(|pool| *pool.name == *name);
    let mut intents = Vec::with_capacity(plan.claims.len());
    for (index, proposed) in plan.claims.iter().enumerate() {
        // Every proposed machine comes from a pool of the snapshot.
        let Some(pool) = pool_of(&proposed.node_pool) else { continue };
        let types = snapshot.instance_types.get(&pool.template.node_class.name);
        let types = types.map_or(&[][..], |types| types.as_slice());
        intents.push(LaunchIntent {
            claim: ClaimName::derive(&pool.name, lease, index)?,
            node_pool: pool.name.clone(),
            node_pool_uid: pool.uid.clone(),
            draft: draft(proposed, pool, types),
            pods: proposed.pods.clone(),
            decided_at: context.now,
            phase: IntentPhase::Committed,
        });
    }
    Ok(intents)
}
