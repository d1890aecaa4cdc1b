//! A pod's way from creation to its end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::{NamespacedName, Pod, PodPhase};

use super::Change;
use crate::agenda::{Due, PodRef};
use crate::log::EntryKind;
use crate::world::World;

/// A pod and what the simulation knows of it.
#[derive(Debug, Clone)]
pub struct PodObject {
    /// The pod.
    pub pod: Pod,
    /// Its resource version.
    pub version: u64,
    /// How long it works; `None` until it is stopped.
    pub runs_for: Option<Duration>,
    /// When it was created; pods of a later life of the same replica start anew.
    pub pending_since: Timestamp,
    /// Grace it was given when asked to stop.
    pub grace: Duration,
}

impl PodObject {
    /// Itself, not another of the same name.
    pub fn reference(&self) -> PodRef {
        PodRef { key: self.pod.key.clone(), uid: Arc::clone(&self.pod.uid) }
    }

    /// Whether it takes room on a node.
    pub fn occupies(&self, node: &str) -> bool {
        !self.pod.is_terminal() && self.pod.node_name.as_deref() == Some(node)
    }

    /// Whether it was not asked to stop and has not ended.
    pub fn is_active(&self) -> bool {
        self.pod.deletion_at.is_none() && !self.pod.is_terminal()
    }
}

impl World {
    /// Creates a pod; its identity and time of creation are given here.
    pub(crate) fn create_pod(&mut self, mut pod: Pod, runs_for: Option<Duration>) {
        if self.cluster.pods.contains_key(&pod.key) {
            return;
        }
        let now = self.agenda.now();
        pod.uid = self.cluster.next_uid();
        pod.created_at = Some(now);
        // Manifests describe pods as they wait; here the scheduler has yet to look.
        pod.unschedulable = false;
        pod.phase = PodPhase::Pending;
        let key = pod.key.clone();
        if pod.node_name.is_none() {
            self.record(EntryKind::PodPending, &key.to_string(), pod.spec.requests.to_string());
        }
        let is_daemon = pod.is_owned_by_daemon_set();
        let version = self.cluster.next_version();
        let object = PodObject { pod, version, runs_for, pending_since: now, grace: Duration::ZERO };
        self.cluster.pods.insert(key, object);
        self.book.pod_created(is_daemon);
        self.cluster_changed();
    }

    /// Asks a pod to stop. An unbound one is gone at once, a bound one stops within its grace.
    pub fn delete_pod(&mut self, key: &NamespacedName, grace: Option<Duration>) {
        let now = self.agenda.now();
        let Some(object) = self.cluster.pods.get(key) else { return };
        if object.pod.node_name.is_none() || object.pod.is_terminal() {
            self.remove_pod(key);
            return;
        }
        let own = Duration::from_secs(u64::from(object.pod.spec.termination_grace_secs));
        let grace = grace.unwrap_or(own);
        let until = now + grace;
        if object.pod.deletion_at.is_some_and(|known| known <= until) {
            return;
        }
        let takes = self.chance.pods.between(self.pace.pod_stops).min(grace);
        let version = self.cluster.next_version();
        if let Some(object) = self.cluster.pods.get_mut(key) {
            object.pod.deletion_at = Some(until);
            object.pod.ready = false;
            object.grace = grace;
            object.version = version;
            let reference = object.reference();
            let moved = object.pod.node_name.clone().map(|node| Change::PodMoved { node, pod: key.clone() });
            self.agenda.after(takes, Due::PodStops(reference));
            self.cluster.changes.extend(moved);
        }
        self.cluster_changed();
    }

    /// Takes a pod out of the cluster.
    pub(crate) fn remove_pod(&mut self, key: &NamespacedName) {
        let Some(object) = self.cluster.pods.remove(key) else { return };
        self.cluster.next_version();
        self.book.pod_left(&object.pod, self.agenda.now());
        self.drop_volumes(&object.pod);
        if !object.pod.is_owned_by_daemon_set() && !object.pod.is_terminal() {
            self.record(EntryKind::PodGone, &key.to_string(), String::new());
        }
        if let Some(node) = &object.pod.node_name {
            self.pod_left_node(key, node);
        }
        self.cluster_changed();
    }

    /// Puts a pod on a node, as a binding does.
    pub(crate) fn bind_pod(&mut self, key: &NamespacedName, node: &Arc<str>) {
        let version = self.cluster.next_version();
        let Some(object) = self.cluster.pods.get_mut(key) else { return };
        object.pod.node_name = Some(Arc::clone(node));
        object.pod.unschedulable = false;
        object.version = version;
        let reference = object.reference();
        let is_daemon = object.pod.is_owned_by_daemon_set();
        self.book.pod_bound(&object.pod, self.agenda.now());
        self.cluster.changes.insert(Change::PodMoved { node: Arc::clone(node), pod: key.clone() });
        if !is_daemon {
            self.cluster.busy.insert(Arc::clone(node));
            self.record(EntryKind::PodBound, &key.to_string(), format!("to {node}"));
        }
        let starts = self.chance.pods.between(self.pace.pod_starts);
        self.agenda.after(starts, Due::PodStarts(reference));
    }

    /// A pod left a node: says when the node has become empty.
    pub(crate) fn pod_left_node(&mut self, key: &NamespacedName, node: &Arc<str>) {
        self.cluster.changes.insert(Change::PodMoved { node: Arc::clone(node), pod: key.clone() });
        let is_busy = self
            .cluster
            .pods
            .values()
            .any(|object| object.occupies(node) && !object.pod.is_owned_by_daemon_set());
        if !is_busy && self.cluster.busy.remove(node) && self.cluster.nodes.contains_key(node) {
            self.record(EntryKind::NodeEmpty, node, String::new());
        }
    }

    /// A pod that is the one meant, and not one that took its name.
    pub(crate) fn same_pod(&mut self, reference: &PodRef) -> Option<&mut PodObject> {
        self.cluster.pods.get_mut(&reference.key).filter(|object| object.pod.uid == reference.uid)
    }

    /// A pod's work is done.
    pub(crate) fn pod_finishes(&mut self, reference: &PodRef) {
        let version = self.cluster.next_version();
        let Some(object) = self.same_pod(reference).filter(|object| object.is_active()) else { return };
        object.pod.phase = PodPhase::Succeeded;
        object.pod.ready = false;
        object.version = version;
        let pod = object.pod.clone();
        self.book.pod_left(&pod, self.agenda.now());
        self.record(EntryKind::PodFinished, &pod.key.to_string(), String::new());
        if let Some(node) = &pod.node_name {
            self.pod_left_node(&pod.key, node);
        }
        self.cluster_changed();
    }
}
