//! Writing to the cluster.

use std::sync::Arc;
use std::time::Duration;

use joiner_core::in_flight::claim_of;
use joiner_core::model::{NamespacedName, Node, NodeClaim, keys};
use joiner_ports::{
    ClaimName, ClaimPatch, ClassPatch, ClusterError, ClusterWrite, CreatedClaim, Event, Eviction,
    FinalizerChange, NewClaim, NodePatch, ObjectRef, PoolPatch,
};

use super::{Route, SimPorts};
use crate::cluster::EvictionRefusal;
use crate::log::EntryKind;
use crate::world::World;

impl ClusterWrite for SimPorts {
    async fn create_claim(&self, claim: NewClaim<'_>) -> Result<CreatedClaim, ClusterError> {
        self.call(Route::Cluster, "create claim", |world| {
            if !world.cluster.pools.contains_key(claim.node_pool) {
                return Err(ClusterError::Rejected(format!("NodePool {} does not exist", claim.node_pool)));
            }
            let (claim, existed) = world.create_claim(claim_from(&claim));
            Ok(CreatedClaim { claim, existed })
        })
        .await
    }

    async fn patch_claim(
        &self,
        claim: &ClaimName,
        uid: &str,
        patch: &ClaimPatch,
    ) -> Result<NodeClaim, ClusterError> {
        self.call(Route::Cluster, "patch claim", |world| {
            world
                .change_claim(claim.as_str(), uid, |object| patch_claim_object(object, patch))
                .ok_or_else(|| ClusterError::Gone(format!("NodeClaim {claim}")))
        })
        .await
    }

    async fn delete_claim(&self, claim: &ClaimName, uid: &str) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "delete claim", |world| {
            if world.cluster.claims.get(claim.as_str()).is_some_and(|known| &*known.object.uid == uid) {
                world.delete_claim(claim.as_str());
            }
            Ok(())
        })
        .await
    }

    async fn patch_node(&self, node: &str, uid: &str, patch: &NodePatch) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "patch node", |world| world.patch_node(node, uid, patch)).await
    }

    async fn delete_node(&self, node: &str, uid: &str) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "delete node", |world| {
            if world.cluster.nodes.get(node).is_some_and(|known| &*known.object.uid == uid) {
                world.delete_node(node);
            }
            Ok(())
        })
        .await
    }

    async fn patch_pool(&self, pool: &str, uid: &str, patch: &PoolPatch) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "patch pool", |world| world.patch_pool(pool, uid, patch)).await
    }

    async fn patch_class(&self, class: &str, uid: &str, patch: &ClassPatch) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "patch class", |world| world.patch_class(class, uid, patch)).await
    }

    async fn evict(&self, pod: &NamespacedName, uid: &str) -> Result<Eviction, ClusterError> {
        self.call(Route::Cluster, "evict", |world| {
            world.check_eviction(pod);
            Ok(match world.evict_pod(pod, uid) {
                Ok(()) => Eviction::Evicted,
                Err(EvictionRefusal::Gone) => Eviction::Gone,
                Err(EvictionRefusal::Budget(message)) => Eviction::Blocked { message },
            })
        })
        .await
    }

    async fn delete_pod(&self, pod: &NamespacedName, uid: &str, grace_secs: u32) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "delete pod", |world| {
            if world.cluster.pods.get(pod).is_some_and(|known| &*known.pod.uid == uid) {
                world.check_forced_deletion(pod);
                world.delete_pod(pod, Some(Duration::from_secs(u64::from(grace_secs))));
            }
            Ok(())
        })
        .await
    }

    async fn record(&self, event: &Event) -> Result<(), ClusterError> {
        self.call(Route::Cluster, "record event", |world| {
            world.tell(event);
            Ok(())
        })
        .await
    }
}

fn claim_from(new: &NewClaim<'_>) -> NodeClaim {
    let mut claim = claim_of(&new.name.to_arc(), new.draft);
    claim.uid = "".into();
    claim.labels.insert(keys::NODE_POOL.into(), new.node_pool.into());
    claim.finalizers.push(keys::TERMINATION_FINALIZER.into());
    claim
}

fn change_finalizer(finalizers: &mut Vec<Arc<str>>, change: FinalizerChange) {
    let ours = |finalizer: &Arc<str>| &**finalizer == keys::TERMINATION_FINALIZER;
    match change {
        FinalizerChange::Keep => {}
        FinalizerChange::Add if finalizers.iter().any(ours) => {}
        FinalizerChange::Add => finalizers.push(keys::TERMINATION_FINALIZER.into()),
        FinalizerChange::Remove => finalizers.retain(|finalizer| !ours(finalizer)),
    }
}

fn patch_claim_object(claim: &mut NodeClaim, patch: &ClaimPatch) {
    claim.labels.extend(patch.labels.clone());
    claim.annotations.extend(patch.annotations.clone());
    change_finalizer(&mut claim.finalizers, patch.finalizer);
    set(&mut claim.node_name, &patch.node_name);
    set(&mut claim.provider_id, &patch.provider_id);
    set(&mut claim.image_id, &patch.image_id);
    set(&mut claim.last_pod_event_at, &patch.last_pod_event_at);
    if let Some(capacity) = &patch.capacity {
        claim.capacity = capacity.clone();
    }
    if let Some(allocatable) = &patch.allocatable {
        claim.allocatable = allocatable.clone();
    }
    let written = |kind| patch.conditions.iter().any(|new| new.kind == kind) || patch.cleared.contains(&kind);
    claim.conditions.retain(|condition| !written(condition.kind));
    claim.conditions.extend(patch.conditions.iter().cloned());
    claim.conditions.sort_by_key(|condition| condition.kind);
}

fn set<T: Clone>(field: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        field.clone_from(value);
    }
}

fn patch_node_object(node: &mut Node, patch: &NodePatch) {
    node.labels.extend(patch.labels.clone());
    node.annotations.extend(patch.annotations.clone());
    change_finalizer(&mut node.finalizers, patch.finalizer);
    let replaced = |taint: &joiner_core::model::Taint| {
        patch.remove_taints.iter().chain(&patch.add_taints).any(|named| named.matches(taint))
    };
    node.taints.retain(|taint| !replaced(taint));
    node.taints.extend(patch.add_taints.iter().cloned());
}

impl World {
    fn patch_node(&mut self, name: &str, uid: &str, patch: &NodePatch) -> Result<(), ClusterError> {
        let version = self.cluster.next_version();
        let node = self.cluster.nodes.get_mut(name).filter(|known| &*known.object.uid == uid);
        let node = node.ok_or_else(|| ClusterError::Gone(format!("Node {name}")))?;
        let was_usable = node.object.labels.contains_key(keys::INITIALIZED);
        patch_node_object(&mut node.object, patch);
        node.version = version;
        if !was_usable && node.object.labels.contains_key(keys::INITIALIZED) {
            self.record(EntryKind::NodeInitialized, name, String::new());
        }
        self.finish_node(name);
        Ok(())
    }

    /// Writes an event, unless it was written lately.
    fn tell(&mut self, event: &Event) {
        let key = (event.about.clone(), event.reason);
        let quiet = Duration::from_secs(event.quiet_secs);
        if self.cluster.told.get(&key).is_some_and(|told| *told + quiet > event.at) {
            return;
        }
        self.cluster.told.insert(key, event.at);
        let subject = match &event.about {
            ObjectRef::Pod { key, .. } => key.to_string(),
            ObjectRef::Node { name, .. }
            | ObjectRef::NodeClaim { name, .. }
            | ObjectRef::NodePool { name, .. }
            | ObjectRef::NodeClass { name, .. } => name.to_string(),
        };
        self.record(EntryKind::Event, &subject, format!("{}: {}", event.reason, event.message));
    }
}
