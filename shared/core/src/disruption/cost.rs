//! What is disturbed when a node goes: eviction costs of pods, and the order they put candidates in
//! (disruption 1.6).

use std::cmp::Ordering;

use super::candidate::Candidate;
use crate::eviction::{Cost, ONE, eviction_cost, is_reschedulable};

/// What moving all pods of a candidate costs, the node itself included.
pub fn reschedule_cost(candidate: &Candidate<'_>) -> Cost {
    let pods = candidate.pods.iter().filter(|pod| is_reschedulable(pod));
    ONE + pods.map(|pod| eviction_cost(pod).max(0)).sum::<Cost>()
}

/// Whether no pod is worth moving.
pub fn is_empty(candidate: &Candidate<'_>) -> bool {
    reschedule_cost(candidate) <= ONE
}

/// Candidates that save most for what they disturb come first; by name among equals.
// behaviour: disruption/savings-ratio-order
pub fn by_savings_ratio(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let price = |c: &Candidate<'_>| Cost::from(c.price.nano_usd_per_hour);
    let (left, right) = (price(a) * reschedule_cost(b), price(b) * reschedule_cost(a));
    right.cmp(&left).then_with(|| a.node.name.cmp(&b.node.name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Labels, Pod, PodSpec};
    use crate::samples;

    // behaviour: disruption/eviction-cost-of-priority-and-deletion-cost
    #[test]
    fn priority_and_deletion_cost_shift_the_cost_within_ten() {
        let pod = |priority, deletion_cost: Option<&str>| {
            let annotations = deletion_cost.map(|cost| {
                Labels::from([("controller.kubernetes.io/pod-deletion-cost".into(), cost.into())])
            });
            let spec = PodSpec { priority, ..PodSpec::default() };
            Pod {
                annotations: Arc::new(annotations.unwrap_or_default()),
                spec: Arc::new(spec),
                ..samples::pod("web")
            }
        };
        for (priority, deletion_cost, expected) in [
            (0, None, ONE),
            (1 << 25, None, 2 * ONE),
            (1_000_000_000, None, 10 * ONE),
            (-1_000_000_000, None, -10 * ONE),
            (0, Some("134217728"), 2 * ONE),
            (0, Some("-2147483648"), -10 * ONE),
            (0, Some("cheap"), ONE),
        ] {
            assert_eq!(
                eviction_cost(&pod(priority, deletion_cost)),
                expected,
                "{priority} {deletion_cost:?}"
            );
        }
    }
}
