//! State between invocations, in memory: the lease, open launches, commands in progress, and what is believed
//! for a while. Readers compare expiry with the moment they are given.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_core::model::Unavailable;
use joiner_ports::{
    BatchWindow, ClaimName, Command, CommandId, Fence, IntentPhase, LaunchIntent, Lease, LeaseAnswer,
    Nomination, StoreError, UnavailableUntil,
};

/// The table.
#[derive(Debug, Default)]
pub struct Keep {
    fence: u64,
    lease: Option<Lease>,
    /// Open intents.
    pub intents: BTreeMap<ClaimName, LaunchIntent>,
    /// Commands in progress.
    pub commands: BTreeMap<CommandId, Command>,
    window: Option<BatchWindow>,
    unavailable: BTreeMap<Unavailable, Timestamp>,
    nominations: BTreeMap<Arc<str>, Timestamp>,
    wakes: BTreeMap<Arc<str>, Timestamp>,
    watch: Option<(Arc<str>, Timestamp)>,
}

impl Keep {
    pub(crate) fn acquire(&mut self, now: Timestamp, term_secs: u32) -> LeaseAnswer {
        if let Some(held) = self.lease.filter(|lease| lease.expires_at > now) {
            return LeaseAnswer::Taken { until: held.expires_at };
        }
        self.fence += 1;
        let expires_at = now + SignedDuration::from_secs(i64::from(term_secs));
        let lease = Lease { fence: Fence(self.fence), acquired_at: now, expires_at };
        self.lease = Some(lease);
        LeaseAnswer::Held(lease)
    }

    pub(crate) fn release(&mut self, fence: Fence) {
        if self.lease.is_some_and(|lease| lease.fence == fence) {
            self.lease = None;
        }
    }

    fn holds(&self, fence: Fence) -> Result<(), StoreError> {
        // A lease past its term still holds until another takes it: the fence is what counts.
        let holds = self.lease.is_some_and(|lease| lease.fence == fence);
        if holds { Ok(()) } else { Err(StoreError::FenceLost) }
    }

    pub(crate) fn commit_intents(
        &mut self,
        fence: Fence,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        self.holds(fence)?;
        if let Some(known) = intents.iter().find(|intent| self.intents.contains_key(&intent.claim)) {
            return Err(StoreError::Conflict(format!("the intent of {}", known.claim)));
        }
        self.intents.extend(intents.iter().map(|intent| (intent.claim.clone(), intent.clone())));
        Ok(())
    }

    pub(crate) fn intent_created(&mut self, claim: &ClaimName, uid: &str) -> Result<(), StoreError> {
        let conflict = || StoreError::Conflict(format!("the intent of {claim}"));
        let intent = self.intents.get_mut(claim).ok_or_else(conflict)?;
        match &intent.phase {
            IntentPhase::Committed => intent.phase = IntentPhase::Created { claim_uid: uid.into() },
            IntentPhase::Created { claim_uid } if **claim_uid == *uid => {}
            IntentPhase::Created { .. } => return Err(conflict()),
        }
        Ok(())
    }

    pub(crate) fn note_pending(&mut self, now: Timestamp) -> BatchWindow {
        let window = match self.window {
            Some(open) => BatchWindow { first_seen: open.first_seen, last_seen: open.last_seen.max(now) },
            None => BatchWindow { first_seen: now, last_seen: now },
        };
        self.window = Some(window);
        window
    }

    pub(crate) fn window(&self) -> Option<BatchWindow> {
        self.window
    }

    pub(crate) fn close_window(&mut self, seen: BatchWindow) {
        if self.window == Some(seen) {
            self.window = None;
        }
    }

    pub(crate) fn mark_unavailable(&mut self, marks: &[UnavailableUntil]) {
        for mark in marks {
            let until = self.unavailable.entry(mark.what.clone()).or_insert(mark.until);
            *until = (*until).max(mark.until);
        }
    }

    pub(crate) fn unavailable(&self, now: Timestamp) -> Vec<UnavailableUntil> {
        let held = self.unavailable.iter().filter(|(_, until)| **until > now);
        held.map(|(what, until)| UnavailableUntil { what: what.clone(), until: *until }).collect()
    }

    pub(crate) fn nominate(&mut self, nominations: &[Nomination]) {
        for nomination in nominations {
            let until = self.nominations.entry(Arc::clone(&nomination.node)).or_insert(nomination.until);
            *until = (*until).max(nomination.until);
        }
    }

    pub(crate) fn nominations(&self, now: Timestamp) -> Vec<Nomination> {
        let held = self.nominations.iter().filter(|(_, until)| **until > now);
        held.map(|(node, until)| Nomination { node: Arc::clone(node), until: *until }).collect()
    }

    pub(crate) fn note_wake(&mut self, about: &str, due_at: Timestamp, now: Timestamp) -> bool {
        if self.wakes.get(about).is_some_and(|noted| *noted > now && *noted <= due_at) {
            return false;
        }
        self.wakes.insert(about.into(), due_at);
        true
    }

    pub(crate) fn hold_watch(&mut self, holder: &str, now: Timestamp, term_secs: u32) -> bool {
        if self.watch.as_ref().is_some_and(|(other, until)| **other != *holder && *until > now) {
            return false;
        }
        self.watch = Some((holder.into(), now + SignedDuration::from_secs(i64::from(term_secs))));
        true
    }

    pub(crate) fn put_command(
        &mut self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        self.commit_intents(fence, intents)?;
        self.commands.insert(command.id.clone(), command.clone());
        Ok(())
    }
}
