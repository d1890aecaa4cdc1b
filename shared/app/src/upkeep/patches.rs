//! What is written of a claim that runs: whether it drifted, and whether its node is what was launched.

use joiner_core::condition::Finding;
use joiner_core::consistency;
use joiner_core::drift::{self, Drift, InstanceFacts, Wanted};
use joiner_core::model::{ConditionKind, ConditionStatus, Labels, NodeClaim};
use joiner_ports::{ClaimName, ClaimPatch, ClusterError, ClusterWrite, NodePatch, Ports};

use super::Surroundings;
use crate::context::Context;
use crate::events::claim_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Writes what changed; says whether the claim is newly found drifted.
pub(super) async fn write<P: Ports>(
    context: &Context<'_, P>,
    surroundings: &Surroundings<'_>,
    claim: &NodeClaim,
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let name = ClaimName::new(&claim.name)?;
    let mut patch = ClaimPatch::default();
    let cause = drifted(context, surroundings, claim, &mut patch);
    let misshapen = shape(context, surroundings, claim, &mut patch);
    label(context, surroundings, claim, &mut patch).await?;
    if patch.is_empty() {
        return Ok(false);
    }
    match context.ports.cluster().patch_claim(&name, &claim.uid, &patch).await {
        Ok(_) => {}
        // It changed or went meanwhile: the next sweep looks at it as it is then.
        Err(ClusterError::Gone(_) | ClusterError::Conflict(_)) => return Ok(false),
        Err(failure) => return Err(failure.into()),
    }
    if patch.cleared.contains(&ConditionKind::Drifted) {
        outcome.push(Fact::DriftOver { claim: name.clone() });
    }
    if let Some(what) = misshapen {
        let event = context.warning(claim_ref(claim), "FailedConsistencyCheck", what.clone());
        context.record(vec![event]).await?;
        outcome.push(Fact::Inconsistent { claim: name.clone(), what });
    }
    let is_new = cause.is_some();
    outcome.facts.extend(cause.map(|cause| Fact::Drifted { claim: name, cause }));
    Ok(is_new)
}

/// Notes drift that begins, changes or ends; answers with its cause where the condition is written.
fn drifted<P: Ports>(
    context: &Context<'_, P>,
    surroundings: &Surroundings<'_>,
    claim: &NodeClaim,
    patch: &mut ClaimPatch,
) -> Option<&'static str> {
    // Without its pool nobody can say what it should be: what was said stays.
    let pool = claim.node_pool().and_then(|pool| surroundings.pools.get(&**pool))?;
    let class = surroundings.classes.get(&*claim.node_class.name);
    let wanted = Wanted {
        pool,
        class: class.map(|(class, _)| *class),
        types: class.map_or(&[], |(_, types)| types.as_slice()),
    };
    let instance = surroundings.instance_of(claim).map(|instance| InstanceFacts {
        subnet_id: instance.subnet_id.as_deref(),
        security_group_ids: &instance.security_group_ids,
        capacity_reservation_id: instance.capacity_reservation_id.as_deref(),
    });
    let kind = ConditionKind::Drifted;
    match drift::judge(claim, &wanted, instance, context.now) {
        Drift::Unknown => None,
        // behaviour: drift/the-condition-goes-when-the-drift-does
        Drift::None => {
            patch.cleared.extend(claim.condition(kind).map(|condition| condition.kind));
            None
        }
        Drift::Found(cause) => {
            let reason = cause.as_str();
            let finding = Finding { kind, status: ConditionStatus::True, reason, message: reason };
            let condition = finding.on(claim, context.now)?;
            patch.conditions.push(condition);
            Some(reason)
        }
    }
}

/// Notes whether the node is what was launched; answers with what it lacks where that is written.
fn shape<P: Ports>(
    context: &Context<'_, P>,
    surroundings: &Surroundings<'_>,
    claim: &NodeClaim,
    patch: &mut ClaimPatch,
) -> Option<String> {
    let [node] = surroundings.nodes_of(claim) else { return None };
    let lacks = consistency::misshapen(claim, node);
    let message = lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let kind = ConditionKind::ConsistentStateFound;
    let (status, reason) = match lacks.is_empty() {
        true => (ConditionStatus::True, kind.as_str()),
        false => (ConditionStatus::False, "ConsistencyCheckFailed"),
    };
    let condition = Finding { kind, status, reason, message: &message }.on(claim, context.now)?;
    patch.conditions.push(condition);
    (!lacks.is_empty()).then_some(message)
}

/// Names the class of a claim on it and on its node, where whoever made them did not (disruption 4.9).
async fn label<P: Ports>(
    context: &Context<'_, P>,
    surroundings: &Surroundings<'_>,
    claim: &NodeClaim,
    patch: &mut ClaimPatch,
) -> Result<(), Failure> {
    let key = claim.node_class.label_key();
    let labels = || Labels::from([(key.as_str().into(), claim.node_class.name.clone())]);
    if !claim.labels.contains_key(key.as_str()) {
        patch.labels = labels();
    }
    let registered = surroundings.nodes_of(claim).iter().filter(|_| claim.is(ConditionKind::Registered));
    for node in registered.filter(|node| !node.labels.contains_key(key.as_str())) {
        let patch = NodePatch { labels: labels(), ..NodePatch::default() };
        match context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await {
            Ok(()) | Err(ClusterError::Gone(_) | ClusterError::Conflict(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}
