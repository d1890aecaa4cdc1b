//! Which environment variables are there, what do they mean, and which functions read them?
//!
//! The table is the truth: the reader takes names and defaults from it, and tests compare it with the template and
//! the pages.

use joiner_ports::Duty;

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name: the peer's own where the peer has it (api 8), else with `JOINER_` before it.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// What holds when it is absent or empty; `None` where it has to be set.
    pub default: Option<&'static str>,
    /// Functions that read it.
    pub duties: &'static [Duty],
}

/// Functions that decide on machines, and so weigh types, prices and preferences.
const DECIDING: &[Duty] = &[Duty::Provision, Duty::Lifecycle, Duty::Disrupt];
/// Functions that look at instance types at all.
const TYPES: &[Duty] = &[Duty::Relay, Duty::Provision, Duty::Lifecycle, Duty::Disrupt];

/// Clusters.
pub const CLUSTERS: Setting = Setting {
    name: "JOINER_CLUSTERS",
    meaning: "The clusters to serve: names with commas between them, `name=arn:aws:iam::…:role/…` for one of another \
              account, or a JSON list of objects with name, region, roleArn, externalId, source and kubeconfig",
    default: None,
    duties: &Duty::ALL,
};
/// How cluster events are noticed.
pub const EVENT_SOURCE: Setting = Setting {
    name: "JOINER_EVENT_SOURCE",
    meaning: "How cluster events are noticed between two ticks: watch, audit or poll (ticks alone)",
    default: Some("watch"),
    duties: &[Duty::Relay],
};
/// Where the relay sends.
pub const RELAY_OUTLET: Setting = Setting {
    name: "JOINER_RELAY_OUTLET",
    meaning: "Where the relay sends what it saw: bus, or queues to save the bus's time and price",
    default: Some("bus"),
    duties: &[Duty::Relay],
};
/// The table.
pub const TABLE: Setting = Setting {
    name: "JOINER_TABLE",
    meaning: "Name of the DynamoDB table",
    default: None,
    duties: &Duty::ALL,
};
/// The bus.
pub const BUS: Setting = Setting {
    name: "JOINER_BUS",
    meaning: "Name of the EventBridge bus that the relay sends to",
    default: None,
    duties: &[Duty::Relay],
};
/// Level of logs.
pub const LOG_LEVEL: Setting = Setting {
    name: "LOG_LEVEL",
    meaning: "Least level of what is logged: error, warn, info, debug or trace",
    default: Some("info"),
    duties: &Duty::ALL,
};
/// Calm that ends a batch.
pub const BATCH_IDLE_DURATION: Setting = Setting {
    name: "BATCH_IDLE_DURATION",
    meaning: "How long no pod must come before a pass is made",
    default: Some("1s"),
    duties: DECIDING,
};
/// Longest batch.
pub const BATCH_MAX_DURATION: Setting = Setting {
    name: "BATCH_MAX_DURATION",
    meaning: "How long pods are collected at most before a pass is made",
    default: Some("10s"),
    duties: DECIDING,
};
/// Preferences of pods.
pub const PREFERENCE_POLICY: Setting = Setting {
    name: "PREFERENCE_POLICY",
    meaning: "What to do with preferences of pods: Respect or Ignore",
    default: Some("Respect"),
    duties: DECIDING,
};
/// Flexibility floors.
pub const MIN_VALUES_POLICY: Setting = Setting {
    name: "MIN_VALUES_POLICY",
    meaning: "What to do when a flexibility floor cannot be met: Strict or BestEffort",
    default: Some("Strict"),
    duties: DECIDING,
};
/// Gates.
pub const FEATURE_GATES: Setting = Setting {
    name: "FEATURE_GATES",
    meaning: "Features to turn on or off, as Name=true with commas between them",
    default: Some(""),
    duties: DECIDING,
};
/// How far consolidation goes.
pub const CONSOLIDATION: Setting = Setting {
    name: "JOINER_CONSOLIDATION",
    meaning: "How far consolidation goes: several (nodes may be replaced by several others when that saves enough) or \
              reference (by one, as the peer does)",
    default: Some("several"),
    duties: &[Duty::Disrupt],
};
/// Memory of the hypervisor.
pub const VM_MEMORY_OVERHEAD_PERCENT: Setting = Setting {
    name: "VM_MEMORY_OVERHEAD_PERCENT",
    meaning: "Share of a type's memory that the hypervisor takes, as a fraction of 1",
    default: Some("0.075"),
    duties: TYPES,
};
/// Network interfaces kept from pods.
pub const RESERVED_ENIS: Setting = Setting {
    name: "RESERVED_ENIS",
    meaning: "Network interfaces of a machine that are not for pods",
    default: Some("0"),
    duties: TYPES,
};
/// No way out.
pub const ISOLATED_VPC: Setting = Setting {
    name: "ISOLATED_VPC",
    meaning: "Whether the functions cannot reach the price list, so that recorded prices are used: true or false",
    default: Some("false"),
    duties: TYPES,
};

/// The queue of a duty.
pub const fn queue(duty: Duty) -> Setting {
    let (name, meaning) = match duty {
        Duty::Relay => ("JOINER_QUEUE_RELAY", "URL of the relay's queue"),
        Duty::Provision => ("JOINER_QUEUE_PROVISION", "URL of provision's queue"),
        Duty::Lifecycle => ("JOINER_QUEUE_LIFECYCLE", "URL of lifecycle's queue"),
        Duty::Interrupt => ("JOINER_QUEUE_INTERRUPT", "URL of interrupt's queue"),
        Duty::Disrupt => ("JOINER_QUEUE_DISRUPT", "URL of disrupt's queue"),
        Duty::Terminate => ("JOINER_QUEUE_TERMINATE", "URL of terminate's queue"),
    };
    Setting { name, meaning, default: None, duties: &Duty::ALL }
}

/// Every environment variable there is, in the order of pages.
pub const SETTINGS: [Setting; 21] = [
    CLUSTERS,
    EVENT_SOURCE,
    RELAY_OUTLET,
    TABLE,
    BUS,
    queue(Duty::Relay),
    queue(Duty::Provision),
    queue(Duty::Lifecycle),
    queue(Duty::Interrupt),
    queue(Duty::Disrupt),
    queue(Duty::Terminate),
    LOG_LEVEL,
    BATCH_IDLE_DURATION,
    BATCH_MAX_DURATION,
    PREFERENCE_POLICY,
    MIN_VALUES_POLICY,
    FEATURE_GATES,
    CONSOLIDATION,
    VM_MEMORY_OVERHEAD_PERCENT,
    RESERVED_ENIS,
    ISOLATED_VPC,
];
