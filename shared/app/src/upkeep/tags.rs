//! Instances are told the names of their node and claim once these are known (aws 6.9).

use joiner_core::model::{Labels, NodeClaim, Snapshot};
use joiner_ports::{ClaimName, ClaimPatch, Cloud, CloudError, ClusterError, ClusterWrite, Instance, Ports};

use super::{Surroundings, staying};
use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;

/// Annotations of a claim whose instance has all tags.
const TAGGED: [&str; 2] = ["karpenter.k8s.aws/tagged", "compatibility.karpenter.k8s.aws/cluster-name-tagged"];
/// The tag with the name of an instance.
const NAME: &str = "Name";
/// The tag with the name of its claim.
const NODE_CLAIM: &str = "karpenter.sh/nodeclaim";
/// The tag with the name of its cluster.
const CLUSTER: &str = "eks:eks-cluster-name";
/// Most instances of one sweep: tagging shares its rate with the account.
const AT_ONCE: usize = 60;

/// Tags instances whose node has joined and that were not tagged yet, one after the other.
pub(super) async fn tag<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    surroundings: &Surroundings<'_>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let is_tagged = |claim: &NodeClaim| TAGGED.iter().all(|key| claim.annotations.contains_key(*key));
    let untagged = staying(snapshot).filter(|claim| claim.node_name.is_some() && !is_tagged(claim));
    let found = untagged.filter_map(|claim| Some((claim, surroundings.instance_of(claim)?)));
    for (claim, instance) in found.take(AT_ONCE) {
        let missing = missing(context, claim, instance);
        if !missing.is_empty() {
            match context.ports.cloud().tag(&instance.id, &missing).await {
                Ok(()) => {}
                // Not worth a retry of the whole sweep: the next one goes on.
                Err(CloudError::Throttled(_)) => return Ok(()),
                Err(failure) => {
                    tracing::warn!(instance = %instance.id, %failure, "not tagged");
                    continue;
                }
            }
        }
        let name = ClaimName::new(&claim.name)?;
        let annotations = TAGGED.map(|key| (key.into(), "true".into())).into();
        let patch = ClaimPatch { annotations, ..ClaimPatch::default() };
        match context.ports.cluster().patch_claim(&name, &claim.uid, &patch).await {
            Ok(_) => outcome.push(Fact::InstanceTagged { claim: name, instance: instance.id.clone() }),
            Err(ClusterError::Gone(_) | ClusterError::Conflict(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

/// Tags that an instance lacks; those it has stay as they are, for users name their instances too.
// behaviour: tags/what-users-named-keeps-its-name
fn missing<P: Ports>(context: &Context<'_, P>, claim: &NodeClaim, instance: &Instance) -> Labels {
    let node = claim.node_name.clone().unwrap_or_default();
    let cluster = context.ports.cluster_name().to_arc();
    let mut tags = Labels::from([
        (NAME.into(), node),
        (NODE_CLAIM.into(), claim.name.clone()),
        (CLUSTER.into(), cluster),
    ]);
    tags.retain(|key, _| !instance.tags.contains_key(key));
    tags
}
