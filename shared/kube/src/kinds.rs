//! Which kinds decisions need, how each is read, and what it means when one cannot be had.

#![expect(
    clippy::result_large_err,
    reason = "an object that cannot be read is rare, and its error is told as it is"
)]

use std::fmt::Debug;
use std::sync::Arc;

use joiner_api::read::{ObjectReader, ReadError, StoredObject};
use joiner_core::machine::VolumeAttachment;
use joiner_core::model;

use crate::resource::{self, Resource};

/// What it means for a view when something of a kind cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The view is not complete without every object: a machine or its pods would be overlooked.
    Whole,
    /// The view is not complete without the kind; one object that cannot be read is left out.
    Kind,
    /// A cluster may do without the kind.
    Optional,
}

/// A kind of object.
pub(crate) trait Kind: Send + Sync + 'static {
    /// What is kept of an object.
    type Value: Clone + Debug + Send + Sync;
    /// What it is called.
    const RESOURCE: Resource;
    /// What it means when something is missing.
    const NEED: Need;

    /// Reads an object.
    fn read(reader: &mut ObjectReader, json: &str) -> Result<StoredObject<Self::Value>, ReadError>;

    /// Whether an object is there for decisions; otherwise it is as good as deleted.
    fn counts(_: &Self::Value) -> bool {
        true
    }

    /// Whether it has been asked to go.
    fn is_going(_: &Self::Value) -> bool {
        false
    }
}

macro_rules! kind {
    ($name:ident, $value:ty, $resource:ident, $need:ident, $read:ident $(, $method:ident: $body:expr)*) => {
        #[doc = concat!("The kind ", stringify!($name), ".")]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl Kind for $name {
            type Value = $value;
            const RESOURCE: Resource = resource::$resource;
            const NEED: Need = Need::$need;

            fn read(reader: &mut ObjectReader, json: &str) -> Result<StoredObject<$value>, ReadError> {
                reader.$read(json)
            }

            $(fn $method(value: &$value) -> bool {
                let decide: fn(&$value) -> bool = $body;
                decide(value)
            })*
        }
    };
}

kind!(Pods, model::Pod, PODS, Whole, pod,
    counts: |pod| !pod.is_terminal(), is_going: |pod| pod.deletion_at.is_some());
kind!(Nodes, model::Node, NODES, Whole, node,
    counts: |node| node.deletion_at.is_none() || !node.finalizers.is_empty(),
    is_going: |node| node.deletion_at.is_some());
kind!(NodeClaims, model::NodeClaim, NODE_CLAIMS, Whole, node_claim,
    counts: |claim| claim.deletion_at.is_none() || !claim.finalizers.is_empty(),
    is_going: |claim| claim.deletion_at.is_some());
kind!(NodePools, model::NodePool, NODE_POOLS, Kind, node_pool);
kind!(NodeClasses, model::NodeClass, NODE_CLASSES, Kind, node_class,
    counts: |class| !class.deleting || !class.finalizers.is_empty());
kind!(NodeOverlays, Option<model::NodeOverlay>, NODE_OVERLAYS, Optional, node_overlay);
kind!(DaemonSets, model::DaemonSet, DAEMON_SETS, Kind, daemon_set);
kind!(VolumeClaims, model::VolumeClaim, VOLUME_CLAIMS, Kind, volume_claim);
kind!(Volumes, model::Volume, VOLUMES, Kind, volume);
kind!(StorageClasses, model::StorageClass, STORAGE_CLASSES, Kind, storage_class);
kind!(CsiNodes, Vec<model::VolumeLimit>, CSI_NODES, Optional, volume_limits);
kind!(Budgets, model::PodDisruptionBudget, BUDGETS, Kind, disruption_budget);
kind!(Namespaces, model::Labels, NAMESPACES, Kind, namespace);
kind!(Attachments, (Arc<str>, VolumeAttachment), ATTACHMENTS, Optional, volume_attachment);
