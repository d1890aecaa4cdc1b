//! Volumes of pods: are they in order, where can they be reached from, and how many does a node take
//! (scheduling 1.3.1, 6.7, 6.8)?

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{
    Expression, LabelKey, NamespacedName, NodeTerm, Pod, PodVolume, Requirement, Requirements, Snapshot,
    StorageClass, Volume, VolumeClaim, keys,
};

/// The storage objects of a snapshot, by name.
#[derive(Debug)]
pub(crate) struct Storage<'a> {
    claims: FxHashMap<&'a NamespacedName, &'a VolumeClaim>,
    volumes: FxHashMap<&'a str, &'a Volume>,
    classes: FxHashMap<&'a str, &'a StorageClass>,
}

/// The key of the claim behind a volume of a pod.
fn claim_key(pod: &Pod, volume: &PodVolume) -> NamespacedName {
    let name = match volume {
        PodVolume::Claim(name) => name.clone(),
        PodVolume::Ephemeral(volume) => format!("{}-{volume}", pod.key.name).into(),
    };
    NamespacedName { namespace: pod.key.namespace.clone(), name }
}

impl<'a> Storage<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Storage {
            claims: snapshot.volume_claims.iter().map(|c| (&c.key, c)).collect(),
            volumes: snapshot.volumes.iter().map(|v| (&*v.name, v)).collect(),
            classes: snapshot.storage_classes.iter().map(|c| (&*c.name, c)).collect(),
        }
    }

    /// The first fault of a pod's volumes, in words.
    // behaviour: scheduling/volume-claim-validation
    pub(crate) fn validate(&self, pod: &Pod) -> Result<(), String> {
        pod.spec.volumes.iter().try_for_each(|volume| self.validate_claim(&claim_key(pod, volume)))
    }

    /// Says which of the objects that tell where the pod's volumes are cannot be found.
    // behaviour: scheduling/volumes-of-moving-pods-are-looked-up
    pub(crate) fn look_up(&self, pod: &Pod) -> Result<(), String> {
        pod.spec.volumes.iter().try_for_each(|volume| {
            let key = claim_key(pod, volume);
            let missing =
                |kind: &str, name: &str| Err(format!("{kind} {name} of claim {key} does not exist"));
            let Some(claim) = self.claims.get(&key) else {
                return Err(format!("PersistentVolumeClaim {key} does not exist"));
            };
            let named = |name: &'a Option<Arc<str>>| name.as_deref().filter(|name| !name.is_empty());
            match (named(&claim.volume_name), named(&claim.storage_class)) {
                (Some(name), _) if !self.volumes.contains_key(name) => missing("PersistentVolume", name),
                (None, Some(name)) if !self.classes.contains_key(name) => missing("StorageClass", name),
                _ => Ok(()),
            }
        })
    }

    fn validate_claim(&self, key: &NamespacedName) -> Result<(), String> {
        let claim = self.claims.get(key).ok_or(format!("PersistentVolumeClaim {key} does not exist"))?;
        if claim.deleting {
            return Err(format!("PersistentVolumeClaim {key} is being deleted"));
        }
        if claim.lost {
            return Err(format!("PersistentVolumeClaim {key} has lost its volume"));
        }
        if let Some(name) = claim.volume_name.as_deref().filter(|name| !name.is_empty()) {
            return match self.volumes.get(name) {
                None => Err(format!("PersistentVolume {name} of claim {key} does not exist")),
                Some(volume) if volume.deleting => {
                    Err(format!("PersistentVolume {name} of claim {key} is being deleted"))
                }
                Some(_) if !claim.bind_completed => {
                    Err(format!("PersistentVolumeClaim {key} is not bound to its volume {name} yet"))
                }
                Some(_) => Ok(()),
            };
        }
        let Some(class) = claim.storage_class.as_deref().filter(|class| !class.is_empty()) else {
            return Err(format!("PersistentVolumeClaim {key} is unbound and names no storage class"));
        };
        match self.classes.get(class) {
            None => Err(format!("StorageClass {class} of claim {key} does not exist")),
            Some(class) if class.binds_immediately => Err(format!(
                "PersistentVolumeClaim {key} must be bound first: its StorageClass {} binds immediately",
                class.name
            )),
            Some(_) => Ok(()),
        }
    }

    /// Where the pod's volumes can all be reached from: alternatives, in order. No volumes, no constraint.
    // behaviour: scheduling/volume-topology
    pub(crate) fn alternatives(&self, pod: &Pod) -> Vec<Requirements> {
        let mut combined = vec![Requirements::new()];
        for volume in &pod.spec.volumes {
            let own = self.claim_alternatives(&claim_key(pod, volume));
            if own.is_empty() {
                continue;
            }
            let mut product = Vec::with_capacity(combined.len() * own.len());
            for base in &combined {
                for alternative in &own {
                    let mut both = base.clone();
                    let possible = base.conflict_with(alternative).is_none();
                    both.add_all(alternative);
                    product.push((possible, both));
                }
            }
            let any = product.iter().any(|(possible, _)| *possible);
            combined =
                product.into_iter().filter(|(possible, _)| *possible || !any).map(|(_, r)| r).collect();
        }
        combined
    }

    fn claim_alternatives(&self, key: &NamespacedName) -> Vec<Requirements> {
        let Some(claim) = self.claims.get(key) else { return Vec::new() };
        if let Some(volume) = claim.volume_name.as_deref().and_then(|name| self.volumes.get(name)) {
            let read = |term: &NodeTerm| read_term(term, volume.is_local);
            return volume.node_terms.iter().filter(|t| !t.expressions.is_empty()).map(read).collect();
        }
        let class = claim.storage_class.as_deref().and_then(|name| self.classes.get(name));
        let topologies = class.map_or(&[][..], |class| &class.allowed_topologies);
        topologies.iter().filter(|t| !t.expressions.is_empty()).map(|t| read_term(t, false)).collect()
    }

    /// The volumes that count against a driver's limit, as (driver, claim), each claim once.
    pub(crate) fn counted(&self, pod: &Pod) -> Vec<(Arc<str>, NamespacedName)> {
        let counted = |volume| {
            let key = claim_key(pod, volume);
            let claim = self.claims.get(&key)?;
            let driver = match claim.volume_name.as_deref().and_then(|name| self.volumes.get(name)) {
                Some(volume) => volume.driver.clone()?,
                None => self.classes.get(claim.storage_class.as_deref()?)?.provisioner.clone(),
            };
            Some((driver, key))
        };
        let mut all: Vec<_> = pod.spec.volumes.iter().filter_map(counted).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Volumes on a node's own disk follow the pod's node only while it lives there, so the host name is left out.
fn read_term(term: &NodeTerm, is_local: bool) -> Requirements {
    let kept = |e: &&Expression| !(is_local && LabelKey::new(&e.key).as_str() == keys::HOSTNAME);
    term.expressions
        .iter()
        .filter(kept)
        .filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok())
        .collect()
}
