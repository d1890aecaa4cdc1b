//! State between messages, in memory and gone with the process. Keeps the same promises as the table of a deployment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use joiner_core::model::Unavailable;
use joiner_ports::{
    BatchWindow, ClaimName, Command, CommandId, Fence, IntentPhase, LaunchIntent, Lease, LeaseAnswer,
    Nomination, Store, StoreError, UnavailableUntil,
};

/// The rows.
#[derive(Debug, Default)]
struct Rows {
    fence: u64,
    lease: Option<Lease>,
    intents: BTreeMap<ClaimName, LaunchIntent>,
    commands: BTreeMap<CommandId, Command>,
    window: Option<BatchWindow>,
    unavailable: BTreeMap<Unavailable, Timestamp>,
    nominations: BTreeMap<Arc<str>, Timestamp>,
    wakes: BTreeMap<String, Timestamp>,
    watch: Option<(String, Timestamp)>,
}

impl Rows {
    /// The fence is what counts: a lease past its term holds until another takes it.
    fn holds(&self, fence: Fence) -> Result<(), StoreError> {
        let holds = self.lease.is_some_and(|lease| lease.fence == fence);
        if holds { Ok(()) } else { Err(StoreError::FenceLost) }
    }

    fn commit(&mut self, fence: Fence, intents: &[LaunchIntent]) -> Result<(), StoreError> {
        self.holds(fence)?;
        if let Some(known) = intents.iter().find(|intent| self.intents.contains_key(&intent.claim)) {
            return Err(conflict(&known.claim));
        }
        self.intents.extend(intents.iter().map(|intent| (intent.claim.clone(), intent.clone())));
        Ok(())
    }
}

fn conflict(claim: &ClaimName) -> StoreError {
    StoreError::Conflict(format!("the intent of {claim}"))
}

fn seconds_after(now: Timestamp, secs: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(i64::from(secs))).unwrap_or(Timestamp::MAX)
}

/// The store of one cluster.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Rows>);

impl MemoryStore {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        // Every write is one step, so that a panic elsewhere leaves whole rows behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn acquire(&self, now: Timestamp, term_secs: u32) -> Result<LeaseAnswer, StoreError> {
        let mut rows = self.rows();
        if let Some(held) = rows.lease.filter(|lease| lease.expires_at > now) {
            return Ok(LeaseAnswer::Taken { until: held.expires_at });
        }
        rows.fence += 1;
        let lease =
            Lease { fence: Fence(rows.fence), acquired_at: now, expires_at: seconds_after(now, term_secs) };
        rows.lease = Some(lease);
        Ok(LeaseAnswer::Held(lease))
    }

    async fn release(&self, fence: Fence) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.lease = rows.lease.filter(|lease| lease.fence != fence);
        Ok(())
    }

    async fn commit_intents(&self, fence: Fence, intents: &[LaunchIntent]) -> Result<(), StoreError> {
        self.rows().commit(fence, intents)
    }

    async fn open_intents(&self) -> Result<Vec<LaunchIntent>, StoreError> {
        Ok(self.rows().intents.values().cloned().collect())
    }

    async fn intent(&self, claim: &ClaimName) -> Result<Option<LaunchIntent>, StoreError> {
        Ok(self.rows().intents.get(claim).cloned())
    }

    async fn intent_created(&self, claim: &ClaimName, claim_uid: &str) -> Result<(), StoreError> {
        let mut rows = self.rows();
        let intent = rows.intents.get_mut(claim).ok_or_else(|| conflict(claim))?;
        match &intent.phase {
            IntentPhase::Committed => intent.phase = IntentPhase::Created { claim_uid: claim_uid.into() },
            IntentPhase::Created { claim_uid: known } if **known == *claim_uid => {}
            IntentPhase::Created { .. } => return Err(conflict(claim)),
        }
        Ok(())
    }

    async fn close_intent(&self, claim: &ClaimName) -> Result<(), StoreError> {
        self.rows().intents.remove(claim);
        Ok(())
    }

    async fn note_pending(&self, now: Timestamp) -> Result<BatchWindow, StoreError> {
        let mut rows = self.rows();
        let open = rows.window.unwrap_or(BatchWindow { first_seen: now, last_seen: now });
        let window = BatchWindow { last_seen: open.last_seen.max(now), ..open };
        rows.window = Some(window);
        Ok(window)
    }

    async fn window(&self) -> Result<Option<BatchWindow>, StoreError> {
        Ok(self.rows().window)
    }

    async fn close_window(&self, seen: BatchWindow) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.window = rows.window.filter(|window| *window != seen);
        Ok(())
    }

    async fn mark_unavailable(&self, marks: &[UnavailableUntil]) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for mark in marks {
            let until = rows.unavailable.entry(mark.what.clone()).or_insert(mark.until);
            *until = mark.until.max(*until);
        }
        Ok(())
    }

    async fn unavailable(&self, now: Timestamp) -> Result<Vec<UnavailableUntil>, StoreError> {
        let rows = self.rows();
        let held = rows.unavailable.iter().filter(|(_, until)| **until > now);
        Ok(held.map(|(what, until)| UnavailableUntil { what: what.clone(), until: *until }).collect())
    }

    async fn nominate(&self, nominations: &[Nomination]) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for Nomination { node, until } in nominations {
            let known = rows.nominations.entry(Arc::clone(node)).or_insert(*until);
            *known = (*until).max(*known);
        }
        Ok(())
    }

    async fn nominations(&self, now: Timestamp) -> Result<Vec<Nomination>, StoreError> {
        let mut rows = self.rows();
        // Nobody else sweeps out what is over.
        rows.nominations.retain(|_, until| *until > now);
        Ok(rows
            .nominations
            .iter()
            .map(|(node, until)| Nomination { node: Arc::clone(node), until: *until })
            .collect())
    }

    async fn note_wake(&self, about: &str, due_at: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        if rows.wakes.get(about).is_some_and(|noted| *noted > now && *noted <= due_at) {
            return Ok(false);
        }
        rows.wakes.retain(|_, noted| *noted > now);
        rows.wakes.insert(about.to_owned(), due_at);
        Ok(true)
    }

    async fn hold_watch(&self, holder: &str, now: Timestamp, term_secs: u32) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        if rows.watch.as_ref().is_some_and(|(other, until)| other != holder && *until > now) {
            return Ok(false);
        }
        rows.watch = Some((holder.to_owned(), seconds_after(now, term_secs)));
        Ok(true)
    }

    async fn put_command(
        &self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.commit(fence, intents)?;
        rows.commands.insert(command.id.clone(), command.clone());
        Ok(())
    }

    async fn commands(&self) -> Result<Vec<Command>, StoreError> {
        Ok(self.rows().commands.values().cloned().collect())
    }

    async fn drop_command(&self, id: &CommandId) -> Result<(), StoreError> {
        self.rows().commands.remove(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_lease_passes_once_it_is_over_and_the_old_fence_is_lost() {
        let store = MemoryStore::default();
        let LeaseAnswer::Held(first) = store.acquire(at(0), 60).await.unwrap() else {
            panic!("nobody held it")
        };
        assert_eq!(store.acquire(at(59), 60).await.unwrap(), LeaseAnswer::Taken { until: at(60) });
        let LeaseAnswer::Held(second) = store.acquire(at(60), 60).await.unwrap() else {
            panic!("it was over")
        };
        assert!(second.fence > first.fence);
        let stale = store.commit_intents(first.fence, &[]).await.unwrap_err();
        assert_eq!(stale.to_string(), "the lease has passed to another holder");
    }

    #[tokio::test]
    async fn a_wake_is_sent_again_only_when_it_is_earlier_or_was_lost() {
        let store = MemoryStore::default();
        let mut answers = Vec::new();
        for (due, now) in [(100, 0), (100, 1), (120, 2), (90, 3), (130, 91)] {
            answers.push(store.note_wake("step", at(due), at(now)).await.unwrap());
        }
        assert_eq!(answers, [true, false, false, true, true]);
    }

    #[tokio::test]
    async fn a_watch_is_held_by_one_and_free_when_given_back() {
        let store = MemoryStore::default();
        let hold = async |holder, now, secs| store.hold_watch(holder, at(now), secs).await.unwrap();
        assert!(hold("a", 0, 60).await);
        assert!(!hold("b", 59, 60).await);
        assert!(hold("a", 59, 0).await);
        assert!(hold("b", 59, 60).await);
    }
}
