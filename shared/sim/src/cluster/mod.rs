//! The cluster: objects with versions and finalizers, and the controllers every cluster has. Reading order:
//!
//! - `controller`: what makes pods;
//! - `pods`: a pod's way from creation to its end;
//! - `controllers`: replicas, jobs, daemons and the sweep of pods without a node;
//! - `scheduler`, `fit`, `topology`: which node a pod gets;
//! - `kubelet`: nodes joining, pods starting and stopping;
//! - `objects`: nodes and claims with their finalizers;
//! - `eviction`: disruption budgets of pods.

mod controller;
mod controllers;
mod eviction;
mod fit;
mod kubelet;
mod objects;
mod pods;
mod scheduler;
mod topology;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use joiner_core::model::{
    Labels, NamespacedName, Node, NodeClaim, NodeClass, NodeOverlay, NodePool, PodDisruptionBudget,
    StorageClass, Volume, VolumeClaim,
};

use jiff::Timestamp;
use joiner_ports::ObjectRef;

pub use controller::{Controller, ControllerKey, ControllerKind, VolumeTemplate};
pub use eviction::EvictionRefusal;
pub use pods::PodObject;

/// An object and the version a writer must have seen.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    /// The object.
    pub object: T,
    /// Its resource version.
    pub version: u64,
}

/// Something that happened in the cluster and that a watch would tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The scheduler found no node for a pod.
    PodUnschedulable(NamespacedName),
    /// A pod was bound to a node, or left it.
    PodMoved {
        /// The node.
        node: Arc<str>,
        /// The pod.
        pod: NamespacedName,
    },
    /// A claim was written.
    Claim(Arc<str>),
    /// A claim or its node is to go.
    Deleting(Arc<str>),
    /// A node appeared or changed.
    Node(Arc<str>),
    /// A pool changed.
    Pool(Arc<str>),
    /// A class changed.
    Class(Arc<str>),
}

/// All objects.
#[derive(Debug, Default)]
pub struct Cluster {
    /// Pods.
    pub pods: BTreeMap<NamespacedName, PodObject>,
    /// Nodes.
    pub nodes: BTreeMap<Arc<str>, Versioned<Node>>,
    /// Claims.
    pub claims: BTreeMap<Arc<str>, Versioned<NodeClaim>>,
    /// Pools.
    pub pools: BTreeMap<Arc<str>, NodePool>,
    /// Classes.
    pub classes: BTreeMap<Arc<str>, NodeClass>,
    /// Overlays.
    pub overlays: BTreeMap<Arc<str>, NodeOverlay>,
    /// What makes pods.
    pub controllers: BTreeMap<ControllerKey, Controller>,
    /// Disruption budgets; how many disruptions each allows is counted when asked.
    pub budgets: BTreeMap<NamespacedName, PodDisruptionBudget>,
    /// Volume claims.
    pub volume_claims: BTreeMap<NamespacedName, VolumeClaim>,
    /// Volumes.
    pub volumes: BTreeMap<Arc<str>, Volume>,
    /// Storage classes.
    pub storage_classes: BTreeMap<Arc<str>, StorageClass>,
    /// Labels of namespaces.
    pub namespaces: BTreeMap<Arc<str>, Labels>,
    /// What a watch has not told yet.
    pub changes: BTreeSet<Change>,
    /// Nodes that had pods other than daemons; to notice when they become empty.
    pub(crate) busy: BTreeSet<Arc<str>>,
    /// When an event about an object was last written, by reason.
    pub(crate) told: BTreeMap<(ObjectRef, &'static str), Timestamp>,
    version: u64,
    identities: u64,
}

impl Cluster {
    /// The version after one more write.
    pub fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// The version of the last write.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A UID nobody else has.
    pub fn next_uid(&mut self) -> Arc<str> {
        self.identities += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.identities).into()
    }
}
