//! All objects of an input by kind, each once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use joiner_core::model::{
    DaemonSet, Labels, Node, NodeClaim, NodeClass, NodeOverlay, NodePool, Pod, PodDisruptionBudget,
    StorageClass, Volume, VolumeClaim, VolumeLimit,
};
use serde::Deserialize;

use super::documents::{Found, Source, for_each_object};
use super::kinds::{Handling, handling};
use super::problem::{Place, Problem, ReadError, ReadErrors};
use super::shared::{Shared, name_of, namespace_of};
use super::wire::{Meta, MetaOnly};
use super::workload::{Workload, WorkloadKind};
use super::{cluster, custom, node_class, node_pool, pod, workload};
use crate::crd;

/// Most faults that are told of one input.
const MAX_ERRORS: usize = 50;

/// Kinds whose objects belong to no namespace.
const CLUSTER_SCOPED: [&str; 9] = [
    "CSINode",
    "EC2NodeClass",
    "Namespace",
    "Node",
    "NodeClaim",
    "NodeOverlay",
    "NodePool",
    "PersistentVolume",
    "StorageClass",
];

/// The objects of an input.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// Pods.
    pub pods: Vec<Pod>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Claims.
    pub node_claims: Vec<NodeClaim>,
    /// Pools.
    pub node_pools: Vec<NodePool>,
    /// Classes; those without subnets in their status have no zones yet.
    pub node_classes: Vec<NodeClass>,
    /// Overlays.
    pub node_overlays: Vec<NodeOverlay>,
    /// DaemonSets.
    pub daemon_sets: Vec<DaemonSet>,
    /// Deployments, ReplicaSets, StatefulSets and Jobs.
    pub workloads: Vec<Workload>,
    /// Volume claims.
    pub volume_claims: Vec<VolumeClaim>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Storage classes.
    pub storage_classes: Vec<StorageClass>,
    /// The storage class of claims that name none.
    pub default_storage_class: Option<Arc<str>>,
    /// Volume limits of nodes.
    pub volume_limits: Vec<VolumeLimit>,
    /// Budgets, and the evictions they allow where their status tells.
    pub pod_disruption_budgets: Vec<(PodDisruptionBudget, Option<u32>)>,
    /// Labels of namespaces.
    pub namespaces: BTreeMap<Arc<str>, Labels>,
    /// What was left aside or has no effect, for people.
    pub notes: Vec<String>,
}

impl Manifests {
    /// Reads all sources.
    ///
    /// # Errors
    /// Everything that is broken, unknown or there twice, with its place, field and remedy.
    pub fn read(sources: &[Source]) -> Result<Self, ReadErrors> {
        let mut reader = Reader::default();
        for source in sources {
            let mut broken = Vec::new();
            for_each_object(source, &mut |found| reader.object(&found), &mut |error| broken.push(error));
            reader.errors.extend(broken);
        }
        reader.finish()
    }
}

/// Kind, namespace and name.
type Identity = (Arc<str>, Arc<str>, Arc<str>);

#[derive(Debug, Default)]
struct Reader {
    read: Manifests,
    shared: Shared,
    places: HashMap<Identity, Place>,
    left_aside: BTreeMap<(String, &'static str), usize>,
    notes: Vec<String>,
    errors: Vec<ReadError>,
}

impl Reader {
    fn object(&mut self, found: &Found<'_>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        match handling(&found.api_version, &found.kind) {
            Handling::LeaveAside(why) => {
                *self.left_aside.entry((found.kind.to_string(), why)).or_default() += 1;
            }
            Handling::Refuse(what, remedy) => {
                let what = format!("{} {what}", &*found.api_version);
                self.fail(found, Problem::new("", what, remedy));
            }
            Handling::Read => {
                for problem in self.read_object(found).err().into_iter().flatten() {
                    self.fail(found, problem);
                }
            }
        }
    }

    fn fail(&mut self, found: &Found<'_>, problem: Problem) {
        let meta = serde_json::from_str::<MetaOnly>(found.json).unwrap_or_default().metadata;
        let object = match name_of(&meta) {
            Err(_) => found.kind.to_string(),
            Ok(name) if CLUSTER_SCOPED.contains(&&*found.kind) => format!("{} {name}", &*found.kind),
            Ok(name) => format!("{} {}/{name}", &*found.kind, namespace_of(&meta)),
        };
        self.errors.push(ReadError {
            place: Some(found.place.clone()),
            object: Some(object),
            field: Some(problem.path).filter(|path| !path.is_empty()),
            problem: problem.what,
            remedy: problem.remedy,
        });
    }

    /// Refuses a second object of the same kind and name.
    fn claim_name(&mut self, found: &Found<'_>, namespace: &str, name: &str) -> Result<(), Problem> {
        let key = (self.shared.text(&found.kind), self.shared.text(namespace), self.shared.text(name));
        match self.places.get(&key) {
            Some(first) => {
                let problem = format!("is there twice; first in {first}");
                Err(Problem::new("metadata.name", problem, "rename or remove one of the two"))
            }
            None => {
                self.places.insert(key, found.place.clone());
                Ok(())
            }
        }
    }

    fn claim(&mut self, found: &Found<'_>, meta: &Meta) -> Result<(), Problem> {
        let namespace = if CLUSTER_SCOPED.contains(&&*found.kind) { "" } else { namespace_of(meta) };
        self.claim_name(found, namespace, name_of(meta)?)
    }

    fn read_object(&mut self, found: &Found<'_>) -> Result<(), Vec<Problem>> {
        match &*found.kind {
            "NodePool" | "NodeClaim" | "NodeOverlay" | "EC2NodeClass" => self.read_custom(found),
            "Pod" => self.read_pod(found).map_err(Vec::from),
            "DaemonSet" => self.read_daemon_set(found).map_err(Vec::from),
            "Deployment" => self.read_workload(found, WorkloadKind::Deployment).map_err(Vec::from),
            "ReplicaSet" => self.read_workload(found, WorkloadKind::ReplicaSet).map_err(Vec::from),
            "StatefulSet" => self.read_workload(found, WorkloadKind::StatefulSet).map_err(Vec::from),
            "Job" => self.read_workload(found, WorkloadKind::Job).map_err(Vec::from),
            _ => self.read_cluster_object(found).map_err(Vec::from),
        }
    }

    fn read_pod(&mut self, found: &Found<'_>) -> Result<(), Problem> {
        let pod = pod::pod(found.json, &mut self.shared)?;
        self.claim_name(found, &pod.key.namespace, &pod.key.name)?;
        self.read.pods.push(pod);
        Ok(())
    }

    fn read_custom(&mut self, found: &Found<'_>) -> Result<(), Vec<Problem>> {
        let meta: MetaOnly = decode(found.json)?;
        self.claim(found, &meta.metadata)?;
        let (read, notes) = (&mut self.read, &mut self.notes);
        match &*found.kind {
            "NodePool" => {
                let (pool, faults) = custom::read::<crd::NodePool>(found, notes)?;
                read.node_pools.push(node_pool::node_pool(&pool, custom::flaw(&faults))?);
            }
            "NodeClaim" => {
                let (claim, _) = custom::read::<crd::NodeClaim>(found, notes)?;
                read.node_claims.push(node_pool::node_claim(&claim)?);
            }
            "NodeOverlay" => {
                let (overlay, faults) = custom::read::<crd::NodeOverlay>(found, notes)?;
                match faults.as_slice() {
                    [] => read.node_overlays.push(node_pool::node_overlay(&overlay)?),
                    _ => notes.extend(faults.iter().map(|fault| format!("not applied: {fault}"))),
                }
            }
            _ => {
                let (class, faults) = custom::read::<crd::EC2NodeClass>(found, notes)?;
                read.node_classes.push(node_class::node_class(&class, custom::flaw(&faults))?);
            }
        }
        Ok(())
    }

    fn read_daemon_set(&mut self, found: &Found<'_>) -> Result<(), Problem> {
        let wire: super::wire::WorkloadWire = decode(found.json)?;
        self.claim(found, &wire.metadata)?;
        self.read.daemon_sets.push(workload::daemon_set(&wire, &mut self.shared)?);
        Ok(())
    }

    fn read_workload(&mut self, found: &Found<'_>, kind: WorkloadKind) -> Result<(), Problem> {
        let wire: super::wire::WorkloadWire = decode(found.json)?;
        self.claim(found, &wire.metadata)?;
        self.read.workloads.push(workload::workload(kind, &wire, &mut self.shared)?);
        Ok(())
    }

    fn read_cluster_object(&mut self, found: &Found<'_>) -> Result<(), Problem> {
        let meta: MetaOnly = decode(found.json)?;
        self.claim(found, &meta.metadata)?;
        let (read, shared) = (&mut self.read, &mut self.shared);
        match &*found.kind {
            "Node" => read.nodes.push(cluster::node(&decode(found.json)?, shared)?),
            "PersistentVolumeClaim" => {
                read.volume_claims.push(cluster::volume_claim(&decode(found.json)?, shared)?);
            }
            "PersistentVolume" => read.volumes.push(cluster::volume(&decode(found.json)?, shared)?),
            "StorageClass" => {
                let (class, is_default) = cluster::storage_class(&decode(found.json)?, shared)?;
                if is_default {
                    read.default_storage_class = Some(class.name.clone());
                }
                read.storage_classes.push(class);
            }
            "CSINode" => {
                let limits = cluster::volume_limits(&decode(found.json)?, name_of(&meta.metadata)?, shared);
                read.volume_limits.extend(limits);
            }
            "PodDisruptionBudget" => {
                read.pod_disruption_budgets.push(cluster::disruption_budget(&decode(found.json)?, shared)?);
            }
            "Namespace" => {
                let (name, labels) = cluster::namespace(&meta, shared)?;
                read.namespaces.insert(name, labels);
            }
            other => {
                let problem = format!("{other} is listed as read but nothing reads it");
                return Err(Problem::new("kind", problem, "report this"));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Manifests, ReadErrors> {
        if !self.errors.is_empty() {
            return Err(ReadErrors(self.errors));
        }
        for ((kind, why), count) in self.left_aside {
            self.notes.push(format!("{count} {kind} left aside: {why}"));
        }
        self.read.notes = self.notes;
        Ok(self.read)
    }
}

fn decode<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| pod::shape_problem(json, &error))
}
