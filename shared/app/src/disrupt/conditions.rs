//! What claims and nodes say about disruption: the Consolidatable condition, and the marks of commands that are no
//! more.

use joiner_core::condition::Finding;
use joiner_core::disruption::calm::{Calm, calm};
use joiner_core::disruption::candidate::Fleet;
use joiner_core::eviction::disrupted_taint;
use joiner_core::model::{ConditionKind, Node, NodeClaim};
use joiner_ports::{ClaimName, ClaimPatch, ClusterError, ClusterWrite, NodePatch, Ports};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::Loaded;

/// Brings conditions and taints in line with what is known. Claims that go are left alone.
pub(super) async fn tidy<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    let staying = loaded.snapshot.node_claims.iter().filter(|claim| {
        claim.deletion_at.is_none() && claim.created_at.is_some() && claim.node_class.is_supported()
    });
    for claim in staying {
        let mut patch = consolidatable(context, &fleet, claim);
        if !loaded.volatile.in_command.contains(&claim.name) {
            // behaviour: disruption/marks-without-a-command-are-taken-away
            if claim.condition(ConditionKind::DisruptionReason).is_some() {
                patch.cleared.push(ConditionKind::DisruptionReason);
            }
            if let Some(node) = fleet.node_of(claim).filter(|node| node.deletion_at.is_none()) {
                untaint(context, node, outcome).await?;
            }
        }
        patch_claim(context, claim, &patch).await?;
    }
    Ok(())
}

/// What has to change about the Consolidatable condition of a claim.
fn consolidatable<P: Ports>(context: &Context<'_, P>, fleet: &Fleet<'_>, claim: &NodeClaim) -> ClaimPatch {
    let kind = ConditionKind::Consolidatable;
    let mut patch = ClaimPatch::default();
    let calm = fleet.pool_of(claim).map(|pool| calm(claim, pool, context.now));
    match calm {
        Some(Calm::Consolidatable) => patch.conditions.extend(Finding::holds(kind).on(claim, context.now)),
        Some(Calm::Restless { .. } | Calm::NotInitialized | Calm::Never) => {
            patch.cleared.extend(claim.condition(kind).map(|_| kind));
        }
        // Pools of fixed size never get it, and one that was there stays (disruption 2.1).
        Some(Calm::Static) | None => {}
    }
    patch
}

/// Takes the taint of a disruption off a node, if it is there.
pub(super) async fn untaint<P: Ports>(
    context: &Context<'_, P>,
    node: &Node,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let taint = disrupted_taint();
    if !node.taints.iter().any(|own| own.matches(&taint)) {
        return Ok(());
    }
    let patch = NodePatch { remove_taints: vec![taint], ..NodePatch::default() };
    match context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await {
        Ok(()) => outcome.push(Fact::Untainted { node: node.name.clone() }),
        Err(ClusterError::Gone(_)) => {}
        Err(failure) => return Err(failure.into()),
    }
    Ok(())
}

/// Changes a claim that may be gone by now.
pub(super) async fn patch_claim<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    patch: &ClaimPatch,
) -> Result<(), Failure> {
    if patch.is_empty() {
        return Ok(());
    }
    match context.ports.cluster().patch_claim(&ClaimName::new(&claim.name)?, &claim.uid, patch).await {
        Ok(_) | Err(ClusterError::Gone(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}
