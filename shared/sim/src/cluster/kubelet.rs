//! Nodes joining and pods starting and stopping: what a kubelet does.

use std::sync::Arc;

use joiner_core::model::{ConditionStatus, Labels, Node, NodeCondition, PodPhase, Taint, TaintEffect, keys};

use super::{Change, Versioned};
use crate::agenda::{Due, PodRef};
use crate::ec2::Ec2Instance;
use crate::log::EntryKind;
use crate::world::World;

fn taint(key: &str, effect: TaintEffect) -> Taint {
    Taint { key: key.into(), value: "".into(), effect }
}

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

impl World {
    /// The kubelet of an instance registers its node, unregistered and not ready.
    pub(crate) fn node_joins(&mut self, id: &str) {
        let Some(instance) = self.ec2.instances.get(id).filter(|instance| instance.is_up()) else { return };
        let name = instance.node_name();
        let mut node = fresh_node(instance, &name);
        node.uid = self.cluster.next_uid();
        node.created_at = Some(self.agenda.now());
        let version = self.cluster.next_version();
        self.cluster.nodes.insert(Arc::clone(&name), Versioned { object: node, version });
        self.record(EntryKind::NodeJoined, &name, String::new());
        let ready = self.chance.machines.between(self.pace.node_ready);
        self.agenda.after(ready, Due::NodeReady(id.into()));
        self.cluster.changes.insert(Change::Node(name));
        self.cluster_changed();
    }

    /// The kubelet reports its node ready, and the cluster takes the not-ready taint off.
    pub(crate) fn node_ready(&mut self, id: &str) {
        let Some(instance) = self.ec2.instances.get(id).filter(|instance| instance.is_up()) else { return };
        let (name, has_startup_taints) = (instance.node_name(), !instance.boot.startup_taints.is_empty());
        let version = self.cluster.next_version();
        let Some(node) = self.cluster.nodes.get_mut(&name) else { return };
        node.object.ready = true;
        node.object.taints.retain(|taint| &*taint.key != NOT_READY);
        node.version = version;
        self.record(EntryKind::NodeReady, &name, String::new());
        if has_startup_taints {
            let lifted = self.chance.machines.between(self.pace.startup_taints);
            self.agenda.after(lifted, Due::StartupTaintsLifted(id.into()));
        }
        self.cluster.changes.insert(Change::Node(name));
        self.cluster_changed();
    }

    /// Whatever the startup taints waited for has happened.
    pub(crate) fn startup_taints_lifted(&mut self, id: &str) {
        let Some(instance) = self.ec2.instances.get(id) else { return };
        let (name, lifted) = (instance.node_name(), instance.boot.startup_taints.clone());
        let version = self.cluster.next_version();
        let Some(node) = self.cluster.nodes.get_mut(&name) else { return };
        node.object.taints.retain(|taint| !lifted.iter().any(|startup| startup.matches(taint)));
        node.version = version;
        self.cluster.changes.insert(Change::Node(name));
        self.cluster_changed();
    }

    /// Nothing was heard of a node for the grace period: it counts as not ready, and the cloud's node controller
    /// deletes it once its instance is gone.
    pub(crate) fn node_silent(&mut self, id: &str) {
        let Some(instance) = self.ec2.instances.get(id).filter(|instance| !instance.is_up()) else { return };
        let name = instance.node_name();
        let version = self.cluster.next_version();
        let Some(node) = self.cluster.nodes.get_mut(&name) else { return };
        node.object.ready = false;
        for effect in [TaintEffect::NoSchedule, TaintEffect::NoExecute] {
            let unreachable = taint(UNREACHABLE, effect);
            if !node.object.taints.contains(&unreachable) {
                node.object.taints.push(unreachable);
            }
        }
        node.version = version;
        for object in self.cluster.pods.values_mut().filter(|object| object.occupies(&name)) {
            object.pod.ready = false;
        }
        self.delete_node(&name);
    }

    /// A kubelet stops talking while its machine runs on: the cluster takes its node for unreachable, and whatever
    /// its pods do, nobody hears of it.
    pub(crate) fn kubelet_dies(&mut self, id: &Arc<str>) {
        let now = self.agenda.now();
        let Some(instance) = self.ec2.instances.get_mut(id) else { return };
        instance.is_silent = true;
        let name = instance.node_name();
        let version = self.cluster.next_version();
        let Some(node) = self.cluster.nodes.get_mut(&name) else { return };
        node.object.ready = false;
        let status = ConditionStatus::Unknown;
        node.object.ailments.push(NodeCondition { kind: "Ready".into(), status, since: now });
        let effects = [TaintEffect::NoSchedule, TaintEffect::NoExecute];
        node.object.taints.extend(effects.map(|effect| taint(UNREACHABLE, effect)));
        node.version = version;
        for object in self.cluster.pods.values_mut().filter(|object| object.occupies(&name)) {
            object.pod.ready = false;
        }
        self.cluster.changes.insert(Change::Node(name));
        self.cluster_changed();
    }

    /// A pod's containers start, if its node still runs.
    pub(crate) fn pod_starts(&mut self, reference: &PodRef) {
        let now = self.agenda.now();
        let version = self.cluster.next_version();
        let Some(object) = self.same_pod(reference).filter(|object| object.is_active()) else { return };
        let Some(node) = object.pod.node_name.clone() else { return };
        if !self.is_machine_up(&node) {
            return;
        }
        let Some(object) = self.same_pod(reference) else { return };
        object.pod.phase = PodPhase::Running;
        object.pod.ready = true;
        object.pod.started_at = Some(now);
        object.version = version;
        let waited = now.duration_since(object.pending_since).unsigned_abs();
        let (runs_for, is_daemon) = (object.runs_for, object.pod.is_owned_by_daemon_set());
        self.book.pod_runs(&reference.uid, waited, is_daemon);
        if !is_daemon {
            let detail = format!("on {node} after {:.1} s", waited.as_secs_f64());
            self.record(EntryKind::PodRunning, &reference.key.to_string(), detail);
        }
        if let Some(work) = runs_for {
            self.agenda.after(work, Due::PodFinishes(reference.clone()));
        }
        self.cluster_changed();
    }

    /// A pod has stopped. On a machine that no longer runs nobody can say so.
    pub(crate) fn pod_stops(&mut self, reference: &PodRef) {
        let Some(object) = self.same_pod(reference) else { return };
        if let Some(node) = object.pod.node_name.clone()
            && !self.is_machine_up(&node)
        {
            return;
        }
        self.remove_pod(&reference.key);
    }

    fn is_machine_up(&self, node: &str) -> bool {
        let id = node.strip_suffix(".node").unwrap_or(node);
        // A node of the user's own has no instance here and always runs.
        self.ec2.instances.get(id).is_none_or(|instance| instance.is_up() && !instance.is_silent)
    }
}

fn fresh_node(instance: &Ec2Instance, name: &Arc<str>) -> Node {
    let mut labels: Labels = instance.boot.labels.clone();
    labels.insert(keys::HOSTNAME.into(), Arc::clone(name));
    let mut taints = instance.boot.taints.clone();
    let own = [
        taint(keys::UNREGISTERED_TAINT, TaintEffect::NoExecute),
        taint(NOT_READY, TaintEffect::NoSchedule),
        taint(NOT_READY, TaintEffect::NoExecute),
    ];
    taints.extend(own.into_iter().filter(|new| !instance.boot.taints.iter().any(|t| t.matches(new))));
    Node {
        name: Arc::clone(name),
        uid: "".into(),
        provider_id: Some(instance.provider_id()),
        labels,
        annotations: Labels::new(),
        taints,
        finalizers: Vec::new(),
        created_at: None,
        deletion_at: None,
        ready: false,
        ailments: Vec::new(),
        capacity: instance.capacity.clone(),
        allocatable: instance.allocatable.clone(),
    }
}
