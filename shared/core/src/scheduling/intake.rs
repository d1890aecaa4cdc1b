//! Which pods the pass is about: pending ones that are valid, and those of nodes on their way out
//! (scheduling 1).

use rustc_hash::FxHashSet;

use super::existing::Machine;
use super::reason::Ignored;
use super::validate::validate;
use super::volumes::Storage;
use crate::model::{Pod, PodDisruptionBudget, PodPhase, Snapshot, Taint, TaintEffect, keys};
use jiff::Timestamp;

/// Pods of the pass, by index into the snapshot.
pub(crate) struct Intake {
    pub(crate) pods: Vec<usize>,
    pub(crate) ignored: Vec<Ignored>,
}

/// Gathers the pods of the pass.
pub(crate) fn gather(snapshot: &Snapshot, storage: &Storage<'_>, now: Timestamp) -> Intake {
    let mut intake = Intake { pods: Vec::new(), ignored: Vec::new() };
    for (index, pod) in snapshot.pods.iter().enumerate().filter(|(_, pod)| pod.is_provisionable()) {
        match validate(pod, storage) {
            None => intake.pods.push(index),
            Some(ignored) => intake.ignored.push(ignored),
        }
    }
    let marked: FxHashSet<&str> = snapshot.marked_for_deletion.iter().map(|name| &**name).collect();
    let leaving: FxHashSet<&str> = Machine::collect(snapshot)
        .iter()
        .filter(|m| m.is_leaving(&marked))
        .filter_map(|m| m.node.map(|node| &*node.name))
        .collect();
    if leaving.is_empty() {
        return intake;
    }
    for (index, pod) in snapshot.pods.iter().enumerate() {
        let on_leaving = pod.node_name.as_deref().is_some_and(|node| leaving.contains(node));
        if on_leaving && is_currently_reschedulable(pod, &snapshot.pod_disruption_budgets, now) {
            intake.pods.push(index);
        }
    }
    intake
}

/// Whether a pod needs a place elsewhere now that its node goes (scheduling 1.5).
// behaviour: scheduling/pods-of-leaving-nodes-are-placed-ahead
pub fn is_currently_reschedulable(pod: &Pod, budgets: &[PodDisruptionBudget], now: Timestamp) -> bool {
    is_reschedulable(pod)
        && (is_inactive(pod) || !is_do_not_disrupt(pod, now))
        && !is_blocked(pod, budgets, now)
}

/// Whether something will start the pod again elsewhere. Of terminating pods only those of StatefulSets, whose
/// successor cannot exist before they are gone.
pub fn is_reschedulable(pod: &Pod) -> bool {
    (!is_inactive(pod) || (pod.is_owned_by_stateful_set() && pod.deletion_at.is_some()))
        && !pod.is_owned_by_daemon_set()
        && !pod.is_owned_by_node()
}

fn is_inactive(pod: &Pod) -> bool {
    pod.is_terminal() || pod.deletion_at.is_some()
}

/// Whether the pod asks not to be disrupted, now: `true`, or a duration since its start.
pub fn is_do_not_disrupt(pod: &Pod, now: Timestamp) -> bool {
    let Some(value) = pod.annotations.get(keys::DO_NOT_DISRUPT) else { return false };
    if &**value == "true" {
        return true;
    }
    match duration_secs(value) {
        Some(secs) => pod.started_at.is_none_or(|started| (now.as_second() - started.as_second()) < secs),
        None => false,
    }
}

/// A positive Go duration in whole seconds, rounded down; `None` for anything else.
fn duration_secs(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut millis: f64 = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end =
            rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| end + at);
        let scale = match &rest[end..unit_end] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "µs" => 1e-3,
            "ns" => 1e-6,
            _ => return None,
        };
        millis += number * scale;
        rest = &rest[unit_end..];
    }
    (millis > 0.0).then_some((millis / 1000.0) as i64)
}

/// Whether an eviction can be asked for at all: the pod is alive, is not kept, and would not stay through the
/// taint that empties nodes.
pub fn is_evictable(pod: &Pod, now: Timestamp) -> bool {
    let disrupted =
        Taint { key: keys::DISRUPTED_TAINT.into(), value: "".into(), effect: TaintEffect::NoSchedule };
    !is_inactive(pod)
        && !pod.spec.tolerations.iter().any(|t| t.covers(&disrupted))
        && !pod.is_owned_by_node()
        && !is_do_not_disrupt(pod, now)
}

/// Whether disruption budgets never let the pod go, by what they say rather than by how many are up.
fn is_blocked(pod: &Pod, budgets: &[PodDisruptionBudget], now: Timestamp) -> bool {
    if !is_evictable(pod, now) {
        return false;
    }
    let mut matching = budgets.iter().filter(|b| {
        b.key.namespace == pod.key.namespace && b.selector.as_ref().is_some_and(|s| s.matches(&pod.labels))
    });
    let Some(first) = matching.next() else { return false };
    if matching.next().is_some() {
        return true;
    }
    if first.always_allow_unhealthy && pod.phase != PodPhase::Pending && !pod.ready {
        return false;
    }
    let never = |text: &Option<std::sync::Arc<str>>, values: &[&str]| {
        text.as_deref().is_some_and(|text| values.contains(&text))
    };
    never(&first.max_unavailable, &["0", "0%"]) || never(&first.min_available, &["100%"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protection_may_last_a_go_duration() {
        for (text, secs) in [
            ("30m", Some(1800)),
            ("1h30m", Some(5400)),
            ("1.5h", Some(5400)),
            ("90s", Some(90)),
            ("0s", None),
            ("-5m", None),
            ("5", None),
            ("5d", None),
            ("false", None),
        ] {
            assert_eq!(duration_secs(text), secs, "{text}");
        }
    }
}
