//! NodeClaim `karpenter.sh/v1`: one requested machine, from the request to its end.
//!
//! Source: reference, sections 2.1 and 2.2.

#![expect(clippy::duplicated_attributes, reason = "each printer column has its own type and priority")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cel::{self, rule};
use super::duration::{DurationOrNever, DurationText};
use super::nodepool::default_expire_after;
use super::parts::{NodeClassReference, RequirementSpec, StatusCondition, TaintSpec};
use super::quantity::ResourceAmounts;

/// One requested machine. Its spec never changes.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "karpenter.sh",
    version = "v1",
    kind = "NodeClaim",
    plural = "nodeclaims",
    singular = "nodeclaim",
    category = "karpenter",
    status = "NodeClaimStatus",
    derive = "PartialEq",
    doc = "One requested machine. Its spec never changes.",
    printcolumn(
        name = "Type",
        type_ = "string",
        json_path = ".metadata.labels.node\\.kubernetes\\.io/instance-type"
    ),
    printcolumn(
        name = "Capacity",
        type_ = "string",
        json_path = ".metadata.labels.karpenter\\.sh/capacity-type"
    ),
    printcolumn(
        name = "Zone",
        type_ = "string",
        json_path = ".metadata.labels.topology\\.kubernetes\\.io/zone"
    ),
    printcolumn(name = "Node", type_ = "string", json_path = ".status.nodeName"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ImageID", type_ = "string", json_path = ".status.imageID", priority = 1),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.providerID", priority = 1),
    printcolumn(
        name = "NodePool",
        type_ = "string",
        json_path = ".metadata.labels.karpenter\\.sh/nodepool",
        priority = 1
    ),
    printcolumn(name = "NodeClass", type_ = "string", json_path = ".spec.nodeClassRef.name", priority = 1),
    printcolumn(
        name = "Drifted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Drifted\")].status",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule("self == oldSelf", "the spec of a NodeClaim is immutable")]))]
pub struct NodeClaimSpec {
    /// Taints that keep pods away which do not tolerate them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub taints: Vec<TaintSpec>,
    /// Taints that the node starts with and that something in the cluster removes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub startup_taints: Vec<TaintSpec>,
    /// Conditions on labels that the node meets.
    #[schemars(transform = cel::nodeclaim_requirements)]
    pub requirements: Vec<RequirementSpec>,
    /// What the node must offer at least.
    #[serde(default, skip_serializing_if = "ResourceRequests::is_empty")]
    pub resources: ResourceRequests,
    /// The object that holds the cloud settings.
    pub node_class_ref: NodeClassReference,
    /// Time after which a node that is being drained is removed although pods block it. Absent waits forever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_grace_period: Option<DurationText>,
    /// Age at which the node is replaced. Never keeps it.
    #[serde(default = "default_expire_after")]
    pub expire_after: DurationOrNever,
}

/// What a node must offer at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRequests {
    /// Amounts by resource: those of the pods, and those of the daemons on the node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: ResourceAmounts,
}

impl ResourceRequests {
    fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

/// What is known about the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeClaimStatus {
    /// Name of the node that the machine registered as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// The cloud's name of the machine, `aws:///<zone>/<instance id>`.
    #[serde(default, rename = "providerID", skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Image that the machine runs.
    #[serde(default, rename = "imageID", skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// What the machine has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capacity: ResourceAmounts,
    /// What pods can use of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub allocatable: ResourceAmounts,
    /// Conditions of the machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::keyed_conditions)]
    pub conditions: Vec<StatusCondition>,
    /// When a pod last came to the node or left it; daemons do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_pod_event_time: Option<Timestamp>,
}
