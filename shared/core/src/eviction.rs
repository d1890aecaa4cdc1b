//! May a pod be moved off its node, and what keeps it there? (disruption 1.5)

use jiff::{SignedDuration, Timestamp};

use crate::model::{Pod, PodDisruptionBudget, Taint, TaintEffect, keys};

/// How long past its deletion time a pod counts as stuck, and is no longer waited for.
pub const STUCK_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The taint of a node that is being taken away.
pub fn disrupted_taint() -> Taint {
    Taint { key: keys::DISRUPTED_TAINT.into(), value: "".into(), effect: TaintEffect::NoSchedule }
}

/// What the do-not-disrupt annotation of a pod says at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Nothing: there is no such annotation.
    None,
    /// Never to be disrupted.
    Forever,
    /// Not before this moment.
    Until(Timestamp),
    /// Not for a while after it starts, and it has not started.
    UntilStarted,
    /// It was protected until this moment.
    Elapsed(Timestamp),
    /// It could not be read and is not honoured.
    Invalid,
}

impl Protection {
    /// Whether it forbids disruption now.
    pub fn is_active(&self) -> bool {
        matches!(self, Protection::Forever | Protection::Until(_) | Protection::UntilStarted)
    }
}

/// Reads the annotation of a pod (api 5.5).
pub fn protection(pod: &Pod, now: Timestamp) -> Protection {
    let Some(value) = pod.annotations.get(keys::DO_NOT_DISRUPT) else { return Protection::None };
    if &**value == "true" {
        return Protection::Forever;
    }
    // behaviour: disruption/do-not-disrupt-for-a-duration
    let Some(duration) = positive_duration(value) else { return Protection::Invalid };
    let Some(started) = pod.started_at else { return Protection::UntilStarted };
    match started.checked_add(duration) {
        Ok(end) if now < end => Protection::Until(end),
        Ok(end) => Protection::Elapsed(end),
        Err(_) => Protection::Forever,
    }
}

/// A duration above zero in Go's notation, such as `1h30m` or `1.5s`.
fn positive_duration(text: &str) -> Option<SignedDuration> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut secs = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at(end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        secs += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    SignedDuration::try_from_secs_f64(secs).ok().filter(|d| d.is_positive())
}

/// Whether it runs: neither ended nor asked to stop.
pub fn is_active(pod: &Pod) -> bool {
    !pod.is_terminal() && pod.deletion_at.is_none()
}

/// Whether it stays on a node that is being taken away because it tolerates that.
pub fn tolerates_disruption(pod: &Pod) -> bool {
    let taint = disrupted_taint();
    pod.spec.tolerations.iter().any(|t| t.covers(&taint))
}

/// Whether it will need a place elsewhere once its node is gone.
pub fn is_reschedulable(pod: &Pod) -> bool {
    // A pod of a StatefulSet has no successor before it is gone, so it counts while it stops.
    let counts =
        is_active(pod) || (!pod.is_terminal() && pod.deletion_at.is_some() && pod.is_owned_by_stateful_set());
    counts && !pod.is_owned_by_daemon_set() && !pod.is_owned_by_node()
}

/// Whether the eviction API may be asked to move it now.
pub fn is_evictable(pod: &Pod, now: Timestamp) -> bool {
    is_active(pod)
        && !tolerates_disruption(pod)
        && !pod.is_owned_by_node()
        && !protection(pod, now).is_active()
}

/// Whether it should have stopped a minute ago and did not.
pub fn is_stuck(pod: &Pod, now: Timestamp) -> bool {
    pod.deletion_at.is_some_and(|end| now > end + STUCK_AFTER)
}

/// Whether a drain has anything to do with it.
pub fn is_drainable(pod: &Pod, now: Timestamp) -> bool {
    !tolerates_disruption(pod) && !is_stuck(pod, now) && !pod.is_owned_by_node()
}

/// Whether a drain waits for it.
pub fn is_awaiting_eviction(pod: &Pod, now: Timestamp) -> bool {
    is_drainable(pod, now) && !pod.is_terminal()
}

/// A cost in units of 2^-27 of an ordinary pod, so that all terms are whole numbers.
pub type Cost = i128;

/// What an ordinary pod costs, and what any node costs before its pods.
pub const ONE: Cost = 1 << 27;

/// The cost of evicting a pod: 1 + deletion cost / 2^27 + priority / 2^25, between -10 and 10
/// (disruption 1.6).
// behaviour: disruption/eviction-cost-of-priority-and-deletion-cost
pub fn eviction_cost(pod: &Pod) -> Cost {
    let deletion_cost = pod
        .annotations
        .get("controller.kubernetes.io/pod-deletion-cost")
        .and_then(|text| text.parse::<i32>().ok())
        .unwrap_or(0);
    (ONE + Cost::from(deletion_cost) + 4 * Cost::from(pod.spec.priority)).clamp(-10 * ONE, 10 * ONE)
}

/// Whether leaving it alone or moving it makes a difference to anyone.
pub fn has_eviction_cost(pod: &Pod) -> bool {
    eviction_cost(pod) > 0
}

/// Budgets that speak of a pod and count against its eviction.
pub fn budgets_of<'a>(
    pod: &'a Pod,
    budgets: &'a [PodDisruptionBudget],
) -> impl Iterator<Item = &'a PodDisruptionBudget> {
    budgets.iter().filter(|budget| {
        budget.key.namespace == pod.key.namespace
            && budget.selector.as_ref().is_some_and(|selector| selector.matches(&pod.labels))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Labels, NamespacedName, Owner, PodPhase, PodSpec};

    fn pod() -> Pod {
        Pod {
            key: NamespacedName { namespace: "default".into(), name: "web".into() },
            uid: "u".into(),
            labels: Arc::default(),
            annotations: Arc::default(),
            owners: Vec::new(),
            created_at: None,
            deletion_at: None,
            spec: Arc::new(PodSpec::default()),
            node_name: Some("n".into()),
            nominated_node_name: None,
            phase: PodPhase::Running,
            unschedulable: false,
            ready: true,
            started_at: Some(at(100)),
            defects: Vec::new(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn annotated(key: &str, value: &str) -> Pod {
        Pod { annotations: Arc::new(Labels::from([(key.into(), value.into())])), ..pod() }
    }

    // behaviour: disruption/do-not-disrupt-for-a-duration
    #[test]
    fn the_annotation_protects_for_ever_for_a_while_or_not_at_all() {
        for (value, expected) in [
            ("true", Protection::Forever),
            ("50s", Protection::Until(at(150))),
            ("0h0m50s", Protection::Until(at(150))),
            ("10s", Protection::Elapsed(at(110))),
            ("20s", Protection::Elapsed(at(120))),
            ("false", Protection::Invalid),
            ("0s", Protection::Invalid),
            ("-5s", Protection::Invalid),
            ("10", Protection::Invalid),
            ("", Protection::Invalid),
        ] {
            assert_eq!(protection(&annotated(keys::DO_NOT_DISRUPT, value), at(120)), expected, "{value:?}");
        }
        let waiting = Pod { started_at: None, ..annotated(keys::DO_NOT_DISRUPT, "1s") };
        assert_eq!(protection(&waiting, at(120)), Protection::UntilStarted);
    }

    #[test]
    fn pods_of_daemon_sets_and_of_nodes_and_stopping_ones_need_no_new_place() {
        let owned = |api_version: &str, kind: &str, deletion_at| Pod {
            owners: vec![Owner {
                api_version: api_version.into(),
                kind: kind.into(),
                name: "o".into(),
                uid: "o".into(),
                controller: true,
            }],
            deletion_at,
            ..pod()
        };
        for (pod, expected) in [
            (owned("apps/v1", "ReplicaSet", None), true),
            (owned("apps/v1", "ReplicaSet", Some(at(1))), false),
            (owned("apps/v1", "StatefulSet", Some(at(1))), true),
            (owned("apps/v1", "DaemonSet", None), false),
            (owned("v1", "Node", None), false),
            (Pod { phase: PodPhase::Failed, ..pod() }, false),
        ] {
            assert_eq!(is_reschedulable(&pod), expected, "{:?}", pod.owners);
        }
    }

    #[test]
    fn a_pod_is_stuck_a_minute_after_its_time() {
        let stopping = Pod { deletion_at: Some(at(100)), ..pod() };
        assert!(!is_stuck(&stopping, at(160)));
        assert!(is_stuck(&stopping, at(161)));
    }

    #[test]
    fn a_deep_deletion_cost_makes_a_pod_free_to_move() {
        let cost =
            |text: &str| has_eviction_cost(&annotated("controller.kubernetes.io/pod-deletion-cost", text));
        assert!(has_eviction_cost(&pod()));
        assert!(cost("-134217727"));
        assert!(!cost("-134217728"));
    }
}
