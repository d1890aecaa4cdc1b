//! Pods and pod templates, with everything that is wrong with them noted rather than refused.

use jiff::Timestamp;
use joiner_core::model::{
    HostPort, Labels, NamespacedName, Owner, Pod, PodPhase, PodSpec, PodVolume, TaintEffect, Toleration,
    TolerationOperator, TopologySpread, WhenUnsatisfiable,
};

use super::problem::{Problem, each};
use super::selector;
use super::shared::Shared;
use super::wire::{
    ConditionWire, ContainerWire, Meta, OwnerReference, PodSpecWire, PodStatusWire, PodWire, SpreadWire,
    Text, TolerationWire, VolumeWire,
};
use super::{locate, requests};

/// Seconds a pod gets to stop when it does not say (Kubernetes default).
const TERMINATION_GRACE_SECS: u32 = 30;

/// Priorities that Kubernetes gives to its own classes.
const SYSTEM_PRIORITIES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Reads a pod. What cannot be read of it becomes a defect; only a pod without a name is refused.
pub(super) fn pod(json: &str, shared: &mut Shared) -> Result<Pod, Problem> {
    versioned(json, shared).map(|(pod, _)| pod)
}

/// The same, with the version of the object.
pub(super) fn versioned(json: &str, shared: &mut Shared) -> Result<(Pod, u64), Problem> {
    let error = match serde_json::from_str::<PodWire>(json) {
        Ok(wire) => {
            let key = shared.key(&wire.metadata)?;
            let version = wire.metadata.version();
            return Ok((convert(&wire, key, shared), version));
        }
        Err(error) => error,
    };
    let meta: super::wire::MetaOnly = serde_json::from_str(json).map_err(|e| shape_problem(json, &e))?;
    let key = shared.key(&meta.metadata)?;
    let version = meta.metadata.version();
    let wire = PodWire { metadata: meta.metadata, ..PodWire::default() };
    let mut pod = convert(&wire, key, shared);
    pod.defects.push(shape_problem(json, &error).to_string());
    Ok((pod, version))
}

/// A value of the wrong type, told with the field it stands in.
pub(super) fn shape_problem(json: &str, error: &serde_json::Error) -> Problem {
    let path = locate::path_at(json, locate::offset(json, error));
    Problem::new(path, locate::message(error), "correct the value")
}

/// The pod that a template describes, unbound, under a name of its own.
pub(super) fn template(wire: &PodWire, key: NamespacedName, shared: &mut Shared) -> Pod {
    convert(wire, key, shared)
}

fn convert(wire: &PodWire, key: NamespacedName, shared: &mut Shared) -> Pod {
    let mut defects = Vec::new();
    let meta = &wire.metadata;
    let labels = note(&mut defects, "", shared.labels(meta.labels));
    let no_spec = PodSpecWire::default();
    let spec_wire = wire.spec.as_ref().unwrap_or(&no_spec);
    // Tools print an empty status for objects that no cluster has seen.
    let status = wire.status.as_ref().filter(|s| s.phase.is_some() || s.conditions.is_some());
    let spec = pod_spec(spec_wire, status, &labels, shared, &mut defects);
    let is_gated = spec_wire.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    let node_name = non_empty(&spec_wire.node_name).map(|name| shared.text(name));
    let state = State::of(status, node_name.is_some(), is_gated);
    let uid = meta.uid.as_deref().filter(|uid| !uid.is_empty());
    Pod {
        uid: uid.map_or_else(|| key.to_string().into(), Into::into),
        labels,
        annotations: shared.pod_annotations(meta.annotations.as_ref()),
        owners: owners(meta, shared),
        created_at: note(&mut defects, "metadata", timestamp("creationTimestamp", &meta.creation_timestamp)),
        deletion_at: note(&mut defects, "metadata", timestamp("deletionTimestamp", &meta.deletion_timestamp)),
        spec: shared.spec(spec),
        node_name,
        nominated_node_name: status.and_then(|s| non_empty(&s.nominated_node_name)).map(|n| shared.text(n)),
        phase: state.phase,
        unschedulable: state.unschedulable,
        ready: state.ready,
        started_at: status.and_then(|s| note(&mut defects, "status", timestamp("startTime", &s.start_time))),
        defects: defects.iter().map(Problem::to_string).collect(),
        key,
    }
}

/// The value, or nothing and the fault on record.
fn note<T: Default>(defects: &mut Vec<Problem>, parent: &str, result: Result<T, Problem>) -> T {
    result.unwrap_or_else(|problem| {
        defects.push(if parent.is_empty() { problem } else { problem.under(parent) });
        T::default()
    })
}

fn non_empty<'w>(text: &'w Option<Text>) -> Option<&'w str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A point in time; absent or empty is none.
pub(super) fn timestamp(field: &str, text: &Option<Text>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = non_empty(text) else { return Ok(None) };
    let read = text.parse().map(Some);
    read.map_err(|_| {
        Problem::new(field, format!("{text:?} is not a time"), "write such as 2026-01-31T12:00:00Z")
    })
}

/// Owners; those whose uid is not given are known by name.
pub(super) fn owners(meta: &Meta, shared: &mut Shared) -> Vec<Owner> {
    let mut owner = |wire: &OwnerReference| Owner {
        api_version: shared.text(&wire.api_version),
        kind: shared.text(&wire.kind),
        name: shared.text(&wire.name),
        uid: shared.text(wire.uid.as_deref().unwrap_or(&wire.name)),
        controller: wire.controller.unwrap_or(false),
    };
    meta.owner_references.as_deref().unwrap_or_default().iter().map(&mut owner).collect()
}

/// Whether one of the conditions is of this kind and true.
pub(super) fn is_true(conditions: &[ConditionWire], kind: &str) -> bool {
    let found = conditions.iter().find(|condition| condition.kind.as_deref() == Some(kind));
    found.is_some_and(|condition| condition.status.as_deref() == Some("True"))
}

/// How far a pod has come.
struct State {
    phase: PodPhase,
    unschedulable: bool,
    ready: bool,
}

impl State {
    /// Without a status, a bound pod runs well and an unbound one was refused by the scheduler for want of room.
    fn of(status: Option<&PodStatusWire>, is_bound: bool, is_gated: bool) -> Self {
        let Some(status) = status else {
            let phase = if is_bound { PodPhase::Running } else { PodPhase::Pending };
            return State { phase, unschedulable: !is_bound && !is_gated, ready: is_bound };
        };
        let conditions = status.conditions.as_deref().unwrap_or_default();
        let refused = |condition: &ConditionWire| {
            condition.kind.as_deref() == Some("PodScheduled")
                && condition.reason.as_deref() == Some("Unschedulable")
        };
        State {
            phase: match status.phase.as_deref() {
                None | Some("" | "Pending") => PodPhase::Pending,
                Some("Running") => PodPhase::Running,
                Some("Succeeded") => PodPhase::Succeeded,
                Some("Failed") => PodPhase::Failed,
                Some(_) => PodPhase::Unknown,
            },
            unschedulable: conditions.iter().any(refused),
            ready: is_true(conditions, "Ready"),
        }
    }
}

fn pod_spec(
    wire: &PodSpecWire,
    status: Option<&PodStatusWire>,
    labels: &Labels,
    shared: &mut Shared,
    defects: &mut Vec<Problem>,
) -> PodSpec {
    let containers = wire.containers.as_deref().unwrap_or_default();
    let class = non_empty(&wire.priority_class_name);
    let system_priority = class.and_then(|class| SYSTEM_PRIORITIES.iter().find(|(name, _)| *name == class));
    let tolerations = wire.tolerations.as_deref().unwrap_or_default();
    let spreads = wire.topology_spread_constraints.as_deref().unwrap_or_default();
    let mut spec = PodSpec {
        requests: note(defects, "spec", requests::pod_requests(wire, status, shared)),
        node_selector: wire.node_selector.as_ref().map(|pairs| shared.pairs(pairs)).unwrap_or_default(),
        topology_spread: note(
            defects,
            "spec.topologySpreadConstraints",
            each(spreads, |spread| topology_spread(spread, shared)),
        ),
        tolerations: note(defects, "spec.tolerations", each(tolerations, |t| toleration(t, shared))),
        host_ports: note(
            defects,
            "spec.containers",
            host_ports(containers, wire.host_network.unwrap_or(false), shared),
        ),
        volumes: note(defects, "spec.volumes", volumes(wire.volumes.as_deref().unwrap_or_default(), shared)),
        has_resource_claims: has_resource_claims(wire),
        termination_grace_secs: wire
            .termination_grace_period_seconds
            .map_or(TERMINATION_GRACE_SECS, |secs| u32::try_from(secs.max(0)).unwrap_or(u32::MAX)),
        priority: wire.priority.or(system_priority.map(|(_, priority)| *priority)).unwrap_or(0),
        priority_class: class.map(|class| shared.text(class)),
        ..PodSpec::default()
    };
    if let Some(affinity) = &wire.affinity {
        note(defects, "spec.affinity", selector::affinity(affinity, labels, shared, &mut spec));
    }
    spec
}

fn has_resource_claims(wire: &PodSpecWire) -> bool {
    wire.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty())
        || wire.containers.iter().chain(&wire.init_containers).flatten().any(|container| {
            let claims = container.resources.as_ref().and_then(|resources| resources.claims.as_ref());
            claims.is_some_and(|claims| !claims.is_empty())
        })
}

fn topology_spread(wire: &SpreadWire, shared: &mut Shared) -> Result<TopologySpread, Problem> {
    let key = non_empty(&wire.topology_key)
        .ok_or_else(|| Problem::missing("topologyKey", "name the node label that makes a domain"))?;
    let max_skew = wire.max_skew.unwrap_or(0);
    if max_skew < 1 {
        return Err(Problem::new("maxSkew", format!("{max_skew} is below 1"), "write 1 or more"));
    }
    let when_unsatisfiable = match wire.when_unsatisfiable.as_deref() {
        Some("DoNotSchedule") => WhenUnsatisfiable::DoNotSchedule,
        Some("ScheduleAnyway") => WhenUnsatisfiable::ScheduleAnyway,
        other => {
            let problem = format!("{:?} is not known", other.unwrap_or_default());
            return Err(Problem::new("whenUnsatisfiable", problem, "write DoNotSchedule or ScheduleAnyway"));
        }
    };
    let keys = wire.match_label_keys.as_deref().unwrap_or_default();
    Ok(TopologySpread {
        topology_key: shared.text(key),
        max_skew,
        min_domains: wire.min_domains,
        when_unsatisfiable,
        selector: selector::label_selector(wire.label_selector.as_ref(), shared)
            .map_err(|p| p.under("labelSelector"))?,
        match_label_keys: keys.iter().map(|key| shared.text(key)).collect(),
        honor_node_affinity: honors("nodeAffinityPolicy", &wire.node_affinity_policy, true)?,
        honor_node_taints: honors("nodeTaintsPolicy", &wire.node_taints_policy, false)?,
    })
}

fn honors(field: &str, policy: &Option<Text>, default: bool) -> Result<bool, Problem> {
    match non_empty(policy) {
        None => Ok(default),
        Some("Honor") => Ok(true),
        Some("Ignore") => Ok(false),
        Some(other) => Err(Problem::new(field, format!("{other:?} is not known"), "write Honor or Ignore")),
    }
}

fn toleration(wire: &TolerationWire, shared: &mut Shared) -> Result<Toleration, Problem> {
    let operator = match non_empty(&wire.operator) {
        None | Some("Equal") => TolerationOperator::Equal,
        Some("Exists") => TolerationOperator::Exists,
        Some("Gt") => TolerationOperator::Gt,
        Some("Lt") => TolerationOperator::Lt,
        Some(other) => {
            let problem = format!("{other:?} is not an operator");
            return Err(Problem::new("operator", problem, "write Equal, Exists, Gt or Lt"));
        }
    };
    Ok(Toleration {
        key: non_empty(&wire.key).map(|key| shared.text(key)),
        operator,
        value: shared.text(wire.value.as_deref().unwrap_or_default()),
        effect: non_empty(&wire.effect).map(taint_effect).transpose()?,
    })
}

/// The effect of a taint or toleration.
pub(super) fn taint_effect(text: &str) -> Result<TaintEffect, Problem> {
    TaintEffect::parse(text).ok_or_else(|| {
        let remedy = "write NoSchedule, PreferNoSchedule or NoExecute";
        Problem::new("effect", format!("{text:?} is not an effect"), remedy)
    })
}

/// Ports taken on the node (scheduling 6.5): those of containers; with the host's network, all they listen on.
fn host_ports(
    containers: &[ContainerWire],
    uses_host_network: bool,
    shared: &mut Shared,
) -> Result<Vec<HostPort>, Problem> {
    let mut taken = Vec::new();
    for (container_index, container) in containers.iter().enumerate() {
        for (index, port) in container.ports.as_deref().unwrap_or_default().iter().enumerate() {
            let listening = if uses_host_network { port.container_port } else { None };
            let number = port.host_port.filter(|number| *number != 0).or(listening).unwrap_or(0);
            if number == 0 {
                continue;
            }
            let port_number = u16::try_from(number).map_err(|_| {
                let problem = Problem::new("hostPort", format!("{number} is not a port"), "write 1 to 65535");
                problem.at(index).under("ports").at(container_index)
            })?;
            taken.push(HostPort {
                ip: shared.text(non_empty(&port.host_ip).unwrap_or("0.0.0.0")),
                port: port_number,
                protocol: shared.text(non_empty(&port.protocol).unwrap_or("TCP")),
            });
        }
    }
    Ok(taken)
}

fn volumes(wires: &[VolumeWire], shared: &mut Shared) -> Result<Vec<PodVolume>, Problem> {
    let read = each(wires, |wire| {
        if let Some(source) = &wire.persistent_volume_claim {
            let claim = non_empty(&source.claim_name)
                .ok_or_else(|| Problem::missing("persistentVolumeClaim.claimName", "name a claim"))?;
            return Ok(Some(PodVolume::Claim(shared.text(claim))));
        }
        if wire.ephemeral.is_none() {
            return Ok(None);
        }
        let name = non_empty(&wire.name).ok_or_else(|| Problem::missing("name", "name the volume"))?;
        Ok(Some(PodVolume::Ephemeral(shared.text(name))))
    })?;
    Ok(read.into_iter().flatten().collect())
}
