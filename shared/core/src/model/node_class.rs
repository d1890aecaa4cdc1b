//! The cloud's shape of a node (EC2NodeClass), as far as decisions depend on it.

use std::sync::Arc;

use super::{Flaw, Labels, Quantity, ReportedCondition, Requirement, ResourceName};

/// Operating system image family (aws 1.4); decides overhead formulas and default volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AmiFamily {
    /// Amazon Linux 2.
    Al2,
    /// Amazon Linux 2023.
    Al2023,
    /// Bottlerocket.
    Bottlerocket,
    /// Windows Server 2019.
    Windows2019,
    /// Windows Server 2022.
    Windows2022,
    /// Windows Server 2025.
    Windows2025,
    /// The user's own image.
    Custom,
}

/// A threshold or reserve of the kubelet: an amount, or a share of the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// An absolute amount.
    Amount(Quantity),
    /// Percent of the capacity, in thousandths of a percent.
    MilliPercent(u32),
}

/// Kubelet settings that change what pods get (aws 1.2, 1.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KubeletSettings {
    /// Most pods a node takes.
    pub max_pods: Option<u32>,
    /// Most pods per vCPU.
    pub pods_per_core: Option<u32>,
    /// Overrides of the computed Kubernetes reserve, by resource.
    pub kube_reserved: Vec<(ResourceName, Quantity)>,
    /// System reserve, by resource.
    pub system_reserved: Vec<(ResourceName, Quantity)>,
    /// Hard eviction threshold of `memory.available`.
    pub evict_memory_available: Option<Threshold>,
    /// Hard eviction threshold of `nodefs.available`.
    pub evict_nodefs_available: Option<Threshold>,
}

/// One volume of the launch template, as far as ephemeral storage depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// Device name such as `/dev/xvda`.
    pub device_name: Option<Arc<str>>,
    /// Whether it is marked as the root volume.
    pub is_root: bool,
    /// Its size, when one is given.
    pub volume_size: Option<Quantity>,
}

/// One network interface of the launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkInterface {
    /// Network card it sits on.
    pub card: u32,
    /// Device index on the card.
    pub device: u32,
    /// Whether it carries only EFA traffic.
    pub efa_only: bool,
}

/// An availability zone with a subnet of the class in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zone {
    /// Its name in this account, such as `us-east-1a`.
    pub name: Arc<str>,
    /// Its id in every account, such as `use1-az1`.
    pub id: Option<Arc<str>>,
}

/// A capacity reservation the class selects (aws 5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityReservation {
    /// `cr-...`.
    pub id: Arc<str>,
    /// The type it holds.
    pub instance_type: Arc<str>,
    /// Its zone.
    pub zone: Arc<str>,
    /// `default` or `capacity-block`.
    pub reservation_type: Arc<str>,
    /// Whether it may be taken back.
    pub interruptible: bool,
    /// Whether it is about to end.
    pub expiring: bool,
    /// Instances still to be had.
    pub remaining: u32,
}

/// A subnet of the status of a class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    /// `subnet-...`.
    pub id: Arc<str>,
    /// Its zone.
    pub zone: Zone,
}

/// A security group of the status of a class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecurityGroup {
    /// `sg-...`.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// An image of the status of a class, and which types it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `ami-...`.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Whether its owner has deprecated it.
    pub deprecated: bool,
    /// Types it can start, as requirements on their labels.
    pub requirements: Vec<Requirement>,
}

/// What the selectors of a class lead to in the cloud: its status (aws 8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolvedClass {
    /// Subnets, in order of ids.
    pub subnets: Vec<Subnet>,
    /// Security groups, in order of ids.
    pub security_groups: Vec<SecurityGroup>,
    /// Images, newest first.
    pub images: Vec<Image>,
    /// Name of the instance profile.
    pub instance_profile: Option<Arc<str>>,
}

/// Whether an object can be used, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot.
    NotReady {
        /// Machine-readable reason, as the condition carries it.
        reason: Arc<str>,
        /// For people.
        message: Arc<str>,
    },
}

impl Readiness {
    /// Whether it can be used.
    pub fn is_ready(&self) -> bool {
        matches!(self, Readiness::Ready)
    }
}

/// An EC2NodeClass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClass {
    /// Object name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
    /// Whether it can be used.
    pub readiness: Readiness,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Image family.
    pub ami_family: AmiFamily,
    /// Kubelet settings.
    pub kubelet: KubeletSettings,
    /// Volumes, in the order given.
    pub block_devices: Vec<BlockDevice>,
    /// Whether instance store volumes are joined into one for pods (`RAID0`).
    pub raid0_instance_store: bool,
    /// Network interfaces, when spelled out.
    pub network_interfaces: Option<Vec<NetworkInterface>>,
    /// Whether nested virtualization is asked for.
    pub nested_virtualization: bool,
    /// Whether connection tracking is configured; only Nitro types can.
    pub connection_tracking: bool,
    /// Zones with a subnet of the class, from its status.
    pub zones: Vec<Zone>,
    /// Reservations it selects, from its status.
    pub capacity_reservations: Vec<CapacityReservation>,
    /// User's tags on what is launched.
    pub tags: Labels,
    /// Drift hash of the specification.
    pub hash: Arc<str>,
    /// What its selectors lead to, from its status.
    pub resolved: ResolvedClass,
    /// Generation of the specification.
    pub generation: i64,
    /// Annotations.
    pub annotations: Labels,
    /// Finalizers.
    pub finalizers: Vec<Arc<str>>,
    /// What makes it stored but without effect, if anything does.
    pub flaw: Option<Flaw>,
    /// Conditions of its status.
    pub conditions: Vec<ReportedCondition>,
    /// The object as it stands in the cluster, JSON: the cloud adapter launches from it, decisions never look.
    pub document: Arc<str>,
}
