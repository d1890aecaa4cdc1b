//! The plain objects that lines of a script begin from.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{
    AmiFamily, Condition, ConditionKind, ConditionStatus, ConsolidationPolicy, KubeletSettings, Labels,
    NamespacedName, Node, NodeClaim, NodeClass, NodeClassRef, NodePool, NodeTemplate, Pod, PodPhase, PodSpec,
    PoolStatus, Quantity, Readiness, ResourceName, Resources, keys,
};

/// The moment of every decision.
pub(crate) const NOW: i64 = 1_000_000;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("within range")
}

pub(crate) fn class_ref(name: &str) -> NodeClassRef {
    NodeClassRef { group: "karpenter.k8s.aws".into(), kind: "EC2NodeClass".into(), name: name.into() }
}

pub(crate) fn class(name: &str) -> NodeClass {
    NodeClass {
        name: name.into(),
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
        uid: "".into(),
        resolved: joiner_core::model::ResolvedClass::default(),
        generation: 1,
        annotations: Labels::new(),
        finalizers: Vec::new(),
        flaw: None,
        conditions: Vec::new(),
        document: "{}".into(),
        hash: "class-hash".into(),
    }
}

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
            node_class: class_ref("default"),
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
        hash: format!("{name}-hash").into(),
        annotations: Labels::new(),
        flaw: None,
        status: PoolStatus::default(),
    }
}

/// A pending pod that the scheduler has refused.
pub(crate) fn pod(name: &str) -> Pod {
    let requests = [(ResourceName::Pods, Quantity::from_units(1))].into_iter().collect();
    Pod {
        key: NamespacedName { namespace: "default".into(), name: name.into() },
        uid: name.into(),
        labels: Arc::default(),
        annotations: Arc::default(),
        owners: Vec::new(),
        created_at: Some(at(0)),
        deletion_at: None,
        spec: Arc::new(PodSpec { requests, termination_grace_secs: 30, ..PodSpec::default() }),
        node_name: None,
        nominated_node_name: None,
        phase: PodPhase::Pending,
        unschedulable: true,
        ready: false,
        started_at: None,
        defects: Vec::new(),
    }
}

/// A launched claim.
pub(crate) fn claim(name: &str, class: &str) -> NodeClaim {
    NodeClaim {
        name: name.into(),
        uid: format!("{name}-claim").into(),
        labels: Labels::new(),
        annotations: Labels::new(),
        finalizers: Vec::new(),
        created_at: Some(at(0)),
        deletion_at: None,
        requirements: Vec::new(),
        requests: Resources::new(),
        taints: Vec::new(),
        startup_taints: Vec::new(),
        node_class: class_ref(class),
        expire_after_secs: None,
        termination_grace_secs: None,
        node_name: None,
        provider_id: Some(format!("aws:///a/i-{name}").into()),
        image_id: None,
        capacity: Resources::new(),
        allocatable: Resources::new(),
        last_pod_event_at: None,
        conditions: Vec::new(),
    }
}

/// A condition that holds.
pub(crate) fn holds(kind: ConditionKind) -> Condition {
    let reason: Arc<str> = kind.as_str().into();
    Condition { kind, status: ConditionStatus::True, reason, message: "".into(), since: at(0) }
}

/// The node of a claim of the same name, without labels but its own name.
pub(crate) fn node(name: &str) -> Node {
    Node {
        name: name.into(),
        uid: format!("{name}-uid").into(),
        provider_id: Some(format!("aws:///a/i-{name}").into()),
        labels: Labels::from([(keys::HOSTNAME.into(), name.into())]),
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
