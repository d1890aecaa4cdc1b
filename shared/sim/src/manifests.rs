//! From manifests to a world: what is taken over, what is made anew, and what is left aside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use joiner_api::read::{self, Manifests};
use joiner_core::model::{DaemonSet, NamespacedName, Owner, Pod, PodPhase, Zone, keys};

use crate::cluster::{Controller, ControllerKind, VolumeTemplate};
use crate::script::ScriptObject;

/// The annotation of a pod template that says how long its pods work before they end well.
pub const RUNS_FOR: &str = "simulate.joiner/runs-for";

/// What a world is made of, and notes on what is not.
#[derive(Debug, Default)]
pub struct Cast {
    /// Objects to apply, pools and classes first.
    pub objects: Vec<ScriptObject>,
    /// What was left aside or has no effect.
    pub notes: Vec<String>,
}

/// Takes over what manifests say. Classes without subnets in their status get a subnet in each of the zones, as
/// the cluster would have resolved them.
pub fn cast(manifests: Manifests, zones: &[Zone]) -> Cast {
    let mut objects = Vec::new();
    let mut notes = manifests.notes;
    for mut class in manifests.node_classes {
        if class.zones.is_empty() {
            class.zones = zones.to_vec();
        }
        objects.push(ScriptObject::NodeClass(class));
    }
    objects.extend(manifests.node_pools.into_iter().map(ScriptObject::NodePool));
    objects.extend(manifests.node_overlays.into_iter().map(ScriptObject::NodeOverlay));
    objects.extend(manifests.storage_classes.into_iter().map(ScriptObject::StorageClass));
    objects.extend(manifests.volumes.into_iter().map(ScriptObject::Volume));
    objects.extend(manifests.volume_claims.into_iter().map(|mut claim| {
        if claim.volume_name.is_none() && claim.storage_class.is_none() {
            claim.storage_class.clone_from(&manifests.default_storage_class);
        }
        ScriptObject::VolumeClaim(claim)
    }));
    let namespaces = manifests.namespaces.into_iter();
    objects.extend(namespaces.map(|(name, labels)| ScriptObject::Namespace { name, labels }));
    let budgets = manifests.pod_disruption_budgets.into_iter();
    objects.extend(budgets.map(|(budget, _)| ScriptObject::Budget(budget)));
    let (own, managed): (Vec<_>, Vec<_>) =
        manifests.nodes.into_iter().partition(|node| !node.labels.contains_key(keys::NODE_POOL));
    objects.extend(own.into_iter().map(ScriptObject::Node));
    let made_anew = Controllers::of(&manifests.workloads, &manifests.daemon_sets);
    let daemons = manifests.daemon_sets.into_iter();
    objects.extend(daemons.map(|set| controller(ControllerKind::DaemonSet, set.template, 1)));
    objects.extend(manifests.workloads.into_iter().map(workload));
    let (own_pods, owned): (Vec<_>, Vec<_>) =
        manifests.pods.into_iter().partition(|pod| made_anew.leave(pod));
    objects.extend(own_pods.into_iter().map(|pod| ScriptObject::Pod(Box::new(unplaced(pod)))));
    note(&mut notes, managed.len(), "Node", "belong to a NodePool; the simulation launches its own");
    note(
        &mut notes,
        manifests.node_claims.len(),
        "NodeClaim",
        "are left aside; the simulation makes its own",
    );
    note(&mut notes, owned.len(), "Pod", "have ended, or are made anew by their controllers or nodes");
    Cast { objects, notes }
}

/// The controllers that manifests bring along, by namespace and name.
struct Controllers(BTreeSet<NamespacedName>);

impl Controllers {
    fn of(workloads: &[read::Workload], daemon_sets: &[DaemonSet]) -> Self {
        let workloads = workloads.iter().map(|workload| workload.key.clone());
        Controllers(workloads.chain(daemon_sets.iter().map(|set| set.key.clone())).collect())
    }

    /// Whether a pod is nobody's to make anew, so that it is taken over as it is. The ReplicaSets of a Deployment
    /// are named after it.
    fn leave(&self, pod: &Pod) -> bool {
        let is_given = |owner: &Owner| {
            self.0.iter().any(|given| {
                let rest = owner.name.strip_prefix(&*given.name);
                given.namespace == pod.key.namespace
                    && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
        };
        let is_over = pod.is_terminal() || pod.deletion_at.is_some();
        let of_a_node = pod.is_owned_by_daemon_set() || pod.is_owned_by_node();
        !is_over && !of_a_node && !pod.owners.iter().any(is_given)
    }
}

/// The pod before anyone looked at it; its owner is not there to make another.
fn unplaced(pod: Pod) -> Pod {
    Pod {
        owners: Vec::new(),
        node_name: None,
        nominated_node_name: None,
        phase: PodPhase::Pending,
        ready: false,
        started_at: None,
        ..pod
    }
}

fn note(notes: &mut Vec<String>, count: usize, kind: &str, what: &str) {
    if count > 0 {
        notes.push(format!("{count} of kind {kind} {what}"));
    }
}

fn controller(kind: ControllerKind, template: Pod, replicas: u32) -> ScriptObject {
    ScriptObject::Controller(controller_of(kind, template, replicas))
}

fn controller_of(kind: ControllerKind, template: Pod, replicas: u32) -> Controller {
    let runs_for = runs_for(&template);
    let mut made = Controller::new(kind, template, replicas);
    made.runs_for = runs_for.or(made.runs_for);
    made
}

fn workload(read: read::Workload) -> ScriptObject {
    let kind = match read.kind {
        read::WorkloadKind::Deployment | read::WorkloadKind::ReplicaSet => ControllerKind::Deployment,
        read::WorkloadKind::StatefulSet => ControllerKind::StatefulSet,
        read::WorkloadKind::Job => ControllerKind::Job,
    };
    let mut made = controller_of(kind, read.template, read.replicas);
    let volume = |template: read::ClaimTemplate| VolumeTemplate {
        name: template.name,
        storage_class: template.claim.storage_class,
        is_ephemeral: template.is_ephemeral,
    };
    made.volumes = read.claim_templates.into_iter().map(volume).collect();
    ScriptObject::Controller(made)
}

/// How long pods work, if their annotation says so in a form such as `90s` or `5m`.
pub fn runs_for(pod: &Pod) -> Option<Duration> {
    let text = pod.annotations.get(RUNS_FOR)?;
    text.parse::<SignedDuration>().ok().map(|time| time.unsigned_abs())
}

/// The classes among objects, by name, to ask a catalog about.
pub fn classes(objects: &[ScriptObject]) -> BTreeMap<Arc<str>, &joiner_core::model::NodeClass> {
    let mut classes = BTreeMap::new();
    for object in objects {
        if let ScriptObject::NodeClass(class) = object {
            classes.insert(Arc::clone(&class.name), class);
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use joiner_api::read::Source;

    use super::*;

    /// Names of the pods taken over from manifests.
    fn taken_over(text: &str) -> Vec<String> {
        let read = Manifests::read(&[Source { name: "pods".into(), text: text.into() }]).unwrap();
        let pods = cast(read, &[]).objects.into_iter().filter_map(|object| match object {
            ScriptObject::Pod(pod) => {
                assert_eq!((pod.node_name.clone(), pod.owners.len()), (None, 0), "{}", pod.key);
                Some(pod.key.name.to_string())
            }
            _ => None,
        });
        pods.collect()
    }

    #[test]
    fn pods_are_taken_over_unless_something_given_makes_them_anew() {
        let pod = |name: &str, rest: &str| {
            format!(
                "---\nkind: Pod\napiVersion: v1\nmetadata: {{name: {name}, namespace: default{rest}\n\
                 spec: {{nodeName: n, containers: [{{name: a}}]}}\n"
            )
        };
        let owned = |name: &str, kind: &str, owner: &str| {
            pod(
                name,
                &format!(
                    ", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {owner}, uid: u, controller: true}}]}}"
                ),
            )
        };
        let deployment = "---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: web, namespace: default}\n\
                          spec: {replicas: 1, template: {spec: {containers: [{name: a}]}}}\n";
        let text = [
            pod("bare", "}"),
            owned("orphan", "ReplicaSet", "gone-abc"),
            owned("made", "ReplicaSet", "web-abc"),
            owned("namesake", "ReplicaSet", "website-abc"),
            owned("daemon", "DaemonSet", "agent"),
            deployment.to_owned(),
        ];
        assert_eq!(taken_over(&text.concat()), ["bare", "orphan", "namesake"]);
    }
}
