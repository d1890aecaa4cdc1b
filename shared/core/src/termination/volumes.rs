//! Which attached volumes does the end of a node wait for? (disruption 3.6)

use std::sync::Arc;

use jiff::Timestamp;

use crate::eviction::is_drainable;
use crate::machine::Machine;
use crate::model::{NamespacedName, Pod, PodVolume};

/// Names of the attachments to wait for: those of volumes that no pod which stays on the node uses. Attachments
/// whose pod is gone are the usual case.
pub fn awaited(machine: &Machine, now: Timestamp) -> Vec<Arc<str>> {
    let staying = machine.pods.iter().filter(|pod| !is_drainable(pod, now));
    let kept: Vec<&Arc<str>> = staying.flat_map(|pod| volumes_of(machine, pod)).collect();
    let mut names: Vec<Arc<str>> = machine
        .attachments
        .iter()
        .filter(|a| a.volume.as_ref().is_some_and(|volume| !kept.contains(&volume)))
        .map(|a| Arc::clone(&a.name))
        .collect();
    names.sort();
    names
}

/// Volumes that a pod's claims are bound to.
fn volumes_of<'a>(machine: &'a Machine, pod: &'a Pod) -> impl Iterator<Item = &'a Arc<str>> {
    let namespace = &pod.key.namespace;
    let claims = pod.spec.volumes.iter().map(|volume| match volume {
        PodVolume::Claim(name) => Arc::clone(name),
        PodVolume::Ephemeral(name) => format!("{}-{name}", pod.key.name).into(),
    });
    claims.filter_map(move |name| {
        let key = NamespacedName { namespace: Arc::clone(namespace), name };
        machine.volume_claims.iter().find(|claim| claim.key == key)?.volume_name.as_ref()
    })
}
