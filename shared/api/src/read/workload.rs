//! Workloads: what starts pods, and the pods it would start where none of them is given.

use std::collections::HashSet;
use std::sync::Arc;

use joiner_core::model::{DaemonSet, NamespacedName, Owner, Pod, PodPhase, PodVolume, VolumeClaim};

use super::pod;
use super::problem::Problem;
use super::shared::Shared;
use super::wire::{ClaimWire, PodWire, WorkloadWire};

/// Most pods that one workload is expanded into.
const MAX_REPLICAS: i64 = 1_000_000;

/// The label of pods that ties them to one revision of a Deployment.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// Kinds of workloads that are expanded into pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `batch/v1` Job.
    Job,
}

impl WorkloadKind {
    /// As manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::StatefulSet => "StatefulSet",
            WorkloadKind::Job => "Job",
        }
    }

    /// API group, version and kind that own the pods: those of a Deployment belong to a ReplicaSet.
    const fn pod_owner(self) -> (&'static str, &'static str) {
        match self {
            WorkloadKind::Deployment | WorkloadKind::ReplicaSet => ("apps/v1", "ReplicaSet"),
            WorkloadKind::StatefulSet => ("apps/v1", "StatefulSet"),
            WorkloadKind::Job => ("batch/v1", "Job"),
        }
    }
}

/// Something that keeps a number of pods of one template running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// Namespace and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
    /// Kind and name of its own controller, where it has one.
    pub controller: Option<(Arc<str>, Arc<str>)>,
    /// How many pods it wants.
    pub replicas: u32,
    /// A pod of its template, unbound and pending.
    pub template: Pod,
    /// Claims that each pod gets of its own: key named after the claim or volume, completed by the pod's name.
    pub claim_templates: Vec<ClaimTemplate>,
}

/// A claim made for every pod of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimTemplate {
    /// Name of the claim template or of the ephemeral volume.
    pub name: Arc<str>,
    /// Whether the claim is named `<pod>-<name>` (ephemeral volumes) rather than `<name>-<pod>`.
    pub is_ephemeral: bool,
    /// The claim, without a name.
    pub claim: VolumeClaim,
}

/// Reads a workload.
pub(super) fn workload(
    kind: WorkloadKind,
    wire: &WorkloadWire,
    shared: &mut Shared,
) -> Result<Workload, Problem> {
    let key = shared.key(&wire.metadata)?;
    let template = template_of(wire)?;
    let uid: Arc<str> =
        wire.metadata.uid.as_deref().map_or_else(|| format!("{}/{key}", kind.as_str()).into(), Into::into);
    let own = pod::owners(&wire.metadata, shared);
    let mut pod = pod::template(template, key.clone(), shared);
    let (api_version, owner_kind) = kind.pod_owner();
    pod.owners = vec![Owner {
        api_version: api_version.into(),
        kind: owner_kind.into(),
        name: key.name.clone(),
        uid: uid.clone(),
        controller: true,
    }];
    Ok(Workload {
        kind,
        uid,
        controller: own.into_iter().find(|owner| owner.controller).map(|owner| (owner.kind, owner.name)),
        replicas: wanted(kind, wire)?,
        claim_templates: claim_templates(wire, template, &key, shared)?,
        template: Pod { phase: PodPhase::Pending, node_name: None, ..pod },
        key,
    })
}

/// Reads a DaemonSet.
pub(super) fn daemon_set(wire: &WorkloadWire, shared: &mut Shared) -> Result<DaemonSet, Problem> {
    let key = shared.key(&wire.metadata)?;
    let template = template_of(wire)?;
    let uid = wire.metadata.uid.as_deref().map_or_else(|| key.to_string().into(), Into::into);
    let mut pod = pod::template(template, key.clone(), shared);
    pod.owners = vec![Owner {
        api_version: "apps/v1".into(),
        kind: "DaemonSet".into(),
        name: key.name.clone(),
        uid: Arc::clone(&uid),
        controller: true,
    }];
    Ok(DaemonSet { template: pod, uid, key })
}

fn template_of<'w, 'a>(wire: &'w WorkloadWire<'a>) -> Result<&'w PodWire<'a>, Problem> {
    let template = wire.spec.as_ref().and_then(|spec| spec.template.as_ref());
    template.ok_or_else(|| Problem::missing("spec.template", "say what its pods look like"))
}

fn wanted(kind: WorkloadKind, wire: &WorkloadWire) -> Result<u32, Problem> {
    let Some(spec) = &wire.spec else { return Ok(0) };
    let (field, count) = match kind {
        WorkloadKind::Job if spec.suspend == Some(true) => return Ok(0),
        WorkloadKind::Job => {
            let parallel = spec.parallelism.unwrap_or(1);
            ("spec.parallelism", spec.completions.map_or(parallel, |completions| completions.min(parallel)))
        }
        _ => ("spec.replicas", spec.replicas.unwrap_or(1)),
    };
    match u32::try_from(count) {
        Ok(replicas) if count <= MAX_REPLICAS => Ok(replicas),
        _ => {
            Err(Problem::new(field, format!("{count} is out of range"), format!("write 0 to {MAX_REPLICAS}")))
        }
    }
}

fn claim_templates(
    wire: &WorkloadWire,
    template: &PodWire,
    key: &NamespacedName,
    shared: &mut Shared,
) -> Result<Vec<ClaimTemplate>, Problem> {
    let mut read = |name: &str, claim: &ClaimWire, is_ephemeral| {
        let spec = claim.spec.as_ref();
        let class = spec.and_then(|spec| spec.storage_class_name.as_deref());
        ClaimTemplate {
            name: shared.text(name),
            is_ephemeral,
            claim: VolumeClaim {
                key: NamespacedName { namespace: key.namespace.clone(), name: "".into() },
                storage_class: class.map(|class| shared.text(class)),
                volume_name: None,
                bind_completed: false,
                deleting: false,
                lost: false,
            },
        }
    };
    let mut found = Vec::new();
    for (index, claim) in wire.spec.iter().flat_map(|s| &s.volume_claim_templates).flatten().enumerate() {
        let name = super::shared::name_of(&claim.metadata);
        let name = name.map_err(|p| p.at(index).under("spec.volumeClaimTemplates"))?;
        found.push(read(name, claim, false));
    }
    for volume in template.spec.iter().flat_map(|spec| &spec.volumes).flatten() {
        let claim = volume.ephemeral.as_ref().and_then(|ephemeral| ephemeral.volume_claim_template.as_ref());
        if let (Some(name), Some(claim)) = (volume.name.as_deref(), claim) {
            found.push(read(name, claim, true));
        }
    }
    Ok(found)
}

/// Pods, with the claims made for them, of the workloads of which no pod is given.
///
/// A ReplicaSet is left to its Deployment when that is given too.
pub(super) fn expand(workloads: &[Workload], pods: &[Pod]) -> (Vec<Pod>, Vec<VolumeClaim>) {
    let started = owners_of(pods);
    let given: HashSet<(&str, &str, &str)> =
        workloads.iter().map(|w| (&*w.key.namespace, w.kind.as_str(), &*w.key.name)).collect();
    let (mut new_pods, mut new_claims) = (Vec::new(), Vec::new());
    for workload in workloads {
        let namespace = &*workload.key.namespace;
        let has_pods = started.contains(&(namespace, workload.kind.as_str(), &*workload.key.name));
        let is_led =
            workload.controller.as_ref().is_some_and(|(kind, name)| given.contains(&(namespace, kind, name)));
        if has_pods || is_led {
            continue;
        }
        for ordinal in 0..workload.replicas {
            let (pod, claims) = nth_pod(workload, ordinal);
            new_pods.push(pod);
            new_claims.extend(claims);
        }
    }
    (new_pods, new_claims)
}

/// Namespace, kind and name of everything that pods belong to; for a ReplicaSet of a Deployment, of both.
fn owners_of(pods: &[Pod]) -> HashSet<(&str, &str, &str)> {
    let mut owners = HashSet::new();
    for pod in pods {
        for owner in &pod.owners {
            owners.insert((&*pod.key.namespace, &*owner.kind, &*owner.name));
            let hash = pod.labels.get(TEMPLATE_HASH);
            let deployment = hash.and_then(|hash| owner.name.strip_suffix(&**hash)?.strip_suffix('-'));
            if let (Some(deployment), "ReplicaSet") = (deployment, &*owner.kind) {
                owners.insert((&*pod.key.namespace, "Deployment", deployment));
            }
        }
    }
    owners
}

fn nth_pod(workload: &Workload, ordinal: u32) -> (Pod, Vec<VolumeClaim>) {
    let name = format!("{}-{ordinal}", workload.key.name);
    let key = NamespacedName { namespace: workload.key.namespace.clone(), name: name.as_str().into() };
    let mut pod = Pod { uid: format!("{}/{ordinal}", workload.uid).into(), key, ..workload.template.clone() };
    let mut claims = Vec::new();
    for template in &workload.claim_templates {
        let claim_name: Arc<str> = match template.is_ephemeral {
            true => format!("{name}-{}", template.name).into(),
            false => format!("{}-{name}", template.name).into(),
        };
        if !template.is_ephemeral {
            let spec = Arc::make_mut(&mut pod.spec);
            let own = PodVolume::Claim(template.name.clone());
            spec.volumes.retain(|volume| *volume != own);
            spec.volumes.push(PodVolume::Claim(claim_name.clone()));
        }
        let key = NamespacedName { namespace: workload.key.namespace.clone(), name: claim_name };
        claims.push(VolumeClaim { key, ..template.claim.clone() });
    }
    (pod, claims)
}
