//! What claims and nodes say about disruption: the Consolidatable condition, and the marks of commands that are no
//! more.

use joiner_core::condition::Finding;
use joiner_core::disruption::calm::{Calm, calm};
use joiner_core::disruption::candidate::Fleet;
use joiner_core::eviction::disrupted_taint;
use joiner_core::model::{ConditionKind, Node, NodeClaim, Snapshot};
use joiner_ports::{ClaimName, ClaimPatch, ClusterError, ClusterWrite, NodePatch, Ports};

use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::Loaded;

/// Brings the Consolidatable condition of every claim of a snapshot up to the moment, and answers with what has
/// to be written for it, by position. Claims that go are left alone.
pub(super) fn settle<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &mut Snapshot,
) -> Vec<(usize, ClaimPatch)> {
    let pools = &snapshot.node_pools;
    let mut patches = Vec::new();
    for (at, claim) in snapshot.node_claims.iter_mut().enumerate().filter(|(_, claim)| stays(claim)) {
        let pool = claim.node_pool().and_then(|name| pools.iter().find(|pool| pool.name == *name));
        let judged = pool.map(|pool| calm(claim, pool, context.now));
        let patch = consolidatable(context, judged, claim);
        if !patch.is_empty() {
            claim.conditions.retain(|own| {
                !patch.cleared.contains(&own.kind) && patch.conditions.iter().all(|new| new.kind != own.kind)
            });
            claim.conditions.extend(patch.conditions.iter().cloned());
            patches.push((at, patch));
        }
    }
    patches
}

fn stays(claim: &NodeClaim) -> bool {
    claim.deletion_at.is_none() && claim.created_at.is_some() && claim.node_class.is_supported()
}

/// Writes what [`settle`] found, and takes the marks off nodes that no command is about.
pub(super) async fn tidy<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    settled: Vec<(usize, ClaimPatch)>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    let mut settled = settled.into_iter().peekable();
    for (at, claim) in loaded.snapshot.node_claims.iter().enumerate().filter(|(_, claim)| stays(claim)) {
        let own = settled.next_if(|(position, _)| *position == at);
        let mut patch = own.map(|(_, patch)| patch).unwrap_or_default();
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
fn consolidatable<P>(context: &Context<'_, P>, judged: Option<Calm>, claim: &NodeClaim) -> ClaimPatch {
    let kind = ConditionKind::Consolidatable;
    let mut patch = ClaimPatch::default();
    match judged {
        Some(Calm::Consolidatable) => patch.conditions.extend(Finding::holds(kind).on(claim, context.now)),
        Some(Calm::Restless { .. } | Calm::NotInitialized | Calm::Never) => {
            patch.cleared.extend(claim.condition(kind).map(|_| kind));
        }
        // Pools of fixed size never get it, and one that was there stays (disruption 2.1).
        Some(Calm::Static) | None => {}
    }
    patch
}

/// Says on a node and its claim that it is being disrupted: no new pod comes from here on.
pub(super) async fn mark<P: Ports>(
    context: &Context<'_, P>,
    (claim, reason): (&NodeClaim, &'static str),
    node: &Node,
) -> Result<(), Failure> {
    let patch = NodePatch { add_taints: vec![disrupted_taint()], ..NodePatch::default() };
    context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await?;
    let kind = ConditionKind::DisruptionReason;
    let status = joiner_core::model::ConditionStatus::True;
    let finding = Finding { kind, status, reason, message: reason };
    let conditions = finding.on(claim, context.now).into_iter().collect();
    patch_claim(context, claim, &ClaimPatch { conditions, ..ClaimPatch::default() }).await
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
