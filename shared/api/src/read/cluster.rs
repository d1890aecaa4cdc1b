//! Nodes, storage and disruption budgets.

use std::sync::Arc;

use joiner_core::lifecycle::repair;
use joiner_core::model::{
    ConditionStatus, Expression, Labels, Node, NodeCondition, NodeTerm, Operator, PodDisruptionBudget,
    StorageClass, Taint, TaintEffect, Volume, VolumeClaim, VolumeLimit,
};

use super::pod::{is_true, taint_effect, timestamp};
use super::problem::{Problem, each};
use super::requests::amounts;
use super::selector;
use super::shared::{Shared, name_of};
use super::wire::{
    BudgetWire, ClaimWire, ConditionWire, CsiNodeWire, MetaOnly, NodeWire, StorageClassWire, TaintWire,
    VolumeObjectWire,
};

/// Present on a claim once it is bound for good.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// Marks the class of claims that name none.
const IS_DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The taint of a cordoned node.
const CORDONED: &str = "node.kubernetes.io/unschedulable";

/// Drivers built into Kubernetes once, and the CSI drivers that took their place.
const IN_TREE_DRIVERS: [(&str, &str); 7] = [
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

/// A Node. Without conditions it is taken to be ready; without allocatable, pods get all there is.
pub(super) fn node(wire: &NodeWire, shared: &mut Shared) -> Result<Node, Problem> {
    let meta = &wire.metadata;
    let name = shared.text(name_of(meta)?);
    let spec = wire.spec.as_ref();
    let status = wire.status.as_ref();
    let taints = spec.and_then(|s| s.taints.as_deref()).unwrap_or_default();
    let mut taints = each(taints, |t| taint(t, shared)).map_err(|p| p.under("spec.taints"))?;
    let is_cordoned = spec.and_then(|s| s.unschedulable).unwrap_or(false);
    if is_cordoned && !taints.iter().any(|t| &*t.key == CORDONED) {
        taints.push(Taint { key: CORDONED.into(), value: "".into(), effect: TaintEffect::NoSchedule });
    }
    let capacity = status.and_then(|s| s.capacity.as_ref());
    let allocatable = status.and_then(|s| s.allocatable.as_ref()).or(capacity);
    let conditions = status.and_then(|s| s.conditions.as_deref());
    let mut read = |wire: Option<_>, path: &str| match wire {
        Some(wire) => amounts(wire, shared).map_err(|p| p.under(path)),
        None => Ok(Default::default()),
    };
    Ok(Node {
        capacity: read(capacity, "status.capacity")?,
        allocatable: read(allocatable, "status.allocatable")?,
        uid: meta.uid.as_deref().map_or_else(|| name.clone(), Into::into),
        provider_id: spec.and_then(|s| s.provider_id.as_deref()).filter(|id| !id.is_empty()).map(Into::into),
        labels: Arc::unwrap_or_clone(shared.labels(meta.labels)?),
        annotations: meta.annotations.as_ref().map(|pairs| shared.pairs(pairs)).unwrap_or_default(),
        taints,
        finalizers: meta.finalizers.iter().flatten().map(|finalizer| shared.text(finalizer)).collect(),
        created_at: timestamp("metadata.creationTimestamp", &meta.creation_timestamp)?,
        deletion_at: timestamp("metadata.deletionTimestamp", &meta.deletion_timestamp)?,
        ready: conditions.is_none_or(|conditions| is_true(conditions, "Ready")),
        ailments: ailments(conditions.unwrap_or_default())?,
        name,
    })
}

/// Conditions of the kinds that repair looks at, where they are not as they should be.
fn ailments(conditions: &[ConditionWire]) -> Result<Vec<NodeCondition>, Problem> {
    let mut ailments = Vec::new();
    for condition in conditions {
        let kind = condition.kind.as_deref().unwrap_or_default();
        let status = match condition.status.as_deref() {
            Some("True") => continue,
            Some("False") => ConditionStatus::False,
            Some(_) | None => ConditionStatus::Unknown,
        };
        let since = timestamp("status.conditions.lastTransitionTime", &condition.last_transition_time)?;
        if let (true, Some(since)) = (repair::looks_at(kind), since) {
            ailments.push(NodeCondition { kind: kind.into(), status, since });
        }
    }
    Ok(ailments)
}

fn taint(wire: &TaintWire, shared: &mut Shared) -> Result<Taint, Problem> {
    let key = wire.key.as_deref().filter(|key| !key.is_empty());
    Ok(Taint {
        key: shared.text(key.ok_or_else(|| Problem::missing("key", "name the taint"))?),
        value: shared.text(wire.value.as_deref().unwrap_or_default()),
        effect: taint_effect(wire.effect.as_deref().unwrap_or_default())?,
    })
}

/// How many volumes each driver on a node takes; drivers that do not say take any number.
pub(super) fn volume_limits(wire: &CsiNodeWire, node: &str, shared: &mut Shared) -> Vec<VolumeLimit> {
    let drivers = wire.spec.as_ref().and_then(|spec| spec.drivers.as_deref()).unwrap_or_default();
    let limit = |driver: &super::wire::CsiDriverWire| {
        let count = driver.allocatable.as_ref()?.count?;
        Some(VolumeLimit { node: shared.text(node), driver: shared.text(&driver.name), count })
    };
    drivers.iter().filter_map(limit).collect()
}

/// A PersistentVolumeClaim. One that names its volume is bound only once the binding is marked as completed.
pub(super) fn volume_claim(wire: &ClaimWire, shared: &mut Shared) -> Result<VolumeClaim, Problem> {
    let meta = &wire.metadata;
    let spec = wire.spec.as_ref();
    let phase = wire.status.as_ref().and_then(|status| status.phase.as_deref());
    let volume_name = spec.and_then(|s| s.volume_name.as_deref()).filter(|name| !name.is_empty());
    let is_annotated = meta.annotations.iter().flat_map(|a| &a.0).any(|(key, _)| &**key == BIND_COMPLETED);
    Ok(VolumeClaim {
        key: shared.key(meta)?,
        storage_class: spec.and_then(|s| s.storage_class_name.as_deref()).map(|class| shared.text(class)),
        volume_name: volume_name.map(|name| shared.text(name)),
        bind_completed: is_annotated,
        deleting: meta.deletion_timestamp.is_some(),
        lost: phase == Some("Lost"),
    })
}

/// A PersistentVolume.
pub(super) fn volume(wire: &VolumeObjectWire, shared: &mut Shared) -> Result<Volume, Problem> {
    let spec = wire.spec.as_ref();
    let csi = spec.and_then(|s| s.csi.as_ref()).and_then(|csi| csi.driver.as_deref());
    let in_tree = spec.and_then(|s| s.aws_elastic_block_store.as_ref()).map(|_| "ebs.csi.aws.com");
    let required = spec.and_then(|s| s.node_affinity.as_ref()).and_then(|a| a.required.as_ref());
    let terms = required.and_then(|r| r.node_selector_terms.as_deref()).unwrap_or_default();
    Ok(Volume {
        name: shared.text(name_of(&wire.metadata)?),
        driver: csi.or(in_tree).map(|driver| shared.text(driver)),
        is_local: spec.is_some_and(|s| s.local.is_some() || s.host_path.is_some()),
        node_terms: selector::node_terms(terms, shared)
            .map_err(|p| p.under("spec.nodeAffinity.required.nodeSelectorTerms"))?,
        deleting: wire.metadata.deletion_timestamp.is_some(),
    })
}

/// A StorageClass, and whether claims that name none get it.
pub(super) fn storage_class(
    wire: &StorageClassWire,
    shared: &mut Shared,
) -> Result<(StorageClass, bool), Problem> {
    let provisioner = wire.provisioner.as_deref().filter(|provisioner| !provisioner.is_empty());
    let provisioner = provisioner
        .ok_or_else(|| Problem::missing("provisioner", "name a CSI driver, such as ebs.csi.aws.com"))?;
    let current =
        IN_TREE_DRIVERS.iter().find(|(old, _)| *old == provisioner).map_or(provisioner, |(_, new)| new);
    let term = |wire: &super::wire::TopologyTermWire| NodeTerm {
        expressions: wire
            .match_label_expressions
            .iter()
            .flatten()
            .map(|e| Expression {
                key: shared.text(&e.key),
                operator: Operator::In,
                values: e.values.iter().flatten().map(|value| shared.text(value)).collect(),
            })
            .collect(),
        has_match_fields: false,
    };
    let allowed_topologies = wire.allowed_topologies.iter().flatten().map(term).collect();
    let annotations = wire.metadata.annotations.iter().flat_map(|a| &a.0);
    let class = StorageClass {
        name: shared.text(name_of(&wire.metadata)?),
        provisioner: shared.text(current),
        binds_immediately: wire.volume_binding_mode.as_deref() == Some("Immediate"),
        allowed_topologies,
    };
    Ok((class, annotations.into_iter().any(|(key, value)| &**key == IS_DEFAULT_CLASS && &**value == "true")))
}

/// A PodDisruptionBudget; `None` for the evictions allowed when its status does not tell.
pub(super) fn disruption_budget(
    wire: &BudgetWire,
    shared: &mut Shared,
) -> Result<(PodDisruptionBudget, Option<u32>), Problem> {
    let spec = wire.spec.as_ref();
    let selector = spec.and_then(|s| s.selector.as_ref());
    let allowed = wire.status.as_ref().and_then(|status| status.disruptions_allowed);
    let allowed = allowed.map(|allowed| u32::try_from(allowed.max(0)).unwrap_or(u32::MAX));
    let policy = spec.and_then(|s| s.unhealthy_pod_eviction_policy.as_deref());
    let budget = PodDisruptionBudget {
        key: shared.key(&wire.metadata)?,
        selector: selector::label_selector(selector, shared).map_err(|p| p.under("spec.selector"))?,
        max_unavailable: spec.and_then(|s| s.max_unavailable.as_deref()).map(|text| shared.text(text)),
        min_available: spec.and_then(|s| s.min_available.as_deref()).map(|text| shared.text(text)),
        disruptions_allowed: allowed.unwrap_or(0),
        always_allow_unhealthy: policy == Some("AlwaysAllow"),
    };
    Ok((budget, allowed))
}

/// Name and labels of a Namespace.
pub(super) fn namespace(wire: &MetaOnly, shared: &mut Shared) -> Result<(Arc<str>, Labels), Problem> {
    let name = shared.text(name_of(&wire.metadata)?);
    Ok((name, Arc::unwrap_or_clone(shared.labels(wire.metadata.labels)?)))
}
