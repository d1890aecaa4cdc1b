//! Volumes: made where their first pod goes, and reached from there only.

use std::sync::Arc;

use joiner_core::model::{
    Expression, NamespacedName, Node, NodeTerm, Operator, Pod, PodVolume, Volume, VolumeClaim, keys,
};

use super::{Cluster, Controller};
use crate::world::World;

fn claim_key(pod: &Pod, volume: &PodVolume) -> NamespacedName {
    let (PodVolume::Claim(name) | PodVolume::Ephemeral(name)) = volume;
    NamespacedName { namespace: Arc::clone(&pod.key.namespace), name: Arc::clone(name) }
}

/// Whether every bound volume of a pod can be reached from a node, and every claim exists.
pub(super) fn are_reachable(cluster: &Cluster, pod: &Pod, node: &Node) -> bool {
    pod.spec.volumes.iter().all(|volume| {
        let Some(claim) = cluster.volume_claims.get(&claim_key(pod, volume)) else { return false };
        let bound = claim.volume_name.as_ref().and_then(|name| cluster.volumes.get(name));
        bound.is_none_or(|volume| {
            volume.node_terms.is_empty()
                || volume.node_terms.iter().any(|t| t.expressions.iter().all(|e| e.matches(&node.labels)))
        })
    })
}

impl World {
    /// Gives a pod the volumes its controller makes for each; those of a StatefulSet are kept over its lives.
    pub(crate) fn make_volumes(&mut self, controller: &Controller, pod: &mut Pod) {
        for template in &controller.volumes {
            let name: Arc<str> = match template.is_ephemeral {
                true => format!("{}-{}", pod.key.name, template.name).into(),
                false => format!("{}-{}", template.name, pod.key.name).into(),
            };
            if !template.is_ephemeral {
                // The template mounts the claim under the name of the claim template.
                let spec = Arc::make_mut(&mut pod.spec);
                let unnamed = PodVolume::Claim(Arc::clone(&template.name));
                spec.volumes.retain(|volume| *volume != unnamed);
                spec.volumes.push(PodVolume::Claim(Arc::clone(&name)));
            }
            let key = NamespacedName { namespace: Arc::clone(&pod.key.namespace), name };
            self.cluster.volume_claims.entry(key.clone()).or_insert_with(|| VolumeClaim {
                key,
                storage_class: template.storage_class.clone(),
                volume_name: None,
                bind_completed: false,
                deleting: false,
                lost: false,
            });
        }
    }

    /// Ephemeral volumes die with their pod.
    pub(crate) fn drop_volumes(&mut self, pod: &Pod) {
        for volume in pod.spec.volumes.iter().filter(|volume| matches!(volume, PodVolume::Ephemeral(_))) {
            let claim = self.cluster.volume_claims.remove(&claim_key(pod, volume));
            if let Some(name) = claim.and_then(|claim| claim.volume_name) {
                self.cluster.volumes.remove(&name);
            }
        }
    }

    /// Makes the volumes of a pod that is about to be bound, in the node's zone.
    pub(crate) fn provision_volumes(&mut self, pod: &Pod, node: &Node) {
        for volume in &pod.spec.volumes {
            let Some(claim) = self.cluster.volume_claims.get_mut(&claim_key(pod, volume)) else { continue };
            if claim.volume_name.is_some() {
                continue;
            }
            let name: Arc<str> = format!("pv-{}-{}", claim.key.namespace, claim.key.name).into();
            claim.volume_name = Some(Arc::clone(&name));
            claim.bind_completed = true;
            let class = claim.storage_class.as_ref().and_then(|c| self.cluster.storage_classes.get(c));
            let driver = class.map(|class| Arc::clone(&class.provisioner));
            let expressions = node
                .labels
                .get(keys::ZONE)
                .map(|zone| Expression {
                    key: keys::ZONE.into(),
                    operator: Operator::In,
                    values: vec![Arc::clone(zone)],
                })
                .into_iter()
                .collect();
            let node_terms = vec![NodeTerm { expressions, has_match_fields: false }];
            let volume = Volume { name, driver, is_local: false, node_terms, deleting: false };
            self.cluster.volumes.insert(Arc::clone(&volume.name), volume);
        }
    }
}
