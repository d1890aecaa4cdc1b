//! Reading the cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_core::model::{DaemonSet, Node, NodeClaim, Snapshot};
use joiner_ports::{ClusterError, ClusterRead, ClusterView, Completeness, Machine, Target};

use super::{Route, SimPorts};
use crate::cluster::{Cluster, ControllerKind};

impl ClusterRead for SimPorts {
    async fn snapshot(&self) -> Result<ClusterView, ClusterError> {
        self.call(Route::Cluster, "snapshot", |world| {
            let snapshot = snapshot_of(&world.cluster);
            Ok(ClusterView { snapshot, completeness: Completeness::Complete })
        })
        .await
    }

    async fn machine(&self, target: &Target) -> Result<Option<Machine>, ClusterError> {
        self.call(Route::Cluster, "machine", |world| Ok(machine_of(&world.cluster, target))).await
    }
}

/// Everything decisions look at, as it is.
pub(crate) fn snapshot_of(cluster: &Cluster) -> Snapshot {
    Snapshot {
        pods: cluster.pods.values().map(|object| object.pod.clone()).collect(),
        nodes: cluster.nodes.values().map(|node| node.object.clone()).collect(),
        node_claims: cluster.claims.values().map(|claim| claim.object.clone()).collect(),
        node_pools: cluster.pools.values().cloned().collect(),
        node_classes: cluster.classes.values().cloned().collect(),
        node_overlays: cluster.overlays.values().cloned().collect(),
        daemon_sets: cluster
            .controllers
            .values()
            .filter(|controller| controller.key.kind == ControllerKind::DaemonSet)
            .map(|controller| DaemonSet {
                key: controller.key.key.clone(),
                uid: Arc::clone(&controller.uid),
                template: controller.template.clone(),
            })
            .collect(),
        volume_claims: cluster.volume_claims.values().cloned().collect(),
        volumes: cluster.volumes.values().cloned().collect(),
        storage_classes: cluster.storage_classes.values().cloned().collect(),
        namespaces: cluster.namespaces.clone(),
        pod_disruption_budgets: cluster.counted_budgets(),
        ..Snapshot::default()
    }
}

fn machine_of(cluster: &Cluster, target: &Target) -> Option<Machine> {
    let (claim, nodes): (Option<NodeClaim>, Vec<Node>) = match target {
        Target::Claim(name) => {
            let claim = &cluster.claims.get(name.as_str())?.object;
            (Some(claim.clone()), nodes_of(cluster, claim.provider_id.as_ref()))
        }
        Target::Node(name) => {
            let node = &cluster.nodes.get(name)?.object;
            let of_node =
                |claim: &&NodeClaim| claim.provider_id.is_some() && claim.provider_id == node.provider_id;
            let claim = cluster.claims.values().map(|c| &c.object).find(of_node).cloned();
            (claim, vec![node.clone()])
        }
    };
    let names: BTreeSet<&str> = nodes.iter().map(|node| &*node.name).collect();
    let on_them = |name: &Option<Arc<str>>| name.as_deref().is_some_and(|name| names.contains(name));
    let pods: Vec<_> =
        cluster.pods.values().map(|o| &o.pod).filter(|pod| on_them(&pod.node_name)).cloned().collect();
    let namespaces: BTreeSet<&Arc<str>> = pods.iter().map(|pod| &pod.key.namespace).collect();
    let volume_claims =
        cluster.volume_claims.values().filter(|c| namespaces.contains(&c.key.namespace)).cloned().collect();
    // Volumes let go as soon as their pod is gone; nothing here stays attached.
    Some(Machine { claim, nodes, pods, attachments: Vec::new(), volume_claims })
}

fn nodes_of(cluster: &Cluster, provider_id: Option<&Arc<str>>) -> Vec<Node> {
    let Some(provider_id) = provider_id else { return Vec::new() };
    let of_it = |node: &&Node| node.provider_id.as_ref() == Some(provider_id);
    cluster.nodes.values().map(|node| &node.object).filter(of_it).cloned().collect()
}
