//! Everything decisions look at: all shelves, refreshed at the same time.

use std::sync::Arc;

use joiner_core::model::{Snapshot, VolumeLimit};
use joiner_ports::{ClusterError, ClusterView, Completeness};
use tokio::sync::{Mutex, MutexGuard};

use super::shelf::Shelf;
use crate::failure::Failure;
use crate::kinds::{
    Attachments, Budgets, CsiNodes, DaemonSets, Kind, Namespaces, Need, NodeClaims, NodeClasses,
    NodeOverlays, NodePools, Nodes, Pods, StorageClasses, VolumeClaims, Volumes,
};
use crate::wire::Wire;

/// One shelf per kind. They live as long as the process, so that a warm invocation reads only what changed.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    pub(crate) pods: Mutex<Shelf<Pods>>,
    pub(crate) nodes: Mutex<Shelf<Nodes>>,
    pub(crate) node_claims: Mutex<Shelf<NodeClaims>>,
    pub(crate) node_pools: Mutex<Shelf<NodePools>>,
    pub(crate) node_classes: Mutex<Shelf<NodeClasses>>,
    pub(crate) volume_claims: Mutex<Shelf<VolumeClaims>>,
    pub(crate) attachments: Mutex<Shelf<Attachments>>,
    node_overlays: Mutex<Shelf<NodeOverlays>>,
    daemon_sets: Mutex<Shelf<DaemonSets>>,
    volumes: Mutex<Shelf<Volumes>>,
    storage_classes: Mutex<Shelf<StorageClasses>>,
    csi_nodes: Mutex<Shelf<CsiNodes>>,
    budgets: Mutex<Shelf<Budgets>>,
    namespaces: Mutex<Shelf<Namespaces>>,
}

/// A refreshed shelf, and what is missing from it.
type Fresh<'s, K> = Result<(MutexGuard<'s, Shelf<K>>, Vec<String>), ClusterError>;

/// Refreshes a shelf. What cannot be had is told rather than failed on, unless a retry may have it.
///
/// # Errors
/// No answer, or not now.
pub(crate) async fn fresh<'s, K: Kind>(shelf: &'s Mutex<Shelf<K>>, wire: &Wire) -> Fresh<'s, K> {
    let mut shelf = shelf.lock().await;
    let mut missing = Vec::new();
    if let Err(failure) = shelf.refresh(wire).await {
        shelf.clear();
        match lacking::<K>(&failure) {
            Some(why) => missing.extend(why),
            None => return Err(failure.about(K::RESOURCE.plural)),
        }
    }
    if K::NEED == Need::Whole {
        missing.extend(shelf.broken().map(ToString::to_string));
    }
    Ok((shelf, missing))
}

/// What the view lacks because of a failure that stays; `None` for one that may pass.
fn lacking<K: Kind>(failure: &Failure) -> Option<Option<String>> {
    let Failure::Refused(refusal) = failure else { return None };
    let resource = K::RESOURCE;
    match (refusal.code, K::NEED) {
        // behaviour: cluster/missing-optional-kinds-are-empty
        (404, Need::Optional) => Some(None),
        (404, Need::Kind | Need::Whole) => Some(Some(format!(
            "{}.{} is not known to the API server; apply the CRDs of this release",
            resource.plural, resource.group
        ))),
        (401 | 403, _) => {
            let error = Failure::Refused(refusal.clone()).about(resource.plural);
            Some(Some(error.to_string()))
        }
        _ => None,
    }
}

impl Shelves {
    /// Everything, as one value.
    ///
    /// # Errors
    /// Some kind got no answer, or not now.
    pub(crate) async fn snapshot(&self, wire: &Wire) -> Result<ClusterView, ClusterError> {
        let mut missing = Vec::new();
        let (pods, nodes, node_claims, volume_claims, budgets, node_pools, rest) = tokio::try_join!(
            fresh(&self.pods, wire),
            fresh(&self.nodes, wire),
            fresh(&self.node_claims, wire),
            fresh(&self.volume_claims, wire),
            fresh(&self.budgets, wire),
            fresh(&self.node_pools, wire),
            self.smaller_kinds(wire),
        )?;
        let snapshot = Snapshot {
            pods: told(pods, &mut missing),
            nodes: told(nodes, &mut missing),
            node_claims: told(node_claims, &mut missing),
            volume_claims: told(volume_claims, &mut missing),
            pod_disruption_budgets: told(budgets, &mut missing),
            node_pools: told(node_pools, &mut missing),
            ..rest.0
        };
        missing.extend(rest.1);
        let completeness = match missing.as_slice() {
            [] => Completeness::Complete,
            _ => Completeness::Partial { why: missing.join("; ") },
        };
        Ok(ClusterView { snapshot, completeness })
    }

    /// The kinds of which there are few, and what is missing of them.
    async fn smaller_kinds(&self, wire: &Wire) -> Result<(Snapshot, Vec<String>), ClusterError> {
        let mut missing = Vec::new();
        let (classes, overlays, daemons, volumes, storage, csi, namespaces) = tokio::try_join!(
            fresh(&self.node_classes, wire),
            fresh(&self.node_overlays, wire),
            fresh(&self.daemon_sets, wire),
            fresh(&self.volumes, wire),
            fresh(&self.storage_classes, wire),
            fresh(&self.csi_nodes, wire),
            fresh(&self.namespaces, wire),
        )?;
        missing.extend(namespaces.1);
        let labels = namespaces.0.entries().map(|(key, labels)| (Arc::clone(&key.name), labels.clone()));
        let limits: Vec<Vec<VolumeLimit>> = told(csi, &mut missing);
        let snapshot = Snapshot {
            namespaces: labels.collect(),
            volume_limits: limits.into_iter().flatten().collect(),
            node_overlays: told(overlays, &mut missing).into_iter().flatten().collect(),
            node_classes: told(classes, &mut missing),
            daemon_sets: told(daemons, &mut missing),
            volumes: told(volumes, &mut missing),
            storage_classes: told(storage, &mut missing),
            ..Snapshot::default()
        };
        Ok((snapshot, missing))
    }
}

/// Copies of the objects of a shelf; most of what they hold is shared.
fn told<K: Kind>(
    (shelf, lacks): (MutexGuard<'_, Shelf<K>>, Vec<String>),
    missing: &mut Vec<String>,
) -> Vec<K::Value> {
    missing.extend(lacks);
    shelf.values().cloned().collect()
}
