//! Values for tests: objects in good order, to be changed where a test cares.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{
    AmiFamily, Condition, ConditionKind, ConditionStatus, ConsolidationPolicy, InstanceType, KubeletSettings,
    Labels, NamespacedName, Node, NodeClaim, NodeClass, NodeClassRef, NodePool, NodeTemplate, Overhead,
    Owner, Pod, PodPhase, PodSpec, PoolStatus, Readiness, ReportedCondition, Requirements, ResolvedClass,
    Resources, keys,
};

/// A second of the epoch.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The class everything uses.
pub(crate) fn class_ref() -> NodeClassRef {
    NodeClassRef { group: "karpenter.k8s.aws".into(), kind: "EC2NodeClass".into(), name: "default".into() }
}

/// A class nobody has looked at.
pub(crate) fn class() -> NodeClass {
    NodeClass {
        name: "default".into(),
        uid: "class-uid".into(),
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
        hash: "".into(),
        resolved: ResolvedClass::default(),
        generation: 1,
        annotations: Labels::new(),
        finalizers: Vec::new(),
        flaw: None,
        conditions: Vec::new(),
        document: "{}".into(),
    }
}

/// A class whose every condition holds.
pub(crate) fn ready_class() -> NodeClass {
    let holds = |kind: &str| ReportedCondition {
        kind: kind.into(),
        status: ConditionStatus::True,
        reason: kind.into(),
        message: "".into(),
        observed_generation: Some(1),
        since: at(0),
    };
    let kinds = std::iter::once("Ready").chain(crate::readiness::class::DEPENDENTS);
    NodeClass { conditions: kinds.map(holds).collect(), ..class() }
}

/// A pool without limits and budgets.
pub(crate) fn pool(name: &str) -> NodePool {
    NodePool {
        name: name.into(),
        uid: format!("{name}-uid").into(),
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
        status: PoolStatus::default(),
    }
}

/// A claim without conditions, created at second 0.
pub(crate) fn claim(pool: &str, name: &str) -> NodeClaim {
    NodeClaim {
        name: name.into(),
        uid: format!("{name}-claim-uid").into(),
        labels: Labels::from([(keys::NODE_POOL.into(), pool.into())]),
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
        node_name: None,
        provider_id: Some(provider_id(name)),
        image_id: None,
        capacity: Resources::new(),
        allocatable: Resources::new(),
        last_pod_event_at: None,
        conditions: Vec::new(),
    }
}

fn provider_id(name: &str) -> Arc<str> {
    format!("aws:///zone-a/i-{name}").into()
}

/// A condition that holds.
pub(crate) fn holds(kind: ConditionKind, since: Timestamp) -> Condition {
    let reason: Arc<str> = kind.as_str().into();
    Condition { kind, status: ConditionStatus::True, reason, message: "".into(), since }
}

/// A claim that is launched, registered and initialized.
pub(crate) fn initialized_claim(pool: &str, name: &str, since: Timestamp) -> NodeClaim {
    let kinds = [ConditionKind::Launched, ConditionKind::Registered, ConditionKind::Initialized];
    NodeClaim {
        node_name: Some(name.into()),
        conditions: kinds.map(|kind| holds(kind, since)).into(),
        ..claim(pool, name)
    }
}

/// The ready node of a claim, not registered.
pub(crate) fn node(name: &str) -> Node {
    Node {
        name: name.into(),
        uid: format!("{name}-uid").into(),
        provider_id: Some(provider_id(name)),
        labels: Labels::new(),
        annotations: Labels::new(),
        taints: Vec::new(),
        finalizers: Vec::new(),
        created_at: Some(at(0)),
        deletion_at: None,
        ready: true,
        ailments: Vec::new(),
        capacity: Resources::new(),
        allocatable: Resources::new(),
    }
}

/// The ready node of a claim, initialized.
pub(crate) fn initialized_node(pool: &str, name: &str) -> Node {
    let labels = [
        (keys::NODE_POOL.into(), pool.into()),
        (keys::REGISTERED.into(), "true".into()),
        (keys::INITIALIZED.into(), "true".into()),
    ];
    Node { labels: Labels::from(labels), finalizers: vec![keys::TERMINATION_FINALIZER.into()], ..node(name) }
}

/// A running pod without an owner.
pub(crate) fn pod(name: &str) -> Pod {
    Pod {
        key: NamespacedName { namespace: "default".into(), name: name.into() },
        uid: format!("{name}-uid").into(),
        labels: Arc::default(),
        annotations: Arc::default(),
        owners: Vec::new(),
        created_at: None,
        deletion_at: None,
        spec: Arc::new(PodSpec { termination_grace_secs: 30, ..PodSpec::default() }),
        node_name: None,
        nominated_node_name: None,
        phase: PodPhase::Running,
        unschedulable: false,
        ready: true,
        started_at: None,
        defects: Vec::new(),
    }
}

/// A running pod with an owner of `apps/v1`.
pub(crate) fn owned_pod(name: &str, kind: &str) -> Pod {
    let owner = Owner {
        api_version: "apps/v1".into(),
        kind: kind.into(),
        name: name.into(),
        uid: name.into(),
        controller: true,
    };
    Pod { owners: vec![owner], ..pod(name) }
}

/// One instance type for the class.
pub(crate) fn instance_types() -> BTreeMap<Arc<str>, Arc<Vec<InstanceType>>> {
    let instance_type = InstanceType {
        name: "m5.large".into(),
        requirements: Requirements::default(),
        capacity: Resources::new(),
        overhead: Overhead::default(),
        offerings: Vec::new(),
    };
    BTreeMap::from([("default".into(), Arc::new(vec![instance_type]))])
}
