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
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) label_set: LabelSetId,
    /// Index into the nodes.
    pub(crate) node: usize,
    pub(crate) pods: i32,
}

/// Running pods that are not part of the pass.
#[derive(Debug, Default)]
pub(crate) struct ClusterPods {
    pub(crate) nodes: Vec<NodeFacts>,
    pub(crate) running: Vec<Running>,
}

impl ClusterPods {
    /// Groups bound, living pods by labels and node; pods of the pass itself are left out.
    pub(crate) fn collect(
        nodes: Vec<NodeFacts>,
        pods: &[Pod],
        in_pass: &FxHashSet<usize>,
        topology: &mut Topology,
    ) -> Self {
        let by_name: FxHashMap<Arc<str>, usize> = nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| n.has_node)
            .map(|(at, n)| (n.name.clone(), at))
            .collect();
        let mut counts: FxHashMap<(LabelSetId, usize), usize> = FxHashMap::default();
        let mut running: Vec<Running> = Vec::new();
        for (index, pod) in pods.iter().enumerate() {
            let node = pod.node_name.as_ref().and_then(|name| by_name.get(name));
            let (Some(node), false) = (node, pod.is_terminal() || pod.deletion_at.is_some()) else {
                continue;
            };
            if in_pass.contains(&index) {
                continue;
            }
            let label_set = topology.label_set(&pod.key.namespace, &pod.labels);
            let at = *counts.entry((label_set, *node)).or_insert_with(|| {
                running.push(Running { label_set, node: *node, pods: 0 });
                running.len() - 1
            });
            running[at].pods += 1;
        }
        ClusterPods { nodes, running }
    }
}
