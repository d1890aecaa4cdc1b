//! Everything but pods that Kubernetes itself defines: nodes, storage, budgets, workloads.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Amounts, ConditionWire, IntOrString, Meta, NodeSelectorWire, PodWire, SelectorWire, TaintWire, Text,
};

/// A Node.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct NodeWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<NodeSpecWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) status: Option<NodeStatusWire<'a>>,
}

/// Specification of a Node.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct NodeSpecWire<'a> {
    #[serde(borrow, rename = "providerID")]
    pub(in crate::read) provider_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) taints: Option<Vec<TaintWire<'a>>>,
    pub(in crate::read) unschedulable: Option<bool>,
}

/// Status of a Node.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct NodeStatusWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) capacity: Option<Amounts<'a>>,
    #[serde(borrow)]
    pub(in crate::read) allocatable: Option<Amounts<'a>>,
    #[serde(borrow)]
    pub(in crate::read) conditions: Option<Vec<ConditionWire<'a>>>,
}

/// A CSINode.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct CsiNodeWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) spec: Option<CsiNodeSpecWire<'a>>,
}

/// Drivers of a CSINode.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct CsiNodeSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) drivers: Option<Vec<CsiDriverWire<'a>>>,
}

/// A driver of a CSINode.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct CsiDriverWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) name: Text<'a>,
    pub(in crate::read) allocatable: Option<CsiAllocatableWire>,
}

/// How many volumes a driver takes.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct CsiAllocatableWire {
    pub(in crate::read) count: Option<u32>,
}

/// A PersistentVolumeClaim, or the template of one.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct ClaimWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<ClaimSpecWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) status: Option<PhaseWire<'a>>,
}

/// Specification of a claim.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ClaimSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) storage_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) volume_name: Option<Text<'a>>,
}

/// A status of which only the phase matters.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct PhaseWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) phase: Option<Text<'a>>,
}

/// A PersistentVolume.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct VolumeObjectWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<VolumeSpecWire<'a>>,
}

/// Specification of a volume.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct VolumeSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) csi: Option<CsiSourceWire<'a>>,
    pub(in crate::read) aws_elastic_block_store: Option<IgnoredAny>,
    pub(in crate::read) local: Option<IgnoredAny>,
    pub(in crate::read) host_path: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(in crate::read) node_affinity: Option<VolumeAffinityWire<'a>>,
}

/// A volume behind a CSI driver.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct CsiSourceWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) driver: Option<Text<'a>>,
}

/// Nodes that reach a volume.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct VolumeAffinityWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) required: Option<NodeSelectorWire<'a>>,
}

/// A StorageClass.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct StorageClassWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) provisioner: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) volume_binding_mode: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) allowed_topologies: Option<Vec<TopologyTermWire<'a>>>,
}

/// A topology that volumes may be made in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct TopologyTermWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) match_label_expressions: Option<Vec<TopologyExpressionWire<'a>>>,
}

/// A label and its values.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct TopologyExpressionWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) key: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) values: Option<Vec<Text<'a>>>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct BudgetWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<BudgetSpecWire<'a>>,
    pub(in crate::read) status: Option<BudgetStatusWire>,
}

/// Specification of a budget.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct BudgetSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) selector: Option<SelectorWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) max_unavailable: Option<IntOrString<'a>>,
    #[serde(borrow)]
    pub(in crate::read) min_available: Option<IntOrString<'a>>,
    #[serde(borrow)]
    pub(in crate::read) unhealthy_pod_eviction_policy: Option<Text<'a>>,
}

/// Status of a budget.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct BudgetStatusWire {
    pub(in crate::read) disruptions_allowed: Option<i64>,
}

/// A VolumeAttachment.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct AttachmentWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) spec: AttachmentSpecWire<'a>,
}

/// Specification of an attachment.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct AttachmentSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) node_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) source: AttachmentSourceWire<'a>,
}

/// What is attached.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct AttachmentSourceWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) persistent_volume_name: Option<Text<'a>>,
}

/// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job: something that starts pods.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct WorkloadWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<WorkloadSpecWire<'a>>,
}

/// Specification of a workload.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct WorkloadSpecWire<'a> {
    pub(in crate::read) replicas: Option<i64>,
    pub(in crate::read) parallelism: Option<i64>,
    pub(in crate::read) completions: Option<i64>,
    pub(in crate::read) suspend: Option<bool>,
    #[serde(borrow)]
    pub(in crate::read) template: Option<PodWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) volume_claim_templates: Option<Vec<ClaimWire<'a>>>,
}
