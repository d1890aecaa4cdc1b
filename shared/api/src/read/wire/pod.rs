//! Pods and pod templates.

use serde::Deserialize;

use super::{Amounts, ConditionWire, ExpressionWire, Meta, Pairs, SelectorWire, Text};

/// A pod, or the template of one.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct PodWire<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<PodSpecWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) status: Option<PodStatusWire<'a>>,
}

/// What a pod asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PodSpecWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) containers: Option<Vec<ContainerWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) init_containers: Option<Vec<ContainerWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) resources: Option<ResourcesWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) overhead: Option<Amounts<'a>>,
    pub(in crate::read) host_network: Option<bool>,
    #[serde(borrow)]
    pub(in crate::read) node_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) node_selector: Option<Pairs<'a>>,
    #[serde(borrow)]
    pub(in crate::read) affinity: Option<AffinityWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) topology_spread_constraints: Option<Vec<SpreadWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) tolerations: Option<Vec<TolerationWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) volumes: Option<Vec<VolumeWire<'a>>>,
    pub(in crate::read) resource_claims: Option<Vec<serde::de::IgnoredAny>>,
    pub(in crate::read) scheduling_gates: Option<Vec<serde::de::IgnoredAny>>,
    pub(in crate::read) termination_grace_period_seconds: Option<i64>,
    pub(in crate::read) priority: Option<i32>,
    #[serde(borrow)]
    pub(in crate::read) priority_class_name: Option<Text<'a>>,
}

/// A container, a sidecar or an init container.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ContainerWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) resources: Option<ResourcesWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) ports: Option<Vec<PortWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) restart_policy: Option<Text<'a>>,
}

/// Requests and limits.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct ResourcesWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) requests: Option<Amounts<'a>>,
    #[serde(borrow)]
    pub(in crate::read) limits: Option<Amounts<'a>>,
    pub(in crate::read) claims: Option<Vec<serde::de::IgnoredAny>>,
}

/// A port of a container.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PortWire<'a> {
    pub(in crate::read) container_port: Option<i64>,
    pub(in crate::read) host_port: Option<i64>,
    #[serde(borrow, rename = "hostIP")]
    pub(in crate::read) host_ip: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) protocol: Option<Text<'a>>,
}

/// Affinity of all sorts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct AffinityWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) node_affinity: Option<NodeAffinityWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) pod_affinity: Option<PodAffinityWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) pod_anti_affinity: Option<PodAffinityWire<'a>>,
}

/// Node affinity.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct NodeAffinityWire<'a> {
    #[serde(borrow, rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub(in crate::read) required: Option<NodeSelectorWire<'a>>,
    #[serde(borrow, rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub(in crate::read) preferred: Option<Vec<PreferredNodeWire<'a>>>,
}

/// Alternatives of nodes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct NodeSelectorWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) node_selector_terms: Option<Vec<NodeTermWire<'a>>>,
}

/// One alternative.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct NodeTermWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) match_expressions: Option<Vec<ExpressionWire<'a>>>,
    pub(in crate::read) match_fields: Option<Vec<serde::de::IgnoredAny>>,
}

/// A preferred alternative.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct PreferredNodeWire<'a> {
    pub(in crate::read) weight: Option<i32>,
    #[serde(borrow, default)]
    pub(in crate::read) preference: NodeTermWire<'a>,
}

/// Affinity or anti-affinity to pods.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct PodAffinityWire<'a> {
    #[serde(borrow, rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub(in crate::read) required: Option<Vec<PodTermWire<'a>>>,
    #[serde(borrow, rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub(in crate::read) preferred: Option<Vec<PreferredPodWire<'a>>>,
}

/// A term of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PodTermWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) topology_key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) label_selector: Option<SelectorWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) namespaces: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) namespace_selector: Option<SelectorWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) match_label_keys: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) mismatch_label_keys: Option<Vec<Text<'a>>>,
}

/// A preferred term of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PreferredPodWire<'a> {
    pub(in crate::read) weight: Option<i32>,
    #[serde(borrow, default)]
    pub(in crate::read) pod_affinity_term: PodTermWire<'a>,
}

/// A topology spread constraint.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct SpreadWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) topology_key: Option<Text<'a>>,
    pub(in crate::read) max_skew: Option<i32>,
    pub(in crate::read) min_domains: Option<i32>,
    #[serde(borrow)]
    pub(in crate::read) when_unsatisfiable: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) label_selector: Option<SelectorWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) match_label_keys: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) node_affinity_policy: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) node_taints_policy: Option<Text<'a>>,
}

/// A toleration.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct TolerationWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) operator: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) value: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) effect: Option<Text<'a>>,
}

/// A volume, as far as it is bound to storage.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct VolumeWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) persistent_volume_claim: Option<ClaimSourceWire<'a>>,
    #[serde(borrow)]
    pub(in crate::read) ephemeral: Option<EphemeralWire<'a>>,
}

/// A volume of a claim.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ClaimSourceWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) claim_name: Option<Text<'a>>,
}

/// A volume whose claim is made for the pod.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct EphemeralWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) volume_claim_template: Option<super::ClaimWire<'a>>,
}

/// What is known about a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PodStatusWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) phase: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) conditions: Option<Vec<ConditionWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) nominated_node_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) start_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) resize: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) container_statuses: Option<Vec<ContainerStatusWire<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) init_container_statuses: Option<Vec<ContainerStatusWire<'a>>>,
}

/// What is known about a container: what it was granted, which differs from the wish during a resize.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ContainerStatusWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) allocated_resources: Option<Amounts<'a>>,
    #[serde(borrow)]
    pub(in crate::read) resources: Option<ResourcesWire<'a>>,
}
