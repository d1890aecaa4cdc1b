//! In which order do pods leave a node, and which are forced out? (disruption 3.3 to 3.5)

use jiff::{SignedDuration, Timestamp};

use crate::eviction::{is_active, is_awaiting_eviction, is_evictable};
use crate::machine::PodKey;
use crate::model::{NamespacedName, Pod};

/// A pod to delete past budgets and annotations, because the deadline comes before its own grace ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced {
    /// The pod.
    pub pod: PodKey,
    /// Seconds it gets, at least one: with none the object would go while its containers still run.
    pub grace_secs: u32,
    /// Seconds it asked for.
    pub wanted_secs: u32,
}

/// What a drain does now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drain {
    /// Pods to evict, in order.
    pub evict: Vec<PodKey>,
    /// Pods to force out.
    pub force: Vec<Forced>,
    /// Pods that may not be evicted because of their do-not-disrupt annotation.
    pub held: Vec<NamespacedName>,
    /// How many pods are still to go, whatever their turn.
    pub waiting: usize,
    /// When the next pod is forced out.
    pub next_force_at: Option<Timestamp>,
}

/// The turn of a pod: the node's own agents and what the cluster depends on go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Ordinary,
    Daemon,
    Critical,
    CriticalDaemon,
}

fn turn(pod: &Pod) -> Turn {
    let critical = matches!(
        pod.spec.priority_class.as_deref(),
        Some("system-cluster-critical" | "system-node-critical")
    );
    match (critical, pod.is_owned_by_daemon_set()) {
        (false, false) => Turn::Ordinary,
        (false, true) => Turn::Daemon,
        (true, false) => Turn::Critical,
        (true, true) => Turn::CriticalDaemon,
    }
}

/// What to do for the pods of a node; `None` once nothing is left to wait for.
pub fn drain(pods: &[Pod], deadline: Option<Timestamp>, now: Timestamp) -> Option<Drain> {
    let mut waiting: Vec<&Pod> = pods.iter().filter(|pod| is_awaiting_eviction(pod, now)).collect();
    if waiting.is_empty() {
        return None;
    }
    waiting.sort_by(|a, b| turn(a).cmp(&turn(b)).then_with(|| a.key.cmp(&b.key)));
    let mut drain = Drain { waiting: waiting.len(), ..Drain::default() };
    // behaviour: termination/one-turn-at-a-time-daemons-and-critical-pods-last
    let mut current = None;
    for pod in waiting {
        match force(pod, deadline, now) {
            Force::Now(forced) => {
                drain.force.push(forced);
                continue;
            }
            Force::At(at) => drain.next_force_at = drain.next_force_at.into_iter().chain([at]).min(),
            Force::Never => {}
        }
        if *current.get_or_insert(turn(pod)) != turn(pod) || !is_active(pod) {
            continue;
        }
        // behaviour: termination/do-not-disrupt-pods-hold-the-drain
        if is_evictable(pod, now) {
            drain.evict.push(PodKey::of(pod));
        } else {
            drain.held.push(pod.key.clone());
        }
    }
    Some(drain)
}

enum Force {
    Now(Forced),
    At(Timestamp),
    Never,
}

/// Whether a pod must be forced out: one that runs when its own grace no longer fits before the deadline, one
/// that stops when it would stop after the deadline.
fn force(pod: &Pod, deadline: Option<Timestamp>, now: Timestamp) -> Force {
    let Some(deadline) = deadline else { return Force::Never };
    let wanted = pod.spec.termination_grace_secs;
    let latest_start = deadline - SignedDuration::from_secs(i64::from(wanted));
    // behaviour: termination/forced-out-when-grace-no-longer-fits
    let due = match pod.deletion_at {
        Some(end) => end > deadline,
        None => now > latest_start,
    };
    if !due {
        let starts_later = pod.deletion_at.is_none();
        return if starts_later {
            Force::At(latest_start + SignedDuration::from_secs(1))
        } else {
            Force::Never
        };
    }
    let left = deadline.duration_since(now).as_secs().clamp(1, i64::from(u32::MAX));
    Force::Now(Forced {
        pod: PodKey::of(pod),
        grace_secs: u32::try_from(left).unwrap_or(u32::MAX).min(wanted.max(1)),
        wanted_secs: wanted,
    })
}
