//! The controllers every cluster has: replicas come and go, jobs end, daemons follow nodes, and pods whose node
//! is gone are swept.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_core::model::{NamespacedName, Pod, PodPhase, TaintEffect, Toleration, TolerationOperator};

use super::fit::admits_node;
use super::{Controller, ControllerKey, ControllerKind};
use crate::world::World;

impl World {
    /// One look of all controllers at everything.
    pub(crate) fn run_controllers(&mut self) {
        self.sweep_lost_pods();
        let keys: Vec<ControllerKey> = self.cluster.controllers.keys().cloned().collect();
        for key in keys {
            let Some(controller) = self.cluster.controllers.get(&key).cloned() else { continue };
            match key.kind {
                ControllerKind::Deployment => self.follow_replicas(&controller),
                ControllerKind::Job => self.follow_job(controller),
                ControllerKind::StatefulSet => self.follow_ordinals(&controller),
                ControllerKind::DaemonSet => self.follow_nodes(&controller),
            }
        }
    }

    /// Pods on nodes that no longer exist are removed, as pod garbage collection does.
    fn sweep_lost_pods(&mut self) {
        let lost: Vec<NamespacedName> = self
            .cluster
            .pods
            .values()
            .filter(|o| o.pod.node_name.as_ref().is_some_and(|node| !self.cluster.nodes.contains_key(node)))
            .map(|o| o.pod.key.clone())
            .collect();
        lost.iter().for_each(|key| self.remove_pod(key));
    }

    fn pods_of(&self, controller: &Controller) -> Vec<&super::PodObject> {
        let owned = |o: &&super::PodObject| o.pod.owners.first().is_some_and(|w| w.uid == controller.uid);
        self.cluster.pods.values().filter(owned).collect()
    }

    fn follow_replicas(&mut self, controller: &Controller) {
        let mut active: Vec<_> = self.pods_of(controller).into_iter().filter(|o| o.is_active()).collect();
        let (have, wanted) = (active.len(), controller.wanted());
        // Unbound first, then not running, then not ready, then the youngest, as a ReplicaSet ranks them.
        active.sort_by_key(|o| {
            let running = o.pod.phase == PodPhase::Running;
            (
                o.pod.node_name.is_some(),
                running,
                o.pod.ready,
                std::cmp::Reverse(o.pod.created_at),
                o.pod.key.clone(),
            )
        });
        let surplus: Vec<_> =
            active.iter().take(have.saturating_sub(wanted)).map(|o| o.pod.key.clone()).collect();
        surplus.iter().for_each(|key| self.delete_pod(key, None));
        for _ in have..wanted {
            self.make_numbered(controller);
        }
    }

    fn follow_job(&mut self, mut controller: Controller) {
        let ended: Vec<NamespacedName> = self
            .pods_of(&controller)
            .into_iter()
            .filter(|o| o.pod.phase == PodPhase::Succeeded)
            .map(|o| o.pod.key.clone())
            .collect();
        controller.succeeded += ended.len() as u32;
        if let Some(kept) = self.cluster.controllers.get_mut(&controller.key) {
            kept.succeeded = controller.succeeded;
        }
        // Ended pods are counted and cleared at once; nothing here reads them again.
        ended.iter().for_each(|key| self.remove_pod(key));
        self.follow_replicas(&controller);
    }

    fn make_numbered(&mut self, controller: &Controller) {
        let Some(kept) = self.cluster.controllers.get_mut(&controller.key) else { return };
        kept.made += 1;
        let name = format!("{}-{}", controller.key.key.name, kept.made);
        let mut pod = pod_named(controller, &name);
        self.make_volumes(controller, &mut pod);
        self.create_pod(pod, controller.runs_for);
    }

    /// Ordinals start one after the other, each once the one before is ready, and stop from the top.
    fn follow_ordinals(&mut self, controller: &Controller) {
        let base = &controller.key.key;
        let key_of = |ordinal: usize| NamespacedName {
            namespace: Arc::clone(&base.namespace),
            name: format!("{}-{ordinal}", base.name).into(),
        };
        let wanted = controller.wanted();
        let highest = self
            .pods_of(controller)
            .into_iter()
            .filter(|o| o.is_active())
            .filter_map(|o| o.pod.key.name.rsplit_once('-')?.1.parse::<usize>().ok())
            .max();
        if let Some(top) = highest.filter(|top| *top >= wanted) {
            self.delete_pod(&key_of(top), None);
            return;
        }
        for ordinal in 0..wanted {
            match self.cluster.pods.get(&key_of(ordinal)) {
                Some(object) if object.pod.ready => {}
                Some(_) => return,
                None => {
                    let mut pod = pod_named(controller, &key_of(ordinal).name);
                    self.make_volumes(controller, &mut pod);
                    self.create_pod(pod, None);
                    return;
                }
            }
        }
    }

    /// One pod on each node that the template fits, bound at once as the scheduler would do.
    fn follow_nodes(&mut self, controller: &Controller) {
        let mut template = controller.template.clone();
        let mut spec = (*template.spec).clone();
        spec.tolerations.extend(daemon_tolerations());
        template.spec = Arc::new(spec);
        let served: BTreeSet<Arc<str>> =
            self.pods_of(controller).into_iter().filter_map(|o| o.pod.node_name.clone()).collect();
        let missing: Vec<Arc<str>> = self
            .cluster
            .nodes
            .values()
            .filter(|node| !served.contains(&node.object.name) && node.object.deletion_at.is_none())
            .filter(|node| admits_node(&template, &node.object))
            .map(|node| Arc::clone(&node.object.name))
            .collect();
        for node in missing {
            let Some(kept) = self.cluster.controllers.get_mut(&controller.key) else { return };
            kept.made += 1;
            let name = format!("{}-{}", controller.key.key.name, kept.made);
            let mut pod = pod_named(controller, &name);
            pod.spec = Arc::clone(&template.spec);
            pod.node_name = Some(Arc::clone(&node));
            let key = pod.key.clone();
            self.create_pod(pod, None);
            self.bind_pod(&key, &node);
        }
    }
}

fn pod_named(controller: &Controller, name: &str) -> Pod {
    let mut pod = controller.template.clone();
    pod.key = NamespacedName { namespace: Arc::clone(&controller.key.key.namespace), name: name.into() };
    pod.owners = vec![controller.owner()];
    pod
}

/// The tolerations that every DaemonSet's pods are given.
fn daemon_tolerations() -> impl Iterator<Item = Toleration> {
    use TaintEffect::{NoExecute, NoSchedule};
    [
        ("node.kubernetes.io/not-ready", NoExecute),
        ("node.kubernetes.io/unreachable", NoExecute),
        ("node.kubernetes.io/disk-pressure", NoSchedule),
        ("node.kubernetes.io/memory-pressure", NoSchedule),
        ("node.kubernetes.io/pid-pressure", NoSchedule),
        ("node.kubernetes.io/unschedulable", NoSchedule),
    ]
    .into_iter()
    .map(|(key, effect)| Toleration {
        key: Some(key.into()),
        operator: TolerationOperator::Exists,
        value: "".into(),
        effect: Some(effect),
    })
}
