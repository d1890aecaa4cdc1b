//! What runs already, arranged for counting: label sets by node (scheduling 5.4).

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::sets::SetId;
use super::{HostId, LabelSetId, Topology};
use crate::model::{Labels, Pod, Taint};

/// A node as far as counting looks at it.
#[derive(Debug)]
pub(crate) struct NodeFacts {
    pub(crate) name: Arc<str>,
    /// Raw labels: domains are read by the key as written.
    pub(crate) labels: Labels,
    pub(crate) set: SetId,
    pub(crate) host: HostId,
    pub(crate) taints: Vec<Taint>,
    /// Whether a Node object exists; pods can only run on such.
    pub(crate) has_node: bool,
    /// Whether it stays: its domains are known even when empty.
    pub(crate) is_active: bool,
}

/// Pods of one label set on one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    pub(crate) label_set: LabelSetId,
    /// Index into the nodes.
    pub(crate) node: usize,
    pub(crate) pods: i32,
}

/// Running pods, and what a pass takes off them: its own pods, and nodes taken away in thought.
#[derive(Debug, Default)]
pub(crate) struct ClusterPods {
    pub(crate) nodes: Vec<NodeFacts>,
    running: Vec<Running>,
    by_name: FxHashMap<Arc<str>, usize>,
    moving: FxHashMap<(LabelSetId, usize), i32>,
    removed: FxHashSet<usize>,
}

/// Whether counting looks at a pod at all.
fn counts(pod: &Pod) -> bool {
    !pod.is_terminal() && pod.deletion_at.is_none()
}

impl ClusterPods {
    /// Groups bound, living pods by labels and node.
    pub(crate) fn collect(nodes: Vec<NodeFacts>, pods: &[Pod], topology: &mut Topology) -> Self {
        let by_name: FxHashMap<Arc<str>, usize> = nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| n.has_node)
            .map(|(at, n)| (n.name.clone(), at))
            .collect();
        let mut places: FxHashMap<(LabelSetId, usize), usize> = FxHashMap::default();
        let mut running: Vec<Running> = Vec::new();
        for pod in pods.iter().filter(|pod| counts(pod)) {
            let Some(node) = pod.node_name.as_ref().and_then(|name| by_name.get(name)) else { continue };
            let label_set = topology.label_set(&pod.key.namespace, &pod.labels);
            let at = *places.entry((label_set, *node)).or_insert_with(|| {
                running.push(Running { label_set, node: *node, pods: 0 });
                running.len() - 1
            });
            running[at].pods += 1;
        }
        ClusterPods { nodes, running, by_name, moving: FxHashMap::default(), removed: FxHashSet::default() }
    }

    /// The node of a name, if it is a real one.
    pub(crate) fn node(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Takes off the pods of a pass and the nodes it does without.
    pub(crate) fn set_aside<'a>(
        &mut self,
        pods: impl Iterator<Item = &'a Pod>,
        removed: impl Iterator<Item = &'a Arc<str>>,
        topology: &mut Topology,
    ) {
        self.removed = removed.filter_map(|name| self.by_name.get(name).copied()).collect();
        self.moving.clear();
        for pod in pods.filter(|pod| counts(pod)) {
            if let Some(node) = pod.node_name.as_ref().and_then(|name| self.by_name.get(name)) {
                let label_set = topology.label_set(&pod.key.namespace, &pod.labels);
                *self.moving.entry((label_set, *node)).or_default() += 1;
            }
        }
    }

    /// Whether a node stays, so that its domains are known even when empty.
    pub(crate) fn stays(&self, node: usize) -> bool {
        self.nodes[node].is_active && !self.removed.contains(&node)
    }

    /// Pods that count, by labels and node.
    pub(crate) fn running(&self) -> impl Iterator<Item = Running> {
        self.running.iter().filter_map(|running| {
            let moving = self.moving.get(&(running.label_set, running.node)).copied().unwrap_or(0);
            (running.pods > moving).then(|| Running { pods: running.pods - moving, ..*running })
        })
    }
}
