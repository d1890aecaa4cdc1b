//! Hints on the event bus: what the relay saw, on its way to the queues of the duties.
//!
//! An event carries the envelope as its detail; rules look at the kind of the message and deliver the detail. What
//! is announced this way cannot be delayed: whoever needs a delay sends to a queue.

use std::sync::Arc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use joiner_ports::{ClusterName, Duty, Envelope, Message, QueueError};

use crate::Clients;

/// IAM actions on the bus.
pub const ACTIONS: &[&str] = &["events:PutEvents"];
/// The source of our events, for rules.
pub const SOURCE: &str = "joiner";
/// The detail type of our events, for rules.
pub const DETAIL_TYPE: &str = "Joiner Cluster Event";
/// Where in an event rules find the kind of a message.
pub const KIND_PATH: [&str; 3] = ["detail", "message", "kind"];

/// Most events one call takes.
const MOST_ENTRIES: usize = 10;
/// Most bytes of one call: 256 KiB, less some for what we do not count.
const MOST_BYTES: usize = 250 * 1024;
/// Calls for events that were not taken, the first included.
const ROUNDS: usize = 2;

/// Every kind of message and the duty whose queue it goes to: the rules of the bus.
pub const ROUTES: [(&str, Duty); 12] = [
    ("tick", Duty::Relay),
    ("podsPending", Duty::Provision),
    ("claimStep", Duty::Lifecycle),
    ("podMoved", Duty::Lifecycle),
    ("nodeChanged", Duty::Lifecycle),
    ("poolChanged", Duty::Lifecycle),
    ("classChanged", Duty::Lifecycle),
    ("sweep", Duty::Lifecycle),
    ("interruption", Duty::Interrupt),
    ("disruptTick", Duty::Disrupt),
    ("commandStep", Duty::Disrupt),
    ("terminateStep", Duty::Terminate),
];

/// The kinds that go to a duty, in the order of [`ROUTES`].
pub fn kinds_of(duty: Duty) -> Vec<&'static str> {
    ROUTES.iter().filter(|(_, to)| *to == duty).map(|(kind, _)| *kind).collect()
}

/// Events that the bus did not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bus took {taken} of {all} events; the first refusal is {code}: {message}")]
struct Partial {
    taken: usize,
    all: usize,
    code: String,
    message: String,
}

/// Publishes hints about one cluster.
#[derive(Debug, Clone)]
pub struct EventBus {
    clients: Arc<Clients>,
    bus: Arc<str>,
    cluster: ClusterName,
}

impl EventBus {
    /// A publisher on a bus, by name or ARN; no call is made.
    pub fn new(clients: Arc<Clients>, bus: &str, cluster: ClusterName) -> Self {
        EventBus { clients, bus: bus.into(), cluster }
    }

    /// Publishes messages. What the bus did not take is offered once more.
    ///
    /// # Errors
    /// The bus cannot be reached or refused some twice: whoever saw the events publishes all of them again.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), QueueError> {
        let details = messages.iter().map(|message| {
            let envelope = Envelope { cluster: self.cluster.clone(), message: message.clone() };
            serde_json::to_string(&envelope).map_err(|error| QueueError(error.into()))
        });
        let mut open = details.collect::<Result<Vec<String>, QueueError>>()?;
        let mut refusal = None;
        for _ in 0..ROUNDS {
            let mut refused = Vec::new();
            for batch in batches(&open) {
                refusal = self.put(batch, &mut refused).await?.or(refusal);
            }
            open = refused;
            if open.is_empty() {
                return Ok(());
            }
        }
        let (code, message) = refusal.unwrap_or_default();
        let (all, taken) = (messages.len(), messages.len() - open.len());
        Err(QueueError(Partial { taken, all, code, message }.into()))
    }

    /// One call. What was not taken is pushed to `refused`; answers with the first refusal.
    async fn put(
        &self,
        batch: &[String],
        refused: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, QueueError> {
        let entries = batch.iter().map(|detail| {
            let entry = PutEventsRequestEntry::builder().source(SOURCE).detail_type(DETAIL_TYPE);
            entry.detail(detail).event_bus_name(&*self.bus).build()
        });
        let call = self.clients.eventbridge().put_events().set_entries(Some(entries.collect()));
        let answer = call.send().await.map_err(|error| QueueError(error.into()))?;
        let mut refusal = None;
        for (detail, entry) in batch.iter().zip(answer.entries.unwrap_or_default()) {
            if let Some(code) = entry.error_code {
                refused.push(detail.clone());
                refusal = refusal.or(Some((code, entry.error_message.unwrap_or_default())));
            }
        }
        Ok(refusal)
    }
}

/// What counts of an entry for the limit of a call.
fn size(detail: &str) -> usize {
    detail.len() + SOURCE.len() + DETAIL_TYPE.len()
}

/// Runs of details that fit into one call. One that alone is too large makes its own, and is refused.
fn batches(details: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, detail) in details.iter().enumerate() {
        if at > start && (at - start == MOST_ENTRIES || bytes + size(detail) > MOST_BYTES) {
            batches.push(&details[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += size(detail);
    }
    if start < details.len() {
        batches.push(&details[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use joiner_ports::{ClaimName, CommandId, InstanceId, InterruptionKind, PendingHint, Target};

    use super::*;

    fn one_of_each() -> [Message; 12] {
        let claim = ClaimName::new("general-abc").unwrap();
        let again_until = "2026-01-02T03:04:05Z".parse().unwrap();
        [
            Message::Tick,
            Message::PodsPending { hint: PendingHint::Again },
            Message::ClaimStep { claim: claim.clone(), again_until },
            Message::PodMoved { node: "n".into() },
            Message::NodeChanged { node: "n".into() },
            Message::PoolChanged { pool: "p".into() },
            Message::ClassChanged { class: "c".into() },
            Message::Sweep,
            Message::Interruption {
                instance: InstanceId::new("i-0abc").unwrap(),
                event: InterruptionKind::SpotInterruption,
                at: again_until,
            },
            Message::DisruptTick { again_until },
            Message::CommandStep { command: CommandId::new("c-1").unwrap() },
            Message::TerminateStep { target: Target::Claim(claim), again_until },
        ]
    }

    #[test]
    fn the_rules_route_every_kind_to_the_duty_that_handles_it() {
        assert_eq!(one_of_each().map(|message| (message.kind(), message.duty())), ROUTES);
        let routed: BTreeSet<&str> = Duty::ALL.into_iter().flat_map(kinds_of).collect();
        assert_eq!(routed.len(), ROUTES.len());
        assert_eq!(kinds_of(Duty::Disrupt), ["disruptTick", "commandStep"]);
    }

    #[test]
    fn a_call_holds_ten_events_and_no_more_than_a_quarter_of_a_megabyte() {
        let sizes = |details: &[String]| batches(details).iter().map(|b| b.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&vec!["{}".to_owned(); 23]), [10, 10, 3]);
        assert_eq!(sizes(&vec!["x".repeat(100 * 1024); 5]), [2, 2, 1]);
        assert_eq!(sizes(&["x".repeat(300 * 1024), "{}".to_owned()]), [1, 1]);
        assert_eq!(sizes(&[]), Vec::<usize>::new());
    }
}
