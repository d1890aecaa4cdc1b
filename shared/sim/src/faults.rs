//! How long do things take, and what goes wrong? Both are values: calm by default, stormy on demand.

use std::time::Duration;

/// A shortest and a longest duration.
pub type TimeRange = (Duration, Duration);

const fn millis(least: u64, most: u64) -> TimeRange {
    (Duration::from_millis(least), Duration::from_millis(most))
}

/// How long things take when nothing is wrong; roughly what EKS with AL2023 shows.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Most invocations at once; further messages wait.
    pub invocations_at_once: usize,
    /// A call to the API server, each way.
    pub cluster_call: TimeRange,
    /// A call to the store or the queue, each way.
    pub store_call: TimeRange,
    /// A call to EC2, each way.
    pub cloud_call: TimeRange,
    /// From a change in the cluster to the message about it.
    pub relay: TimeRange,
    /// From a change to what the cluster's own controllers do about it.
    pub controllers: TimeRange,
    /// From a change to the scheduler's next look.
    pub scheduler: TimeRange,
    /// From launch to running.
    pub instance_runs: TimeRange,
    /// From launch to the node's registration.
    pub node_joins: TimeRange,
    /// From registration to readiness.
    pub node_ready: TimeRange,
    /// From readiness to the lifting of startup taints.
    pub startup_taints: TimeRange,
    /// From termination to the end of an instance.
    pub instance_ends: TimeRange,
    /// From binding to running containers.
    pub pod_starts: TimeRange,
    /// From the wish to stop to the end, within the pod's grace.
    pub pod_stops: TimeRange,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            invocations_at_once: 8,
            cluster_call: millis(3, 25),
            store_call: millis(2, 12),
            cloud_call: millis(300, 1200),
            relay: millis(40, 250),
            controllers: millis(20, 120),
            scheduler: millis(5, 40),
            instance_runs: millis(3_000, 8_000),
            node_joins: millis(19_000, 29_000),
            node_ready: millis(4_000, 9_000),
            startup_taints: millis(2_000, 6_000),
            instance_ends: millis(20_000, 45_000),
            pod_starts: millis(800, 3_000),
            pod_stops: millis(300, 2_000),
        }
    }
}

/// What goes wrong, in thousandths of the chances it has to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// An invocation dies at an await.
    pub crash: u32,
    /// A message is delivered twice.
    pub duplicate: u32,
    /// A message arrives late by up to a minute.
    pub late: u32,
    /// A hint about the cluster is never sent.
    pub lost_hint: u32,
    /// A call is refused for its rate.
    pub throttled: u32,
    /// A call takes effect, and its answer is lost.
    pub lost_answer: u32,
    /// An offering is not to be had for five minutes at a time.
    pub no_capacity: u32,
    /// An instance never becomes a node.
    pub dead_on_arrival: u32,
    /// A spot instance is taken back within ten minutes of its launch.
    pub spot_taken: u32,
    /// Calls and messages take this many times as long at most; 0 and 1 change nothing.
    pub slowness: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn calm() -> Self {
        Faults::default()
    }

    /// A storm of a kind that a seed picks: every fault is drawn on its own, some are left out, so that seeds
    /// differ in what they stress.
    pub fn storm(seed: u64) -> Self {
        let mut chance = crate::chance::Chance::stream(seed, "storm");
        let mut pick = |most: u64| if chance.happens(350) { 0 } else { chance.below(most + 1) as u32 };
        Faults {
            crash: pick(25),
            // Far more than any queue doubles.
            duplicate: pick(150),
            late: pick(200),
            lost_hint: pick(500),
            throttled: pick(120),
            lost_answer: pick(40),
            no_capacity: pick(900),
            dead_on_arrival: pick(120),
            spot_taken: pick(300),
            slowness: pick(6),
        }
    }
}
