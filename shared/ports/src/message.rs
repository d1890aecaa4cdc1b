//! Why to look: the messages on the queue. They are hints; what is true is read again.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ClaimName, ClusterName, CommandId, Delay, InstanceId, QueueError};

/// What made someone look for pending pods.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PendingHint {
    /// The scheduler refused this pod; extends the batch window.
    Pod {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// Pods will be pending because their node goes away; extends the batch window.
    NodeGoing,
    /// The batch window was still open; does not extend it.
    WindowDue,
    /// Something changed that may let waiting pods be placed (a launch was refused and another is due, capacity
    /// may be back, a limit has room); opens or extends the window like a pod.
    Again,
}

/// What a termination step is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// A claim, with its nodes.
    Claim(ClaimName),
    /// A node by name, for nodes that lost their claim.
    Node(Arc<str>),
}

/// What EC2 announces about an instance (aws 7).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InterruptionKind {
    /// Spot capacity is taken back in two minutes.
    SpotInterruption,
    /// Spot capacity may be taken back soon.
    RebalanceRecommendation,
    /// Maintenance is planned.
    ScheduledChange,
    /// It is going to state `stopping`, `stopped`, `shutting-down` or `terminated`.
    StateChange {
        /// The state.
        state: Arc<str>,
    },
    /// Its status checks fail.
    StatusCheckFailed,
    /// Its interruptible capacity reservation is taken back.
    CapacityReservationInterruption,
}

/// Which function handles a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Duty {
    /// Cluster events into messages, and the minute's tick.
    Relay,
    /// Pending pods into machines.
    Provision,
    /// Claims from launch to usable, pools and classes, the sweep.
    Lifecycle,
    /// Announcements of EC2.
    Interrupt,
    /// Nodes that should go.
    Disrupt,
    /// Machines that go.
    Terminate,
}

impl Duty {
    /// Every function.
    pub const ALL: [Duty; 6] =
        [Duty::Relay, Duty::Provision, Duty::Lifecycle, Duty::Interrupt, Duty::Disrupt, Duty::Terminate];

    /// As queues, functions and settings are named after it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Duty::Relay => "relay",
            Duty::Provision => "provision",
            Duty::Lifecycle => "lifecycle",
            Duty::Interrupt => "interrupt",
            Duty::Disrupt => "disrupt",
            Duty::Terminate => "terminate",
        }
    }
}

/// A hint to look at something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Message {
    /// Pods may need machines.
    PodsPending {
        /// What was seen.
        hint: PendingHint,
    },
    /// A claim may have something to do: launch, register, initialize, expire.
    ClaimStep {
        /// The claim.
        claim: ClaimName,
        /// Until when the step sends itself again; after that the tick takes over. So however many copies of it
        /// arrive, they die out.
        again_until: Timestamp,
    },
    /// A pod came to or went from a node.
    PodMoved {
        /// The node.
        node: Arc<str>,
    },
    /// A node changed: it joined, turned ready, or is being deleted.
    NodeChanged {
        /// The node.
        node: Arc<str>,
    },
    /// Nodes may be disrupted.
    DisruptTick {
        /// Until when it sends itself again for the next moment that matters, as for a claim step.
        again_until: Timestamp,
    },
    /// A disruption command has a step due.
    CommandStep {
        /// The command.
        command: CommandId,
    },
    /// Something going away has a step due.
    TerminateStep {
        /// What.
        target: Target,
        /// Until when the step sends itself again, as for a claim step.
        again_until: Timestamp,
    },
    /// EC2 announced something about an instance.
    Interruption {
        /// The instance.
        instance: InstanceId,
        /// What.
        event: InterruptionKind,
        /// When it was said.
        at: Timestamp,
    },
    /// A pool came, changed, or is going: its conditions, hash and counters.
    PoolChanged {
        /// The pool.
        pool: Arc<str>,
    },
    /// A class came, changed, or is going: what it resolves to.
    ClassChanged {
        /// The class.
        class: Arc<str>,
    },
    /// Look for machines without claims, claims without machines, and intents nobody finishes.
    Sweep,
    /// A minute has passed.
    Tick,
}

impl Message {
    /// The function that handles it.
    pub const fn duty(&self) -> Duty {
        match self {
            Message::Tick => Duty::Relay,
            Message::PodsPending { .. } => Duty::Provision,
            Message::ClaimStep { .. }
            | Message::PodMoved { .. }
            | Message::NodeChanged { .. }
            | Message::PoolChanged { .. }
            | Message::ClassChanged { .. }
            | Message::Sweep => Duty::Lifecycle,
            Message::Interruption { .. } => Duty::Interrupt,
            Message::DisruptTick { .. } | Message::CommandStep { .. } => Duty::Disrupt,
            Message::TerminateStep { .. } => Duty::Terminate,
        }
    }

    /// Its kind, as it is written.
    pub const fn kind(&self) -> &'static str {
        match self {
            Message::PodsPending { .. } => "podsPending",
            Message::ClaimStep { .. } => "claimStep",
            Message::PodMoved { .. } => "podMoved",
            Message::NodeChanged { .. } => "nodeChanged",
            Message::DisruptTick { .. } => "disruptTick",
            Message::CommandStep { .. } => "commandStep",
            Message::TerminateStep { .. } => "terminateStep",
            Message::Interruption { .. } => "interruption",
            Message::PoolChanged { .. } => "poolChanged",
            Message::ClassChanged { .. } => "classChanged",
            Message::Sweep => "sweep",
            Message::Tick => "tick",
        }
    }
}

/// A message with the cluster it is about, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Envelope {
    /// The cluster.
    pub cluster: ClusterName,
    /// The message.
    pub message: Message,
}

/// Messages to later invocations: delivered at least once, in any order, never before the delay is over.
pub trait Queue: Sync {
    /// Sends a message about this cluster.
    fn send(&self, message: Message, delay: Delay) -> impl Future<Output = Result<(), QueueError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_wire_form() {
        let claim = ClaimName::new("general-abc").unwrap();
        let again_until: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let pod = PendingHint::Pod { namespace: "default".into(), name: "web-1".into() };
        for (message, wire) in [
            (
                Message::PodsPending { hint: pod },
                r#"{"kind":"podsPending","hint":{"pod":{"namespace":"default","name":"web-1"}}}"#,
            ),
            (
                Message::PodsPending { hint: PendingHint::WindowDue },
                r#"{"kind":"podsPending","hint":"windowDue"}"#,
            ),
            (
                Message::ClaimStep { claim: claim.clone(), again_until },
                r#"{"kind":"claimStep","claim":"general-abc","againUntil":"2026-01-02T03:04:05Z"}"#,
            ),
            (
                Message::TerminateStep { target: Target::Claim(claim), again_until },
                r#"{"kind":"terminateStep","target":{"claim":"general-abc"},"againUntil":"2026-01-02T03:04:05Z"}"#,
            ),
            (Message::Tick, r#"{"kind":"tick"}"#),
        ] {
            assert_eq!(serde_json::to_string(&message).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Message>(wire).unwrap(), message);
        }
    }

    #[test]
    fn a_message_without_a_cluster_name_is_refused() {
        let wire = r#"{"cluster":"","message":{"kind":"tick"}}"#;
        let refusal = serde_json::from_str::<Envelope>(wire).unwrap_err();
        assert!(refusal.to_string().contains("is not the name of an EKS cluster"), "{refusal}");
    }
}
