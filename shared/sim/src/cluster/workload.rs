//! What makes pods: Deployments, StatefulSets, DaemonSets and Jobs, as far as nodes depend on them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::{NamespacedName, Owner, Pod};

/// Kind of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// Interchangeable replicas, through a ReplicaSet.
    Deployment,
    /// Numbered replicas, started one after the other.
    StatefulSet,
    /// One pod on every node it fits.
    DaemonSet,
    /// Pods that end.
    Job,
}

impl WorkloadKind {
    /// As manifests and scripts spell it, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "deployment",
            WorkloadKind::StatefulSet => "statefulset",
            WorkloadKind::DaemonSet => "daemonset",
            WorkloadKind::Job => "job",
        }
    }

    /// Reads the kind in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [WorkloadKind::Deployment, WorkloadKind::StatefulSet, WorkloadKind::DaemonSet, WorkloadKind::Job]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// Kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadKey {
    /// Kind.
    pub kind: WorkloadKind,
    /// Namespace and name.
    pub key: NamespacedName,
}

impl fmt::Display for WorkloadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.key.name)
    }
}

/// A workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Kind and name.
    pub key: WorkloadKey,
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
    /// Volumes made for every pod of a StatefulSet: volume name and storage class.
    pub claim_templates: Vec<(Arc<str>, Option<Arc<str>>)>,
    /// How long its pods work; `None` until they are stopped.
    pub runs_for: Option<Duration>,
    /// How many pods it has made, for their names.
    pub made: u64,
}

impl Workload {
    /// A workload of a kind, with one pod wanted.
    pub fn new(kind: WorkloadKind, template: Pod, replicas: u32) -> Self {
        let runs_for = (kind == WorkloadKind::Job).then_some(Duration::from_secs(60));
        Workload {
            key: WorkloadKey { kind, key: template.key.clone() },
            uid: "".into(),
            replicas,
            completions: replicas,
            succeeded: 0,
            template,
            claim_templates: Vec::new(),
            runs_for,
            made: 0,
        }
    }

    /// The owner reference of its pods.
    pub(crate) fn owner(&self) -> Owner {
        let (api_version, kind) = match self.key.kind {
            WorkloadKind::Deployment => ("apps/v1", "ReplicaSet"),
            WorkloadKind::StatefulSet => ("apps/v1", "StatefulSet"),
            WorkloadKind::DaemonSet => ("apps/v1", "DaemonSet"),
            WorkloadKind::Job => ("batch/v1", "Job"),
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
            WorkloadKind::Job => self.replicas.min(self.completions.saturating_sub(self.succeeded)),
            WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => self.replicas,
        };
        wanted as usize
    }
}
