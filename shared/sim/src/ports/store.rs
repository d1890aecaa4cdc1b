//! The store and the queue.

use std::time::Duration;

use jiff::Timestamp;
use joiner_ports::{
    BatchWindow, ClaimName, Command, CommandId, Delay, Fence, LaunchIntent, LeaseAnswer, Message, Nomination,
    Queue, QueueError, Store, StoreError, UnavailableUntil,
};

use super::{Route, SimPorts};
use crate::log::EntryKind;

const STORE: Route = Route::Store;

impl Store for SimPorts {
    async fn acquire(&self, now: Timestamp, term_secs: u32) -> Result<LeaseAnswer, StoreError> {
        self.call(STORE, "acquire", |world| Ok(world.keep.acquire(now, term_secs))).await
    }

    async fn release(&self, fence: Fence) -> Result<(), StoreError> {
        self.call(STORE, "release", |world| {
            world.keep.release(fence);
            Ok(())
        })
        .await
    }

    async fn commit_intents(&self, fence: Fence, intents: &[LaunchIntent]) -> Result<(), StoreError> {
        self.call(STORE, "commit intents", |world| world.keep.commit_intents(fence, intents)).await
    }

    async fn open_intents(&self) -> Result<Vec<LaunchIntent>, StoreError> {
        self.call(STORE, "open intents", |world| Ok(world.keep.intents.values().cloned().collect())).await
    }

    async fn intent(&self, claim: &ClaimName) -> Result<Option<LaunchIntent>, StoreError> {
        self.call(STORE, "intent", |world| Ok(world.keep.intents.get(claim).cloned())).await
    }

    async fn intent_created(&self, claim: &ClaimName, claim_uid: &str) -> Result<(), StoreError> {
        self.call(STORE, "intent created", |world| world.keep.intent_created(claim, claim_uid)).await
    }

    async fn close_intent(&self, claim: &ClaimName) -> Result<(), StoreError> {
        self.call(STORE, "close intent", |world| {
            world.keep.intents.remove(claim);
            Ok(())
        })
        .await
    }

    async fn note_pending(&self, now: Timestamp) -> Result<BatchWindow, StoreError> {
        self.call(STORE, "note pending", |world| Ok(world.keep.note_pending(now))).await
    }

    async fn window(&self) -> Result<Option<BatchWindow>, StoreError> {
        self.call(STORE, "window", |world| Ok(world.keep.window())).await
    }

    async fn close_window(&self, seen: BatchWindow) -> Result<(), StoreError> {
        self.call(STORE, "close window", |world| {
            world.keep.close_window(seen);
            Ok(())
        })
        .await
    }

    async fn mark_unavailable(&self, marks: &[UnavailableUntil]) -> Result<(), StoreError> {
        self.call(STORE, "mark unavailable", |world| {
            world.keep.mark_unavailable(marks);
            Ok(())
        })
        .await
    }

    async fn unavailable(&self, now: Timestamp) -> Result<Vec<UnavailableUntil>, StoreError> {
        self.call(STORE, "unavailable", |world| Ok(world.keep.unavailable(now))).await
    }

    async fn nominate(&self, nominations: &[Nomination]) -> Result<(), StoreError> {
        self.call(STORE, "nominate", |world| {
            world.keep.nominate(nominations);
            Ok(())
        })
        .await
    }

    async fn nominations(&self, now: Timestamp) -> Result<Vec<Nomination>, StoreError> {
        self.call(STORE, "nominations", |world| Ok(world.keep.nominations(now))).await
    }

    async fn note_wake(&self, about: &str, due_at: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        self.call(STORE, "note wake", |world| Ok(world.keep.note_wake(about, due_at, now))).await
    }

    async fn hold_watch(&self, holder: &str, now: Timestamp, term_secs: u32) -> Result<bool, StoreError> {
        self.call(STORE, "hold watch", |world| Ok(world.keep.hold_watch(holder, now, term_secs))).await
    }

    async fn put_command(
        &self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        self.call(STORE, "put command", |world| world.keep.put_command(fence, command, intents)).await
    }

    async fn commands(&self) -> Result<Vec<Command>, StoreError> {
        self.call(STORE, "commands", |world| Ok(world.keep.commands.values().cloned().collect())).await
    }

    async fn drop_command(&self, id: &CommandId) -> Result<(), StoreError> {
        self.call(STORE, "drop command", |world| {
            world.keep.commands.remove(id);
            Ok(())
        })
        .await
    }
}

impl Queue for SimPorts {
    async fn send(&self, message: Message, delay: Delay) -> Result<(), QueueError> {
        self.call(STORE, "send", |world| {
            world.record(EntryKind::Message, &format!("{message:?}"), format!("in {} s", delay.as_secs()));
            world.send(&message, Duration::from_secs(delay.as_secs()));
            Ok(())
        })
        .await
    }
}
