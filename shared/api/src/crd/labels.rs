//! Label keys: which are well known, which are reserved, and how the API server's test and the runtime test differ.
//!
//! Source: reference, sections 5.1 to 5.4. This module decides about keys only; values are label text.

use joiner_core::model::LabelKey;

/// Domain of the autoscaler's own labels.
pub const KARPENTER_DOMAIN: &str = "karpenter.sh";
/// Domain of the labels that describe EC2 instances.
pub const AWS_DOMAIN: &str = "karpenter.k8s.aws";
/// Name of the NodePool that a node belongs to.
pub const NODEPOOL: &str = "karpenter.sh/nodepool";
/// `on-demand`, `spot` or `reserved`.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
/// Name of the EC2NodeClass of a node.
pub const EC2_NODE_CLASS: &str = "karpenter.k8s.aws/ec2nodeclass";
/// `default` or `dedicated`.
pub const INSTANCE_TENANCY: &str = "karpenter.k8s.aws/instance-tenancy";
/// Name of the node itself; cannot be asked for.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// Keys of the domain karpenter.sh that the first rule about template labels lets through.
pub const NODEPOOL_LABEL_KEYS: &[&str] = &[CAPACITY_TYPE, NODEPOOL];
/// Keys of the domain karpenter.sh that a NodePool may require.
pub const NODEPOOL_REQUIREMENT_KEYS: &[&str] = &[CAPACITY_TYPE];
/// Keys of the domain karpenter.sh that a NodeClaim or a NodeOverlay may require.
pub const NODECLAIM_REQUIREMENT_KEYS: &[&str] = &[CAPACITY_TYPE, NODEPOOL];

/// Keys of the domain karpenter.k8s.aws that the CRDs admit. The first five are unknown to overlays.
pub const AWS_ADMITTED: &[&str] = &[
    INSTANCE_TENANCY,
    "karpenter.k8s.aws/capacity-reservation-type",
    "karpenter.k8s.aws/capacity-reservation-id",
    "karpenter.k8s.aws/capacity-reservation-interruptible",
    "karpenter.k8s.aws/placement-group-id",
    "karpenter.k8s.aws/placement-group-partition",
    EC2_NODE_CLASS,
    "karpenter.k8s.aws/instance-encryption-in-transit-supported",
    "karpenter.k8s.aws/nitro-sandbox",
    "karpenter.k8s.aws/instance-category",
    "karpenter.k8s.aws/instance-hypervisor",
    "karpenter.k8s.aws/instance-family",
    "karpenter.k8s.aws/instance-generation",
    "karpenter.k8s.aws/instance-local-nvme",
    "karpenter.k8s.aws/instance-size",
    "karpenter.k8s.aws/instance-cpu",
    "karpenter.k8s.aws/instance-cpu-manufacturer",
    "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz",
    "karpenter.k8s.aws/instance-memory",
    "karpenter.k8s.aws/instance-ebs-bandwidth",
    "karpenter.k8s.aws/instance-network-bandwidth",
    "karpenter.k8s.aws/instance-gpu-name",
    "karpenter.k8s.aws/instance-gpu-manufacturer",
    "karpenter.k8s.aws/instance-gpu-count",
    "karpenter.k8s.aws/instance-gpu-memory",
    "karpenter.k8s.aws/instance-accelerator-name",
    "karpenter.k8s.aws/instance-accelerator-manufacturer",
    "karpenter.k8s.aws/instance-accelerator-count",
    "karpenter.k8s.aws/instance-capability-flex",
];

/// The admitted keys that a NodeOverlay may require: without tenancy, capacity reservations and placement groups.
pub const AWS_ADMITTED_IN_OVERLAYS: &[&str] = AWS_ADMITTED.split_at(6).1;

/// The name this key has now.
pub fn normalize(key: &str) -> &str {
    LabelKey::current(key)
}

/// The text before the first slash, or the whole key.
fn head(key: &str) -> &str {
    key.split_once('/').map_or(key, |(head, _)| head)
}

/// Admission's test of a domain: a bare suffix, so that `foo-karpenter.sh/x` counts as well.
pub fn ends_in_domain(key: &str, domain: &str) -> bool {
    head(key).ends_with(domain)
}

/// Whether the runtime refuses this key in labels and requirements of NodePools and pods.
pub fn is_restricted(key: &str) -> bool {
    LabelKey::new(key).is_restricted()
}
