//! What a use case decided and did, as values: the timeline of a simulation and the log of a deployment are made
//! of these.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::disruption::blocked::Blocked;
use joiner_core::lifecycle::End;
use joiner_core::model::{CapacityType, DisruptionReason, NamespacedName, Price, Unavailable};
use joiner_core::scheduling::reason::{PoolRefusal, WhyNot};
use joiner_ports::{ClaimName, CommandId, Delay, InstanceId};

/// One thing that was decided or done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are what their names say, of what the variant says")]
pub enum Fact {
    /// The message was put off.
    Postponed { why: String, delay: Delay },
    /// Another run has the lease.
    LeaseBusy { until: Timestamp },
    /// The view of the cluster was not complete; nothing was decided.
    Incomplete { why: String },

    /// Pods are still being collected.
    WindowOpen { until: Timestamp },
    /// No pods were waiting for a pass.
    NothingPending,
    /// A pass was made.
    Planned { claims: usize, on_new: usize, on_existing: usize, unschedulable: usize, price: Price },
    /// A claim was decided on.
    ClaimPlanned { claim: ClaimName, node_pool: Arc<str>, pods: usize, types: usize, price: Price },
    /// A pod is expected on a claim or node.
    Nominated { pod: NamespacedName, on: Arc<str> },
    /// A pod fits nowhere.
    Unschedulable { pod: NamespacedName, why: WhyNot },
    /// A pod was left out.
    PodIgnored { pod: NamespacedName, why: String },
    /// A pool took no part.
    PoolSkipped { node_pool: Arc<str>, why: PoolRefusal },
    /// There is no pool at all, so nothing can be launched.
    NoNodePools,

    /// A claim object was written.
    ClaimCreated { claim: ClaimName },
    /// An instance was launched, or found launched.
    Launched {
        claim: ClaimName,
        instance: InstanceId,
        instance_type: Arc<str>,
        zone: Arc<str>,
        capacity_type: CapacityType,
    },
    /// Nothing of what a claim would take could be had.
    NoCapacity { claim: ClaimName, refused: Vec<Unavailable> },
    /// A launch failed and is tried again, or its claim given up.
    LaunchFailed { claim: ClaimName, reason: String, message: String },

    /// A node joined.
    Registered { claim: ClaimName, node: Arc<str> },
    /// A node is usable.
    Initialized { claim: ClaimName, node: Arc<str> },
    /// A claim waits for its machine.
    Waiting { claim: ClaimName, reason: Arc<str>, message: Arc<str> },
    /// A claim was deleted by its own lifecycle.
    Ended { claim: ClaimName, end: End },
    /// A pod event was written down.
    PodEvent { claim: ClaimName },

    /// Nodes were found empty, within budget; they are looked at again before anything is touched.
    CommandProposed { command: CommandId, reason: DisruptionReason, nodes: Vec<Arc<str>>, due_at: Timestamp },
    /// A node is not disrupted.
    Blocked { claim: Arc<str>, why: Blocked },
    /// A command no longer holds for a node.
    Abandoned { claim: Arc<str>, why: String },
    /// Nodes are marked, and what takes their place is being launched.
    Replacing { command: CommandId, claims: Vec<ClaimName> },
    /// A machine that takes the place of others was seen usable.
    ReplacementUsable { command: CommandId, claim: ClaimName },
    /// A node was tainted and its claim deleted.
    Disrupted { claim: ClaimName, node: Arc<str>, reason: DisruptionReason },
    /// A taint that no command stands for was taken away.
    Untainted { node: Arc<str> },

    /// A node is kept from new pods.
    Tainted { node: Arc<str> },
    /// A pod was asked to leave.
    Evicted { pod: NamespacedName },
    /// A disruption budget forbids an eviction.
    EvictionBlocked { pod: NamespacedName, message: String },
    /// A pod is forced out before the deadline.
    ForcedOut { pod: NamespacedName, grace_secs: u32 },
    /// A pod holds the drain by its annotation.
    Held { pod: NamespacedName },
    /// Volumes are still attached.
    AwaitingVolumes { attachments: Vec<Arc<str>> },
    /// The cloud was told to terminate an instance.
    InstanceTerminating { instance: InstanceId },
    /// A node object was let go.
    NodeReleased { node: Arc<str> },
    /// A claim object was let go.
    ClaimReleased { claim: ClaimName },

    /// EC2 announced something about an instance of ours.
    Noticed { claim: ClaimName, instance: InstanceId, reason: &'static str },
    /// EC2 announced something about an instance that belongs to no claim.
    NotOurs { instance: InstanceId },
    /// A claim was deleted although nobody asked: EC2 takes its instance, or it is past helping.
    ClaimDisrupted { claim: ClaimName, node_pool: Option<Arc<str>>, reason: Arc<str> },

    /// A claim no longer matches its pool or class.
    Drifted { claim: ClaimName, cause: &'static str },
    /// It does again.
    DriftOver { claim: ClaimName },
    /// A node has less than was launched for its claim.
    Inconsistent { claim: ClaimName, what: String },
    /// A node was sick for too long.
    Unhealthy { claim: ClaimName, node: Arc<str>, ailment: Arc<str> },
    /// A sick node stays, because too many are.
    RepairBlocked { node: Arc<str>, unhealthy: usize, nodes: usize },
    /// An instance was told the names of its node and claim.
    InstanceTagged { claim: ClaimName, instance: InstanceId },
    /// The annotation that should protect a pod cannot be read.
    Unprotected { pod: NamespacedName, value: Arc<str> },

    /// What a class resolves to, or what is said of it, was written.
    ClassWritten { class: Arc<str>, status: bool, conditions: usize },
    /// Nodes may be launched from a class.
    ClassReady { class: Arc<str> },
    /// None may.
    ClassNotReady { class: Arc<str>, reason: Arc<str>, message: Arc<str> },
    /// Something a class asks for cannot be had.
    ClassRefused { class: Arc<str>, condition: &'static str, reason: &'static str, message: String },
    /// A class could not be resolved: we may not ask.
    ClassUnresolved { class: Arc<str>, why: String },
    /// A class is to go, and claims still use it.
    ClassInUse { class: Arc<str>, claims: usize },
    /// A class was let go.
    ClassReleased { class: Arc<str> },
    /// What is said of a pool was written.
    PoolWritten { node_pool: Arc<str>, nodes: u64, conditions: usize },
    /// A condition of a pool turned.
    PoolTurned { node_pool: Arc<str>, condition: &'static str, reason: Arc<str>, message: Arc<str> },
    /// Claims of a pool or class were taken over from another version of hashes.
    Adopted { owner: Arc<str>, claims: usize },

    /// An instance that no claim stands for was terminated.
    OrphanTerminated { instance: InstanceId, claim: Option<ClaimName> },
    /// A claim whose instance is gone was deleted.
    InstanceLost { claim: ClaimName },
    /// An intent that has nothing left to do was closed.
    IntentClosed { claim: ClaimName },
    /// Messages a tick sent.
    Ticked { messages: usize },
}

/// The answer of a use case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What was decided and done, in order.
    pub facts: Vec<Fact>,
}

impl Outcome {
    /// One more.
    pub(crate) fn push(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// All of another.
    pub(crate) fn append(&mut self, other: Outcome) {
        self.facts.extend(other.facts);
    }
}

impl From<Fact> for Outcome {
    fn from(fact: Fact) -> Self {
        Outcome { facts: vec![fact] }
    }
}

impl fmt::Display for Fact {
    #[expect(clippy::too_many_lines, reason = "one line for each fact, and nothing else")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Fact::*;
        match self {
            Postponed { why, delay } => write!(f, "again in {} s: {why}", delay.as_secs()),
            LeaseBusy { until } => write!(f, "another run decides until {until} at the latest"),
            Incomplete { why } => write!(f, "nothing decided on an incomplete view: {why}"),
            WindowOpen { until } => write!(f, "collecting pods until {until}"),
            NothingPending => f.write_str("no pods wait for a pass"),
            Planned { claims, on_new, on_existing, unschedulable, price } => write!(
                f,
                "plan: {claims} new for {on_new} pods at {:.4} $/h, {on_existing} pods fit what is there, {unschedulable} fit nowhere",
                price.usd_per_hour()
            ),
            ClaimPlanned { claim, node_pool, pods, types, price } => write!(
                f,
                "{claim}: NodePool {node_pool}, {pods} pods, {types} types from {:.4} $/h",
                price.usd_per_hour()
            ),
            Nominated { pod, on } => write!(f, "pod {pod} expected on {on}"),
            Unschedulable { pod, why } => write!(f, "pod {pod} fits nowhere: {why}"),
            PodIgnored { pod, why } => write!(f, "pod {pod} left out: {why}"),
            PoolSkipped { node_pool, why } => write!(f, "NodePool {node_pool} not used: {why}"),
            NoNodePools => f.write_str("there is no NodePool, so nothing is launched"),
            ClaimCreated { claim } => write!(f, "{claim}: created"),
            Launched { claim, instance, instance_type, zone, capacity_type } => {
                write!(f, "{claim}: launched {instance} {instance_type} {capacity_type} {zone}")
            }
            NoCapacity { claim, refused } => {
                write!(f, "{claim}: no capacity, {} ways to buy marked", refused.len())
            }
            LaunchFailed { claim, reason, message } => {
                write!(f, "{claim}: launch failed, {reason}: {message}")
            }
            Registered { claim, node } => write!(f, "{claim}: node {node} registered"),
            Initialized { claim, node } => write!(f, "{claim}: node {node} initialized"),
            Waiting { claim, reason, message } => write!(f, "{claim}: waiting, {reason}: {message}"),
            Ended { claim, end } => write!(f, "{claim}: deleted, {}", end.as_str()),
            PodEvent { claim } => write!(f, "{claim}: a pod came or went"),
            CommandProposed { command, reason, nodes, due_at } => {
                write!(f, "{command}: {} {}, validated at {due_at}", reason.as_str(), nodes.join(" "))
            }
            Blocked { claim, why } => write!(f, "{claim}: not disrupted: {why}"),
            Abandoned { claim, why } => write!(f, "{claim}: disruption abandoned: {why}"),
            Replacing { command, claims } => {
                let names: Vec<&str> = claims.iter().map(ClaimName::as_str).collect();
                write!(f, "{command}: nodes marked, waiting for {}", names.join(" "))
            }
            ReplacementUsable { command, claim } => write!(f, "{command}: replacement {claim} is usable"),
            Disrupted { claim, node, reason } => {
                write!(f, "{claim}: node {node} disrupted, {}", reason.as_str())
            }
            Untainted { node } => write!(f, "node {node} untainted"),
            Tainted { node } => write!(f, "node {node} tainted"),
            Evicted { pod } => write!(f, "pod {pod} evicted"),
            EvictionBlocked { pod, message } => write!(f, "pod {pod} not evicted: {message}"),
            ForcedOut { pod, grace_secs } => write!(f, "pod {pod} forced out with {grace_secs} s"),
            Held { pod } => write!(f, "pod {pod} must not be disrupted and holds the drain"),
            AwaitingVolumes { attachments } => write!(f, "waiting for volumes {}", attachments.join(" ")),
            InstanceTerminating { instance } => write!(f, "{instance} terminating"),
            NodeReleased { node } => write!(f, "node {node} gone"),
            ClaimReleased { claim } => write!(f, "{claim}: gone"),
            Noticed { claim, instance, reason } => write!(f, "{claim}: EC2 says of {instance}: {reason}"),
            NotOurs { instance } => write!(f, "{instance} belongs to no claim"),
            ClaimDisrupted { claim, reason, .. } => write!(f, "{claim}: deleted, {reason}"),
            Drifted { claim, cause } => write!(f, "{claim}: drifted, {cause}"),
            DriftOver { claim } => write!(f, "{claim}: not drifted any more"),
            Inconsistent { claim, what } => write!(f, "{claim}: {what}"),
            Unhealthy { claim, node, ailment } => write!(f, "{claim}: node {node} is sick, {ailment}"),
            RepairBlocked { node, unhealthy, nodes } => {
                write!(f, "node {node} is sick and stays: {unhealthy} of {nodes} nodes are")
            }
            InstanceTagged { claim, instance } => write!(f, "{claim}: {instance} tagged"),
            Unprotected { pod, value } => write!(f, "pod {pod} is not protected by {value:?}"),
            ClassWritten { class, status, conditions } => {
                let status = if *status { "status" } else { "no status" };
                write!(f, "EC2NodeClass {class}: {status} and {conditions} conditions written")
            }
            ClassReady { class } => write!(f, "EC2NodeClass {class} is ready"),
            ClassNotReady { class, reason, message } => {
                write!(f, "EC2NodeClass {class} is not ready, {reason}: {message}")
            }
            ClassRefused { class, condition, reason, message } => {
                write!(f, "EC2NodeClass {class}: {condition} does not hold, {reason}: {message}")
            }
            ClassUnresolved { class, why } => write!(f, "EC2NodeClass {class} cannot be resolved: {why}"),
            ClassInUse { class, claims } => {
                write!(f, "EC2NodeClass {class} is still used by {claims} claims")
            }
            ClassReleased { class } => write!(f, "EC2NodeClass {class} gone"),
            PoolWritten { node_pool, nodes, conditions } => {
                write!(f, "NodePool {node_pool}: {nodes} nodes, {conditions} conditions written")
            }
            PoolTurned { node_pool, condition, reason, message } => {
                write!(f, "NodePool {node_pool}: {condition} turned, {reason}: {message}")
            }
            Adopted { owner, claims } => write!(f, "{claims} claims of {owner} taken over as they are"),
            OrphanTerminated { instance, claim: Some(claim) } => {
                write!(f, "{instance} terminated, its claim {claim} does not exist")
            }
            OrphanTerminated { instance, claim: None } => write!(f, "{instance} terminated, it has no claim"),
            InstanceLost { claim } => write!(f, "{claim}: deleted, its instance is gone"),
            IntentClosed { claim } => write!(f, "{claim}: intent closed, nothing left to do"),
            Ticked { messages } => write!(f, "tick: {messages} messages"),
        }
    }
}
