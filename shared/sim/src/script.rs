//! What does the user do, and when? Scaling, applying, deleting: the steps of a script.

use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::{
    NamespacedName, NodeClass, NodeOverlay, NodePool, OfferingKey, Pod, PodDisruptionBudget, StorageClass,
};

use crate::agenda::Due;
use crate::cluster::{Change, Workload, WorkloadKey};
use crate::log::Kind;
use crate::world::World;

/// An object to apply.
#[derive(Debug, Clone)]
pub enum Object {
    /// A pool.
    NodePool(NodePool),
    /// A class.
    NodeClass(NodeClass),
    /// An overlay.
    NodeOverlay(NodeOverlay),
    /// A workload.
    Workload(Workload),
    /// A pod of its own.
    Pod(Box<Pod>),
    /// A disruption budget.
    Budget(PodDisruptionBudget),
    /// A storage class.
    StorageClass(StorageClass),
}

/// What the user does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sets the replicas of a workload.
    Scale {
        /// The workload.
        workload: WorkloadKey,
        /// Pods wanted at once.
        replicas: u32,
    },
    /// Creates objects, under a name for the timeline.
    Apply {
        /// What to call them.
        name: String,
        /// The objects.
        objects: Vec<Object>,
    },
    /// Deletes a workload and its pods.
    DeleteWorkload(WorkloadKey),
    /// Deletes a pod.
    DeletePod(NamespacedName),
    /// Deletes a claim, as `kubectl delete nodeclaim` does.
    DeleteClaim(Arc<str>),
    /// Deletes a pool and, with it, its claims.
    DeletePool(Arc<str>),
    /// EC2 has none of an offering from now on.
    Refuse(OfferingKey),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Time since the start.
    pub at: Duration,
    /// What is done.
    pub action: Action,
}

impl World {
    /// Plans a script.
    pub fn plan_script(&mut self, script: Vec<Step>) {
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
            Action::Scale { workload, replicas } => self.scale(&workload, replicas),
            Action::Apply { name, objects } => {
                self.record(Kind::Script, &name, "applied".to_owned());
                objects.into_iter().for_each(|object| self.apply(object));
            }
            Action::DeleteWorkload(key) => self.delete_workload(&key),
            Action::DeletePod(key) => {
                self.record(Kind::Script, &format!("pod {key}"), "deleted".to_owned());
                self.delete_pod(&key, None);
            }
            Action::DeleteClaim(name) => {
                self.record(Kind::Script, &format!("nodeclaim {name}"), "deleted".to_owned());
                self.delete_claim(&name);
            }
            Action::DeletePool(name) => self.delete_pool(&name),
            Action::Refuse(key) => {
                let what = format!("{} {} {}", key.instance_type, key.zone, key.capacity_type);
                self.record(Kind::Script, &what, "is not to be had any more".to_owned());
                self.ec2.refused.push(key);
            }
        }
        self.cluster_changed();
    }

    fn scale(&mut self, key: &WorkloadKey, replicas: u32) {
        let Some(workload) = self.cluster.workloads.get_mut(key) else {
            self.record(Kind::Script, &key.to_string(), "cannot be scaled: there is none".to_owned());
            return;
        };
        let before = std::mem::replace(&mut workload.replicas, replicas);
        self.record(Kind::Script, &key.to_string(), format!("scaled {before} -> {replicas}"));
    }

    /// Creates an object.
    pub fn apply(&mut self, object: Object) {
        match object {
            Object::NodePool(mut pool) => {
                pool.uid = self.cluster.next_uid();
                self.cluster.changes.insert(Change::Pools);
                self.cluster.pools.insert(Arc::clone(&pool.name), pool);
            }
            Object::NodeClass(class) => {
                self.cluster.changes.insert(Change::Pools);
                self.cluster.classes.insert(Arc::clone(&class.name), class);
            }
            Object::NodeOverlay(overlay) => {
                self.cluster.overlays.insert(Arc::clone(&overlay.name), overlay);
            }
            Object::Workload(mut workload) => {
                workload.uid = self.cluster.next_uid();
                self.cluster.workloads.entry(workload.key.clone()).or_insert(workload);
            }
            Object::Pod(pod) => self.create_pod(*pod, None),
            Object::Budget(budget) => {
                self.cluster.budgets.insert(budget.key.clone(), budget);
            }
            Object::StorageClass(class) => {
                self.cluster.storage_classes.insert(Arc::clone(&class.name), class);
            }
        }
        self.cluster_changed();
    }

    fn delete_workload(&mut self, key: &WorkloadKey) {
        self.record(Kind::Script, &key.to_string(), "deleted".to_owned());
        let Some(workload) = self.cluster.workloads.remove(key) else { return };
        let of_it = |pod: &Pod| pod.owners.first().is_some_and(|owner| owner.uid == workload.uid);
        let pods: Vec<NamespacedName> =
            self.cluster.pods.values().filter(|o| of_it(&o.pod)).map(|o| o.pod.key.clone()).collect();
        pods.iter().for_each(|pod| self.delete_pod(pod, None));
    }

    fn delete_pool(&mut self, name: &Arc<str>) {
        self.record(Kind::Script, &format!("nodepool {name}"), "deleted".to_owned());
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
