//! What happened, in order? Every change of the world leaves one line; two runs of one seed leave the same lines.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A step of the script.
    Script,
    /// A pod waits for a node.
    PodPending,
    /// A pod fits nowhere, with the reason.
    PodUnschedulable,
    /// A pod got a node.
    PodBound,
    /// A pod runs.
    PodRunning,
    /// A pod's work is done.
    PodFinished,
    /// A pod was asked to leave its node.
    PodEvicted,
    /// A pod is gone.
    PodGone,
    /// A machine was decided on.
    Decided,
    /// A machine is to go, with the reason.
    Disrupted,
    /// A claim is gone.
    ClaimGone,
    /// A pool was not used, with the reason.
    PoolSkipped,
    /// EC2 launched an instance.
    InstanceLaunched,
    /// EC2 refused to launch.
    LaunchRefused,
    /// A spot instance is about to be taken back.
    SpotWarning,
    /// An instance was told to terminate.
    InstanceEnding,
    /// An instance is gone.
    InstanceEnded,
    /// A node registered.
    NodeJoined,
    /// A node is ready.
    NodeReady,
    /// A node may take pods.
    NodeInitialized,
    /// The last pod but daemons left a node.
    NodeEmpty,
    /// A node is to go.
    NodeDraining,
    /// A node is gone.
    NodeGone,
    /// Nodes were found to be unneeded, and are looked at again before anything is touched.
    Proposed,
    /// The product says what it decided or did.
    Fact,
    /// The product wrote an event.
    Event,
    /// A call through a port.
    Call,
    /// A message was sent, delivered or dropped.
    Message,
    /// An invocation began, ended or died.
    Invocation,
}

impl EntryKind {
    /// Whether it belongs in the timeline that people read.
    pub fn is_for_people(self) -> bool {
        !matches!(
            self,
            EntryKind::Event
                | EntryKind::Fact
                | EntryKind::Call
                | EntryKind::Message
                | EntryKind::Invocation
                | EntryKind::PodBound
                | EntryKind::ClaimGone
                | EntryKind::NodeJoined
                | EntryKind::InstanceEnded
        )
    }

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            EntryKind::Script => "script",
            EntryKind::PodPending => "pod pending",
            EntryKind::PodUnschedulable => "pod does not fit",
            EntryKind::PodBound => "pod bound",
            EntryKind::PodRunning => "pod running",
            EntryKind::PodFinished => "pod finished",
            EntryKind::PodEvicted => "pod evicted",
            EntryKind::PodGone => "pod gone",
            EntryKind::Decided => "decision",
            EntryKind::Disrupted => "disruption",
            EntryKind::ClaimGone => "claim gone",
            EntryKind::PoolSkipped => "pool not used",
            EntryKind::InstanceLaunched => "instance launched",
            EntryKind::LaunchRefused => "launch refused",
            EntryKind::SpotWarning => "spot warning",
            EntryKind::InstanceEnding => "instance ending",
            EntryKind::InstanceEnded => "instance gone",
            EntryKind::NodeJoined => "node joined",
            EntryKind::NodeReady => "node ready",
            EntryKind::NodeInitialized => "node usable",
            EntryKind::NodeEmpty => "node empty",
            EntryKind::NodeDraining => "node draining",
            EntryKind::NodeGone => "node gone",
            EntryKind::Proposed => "proposal",
            EntryKind::Fact => "fact",
            EntryKind::Event => "event",
            EntryKind::Call => "call",
            EntryKind::Message => "message",
            EntryKind::Invocation => "invocation",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: EntryKind,
    /// To what: a pod, a node, an instance, a pool.
    pub subject: String,
    /// The rest, in words.
    pub detail: String,
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.at, self.kind.as_str(), self.subject)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " {}", self.detail) }
    }
}

/// Everything that happened.
#[derive(Debug, Default)]
pub struct Log {
    entries: Vec<LogEntry>,
}

impl Log {
    /// Adds what happened.
    pub fn push(&mut self, entry: LogEntry) {
        self.entries.push(entry);
    }

    /// All of it, in order.
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// The whole as text, one line each.
    pub fn text(&self) -> String {
        self.entries.iter().map(|entry| format!("{entry}\n")).collect()
    }
}
