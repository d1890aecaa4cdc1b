//! What makes pods: Deployments, StatefulSets, DaemonSets and Jobs, as far as nodes depend on them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::{NamespacedName, Owner, Pod};

/// EntryKind of a controller of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControllerKind {
    /// Interchangeable replicas, through a ReplicaSet.
    Deployment,
    /// Numbered replicas, started one after the other.
    StatefulSet,
    /// One pod on every node it fits.
    DaemonSet,
    /// Pods that end.
    Job,
}

impl ControllerKind {
    /// As manifests and scripts spell it, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            ControllerKind::Deployment => "deployment",
            ControllerKind::StatefulSet => "statefulset",
            ControllerKind::DaemonSet => "daemonset",
            ControllerKind::Job => "job",
        }
    }

    /// Reads the kind in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [
            ControllerKind::Deployment,
            ControllerKind::StatefulSet,
            ControllerKind::DaemonSet,
            ControllerKind::Job,
        ]
        .into_iter()
        .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// EntryKind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControllerKey {
    /// EntryKind.
    pub kind: ControllerKind,
    /// Namespace and name.
    pub key: NamespacedName,
}

impl fmt::Display for ControllerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.key.name)
    }
}

/// A volume that every pod of a controller gets of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeTemplate {
    /// Name of the claim template or volume.
    pub name: Arc<str>,
    /// Storage class.
    pub storage_class: Option<Arc<str>>,
    /// Whether the claim lives and dies with the pod, and is named `<pod>-<name>` rather than `<name>-<pod>`.
    pub is_ephemeral: bool,
}

/// A controller of pods.
#[derive(Debug, Clone)]
pub struct Controller {
    /// EntryKind and name.
    pub key: ControllerKey,
    /// UID; given by the cluster.
    pub uid: Arc<str>,
    /// Pods wanted at once. DaemonSets do not look at it.
    pub replicas: u32,
    /// Pods that have to end well, for Jobs.
    pub completions: u32,
    /// Pods that have ended well.
    pub succeeded: u32,
    /// What its pods look like, unbound.
    pub template: Pod,
    /// Volumes made for each of its pods.
    pub volumes: Vec<VolumeTemplate>,
    /// How long its pods work; `None` until they are stopped.
    pub runs_for: Option<Duration>,
    /// How many pods it has made, for their names.
    pub made: u64,
}

impl Controller {
    /// A controller of a kind, with one pod wanted.
    pub fn new(kind: ControllerKind, template: Pod, replicas: u32) -> Self {
        let runs_for = (kind == ControllerKind::Job).then_some(Duration::from_secs(60));
        Controller {
            key: ControllerKey { kind, key: template.key.clone() },
            uid: "".into(),
            replicas,
            completions: replicas,
            succeeded: 0,
            template,
            volumes: Vec::new(),
            runs_for,
            made: 0,
        }
    }

    /// The owner reference of its pods.
    pub(crate) fn owner(&self) -> Owner {
        let (api_version, kind) = match self.key.kind {
            ControllerKind::Deployment => ("apps/v1", "ReplicaSet"),
            ControllerKind::StatefulSet => ("apps/v1", "StatefulSet"),
            ControllerKind::DaemonSet => ("apps/v1", "DaemonSet"),
            ControllerKind::Job => ("batch/v1", "Job"),
        };
        Owner {
            api_version: api_version.into(),
            kind: kind.into(),
            name: Arc::clone(&self.key.key.name),
            uid: Arc::clone(&self.uid),
            controller: true,
        }
    }

    /// Pods wanted at once now.
    pub(crate) fn wanted(&self) -> usize {
        let wanted = match self.key.kind {
            ControllerKind::Job => self.replicas.min(self.completions.saturating_sub(self.succeeded)),
            ControllerKind::Deployment | ControllerKind::StatefulSet | ControllerKind::DaemonSet => {
                self.replicas
            }
        };
        wanted as usize
    }
}
