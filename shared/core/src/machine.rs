//! One claim with everything that belongs to its machine: what its lifecycle and its end are decided from.

use std::sync::Arc;

use crate::model::{NamespacedName, Node, NodeClaim, Pod, VolumeClaim, keys};

/// A volume attached to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeAttachment {
    /// Name of the attachment object.
    pub name: Arc<str>,
    /// The PersistentVolume; inline volumes have none.
    pub volume: Option<Arc<str>>,
}

/// One claim with everything that belongs to its machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    /// The claim; absent when only a node was found.
    pub claim: Option<NodeClaim>,
    /// Nodes with the claim's provider id; one in good order.
    pub nodes: Vec<Node>,
    /// Pods bound to those nodes.
    pub pods: Vec<Pod>,
    /// Volumes attached to those nodes.
    pub attachments: Vec<VolumeAttachment>,
    /// Volume claims of those pods.
    pub volume_claims: Vec<VolumeClaim>,
}

/// A node object, by name and UID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey {
    /// Name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
}

impl NodeKey {
    /// Of a node.
    pub fn of(node: &Node) -> Self {
        NodeKey { name: Arc::clone(&node.name), uid: Arc::clone(&node.uid) }
    }
}

/// A pod object, by name and UID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey {
    /// Namespace and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
}

impl PodKey {
    /// Of a pod.
    pub fn of(pod: &Pod) -> Self {
        PodKey { key: pod.key.clone(), uid: Arc::clone(&pod.uid) }
    }
}

/// Whether the termination finalizer is among those of an object.
pub fn has_finalizer(finalizers: &[Arc<str>]) -> bool {
    finalizers.iter().any(|finalizer| &**finalizer == keys::TERMINATION_FINALIZER)
}
