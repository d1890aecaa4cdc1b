//! What every use case gets: the ports of a cluster, the settings, and the moment.

use jiff::{SignedDuration, Timestamp};
use joiner_core::batch::BatchTimes;
use joiner_core::disruption::consolidation::{ConsolidationMode, ConsolidationRules};
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, PreferencePolicy, ReservedMode};

/// Settings of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long pods are collected before a pass.
    pub batch: BatchTimes,
    /// What to do with preferences of pods.
    pub preference_policy: PreferencePolicy,
    /// What to do when a flexibility floor cannot be met.
    pub min_values_policy: MinValuesPolicy,
    /// Seconds a run may hold the lease of its cluster; longer than an invocation may last.
    pub lease_term_secs: u32,
    /// How long refused capacity is not asked for again (aws 1.9).
    pub unavailable_for: SignedDuration,
    /// How long a disruption waits before it is looked at again and carried out (disruption 2.9).
    pub validation_delay: SignedDuration,
    /// How far consolidation goes.
    pub consolidation: ConsolidationRules,
    /// How often a class that is in order is resolved anew (api 3.7).
    pub class_refresh: SignedDuration,
    /// Whether nodes that are sick for too long are replaced (disruption 4.10; off unless asked for).
    pub node_repair: bool,
    /// How old an instance without a claim must be before it is terminated (disruption 4.7).
    pub orphan_age: SignedDuration,
}

impl Settings {
    /// The peer's defaults.
    pub const DEFAULT: Settings = Settings {
        batch: BatchTimes::DEFAULT,
        preference_policy: PreferencePolicy::Respect,
        min_values_policy: MinValuesPolicy::Strict,
        lease_term_secs: 120,
        unavailable_for: SignedDuration::from_mins(3),
        validation_delay: SignedDuration::from_secs(15),
        consolidation: ConsolidationRules { spot_to_spot: false, mode: ConsolidationMode::DEFAULT },
        class_refresh: SignedDuration::from_mins(5),
        node_repair: false,
        orphan_age: SignedDuration::from_secs(30),
    };
}

/// Between two ticks a step sends itself again; then the tick takes over.
pub(crate) const TICK: SignedDuration = SignedDuration::from_secs(60);

/// What every use case gets.
#[derive(Debug)]
pub struct Context<'a, P> {
    /// The ports of the cluster.
    pub ports: &'a P,
    /// The settings.
    pub settings: &'a Settings,
    /// The moment of the invocation.
    pub now: Timestamp,
}

impl<P> Context<'_, P> {
    /// Settings of one provisioning decision.
    pub(crate) fn knobs(&self) -> Knobs {
        Knobs {
            now: self.now,
            preference_policy: self.settings.preference_policy,
            min_values_policy: self.settings.min_values_policy,
            reserved_mode: ReservedMode::Strict,
        }
    }

    /// Until when a step that starts now sends itself again.
    pub(crate) fn until_next_tick(&self) -> Timestamp {
        self.now + TICK
    }
}
