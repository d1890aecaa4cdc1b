//! What the closing table is made of: waits of pods, and what they asked for over time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::{Pod, ResourceName, Resources};

/// Amounts of cpu (thousandths) and memory (bytes) that were asked for at once.
pub type CpuAndMemory = (i64, i64);

/// Facts gathered on the way.
#[derive(Debug)]
pub struct Book {
    /// Pods that were made, daemons left out.
    pub created: u64,
    /// UIDs of pods that ran, daemons left out.
    pub ran: BTreeSet<Arc<str>>,
    /// From pending to running, of every pod that ran.
    pub waits: Vec<Duration>,
    /// Why pods did not fit, the last word on each.
    pub unfit: BTreeMap<String, String>,
    /// Pools that were not used, with the reason.
    pub unused_pools: BTreeMap<String, String>,
    /// Most cpu (thousandths) on instances that were up at once.
    pub peak_cpu_milli: i64,
    /// Microseconds for which pods asked for an amount.
    pub demand: BTreeMap<CpuAndMemory, u64>,
    now_demanded: CpuAndMemory,
    demanded_since: Timestamp,
    counted: BTreeSet<Arc<str>>,
}

impl Book {
    /// An empty book.
    pub fn starting_at(start: Timestamp) -> Self {
        Book {
            created: 0,
            ran: BTreeSet::new(),
            waits: Vec::new(),
            unfit: BTreeMap::new(),
            unused_pools: BTreeMap::new(),
            peak_cpu_milli: 0,
            demand: BTreeMap::new(),
            now_demanded: (0, 0),
            demanded_since: start,
            counted: BTreeSet::new(),
        }
    }

    pub(crate) fn pod_created(&mut self, is_daemon: bool) {
        self.created += u64::from(!is_daemon);
    }

    /// A pod takes room on a node.
    pub(crate) fn pod_bound(&mut self, pod: &Pod, now: Timestamp) {
        if !pod.is_owned_by_daemon_set() && self.counted.insert(Arc::clone(&pod.uid)) {
            self.demand_changes(&pod.spec.requests, 1, now);
        }
    }

    pub(crate) fn pod_runs(&mut self, uid: &Arc<str>, waited: Duration, is_daemon: bool) {
        if !is_daemon && self.ran.insert(Arc::clone(uid)) {
            self.waits.push(waited);
        }
    }

    /// A pod no longer takes room.
    pub(crate) fn pod_left(&mut self, pod: &Pod, now: Timestamp) {
        self.unfit.remove(&pod.key.to_string());
        if self.counted.remove(&pod.uid) {
            self.demand_changes(&pod.spec.requests, -1, now);
        }
    }

    fn demand_changes(&mut self, by: &Resources, sign: i64, now: Timestamp) {
        self.close(now);
        self.now_demanded.0 += sign * by.amount(&ResourceName::Cpu).milli();
        self.now_demanded.1 += sign * by.amount(&ResourceName::Memory).units_ceil();
    }

    /// Accounts for the time up to a moment.
    pub(crate) fn close(&mut self, now: Timestamp) {
        let micros = now.duration_since(self.demanded_since).as_micros().max(0) as u64;
        if self.now_demanded != (0, 0) && micros > 0 {
            *self.demand.entry(self.now_demanded).or_default() += micros;
        }
        self.demanded_since = now;
    }
}
