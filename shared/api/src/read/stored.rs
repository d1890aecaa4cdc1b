//! Objects of an API server, one at a time: what decisions need of each, and which version of it that is.
//!
//! They passed admission there, perhaps that of another version of the custom resources: what can be read of such
//! an object is kept, marked as unusable, rather than lost.

#![expect(
    clippy::result_large_err,
    reason = "an object that cannot be read is rare, and its error is told as it is"
)]

use std::sync::Arc;

use joiner_core::machine::VolumeAttachment;
use joiner_core::model::{
    DaemonSet, Flaw, Labels, NamespacedName, Node, NodeClaim, NodeClass, NodeOverlay, NodePool, Pod,
    PodDisruptionBudget, Readiness, ReportedCondition, StorageClass, Volume, VolumeClaim, VolumeLimit,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

use super::pod::shape_problem;
use super::problem::{Problem, ReadError};
use super::shared::{Shared, name_of};
use super::wire::{
    AttachmentWire, BudgetWire, ClaimWire, Meta, MetaOnly, NodeWire, StorageClassWire, VolumeObjectWire,
    WorkloadWire,
};
use super::{cluster, custom, node_class, node_pool, pod, workload};
use crate::crd::{self, CustomObject, Stage};

/// Which object, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectIdentity {
    /// Namespace (empty for kinds without) and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
    /// Its `resourceVersion`. Those of one kind grow as numbers.
    pub version: u64,
}

/// An object with its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject<T> {
    /// Which one.
    pub identity: ObjectIdentity,
    /// What decisions need of it.
    pub value: T,
}

/// Reads stored objects and shares what many have in common. One reader reads one kind, so that a long-lived one
/// holds what its objects hold.
#[derive(Debug, Default)]
pub struct ObjectReader {
    shared: Shared,
}

type Read<T> = Result<StoredObject<T>, ReadError>;

impl ObjectReader {
    /// Lets go of what none of the objects handed out holds any more.
    pub fn trim(&mut self) {
        self.shared.trim();
    }

    /// Only the version of an object; 0 when it does not say.
    pub fn version(json: &str) -> u64 {
        serde_json::from_str::<MetaOnly>(json).map_or(0, |wire| wire.metadata.version())
    }

    /// Only which object it is; `None` when it does not say.
    pub fn identity(&mut self, json: &str) -> Option<ObjectIdentity> {
        let wire: MetaOnly = serde_json::from_str(json).ok()?;
        self.identity_of(&wire.metadata).ok()
    }

    /// A Pod. What cannot be read of it is a defect of the pod.
    ///
    /// # Errors
    /// It has no name.
    pub fn pod(&mut self, json: &str) -> Read<Pod> {
        let (pod, version) =
            pod::versioned(json, &mut self.shared).map_err(|problem| fault("Pod", json, problem))?;
        let identity = ObjectIdentity { key: pod.key.clone(), uid: Arc::clone(&pod.uid), version };
        Ok(StoredObject { identity, value: pod })
    }

    /// A Node.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn node(&mut self, json: &str) -> Read<Node> {
        self.read("Node", json, |reader, wire: &NodeWire| {
            Ok((reader.identity_of(&wire.metadata)?, cluster::node(wire, &mut reader.shared)?))
        })
    }

    /// A NodeClaim.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn node_claim(&mut self, json: &str) -> Read<NodeClaim> {
        let read = || {
            let claim: crd::NodeClaim = decode(json)?;
            Ok((identity(&claim.metadata), node_pool::node_claim(&claim)?))
        };
        read().map(pair).map_err(|problem| fault("NodeClaim", json, problem))
    }

    /// A NodePool. One that no writer of conditions has looked at is not ready.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn node_pool(&mut self, json: &str) -> Read<NodePool> {
        let read = || {
            let (pool, flaw) = custom_object::<crd::NodePool>(json)?;
            let mut value = node_pool::node_pool(&pool, flaw)?;
            value.readiness = looked_at(value.readiness, &value.status.conditions);
            Ok((identity(&pool.metadata), value))
        };
        read().map(pair).map_err(|problem| fault("NodePool", json, problem))
    }

    /// An EC2NodeClass. One that no writer of conditions has looked at is not ready.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn node_class(&mut self, json: &str) -> Read<NodeClass> {
        let read = || {
            let (class, flaw) = custom_object::<crd::EC2NodeClass>(json)?;
            let mut value = node_class::node_class(&class, flaw)?;
            value.readiness = looked_at(value.readiness, &value.conditions);
            Ok((identity(&class.metadata), value))
        };
        read().map(pair).map_err(|problem| fault("EC2NodeClass", json, problem))
    }

    /// A NodeOverlay; `None` when it is invalid and so not applied.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn node_overlay(&mut self, json: &str) -> Read<Option<NodeOverlay>> {
        let read = || {
            let (overlay, flaw) = custom_object::<crd::NodeOverlay>(json)?;
            let value = if flaw.is_none() { Some(node_pool::node_overlay(&overlay)?) } else { None };
            Ok((identity(&overlay.metadata), value))
        };
        read().map(pair).map_err(|problem| fault("NodeOverlay", json, problem))
    }

    /// A DaemonSet.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn daemon_set(&mut self, json: &str) -> Read<DaemonSet> {
        self.read("DaemonSet", json, |reader, wire: &WorkloadWire| {
            Ok((reader.identity_of(&wire.metadata)?, workload::daemon_set(wire, &mut reader.shared)?))
        })
    }

    /// A PersistentVolumeClaim.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn volume_claim(&mut self, json: &str) -> Read<VolumeClaim> {
        self.read("PersistentVolumeClaim", json, |reader, wire: &ClaimWire| {
            Ok((reader.identity_of(&wire.metadata)?, cluster::volume_claim(wire, &mut reader.shared)?))
        })
    }

    /// A PersistentVolume.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn volume(&mut self, json: &str) -> Read<Volume> {
        self.read("PersistentVolume", json, |reader, wire: &VolumeObjectWire| {
            Ok((reader.identity_of(&wire.metadata)?, cluster::volume(wire, &mut reader.shared)?))
        })
    }

    /// A StorageClass.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn storage_class(&mut self, json: &str) -> Read<StorageClass> {
        self.read("StorageClass", json, |reader, wire: &StorageClassWire| {
            let (class, _) = cluster::storage_class(wire, &mut reader.shared)?;
            Ok((reader.identity_of(&wire.metadata)?, class))
        })
    }

    /// Volume limits of a CSINode.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn volume_limits(&mut self, json: &str) -> Read<Vec<VolumeLimit>> {
        self.read("CSINode", json, |reader, wire: &MetaOnly| {
            let node = name_of(&wire.metadata)?;
            let limits = cluster::volume_limits(&decode(json)?, node, &mut reader.shared);
            Ok((reader.identity_of(&wire.metadata)?, limits))
        })
    }

    /// A VolumeAttachment, with the name of its node.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn volume_attachment(&mut self, json: &str) -> Read<(Arc<str>, VolumeAttachment)> {
        self.read("VolumeAttachment", json, |reader, wire: &AttachmentWire| {
            let identity = reader.identity_of(&wire.metadata)?;
            let node = wire.spec.node_name.as_deref().unwrap_or_default();
            let volume = wire.spec.source.persistent_volume_name.as_deref();
            let attachment = VolumeAttachment {
                name: Arc::clone(&identity.key.name),
                volume: volume.map(|name| reader.shared.text(name)),
            };
            Ok((identity, (reader.shared.text(node), attachment)))
        })
    }

    /// A PodDisruptionBudget. One whose status does not tell yet allows no eviction.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn disruption_budget(&mut self, json: &str) -> Read<PodDisruptionBudget> {
        self.read("PodDisruptionBudget", json, |reader, wire: &BudgetWire| {
            let (budget, _) = cluster::disruption_budget(wire, &mut reader.shared)?;
            Ok((reader.identity_of(&wire.metadata)?, budget))
        })
    }

    /// Labels of a Namespace.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn namespace(&mut self, json: &str) -> Read<Labels> {
        self.read("Namespace", json, |reader, wire: &MetaOnly| {
            let (_, labels) = cluster::namespace(wire, &mut reader.shared)?;
            Ok((reader.identity_of(&wire.metadata)?, labels))
        })
    }

    fn identity_of(&mut self, meta: &Meta) -> Result<ObjectIdentity, Problem> {
        let name: Arc<str> = name_of(meta)?.into();
        Ok(ObjectIdentity {
            uid: meta.uid.as_deref().map_or_else(|| Arc::clone(&name), Into::into),
            key: NamespacedName {
                namespace: self.shared.text(meta.namespace.as_deref().unwrap_or_default()),
                name,
            },
            version: meta.version(),
        })
    }

    fn read<'j, W: Deserialize<'j>, T>(
        &mut self,
        kind: &str,
        json: &'j str,
        convert: impl FnOnce(&mut Self, &W) -> Result<(ObjectIdentity, T), Problem>,
    ) -> Read<T> {
        let read = decode(json).and_then(|wire| convert(self, &wire));
        read.map(pair).map_err(|problem| fault(kind, json, problem))
    }
}

fn pair<T>((identity, value): (ObjectIdentity, T)) -> StoredObject<T> {
    StoredObject { identity, value }
}

fn decode<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| shape_problem(json, &error))
}

fn identity(meta: &ObjectMeta) -> ObjectIdentity {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    ObjectIdentity {
        key: NamespacedName { namespace: text(&meta.namespace), name: text(&meta.name) },
        uid: text(&meta.uid),
        version: meta.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0),
    }
}

/// A custom resource, and what makes it unusable if anything does.
fn custom_object<K: CustomObject>(json: &str) -> Result<(K, Option<Flaw>), Problem> {
    match crd::read::<K>(decode(json)?) {
        Ok(read) => {
            let mut faults = crd::validate(&read.object, &crd::ValidationSettings::default());
            faults.retain(|fault| fault.stage != Stage::Admission);
            Ok((read.object, custom::flaw(&faults)))
        }
        Err(faults) => {
            let object: K = decode(json)?;
            let texts: Vec<String> =
                faults.iter().map(|f| format!("{}: {}; {}", f.path, f.problem, f.remedy)).collect();
            let reason = format!("{}ValidationFailed", K::KIND.as_str());
            Ok((object, Some(Flaw { reason: reason.into(), message: texts.join(", ").into() })))
        }
    }
}

/// Nothing is ready before someone said so.
fn looked_at(readiness: Readiness, conditions: &[ReportedCondition]) -> Readiness {
    let is_reported = conditions.iter().any(|condition| &*condition.kind == crd::conditions::READY);
    match readiness {
        Readiness::Ready if !is_reported => Readiness::NotReady {
            reason: crd::conditions::AWAITING_RECONCILIATION.into(),
            message: "object is awaiting reconciliation".into(),
        },
        told => told,
    }
}

fn fault(kind: &str, json: &str, problem: Problem) -> ReadError {
    let meta = serde_json::from_str::<MetaOnly>(json).unwrap_or_default().metadata;
    let namespace = meta.namespace.as_deref().map_or_else(String::new, |namespace| format!("{namespace}/"));
    ReadError {
        place: None,
        object: Some(format!("{kind} {namespace}{}", meta.name.as_deref().unwrap_or("without a name"))),
        field: Some(problem.path).filter(|path| !path.is_empty()),
        problem: problem.what,
        remedy: problem.remedy,
    }
}
