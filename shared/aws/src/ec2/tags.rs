//! Which tags does everything carry that is made for a cluster (aws 6.4)?

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use joiner_core::model::{Labels, keys};
use joiner_ports::LaunchRequest;

use super::class::LaunchClass;
use crate::ClusterFacts;

/// The tag that names the cluster.
pub(crate) const CLUSTER_TAG: &str = "eks:eks-cluster-name";
/// The tag that names the claim.
pub(crate) const CLAIM_TAG: &str = "karpenter.sh/nodeclaim";
/// The tag that holds what makes a launch happen once.
pub(crate) const TOKEN_TAG: &str = "joiner/launch-token";
/// The tag that the console shows as the name.
const NAME_TAG: &str = "Name";

/// Tags that all machines of a class and a pool share: the user's, below those that say whose they are.
pub(super) fn shared(facts: &ClusterFacts, class: &LaunchClass<'_>, pool: &str) -> Labels {
    let mut tags = class.known.tags.clone();
    tags.insert(format!("kubernetes.io/cluster/{}", facts.name).into(), "owned".into());
    tags.insert(keys::NODE_POOL.into(), pool.into());
    tags.insert(CLUSTER_TAG.into(), facts.name.as_str().into());
    tags.insert(keys::NODE_CLASS.into(), class.known.name.clone());
    tags
}

/// Tags of one machine: the shared ones, its claim, and its token. Until it has joined and is named after its
/// node, it goes by the name of its claim.
// behaviour: launch/instances-carry-claim-and-token
pub(super) fn of_machine(shared: &Labels, request: &LaunchRequest<'_>) -> Labels {
    let mut tags = shared.clone();
    tags.insert(CLAIM_TAG.into(), request.claim.to_arc());
    tags.insert(TOKEN_TAG.into(), request.token.to_arc());
    tags.entry(NAME_TAG.into()).or_insert_with(|| request.claim.to_arc());
    tags
}

/// Tags as EC2 takes them.
pub(super) fn wire(tags: &Labels) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(&**key).value(&**value).build()).collect()
}

/// Tags for a resource that is about to be made.
pub(super) fn specification(resource: ResourceType, tags: &Labels) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(wire(tags))).build()
}
