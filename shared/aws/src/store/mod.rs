//! What outlives an invocation, in one DynamoDB table.
//!
//! Every write is one call with its condition in it, and every read sees all writes that were answered. A write
//! whose answer was lost can be told from one that another made first. Modules in reading order:
//!
//! - `table`: how rows are found; `row`: how values are written.
//! - `lease`: who may decide; `attempt`: how a writer knows its own work again.
//! - `fenced`: intents and commands, under the lease.
//! - `belief`: what is believed for a while.

mod attempt;
mod belief;
mod fenced;
mod lease;
mod row;
mod table;

use std::sync::Arc;

use jiff::Timestamp;
use joiner_ports::{
    BatchWindow, ClaimName, ClusterName, Command, CommandId, Fence, LaunchIntent, LeaseAnswer, Nomination,
    Store, StoreError, UnavailableUntil,
};

use crate::Clients;
use attempt::Attempts;
use table::{Kind, Table};
pub use table::{PARTITION_KEY, REMOVE_AFTER, SORT_KEY};

/// IAM actions on the table.
pub const ACTIONS: &[&str] = &[
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
];

/// The store of one cluster in a table that many share.
#[derive(Debug)]
pub struct DynamoStore {
    table: Table,
    attempts: Attempts,
}

impl DynamoStore {
    /// The rows of a cluster in a table; no call is made.
    pub fn new(clients: Arc<Clients>, table: &str, cluster: ClusterName) -> Self {
        DynamoStore { table: Table::new(clients, table, cluster), attempts: Attempts::new() }
    }
}

impl Store for DynamoStore {
    async fn acquire(&self, now: Timestamp, term_secs: u32) -> Result<LeaseAnswer, StoreError> {
        lease::acquire(&self.table, &self.attempts.next(), now, term_secs).await
    }

    async fn release(&self, fence: Fence) -> Result<(), StoreError> {
        lease::release(&self.table, fence).await
    }

    async fn commit_intents(&self, fence: Fence, intents: &[LaunchIntent]) -> Result<(), StoreError> {
        fenced::commit(&self.table, fence, None, intents).await
    }

    async fn open_intents(&self) -> Result<Vec<LaunchIntent>, StoreError> {
        fenced::open_intents(&self.table).await
    }

    async fn intent(&self, claim: &ClaimName) -> Result<Option<LaunchIntent>, StoreError> {
        fenced::intent(&self.table, claim).await
    }

    async fn intent_created(&self, claim: &ClaimName, claim_uid: &str) -> Result<(), StoreError> {
        fenced::intent_created(&self.table, claim, claim_uid).await
    }

    async fn close_intent(&self, claim: &ClaimName) -> Result<(), StoreError> {
        self.table.delete(Kind::Intent, claim.as_str()).await
    }

    async fn note_pending(&self, now: Timestamp) -> Result<BatchWindow, StoreError> {
        belief::note_pending(&self.table, now).await
    }

    async fn window(&self) -> Result<Option<BatchWindow>, StoreError> {
        belief::window(&self.table).await
    }

    async fn close_window(&self, seen: BatchWindow) -> Result<(), StoreError> {
        belief::close_window(&self.table, seen).await
    }

    async fn mark_unavailable(&self, marks: &[UnavailableUntil]) -> Result<(), StoreError> {
        belief::mark_unavailable(&self.table, marks).await
    }

    async fn unavailable(&self, now: Timestamp) -> Result<Vec<UnavailableUntil>, StoreError> {
        belief::unavailable(&self.table, now).await
    }

    async fn nominate(&self, nominations: &[Nomination]) -> Result<(), StoreError> {
        belief::nominate(&self.table, nominations).await
    }

    async fn nominations(&self, now: Timestamp) -> Result<Vec<Nomination>, StoreError> {
        belief::nominations(&self.table, now).await
    }

    async fn note_wake(&self, about: &str, due_at: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        belief::note_wake(&self.table, &self.attempts.next(), (about, due_at), now).await
    }

    async fn hold_watch(&self, holder: &str, now: Timestamp, term_secs: u32) -> Result<bool, StoreError> {
        belief::hold_watch(&self.table, holder, now, term_secs).await
    }

    async fn put_command(
        &self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        fenced::commit(&self.table, fence, Some(command), intents).await
    }

    async fn commands(&self) -> Result<Vec<Command>, StoreError> {
        fenced::commands(&self.table).await
    }

    async fn drop_command(&self, id: &CommandId) -> Result<(), StoreError> {
        self.table.delete(Kind::Command, id.as_str()).await
    }
}
