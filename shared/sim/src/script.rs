//! What does the user do, and when? Scaling, applying, deleting: the steps of a script.

use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::{
    Labels, NamespacedName, Node, NodeClass, NodeOverlay, NodePool, OfferingKey, Pod, PodDisruptionBudget,
    StorageClass, Volume, VolumeClaim,
};

use joiner_ports::InterruptionKind;

use crate::agenda::Due;
use crate::cluster::{Controller, ControllerKey, Versioned};
use crate::faults::Faults;
use crate::log::EntryKind;
use crate::world::World;

/// An object to apply.
#[derive(Debug, Clone)]
pub enum ScriptObject {
    /// A pool.
    NodePool(NodePool),
    /// A class.
    NodeClass(NodeClass),
    /// An overlay.
    NodeOverlay(NodeOverlay),
    /// A controller.
    Controller(Controller),
    /// A pod of its own.
    Pod(Box<Pod>),
    /// A disruption budget.
    Budget(PodDisruptionBudget),
    /// A storage class.
    StorageClass(StorageClass),
    /// A volume.
    Volume(Volume),
    /// A volume claim.
    VolumeClaim(VolumeClaim),
    /// A node of the user's own, which nobody here launches or ends.
    Node(Node),
    /// A namespace and its labels.
    Namespace {
        /// Its name.
        name: Arc<str>,
        /// Its labels.
        labels: Labels,
    },
}

/// What the user does.
#[derive(Debug, Clone)]
pub enum ScriptAction {
    /// Sets the replicas of a controller.
    Scale {
        /// The controller.
        controller: ControllerKey,
        /// Pods wanted at once.
        replicas: u32,
    },
    /// Creates objects, under a name for the timeline.
    Apply {
        /// What to call them.
        name: String,
        /// The objects.
        objects: Vec<ScriptObject>,
    },
    /// Deletes a controller and its pods.
    DeleteController(ControllerKey),
    /// Deletes a pod.
    DeletePod(NamespacedName),
    /// Deletes a claim, as `kubectl delete nodeclaim` does.
    DeleteClaim(Arc<str>),
    /// Deletes a pool and, with it, its claims.
    DeletePool(Arc<str>),
    /// Deletes a class; it goes once nothing uses it.
    DeleteClass(Arc<str>),
    /// Newer images come out.
    NewImages,
    /// The kubelet of the first machine that is up stops talking, while the machine runs on.
    KubeletDies,
    /// EC2 announces something about every instance that is up.
    Announce(InterruptionKind),
    /// EC2 has none of an offering from now on.
    Refuse(OfferingKey),
    /// Other things go wrong from now on.
    Faults(Faults),
}

/// One step.
#[derive(Debug, Clone)]
pub struct ScriptStep {
    /// Time since the start.
    pub at: Duration,
    /// What is done.
    pub action: ScriptAction,
}

impl World {
    /// Plans a script.
    pub fn plan_script(&mut self, script: Vec<ScriptStep>) {
        for step in script {
            let index = self.script.len();
            let moment = self.agenda.start() + step.at;
            self.script.push(step);
            self.steps_left += 1;
            self.agenda.at(moment, Due::Script(index));
        }
    }

    /// Does a step.
    pub(crate) fn play(&mut self, index: usize) {
        self.steps_left = self.steps_left.saturating_sub(1);
        let Some(step) = self.script.get(index) else { return };
        match step.action.clone() {
            ScriptAction::Scale { controller, replicas } => self.scale(&controller, replicas),
            ScriptAction::Apply { name, objects } => {
                self.record(EntryKind::Script, &name, "applied".to_owned());
                objects.into_iter().for_each(|object| self.apply(object));
            }
            ScriptAction::DeleteController(key) => self.delete_workload(&key),
            ScriptAction::DeletePod(key) => {
                self.record(EntryKind::Script, &format!("pod {key}"), "deleted".to_owned());
                self.delete_pod(&key, None);
            }
            ScriptAction::DeleteClaim(name) => {
                self.record(EntryKind::Script, &format!("nodeclaim {name}"), "deleted".to_owned());
                self.delete_claim(&name);
            }
            ScriptAction::DeletePool(name) => self.delete_pool(&name),
            ScriptAction::DeleteClass(name) => self.delete_class(&name),
            ScriptAction::NewImages => {
                self.record(EntryKind::Script, "images", "newer ones come out".to_owned());
                self.ec2.image_release += 1;
            }
            ScriptAction::KubeletDies => {
                let up = self.ec2.instances.values().find(|instance| instance.is_up());
                if let Some(id) = up.map(|instance| Arc::clone(&instance.id)) {
                    self.record(EntryKind::Script, &id, "its kubelet dies".to_owned());
                    self.kubelet_dies(&id);
                }
            }
            ScriptAction::Announce(event) => {
                self.record(EntryKind::Script, "EC2", format!("announces {event:?}"));
                self.checks.is_failing |= event == InterruptionKind::StatusCheckFailed;
                let up = self.ec2.instances.values().filter(|instance| instance.is_up());
                let up: Vec<Arc<str>> = up.map(|instance| Arc::clone(&instance.id)).collect();
                up.iter().for_each(|id| self.announce(id, event.clone()));
            }
            ScriptAction::Faults(faults) => {
                let what = if faults == Faults::calm() { "calms down" } else { "turns rough" };
                self.record(EntryKind::Script, "weather", what.to_owned());
                self.faults = faults;
            }
            ScriptAction::Refuse(key) => {
                let what = format!("{} {} {}", key.instance_type, key.zone, key.capacity_type);
                self.record(EntryKind::Script, &what, "is not to be had any more".to_owned());
                self.ec2.refused.push(key);
            }
        }
        self.cluster_changed();
    }

    fn scale(&mut self, key: &ControllerKey, replicas: u32) {
        let Some(controller) = self.cluster.controllers.get_mut(key) else {
            self.record(EntryKind::Script, &key.to_string(), "cannot be scaled: there is none".to_owned());
            return;
        };
        let before = std::mem::replace(&mut controller.replicas, replicas);
        self.record(EntryKind::Script, &key.to_string(), format!("scaled {before} -> {replicas}"));
    }

    /// Creates an object.
    pub fn apply(&mut self, object: ScriptObject) {
        match object {
            ScriptObject::NodePool(pool) => self.apply_pool(pool),
            ScriptObject::NodeClass(class) => self.apply_class(class),
            ScriptObject::NodeOverlay(overlay) => {
                self.cluster.overlays.insert(Arc::clone(&overlay.name), overlay);
            }
            ScriptObject::Controller(mut controller) => {
                controller.uid = self.cluster.next_uid();
                self.cluster.controllers.entry(controller.key.clone()).or_insert(controller);
            }
            ScriptObject::Pod(pod) => {
                let runs_for = crate::manifests::runs_for(&pod);
                self.create_pod(*pod, runs_for);
            }
            ScriptObject::Budget(budget) => {
                self.cluster.budgets.insert(budget.key.clone(), budget);
            }
            ScriptObject::StorageClass(class) => {
                self.cluster.storage_classes.insert(Arc::clone(&class.name), class);
            }
            ScriptObject::Volume(volume) => {
                self.cluster.volumes.insert(Arc::clone(&volume.name), volume);
            }
            ScriptObject::VolumeClaim(claim) => {
                self.cluster.volume_claims.insert(claim.key.clone(), claim);
            }
            ScriptObject::Node(node) => {
                let version = self.cluster.next_version();
                self.cluster.nodes.insert(Arc::clone(&node.name), Versioned { object: node, version });
            }
            ScriptObject::Namespace { name, labels } => {
                self.cluster.namespaces.insert(name, labels);
            }
        }
        self.cluster_changed();
    }

    fn delete_workload(&mut self, key: &ControllerKey) {
        self.record(EntryKind::Script, &key.to_string(), "deleted".to_owned());
        let Some(controller) = self.cluster.controllers.remove(key) else { return };
        let of_it = |pod: &Pod| pod.owners.first().is_some_and(|owner| owner.uid == controller.uid);
        let pods: Vec<NamespacedName> =
            self.cluster.pods.values().filter(|o| of_it(&o.pod)).map(|o| o.pod.key.clone()).collect();
        pods.iter().for_each(|pod| self.delete_pod(pod, None));
    }

    fn delete_pool(&mut self, name: &Arc<str>) {
        self.record(EntryKind::Script, &format!("nodepool {name}"), "deleted".to_owned());
        self.cluster.pools.remove(name);
        let owned: Vec<Arc<str>> = self
            .cluster
            .claims
            .values()
            .filter(|claim| claim.object.node_pool() == Some(name))
            .map(|claim| Arc::clone(&claim.object.name))
            .collect();
        owned.iter().for_each(|claim| self.delete_claim(claim));
    }
}
