//! Kubernetes events (api 7.4): what people see with `kubectl describe`.

use std::sync::Arc;

use joiner_core::machine::PodKey;
use joiner_core::model::{
    ConditionStatus, Node, NodeClaim, NodeClass, NodePool, ObjectCondition, Pod, ReportedCondition,
};
use joiner_core::readiness;
use joiner_ports::{ClusterError, ClusterWrite, Event, EventKind, ObjectRef, Ports};

use crate::context::Context;
use crate::failure::Failure;
use crate::together;

/// Usual seconds within which the same event of an object is not written again.
pub(crate) const QUIET_SECS: u64 = 120;

pub(crate) fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef::Pod { key: pod.key.clone(), uid: Arc::clone(&pod.uid) }
}

pub(crate) fn pod_key_ref(pod: &PodKey) -> ObjectRef {
    ObjectRef::Pod { key: pod.key.clone(), uid: Arc::clone(&pod.uid) }
}

pub(crate) fn node_ref(node: &Node) -> ObjectRef {
    ObjectRef::Node { name: Arc::clone(&node.name), uid: Arc::clone(&node.uid) }
}

pub(crate) fn claim_ref(claim: &NodeClaim) -> ObjectRef {
    ObjectRef::NodeClaim { name: Arc::clone(&claim.name), uid: Arc::clone(&claim.uid) }
}

pub(crate) fn pool_ref(pool: &NodePool) -> ObjectRef {
    ObjectRef::NodePool { name: Arc::clone(&pool.name), uid: Arc::clone(&pool.uid) }
}

pub(crate) fn class_ref(class: &NodeClass) -> ObjectRef {
    ObjectRef::NodeClass { name: Arc::clone(&class.name), uid: Arc::clone(&class.uid) }
}

/// A condition of a pool or a class that turns.
pub(crate) struct Transition {
    /// Which one.
    pub(crate) kind: &'static str,
    from: Option<ConditionStatus>,
    to: ConditionStatus,
    /// Its reason from now on.
    pub(crate) reason: Arc<str>,
    /// For people.
    pub(crate) message: Arc<str>,
}

impl Transition {
    /// Those among conditions that are written.
    pub(crate) fn all(carried: &[ReportedCondition], written: &[ObjectCondition]) -> Vec<Self> {
        let turn = |new: &ObjectCondition| {
            let from = readiness::reported(carried, new.kind).map(|old| old.status);
            (from != Some(new.status)).then(|| Transition {
                kind: new.kind,
                from,
                to: new.status,
                reason: Arc::clone(&new.reason),
                message: Arc::clone(&new.message),
            })
        };
        written.iter().filter_map(turn).collect()
    }

    /// The event that tells of it (api 7.4).
    pub(crate) fn event<P: Ports>(&self, context: &Context<'_, P>, about: ObjectRef) -> Event {
        let Transition { kind, from, to, reason, message } = self;
        let from = from.map_or("nothing", truth);
        let text = format!("{kind} turned from {from} to {}, {reason}: {message}", truth(*to));
        Event { quiet_secs: 0, ..context.normal(about, kind, text) }
    }
}

/// A truth as objects spell it.
fn truth(status: ConditionStatus) -> &'static str {
    match status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    }
}

impl<P: Ports> Context<'_, P> {
    /// An event for information.
    pub(crate) fn normal(&self, about: ObjectRef, reason: &'static str, message: String) -> Event {
        Event { about, kind: EventKind::Normal, reason, message, at: self.now, quiet_secs: QUIET_SECS }
    }

    /// An event someone may have to act on.
    pub(crate) fn warning(&self, about: ObjectRef, reason: &'static str, message: String) -> Event {
        Event { kind: EventKind::Warning, ..self.normal(about, reason, message) }
    }

    /// Writes events. They are for people: one that is refused, or whose object is gone, stops nothing.
    pub(crate) async fn record(&self, events: Vec<Event>) -> Result<(), Failure> {
        let cluster = self.ports.cluster();
        let written = together::all(events.iter().map(|event| cluster.record(event)).collect()).await;
        for failure in written.into_iter().filter_map(Result::err) {
            match failure {
                ClusterError::Unavailable(_) => return Err(failure.into()),
                ClusterError::Conflict(_)
                | ClusterError::Gone(_)
                | ClusterError::Throttled(_)
                | ClusterError::Rejected(_) => tracing::debug!(%failure, "event not written"),
            }
        }
        Ok(())
    }
}
