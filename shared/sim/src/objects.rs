//! What is written of pools and classes, applied as the API server applies it: conditions keep the time of their
//! last change, a status replaces the one before, and objects are read again from what is stored.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_api::read::ObjectReader;
use joiner_core::model::{
    ConditionStatus, NodeClass, NodePool, ObjectCondition, Readiness, ReportedCondition, keys,
};
use joiner_core::readiness::{READY, reported};
use joiner_ports::{ClassPatch, ClusterError, FinalizerChange, PoolPatch};
use serde_json::{Value, json};

use crate::cluster::Change;
use crate::log::EntryKind;
use crate::world::World;

/// Conditions with those written over those of the same kind.
fn over(
    carried: &[ReportedCondition],
    written: &[ObjectCondition],
    now: Timestamp,
) -> Vec<ReportedCondition> {
    let mut all: Vec<ReportedCondition> =
        carried.iter().filter(|old| written.iter().all(|new| *new.kind != *old.kind)).cloned().collect();
    all.extend(written.iter().map(|new| {
        let old = reported(carried, new.kind).filter(|old| old.status == new.status);
        ReportedCondition {
            kind: new.kind.into(),
            status: new.status,
            reason: Arc::clone(&new.reason),
            message: Arc::clone(&new.message),
            observed_generation: Some(new.observed_generation),
            since: old.map_or(now, |old| old.since),
        }
    }));
    all
}

/// Readiness as the status says.
fn readiness(conditions: &[ReportedCondition]) -> Readiness {
    match reported(conditions, READY) {
        Some(ready) if ready.status == ConditionStatus::True => Readiness::Ready,
        Some(ready) => {
            Readiness::NotReady { reason: Arc::clone(&ready.reason), message: Arc::clone(&ready.message) }
        }
        None => Readiness::NotReady { reason: "AwaitingReconciliation".into(), message: "".into() },
    }
}

/// A document with one of its parts replaced.
fn with_status(document: &str, status: &str) -> Option<String> {
    let mut object: Value = serde_json::from_str(document).ok()?;
    let mut status: Value = serde_json::from_str(status).ok()?;
    if let Some(conditions) = object["status"].get("conditions").cloned() {
        status["conditions"] = conditions;
    }
    object["status"] = status;
    Some(object.to_string())
}

/// A document with the conditions given.
fn with_conditions(document: &str, conditions: &[ReportedCondition]) -> Option<String> {
    let word = |status| match status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    };
    let written: Vec<Value> = conditions
        .iter()
        .map(|condition| {
            json!({
                "type": &*condition.kind, "status": word(condition.status), "reason": &*condition.reason,
                "message": &*condition.message, "lastTransitionTime": condition.since.to_string(),
                "observedGeneration": condition.observed_generation,
            })
        })
        .collect();
    let mut object: Value = serde_json::from_str(document).ok()?;
    object["status"]["conditions"] = Value::Array(written);
    Some(object.to_string())
}

impl World {
    /// Creates a pool, or changes what it asks for.
    pub(crate) fn apply_pool(&mut self, mut pool: NodePool) {
        match self.cluster.pools.get(&pool.name) {
            Some(known) => {
                pool.uid = Arc::clone(&known.uid);
                pool.generation = known.generation + 1;
                pool.annotations = known.annotations.clone();
                pool.status = known.status.clone();
                pool.readiness = readiness(&pool.status.conditions);
            }
            None => {
                pool.uid = self.cluster.next_uid();
                pool.generation = 1;
            }
        }
        self.cluster.changes.insert(Change::Pool(Arc::clone(&pool.name)));
        self.cluster.pools.insert(Arc::clone(&pool.name), pool);
    }

    /// Creates a class, or changes what it asks for.
    pub(crate) fn apply_class(&mut self, mut class: NodeClass) {
        // Subnets lie where the class was given zones, whatever its status says by then.
        self.ec2.zones.insert(Arc::clone(&class.name), class.zones.clone());
        match self.cluster.classes.get(&class.name) {
            Some(known) => {
                class.uid = Arc::clone(&known.uid);
                class.generation = known.generation + 1;
                class.annotations = known.annotations.clone();
                class.finalizers = known.finalizers.clone();
                class.conditions = known.conditions.clone();
                class.resolved = known.resolved.clone();
                let status = serde_json::from_str::<Value>(&known.document).ok();
                let status = status.map(|known| known["status"].to_string());
                let document = status.and_then(|status| with_status(&class.document, &status));
                class.document = document.map_or_else(|| Arc::clone(&class.document), Into::into);
            }
            None => {
                class.uid = self.cluster.next_uid();
                class.generation = 1;
            }
        }
        self.cluster.changes.insert(Change::Class(Arc::clone(&class.name)));
        self.cluster.classes.insert(Arc::clone(&class.name), class);
    }

    /// Asks a class to go.
    pub(crate) fn delete_class(&mut self, name: &Arc<str>) {
        self.record(EntryKind::Script, &format!("ec2nodeclass {name}"), "deleted".to_owned());
        if let Some(class) = self.cluster.classes.get_mut(name) {
            class.deleting = true;
            self.cluster.changes.insert(Change::Class(Arc::clone(name)));
        }
        self.finish_class(name);
    }

    fn finish_class(&mut self, name: &str) {
        let is_done =
            self.cluster.classes.get(name).is_some_and(|class| class.deleting && class.finalizers.is_empty());
        if is_done {
            self.cluster.classes.remove(name);
        }
    }

    pub(crate) fn patch_pool(
        &mut self,
        name: &str,
        uid: &str,
        patch: &PoolPatch,
    ) -> Result<(), ClusterError> {
        let now = self.agenda.now();
        let pool = self.cluster.pools.get_mut(name).filter(|known| &*known.uid == uid);
        let pool = pool.ok_or_else(|| ClusterError::Gone(format!("NodePool {name}")))?;
        if !patch.annotations.is_empty() {
            self.cluster.changes.insert(Change::Pool(name.into()));
        }
        pool.annotations.extend(patch.annotations.clone());
        let status = &mut pool.status;
        if let Some(resources) = &patch.resources {
            status.resources = resources.clone();
        }
        status.nodes = patch.nodes.unwrap_or(status.nodes);
        let generation = patch.node_class_observed_generation;
        status.node_class_observed_generation = generation.or(status.node_class_observed_generation);
        status.conditions = over(&status.conditions, &patch.conditions, now);
        pool.readiness = readiness(&pool.status.conditions);
        self.cluster_changed();
        Ok(())
    }

    pub(crate) fn patch_class(
        &mut self,
        name: &str,
        uid: &str,
        patch: &ClassPatch,
    ) -> Result<(), ClusterError> {
        let now = self.agenda.now();
        let class = self.cluster.classes.get_mut(name).filter(|known| &*known.uid == uid);
        let class = class.ok_or_else(|| ClusterError::Gone(format!("EC2NodeClass {name}")))?;
        if !patch.annotations.is_empty() || patch.finalizer != FinalizerChange::Keep {
            self.cluster.changes.insert(Change::Class(name.into()));
        }
        class.annotations.extend(patch.annotations.clone());
        let ours = |finalizer: &Arc<str>| &**finalizer == keys::CLASS_FINALIZER;
        match patch.finalizer {
            FinalizerChange::Keep => {}
            FinalizerChange::Add if class.finalizers.iter().any(ours) => {}
            FinalizerChange::Add => class.finalizers.push(keys::CLASS_FINALIZER.into()),
            FinalizerChange::Remove => class.finalizers.retain(|finalizer| !ours(finalizer)),
        }
        let conditions = over(&class.conditions, &patch.conditions, now);
        write_status(class, patch.status.as_deref(), conditions).map_err(ClusterError::Rejected)?;
        self.finish_class(name);
        self.cluster_changed();
        Ok(())
    }
}

/// Writes a status into the document of a class, and reads from there what a status decides.
fn write_status(
    class: &mut NodeClass,
    status: Option<&str>,
    conditions: Vec<ReportedCondition>,
) -> Result<(), String> {
    let unreadable = || format!("the status of EC2NodeClass {} cannot be read", class.name);
    let mut document = class.document.to_string();
    if let Some(status) = status {
        document = with_status(&document, status).ok_or_else(unreadable)?;
    }
    document = with_conditions(&document, &conditions).ok_or_else(unreadable)?;
    let read = ObjectReader::default().node_class(&document).map_err(|error| error.to_string())?.value;
    class.document = document.into();
    class.conditions = read.conditions;
    if status.is_some() {
        class.zones = read.zones;
        class.resolved = read.resolved;
        class.capacity_reservations = read.capacity_reservations;
    }
    class.readiness = readiness(&class.conditions);
    Ok(())
}
