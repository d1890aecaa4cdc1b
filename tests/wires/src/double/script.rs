//! What the test asked for, what was called, and what EC2 would remember.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::answer::Answer;
use super::call::WireCall;

/// How a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireFault {
    /// Too many requests, as the service says it; nothing is done.
    Throttled,
    /// Refused; nothing is done.
    Refused {
        /// HTTP status.
        status: u16,
        /// Code.
        code: String,
        /// Message.
        message: String,
    },
    /// Done, but the connection closes before the answer.
    AnswerLost,
}

/// A capacity reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedReservation {
    /// Its id, `cr-...`.
    pub id: String,
    /// The type it holds.
    pub instance_type: String,
    /// Its zone.
    pub zone: String,
    /// Instances it holds.
    pub total: u32,
    /// Instances still to be had.
    pub available: u32,
    /// `default` or `capacity-block`.
    pub kind: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Everything, behind one lock that is never held over an await.
#[derive(Debug, Default)]
pub(super) struct Script {
    state: Mutex<State>,
}

/// What is told and remembered.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Codes of what is not to be had, by type, zone and way of paying.
    pub(super) shortages: BTreeMap<(String, String, String), String>,
    faults: BTreeMap<String, VecDeque<WireFault>>,
    /// Free addresses by subnet, where the test says so.
    pub(super) free_addresses: BTreeMap<String, u32>,
    /// By id.
    pub(super) reservations: BTreeMap<String, ListedReservation>,
    /// By name.
    pub(super) parameters: BTreeMap<String, String>,
    /// Architectures of registered images, by id.
    pub(super) architectures: BTreeMap<String, String>,
    /// When images become deprecated, by id.
    pub(super) deprecations: BTreeMap<String, String>,
    /// Access entries by cluster and principal.
    pub(super) access_entries: BTreeMap<(String, String), Value>,
    /// Parameters of launch templates, by name.
    pub(super) templates: BTreeMap<String, BTreeMap<String, String>>,
    /// What was asked with each client token, and the answer.
    pub(super) tokens: BTreeMap<String, (BTreeMap<String, String>, Answer)>,
    /// How many fleets there were.
    pub(super) fleets: u64,
    calls: Vec<WireCall>,
}

impl Script {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked is over anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run_out(&self, instance_type: &str, zone: &str, capacity_type: &str, code: &str) {
        let key = (instance_type.to_owned(), zone.to_owned(), capacity_type.to_owned());
        self.lock().shortages.insert(key, code.to_owned());
    }

    pub(super) fn mend(&self) {
        let mut state = self.lock();
        state.shortages.clear();
        state.faults.clear();
    }

    pub(super) fn fail_next(&self, action: &str, fault: WireFault, times: usize) {
        let mut state = self.lock();
        state.faults.entry(action.to_owned()).or_default().extend(std::iter::repeat_n(fault, times));
    }

    pub(super) fn set_free_addresses(&self, subnet: &str, count: u32) {
        self.lock().free_addresses.insert(subnet.to_owned(), count);
    }

    pub(super) fn reserve(&self, reservation: ListedReservation) {
        self.lock().reservations.insert(reservation.id.clone(), reservation);
    }

    pub(super) fn publish(&self, parameter: &str, value: &str) {
        self.lock().parameters.insert(parameter.to_owned(), value.to_owned());
    }

    pub(super) fn calls(&self) -> Vec<WireCall> {
        self.lock().calls.clone()
    }

    pub(super) fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// Notes a call, and says how it fails if it is to.
    pub(super) fn note(&self, call: &WireCall) -> Option<WireFault> {
        let mut state = self.lock();
        state.calls.push(call.clone());
        state.faults.get_mut(&call.action())?.pop_front()
    }
}
