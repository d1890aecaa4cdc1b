//! What outlives an invocation and is not a Kubernetes object: leases, launch intents, commands, and the
//! volatile knowledge a long-running controller would keep in memory.
//!
//! Every row has its expiry as a field, and readers compare it with the `now` they are given.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::disruption::rounds::Method;
use joiner_core::model::{DisruptionReason, NamespacedName, Unavailable};
use joiner_core::scheduling::plan::ClaimDraft;
use serde::{Deserialize, Serialize};

use crate::{ClaimName, CommandId, Fence, StoreError};

/// Most intents one commit takes: with the check of the lease they are one transaction of at most 100 items.
pub const MAX_INTENTS_PER_COMMIT: usize = 99;

/// The right to decide for the cluster, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Greater than that of every earlier holder.
    pub fence: Fence,
    /// When it was taken.
    pub acquired_at: Timestamp,
    /// When it may pass to another, unless released before.
    pub expires_at: Timestamp,
}

/// Answer to asking for the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseAnswer {
    /// It is ours.
    Held(Lease),
    /// Another holder has it.
    Taken {
        /// When theirs ends at the latest.
        until: Timestamp,
    },
}

/// How far a launch got.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum IntentPhase {
    /// Decided; the claim may not exist yet, no launch was tried.
    Committed,
    /// The claim exists under this UID; a launch may have been tried. Once that claim is gone, so is the reason
    /// to launch.
    Created {
        /// UID of the claim.
        claim_uid: Arc<str>,
    },
}

/// One machine that was decided on and is not known to run yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchIntent {
    /// Name of its claim; the key.
    pub claim: ClaimName,
    /// Its pool.
    pub node_pool: Arc<str>,
    /// UID of the pool.
    pub node_pool_uid: Arc<str>,
    /// What the claim carries.
    pub draft: ClaimDraft,
    /// Pods it is for.
    pub pods: Vec<NamespacedName>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// How far it got.
    pub phase: IntentPhase,
}

/// First and last sight of pods that are waiting for a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchWindow {
    /// The first.
    pub first_seen: Timestamp,
    /// The last.
    pub last_seen: Timestamp,
}

/// Something not to be had, and until when that is believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnavailableUntil {
    /// What.
    pub what: Unavailable,
    /// Until when.
    pub until: Timestamp,
}

/// Pods are expected on a node, which shields it from disruption.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Nomination {
    /// Node, or claim whose node has not joined.
    pub node: Arc<str>,
    /// Until when.
    pub until: Timestamp,
}

/// One node of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandNode {
    /// Its claim.
    pub claim: ClaimName,
    /// UID of the claim.
    pub claim_uid: Arc<str>,
    /// Its node.
    pub node: Arc<str>,
    /// UID of the node.
    pub node_uid: Arc<str>,
}

/// A machine that has to be usable before the nodes of a command go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replacement {
    /// Name of its claim; chosen when the command is accepted.
    pub claim: Option<ClaimName>,
    /// Its pool.
    pub node_pool: Arc<str>,
    /// UID of the pool.
    pub node_pool_uid: Arc<str>,
    /// What the claim carries.
    pub draft: ClaimDraft,
    /// Pods it is for.
    pub pods: Vec<NamespacedName>,
    /// Whether it was seen usable once; what it becomes later is no matter (disruption 2.15).
    pub usable: bool,
}

/// How far a command got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommandPhase {
    /// Decided; to be looked at again before anything is touched.
    Proposed,
    /// Nodes are tainted and the intents of the replacements committed; they must become usable.
    Replacing,
    /// Nothing is waited for any more; claims are being deleted. There is no way back.
    Deleting,
}

/// A disruption in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Its id; the key.
    pub id: CommandId,
    /// What found it.
    pub method: Method,
    /// Nodes to go.
    pub nodes: Vec<CommandNode>,
    /// What has to be usable before they go; none means they are only deleted.
    pub replacements: Vec<Replacement>,
    /// When it was decided.
    pub proposed_at: Timestamp,
    /// When its next step is due.
    pub due_at: Timestamp,
    /// When it is given up, unless it got to deleting.
    pub deadline_at: Timestamp,
    /// How far it got.
    pub phase: CommandPhase,
}

impl Command {
    /// The reason budgets and events know it by.
    pub const fn reason(&self) -> DisruptionReason {
        self.method.reason()
    }
}

/// State between invocations.
pub trait Store: Sync {
    /// Asks for the lease of the cluster, for a number of seconds. One past its expiry passes to whoever asks.
    fn acquire(
        &self,
        now: Timestamp,
        term_secs: u32,
    ) -> impl Future<Output = Result<LeaseAnswer, StoreError>> + Send;

    /// Gives the lease back; an older fence than the current one does nothing.
    fn release(&self, fence: Fence) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes intents, all or none, if the fence still holds (`FenceLost` otherwise). Intents that exist already
    /// are a `Conflict`. At most [`MAX_INTENTS_PER_COMMIT`].
    fn commit_intents(
        &self,
        fence: Fence,
        intents: &[LaunchIntent],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every open intent, in order of claim names.
    fn open_intents(&self) -> impl Future<Output = Result<Vec<LaunchIntent>, StoreError>> + Send;

    /// One open intent.
    fn intent(
        &self,
        claim: &ClaimName,
    ) -> impl Future<Output = Result<Option<LaunchIntent>, StoreError>> + Send;

    /// Moves an intent from `Committed` to `Created`; again with the same UID is no error. `Conflict` when it is
    /// closed, or was created under another UID.
    fn intent_created(
        &self,
        claim: &ClaimName,
        claim_uid: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Closes an intent; closed already is no error.
    fn close_intent(&self, claim: &ClaimName) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that pods were seen pending: opens the window or extends it, and answers with it.
    fn note_pending(&self, now: Timestamp) -> impl Future<Output = Result<BatchWindow, StoreError>> + Send;

    /// The window, if one is open.
    fn window(&self) -> impl Future<Output = Result<Option<BatchWindow>, StoreError>> + Send;

    /// Closes the window, if nothing was noted since `seen` was read.
    fn close_window(&self, seen: BatchWindow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Remembers what is not to be had; marking again extends.
    fn mark_unavailable(
        &self,
        marks: &[UnavailableUntil],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What is not to be had at `now`, in order.
    fn unavailable(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<UnavailableUntil>, StoreError>> + Send;

    /// Nominates nodes; again extends.
    fn nominate(&self, nominations: &[Nomination]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Nominations that hold at `now`, in order of node names.
    fn nominations(&self, now: Timestamp)
    -> impl Future<Output = Result<Vec<Nomination>, StoreError>> + Send;

    /// Whether a message about something, due at a moment, is worth sending: noted and answered with true, unless
    /// one about the same is noted already that is due after `now` and no later. So copies of a step do not
    /// multiply, and a lost one is replaced once its moment has passed.
    fn note_wake(
        &self,
        about: &str,
        due_at: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes or keeps the right to watch the cluster, for whoever goes by `holder`; false while another has it.
    fn hold_watch(
        &self,
        holder: &str,
        now: Timestamp,
        term_secs: u32,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes a command over its earlier phase, together with the intents of its replacements, all or none, if
    /// the fence still holds (`FenceLost` otherwise). Intents that exist already are a `Conflict`. At most
    /// [`MAX_INTENTS_PER_COMMIT`] less one.
    fn put_command(
        &self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every command in progress, in order of ids.
    fn commands(&self) -> impl Future<Output = Result<Vec<Command>, StoreError>> + Send;

    /// Forgets a command; unknown is no error.
    fn drop_command(&self, id: &CommandId) -> impl Future<Output = Result<(), StoreError>> + Send;
}
