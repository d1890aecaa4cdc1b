//! One message handled, and seen to be: its facts in the log, its numbers in the metrics.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::Timestamp;
use joiner_app::{Failure, Outcome, Settings};
use joiner_ports::{Message, Queue, Store};

use crate::fact_lines;
use crate::metrics::{self, Sample, emf, table};
use crate::ports::ClusterPorts;

/// Handles a message through the ports of its cluster.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub(crate) async fn handle<S: Store + Send, Q: Queue + Send>(
    ports: &ClusterPorts<S, Q>,
    settings: &Settings,
    message: Message,
    now: Timestamp,
) -> Result<(), Failure> {
    let kind = message.kind();
    let begin = Instant::now();
    let mut samples = announced(&message, now);
    // Boxed: what is inside is a state machine of many layers, too deep to be laid out in whoever calls this.
    let handled: BoxFuture<'_, Result<Outcome, Failure>> =
        Box::pin(joiner_app::handle(ports, settings, message, now));
    let answer = handled.await;
    let took = begin.elapsed();
    samples.push(Sample::duration(table::HANDLING, &[kind], took));
    match &answer {
        Ok(outcome) => {
            fact_lines::write(outcome);
            samples.push(Sample::count(table::HANDLED, &[kind], 1));
            samples.extend(metrics::samples(outcome, kind));
            tracing::debug!(milliseconds = milliseconds(took), facts = outcome.facts.len(), "handled");
        }
        Err(_) => samples.push(Sample::count(table::FAILED, &[kind], 1)),
    }
    samples.extend(ports.calls().take());
    emf::write(&ports.name, samples, now);
    answer.map(drop)
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// What an announcement counts for, under the peer's words (api 7.5).
fn announced(message: &Message, now: Timestamp) -> Vec<Sample> {
    use joiner_ports::InterruptionKind as Kind;
    let Message::Interruption { event, at, .. } = message else { return Vec::new() };
    let word = match event {
        Kind::SpotInterruption => "spot_interrupted",
        Kind::RebalanceRecommendation => "rebalance_recommendation",
        Kind::ScheduledChange => "scheduled_change",
        Kind::StateChange { state } if state.starts_with("stop") => "instance_stopped",
        Kind::StateChange { .. } => "instance_terminated",
        Kind::StatusCheckFailed => "instance_status",
        Kind::CapacityReservationInterruption => "capacity_reservation_interrupted",
    };
    let waited = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
    vec![
        Sample::count(table::INTERRUPTIONS, &[word], 1),
        Sample::duration(table::INTERRUPTION_DELAY, &[], waited),
    ]
}
