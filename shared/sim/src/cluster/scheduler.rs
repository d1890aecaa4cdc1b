//! Which node does a pod without one get? A faithful enough kube-scheduler: it filters, prefers the emptiest
//! node, and says `Unschedulable` where there is none. It never launches anything.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use joiner_core::model::{NamespacedName, Node, Pod, PodSpec};

use super::fit::{Usage, admits_node, emptiness, has_room};
use super::{Change, topology, volumes};
use crate::world::World;

impl World {
    /// One look at all pods without a node, by priority and age.
    pub(crate) fn run_scheduler(&mut self) {
        let mut waiting: Vec<_> = self
            .cluster
            .pods
            .values()
            .filter(|o| o.pod.node_name.is_none() && o.is_active())
            .map(|o| (Reverse(o.pod.spec.priority), o.pod.created_at, o.pod.key.clone()))
            .collect();
        if waiting.is_empty() {
            return;
        }
        waiting.sort();
        let mut usage = self.usage_by_node();
        // Pods of one template that found no node will not find one later in the same look, unless rules about
        // other pods are involved.
        let mut refused: BTreeSet<*const PodSpec> = BTreeSet::new();
        for (_, _, key) in waiting {
            let Some(pod) = self.cluster.pods.get(&key).map(|object| object.pod.clone()) else { continue };
            let spec = Arc::as_ptr(&pod.spec);
            let chosen = if refused.contains(&spec) { None } else { self.choose_node(&pod, &usage) };
            match chosen {
                Some(node) => {
                    usage.entry(Arc::clone(&node.name)).or_default().take(&pod);
                    self.provision_volumes(&pod, &node);
                    self.bind_pod(&key, &node.name);
                }
                None => {
                    if !topology::has_rules(&pod) && pod.spec.volumes.is_empty() {
                        refused.insert(spec);
                    }
                    self.refuse_pod(&key);
                }
            }
        }
    }

    fn usage_by_node(&self) -> BTreeMap<Arc<str>, Usage> {
        let mut usage: BTreeMap<Arc<str>, Usage> = BTreeMap::new();
        for object in self.cluster.pods.values().filter(|object| !object.pod.is_terminal()) {
            if let Some(node) = &object.pod.node_name {
                usage.entry(Arc::clone(node)).or_default().take(&object.pod);
            }
        }
        usage
    }

    fn choose_node(&self, pod: &Pod, usage: &BTreeMap<Arc<str>, Usage>) -> Option<Node> {
        let empty = Usage::default();
        self.cluster
            .nodes
            .values()
            .map(|node| &node.object)
            .filter(|node| node.ready && admits_node(pod, node))
            .filter(|node| has_room(pod, node, usage.get(&node.name).unwrap_or(&empty)))
            .filter(|node| volumes::are_reachable(&self.cluster, pod, node))
            .filter(|node| topology::allows(&self.cluster, pod, node))
            .max_by_key(|node| {
                (emptiness(node, usage.get(&node.name).unwrap_or(&empty)), Reverse(Arc::clone(&node.name)))
            })
            .cloned()
    }

    /// Marks a pod as refused; a watch tells about it the first time.
    fn refuse_pod(&mut self, key: &NamespacedName) {
        let version = self.cluster.next_version();
        let Some(object) = self.cluster.pods.get_mut(key) else { return };
        if !object.pod.unschedulable {
            object.pod.unschedulable = true;
            object.version = version;
            self.cluster.changes.insert(Change::PodUnschedulable(key.clone()));
            self.tell_changes();
        }
    }
}
