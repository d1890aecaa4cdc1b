//! Volumes and where they can be reached from (scheduling 6.7, 6.8).

use std::sync::Arc;

use super::{NamespacedName, NodeTerm};

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeClaim {
    /// Namespace and name.
    pub key: NamespacedName,
    /// Storage class named.
    pub storage_class: Option<Arc<str>>,
    /// Volume it is bound to, or asks for.
    pub volume_name: Option<Arc<str>>,
    /// Whether binding has completed (`pv.kubernetes.io/bind-completed`).
    pub bind_completed: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether its volume is lost.
    pub lost: bool,
}

/// A PersistentVolume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Name.
    pub name: Arc<str>,
    /// CSI driver, in-tree names translated; `None` when volumes of its kind are not counted.
    pub driver: Option<Arc<str>>,
    /// Whether it lives on a node's own disk (local, hostPath).
    pub is_local: bool,
    /// Nodes that reach it: alternatives.
    pub node_terms: Vec<NodeTerm>,
    /// Whether it is being deleted.
    pub deleting: bool,
}

/// A StorageClass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageClass {
    /// Name.
    pub name: Arc<str>,
    /// Provisioner, in-tree names translated.
    pub provisioner: Arc<str>,
    /// Whether volumes are bound at once, without looking at the pod.
    pub binds_immediately: bool,
    /// Topologies volumes may be made in: alternatives.
    pub allowed_topologies: Vec<NodeTerm>,
}

/// How many volumes of a driver a node takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeLimit {
    /// Node.
    pub node: Arc<str>,
    /// CSI driver.
    pub driver: Arc<str>,
    /// Most volumes.
    pub count: u32,
}
