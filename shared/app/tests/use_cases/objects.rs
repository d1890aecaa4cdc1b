//! Objects in good order, to be changed where a test cares.

use std::sync::Arc;

use joiner_core::model::*;

use crate::fake::{at, offering_key};

fn amounts(cpu: &str, memory: &str, pods: &str) -> Resources {
    let entries = [("cpu", cpu), ("memory", memory), ("pods", pods)];
    entries.iter().map(|(name, amount)| (ResourceName::from(*name), amount.parse().unwrap())).collect()
}

/// A condition of a pool or a class that holds, of its first generation.
pub(crate) fn reported(kind: &str) -> ReportedCondition {
    ReportedCondition {
        kind: kind.into(),
        status: ConditionStatus::True,
        reason: kind.into(),
        message: "".into(),
        observed_generation: Some(1),
        since: at(0),
    }
}

fn class_ref() -> NodeClassRef {
    NodeClassRef { group: "karpenter.k8s.aws".into(), kind: "EC2NodeClass".into(), name: "default".into() }
}

pub(crate) fn class() -> NodeClass {
    NodeClass {
        name: "default".into(),
        readiness: Readiness::Ready,
        deleting: false,
        ami_family: AmiFamily::Al2023,
        kubelet: KubeletSettings::default(),
        block_devices: Vec::new(),
        raid0_instance_store: false,
        network_interfaces: None,
        nested_virtualization: false,
        connection_tracking: false,
        zones: Vec::new(),
        capacity_reservations: Vec::new(),
        tags: Labels::new(),
        uid: "class-uid".into(),
        resolved: joiner_core::model::ResolvedClass::default(),
        generation: 1,
        annotations: Labels::new(),
        finalizers: vec![keys::CLASS_FINALIZER.into()],
        flaw: None,
        conditions: vec![reported("Ready")],
        document: "{}".into(),
        hash: "".into(),
    }
}

pub(crate) fn pool() -> NodePool {
    NodePool {
        name: "general".into(),
        uid: "general-uid".into(),
        generation: 1,
        template: NodeTemplate {
            labels: Labels::new(),
            annotations: Labels::new(),
            requirements: Vec::new(),
            taints: Vec::new(),
            startup_taints: Vec::new(),
            node_class: class_ref(),
            expire_after_secs: None,
            termination_grace_secs: None,
        },
        consolidation_policy: ConsolidationPolicy::WhenEmptyOrUnderutilized,
        consolidate_after_secs: Some(0),
        budgets: Vec::new(),
        limits: Resources::new(),
        weight: 0,
        replicas: None,
        readiness: Readiness::Ready,
        deleting: false,
        hash: "".into(),
        annotations: Labels::new(),
        flaw: None,
        status: PoolStatus { conditions: vec![reported("Ready")], ..PoolStatus::default() },
    }
}

/// Two vCPU and 8 GiB, on demand in one zone.
pub(crate) fn instance_type() -> InstanceType {
    let key = offering_key();
    let only = |key: &str, value: &str| Requirement::new(key, Allowed::one(value));
    let bought = [only(keys::CAPACITY_TYPE, "on-demand"), only(keys::ZONE, &key.zone)];
    let of_type = [
        only(keys::INSTANCE_TYPE, &key.instance_type),
        only(keys::ARCH, "amd64"),
        only(keys::OS, "linux"),
        only(keys::CAPACITY_TYPE, "on-demand"),
        only(keys::ZONE, &key.zone),
    ];
    InstanceType {
        name: key.instance_type.clone(),
        requirements: of_type.into_iter().collect(),
        capacity: amounts("2", "8Gi", "29"),
        overhead: Overhead::default(),
        offerings: vec![Offering {
            requirements: Arc::new(bought.into_iter().collect()),
            capacity_type: key.capacity_type,
            zone: key.zone,
            price: Price::from_usd_per_hour(0.096),
            available: true,
            reservation: None,
        }],
    }
}

pub(crate) fn pod(name: &str) -> Pod {
    let spec =
        PodSpec { requests: amounts("1", "1Gi", "1"), termination_grace_secs: 30, ..PodSpec::default() };
    Pod {
        key: NamespacedName { namespace: "default".into(), name: name.into() },
        uid: format!("{name}-uid").into(),
        labels: Arc::default(),
        annotations: Arc::default(),
        owners: Vec::new(),
        created_at: Some(at(0)),
        deletion_at: None,
        spec: Arc::new(spec),
        node_name: None,
        nominated_node_name: None,
        phase: PodPhase::Pending,
        unschedulable: true,
        ready: false,
        started_at: None,
        defects: Vec::new(),
    }
}

pub(crate) fn running(name: &str, node: &str) -> Pod {
    Pod {
        node_name: Some(node.into()),
        phase: PodPhase::Running,
        unschedulable: false,
        ready: true,
        ..pod(name)
    }
}

fn holds(kind: ConditionKind) -> Condition {
    let reason = kind.as_str().into();
    Condition { kind, status: ConditionStatus::True, reason, message: "".into(), since: at(10) }
}

pub(crate) fn provider_id(index: usize) -> Arc<str> {
    format!("aws:///zone-a/i-{index}").into()
}

/// The claim of the instance with a number, initialized at second 10.
pub(crate) fn claim(name: &str, index: usize) -> NodeClaim {
    let kinds = [ConditionKind::Launched, ConditionKind::Registered, ConditionKind::Initialized];
    NodeClaim {
        name: name.into(),
        uid: format!("{name}-uid").into(),
        labels: Labels::from([(keys::NODE_POOL.into(), "general".into())]),
        annotations: Labels::new(),
        finalizers: vec![keys::TERMINATION_FINALIZER.into()],
        created_at: Some(at(0)),
        deletion_at: None,
        requirements: Vec::new(),
        requests: Resources::new(),
        taints: Vec::new(),
        startup_taints: Vec::new(),
        node_class: class_ref(),
        expire_after_secs: None,
        termination_grace_secs: None,
        node_name: Some(name.into()),
        provider_id: Some(provider_id(index)),
        image_id: None,
        capacity: amounts("2", "8Gi", "29"),
        allocatable: amounts("2", "8Gi", "29"),
        last_pod_event_at: None,
        conditions: kinds.map(holds).into(),
    }
}

/// The initialized node of that claim, of the same name.
pub(crate) fn node(name: &str, index: usize) -> Node {
    let labels = [
        (keys::NODE_POOL, "general"),
        (keys::REGISTERED, "true"),
        (keys::INITIALIZED, "true"),
        (keys::HOSTNAME, name),
    ];
    Node {
        name: name.into(),
        uid: format!("{name}-node-uid").into(),
        provider_id: Some(provider_id(index)),
        labels: labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        annotations: Labels::new(),
        taints: Vec::new(),
        finalizers: vec![keys::TERMINATION_FINALIZER.into()],
        created_at: Some(at(5)),
        deletion_at: None,
        ready: true,
        ailments: Vec::new(),
        capacity: amounts("2", "8Gi", "29"),
        allocatable: amounts("2", "8Gi", "29"),
    }
}
