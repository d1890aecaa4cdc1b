//! The nouns decisions speak of, free of any wire format. Adapters parse into these at the edge.

mod instance_type;
mod label;
mod node;
mod node_class;
mod node_pool;
mod pod;
mod quantity;
mod record;
mod reported;
mod requirement;
mod resources;
mod selector;
mod snapshot;
mod storage;
mod taint;

pub use instance_type::{
    CapacityType, InstanceType, Offering, OfferingKey, Overhead, Price, Reservation, Unavailable,
};
pub use label::{LabelKey, Labels, keys};
pub use node::{Condition, ConditionKind, ConditionStatus, Node, NodeClaim, NodeCondition};
pub use node_class::{
    AmiFamily, BlockDevice, CapacityReservation, Image, KubeletSettings, NetworkInterface, NodeClass,
    Readiness, ResolvedClass, SecurityGroup, Subnet, Threshold, Zone,
};
pub use node_pool::{
    Budget, BudgetNodes, ConsolidationPolicy, DisruptionReason, NodeClassRef, NodeOverlay, NodePool,
    NodeTemplate, PoolStatus, PriceChange,
};
pub use pod::{
    HostPort, NamespacedName, NodeTerm, Owner, Pod, PodPhase, PodSpec, PodTerm, PodVolume, PreferredNodeTerm,
    PreferredPodTerm, TopologySpread, WhenUnsatisfiable,
};
pub use quantity::{Notation, Quantity, QuantityError};
pub use reported::{Flaw, ObjectCondition, ReportedCondition};
pub use requirement::{Allowed, Operator, Requirement, RequirementError, Requirements};
pub use resources::{ResourceName, Resources};
pub use selector::{Expression, LabelSelector};
pub use snapshot::{DaemonSet, PodDisruptionBudget, Snapshot};
pub use storage::{StorageClass, Volume, VolumeClaim, VolumeLimit};
pub use taint::{Taint, TaintEffect, Toleration, TolerationOperator, untolerated};
