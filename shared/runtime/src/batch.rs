//! A batch of a queue's records: each is read alone, handled alone, and succeeds or fails alone.
//!
//! Clusters are handled beside each other, so that a slow one holds up nobody else. Within a cluster, duties that
//! decide under its lease go one after another, for a second run would only find the lease taken; the others a few
//! at a time. Equal messages are handled once.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use joiner_ports::{BoxError, ClusterName, Duty, Envelope, Message, PendingHint};
use tracing::Instrument;

use crate::config::ClusterConfig;
use crate::deadline::Deadline;
use crate::logs::Chain;
use crate::record::{self, RecordFault};

/// Messages of one cluster in hand at a time, for duties that do not need its lease.
const WIDTH: usize = 8;

/// Whoever handles messages.
pub(crate) trait Desk: Sync {
    /// The clusters it serves.
    fn clusters(&self) -> &BTreeMap<ClusterName, ClusterConfig>;

    /// Handles one message within a time.
    ///
    /// # Errors
    /// It must come again.
    fn handle(
        &self,
        envelope: &Envelope,
        limit: Duration,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// Why a record comes again.
#[derive(Debug, thiserror::Error)]
enum Again {
    #[error(transparent)]
    Unreadable(#[from] RecordFault),
    #[error("the invocation ends before it could begin")]
    NotBegun,
    #[error("it was cut off after {} s, before the end of the invocation", .0.as_secs())]
    CutOff(Duration),
    #[error("handling it failed")]
    Failed(#[source] BoxError),
}

/// One thing to do, and the records that ask for it.
struct Job {
    envelope: Envelope,
    records: Vec<usize>,
}

/// Handles a batch and answers with the records that failed.
// behaviour: runtime/each-record-fails-alone
pub(crate) async fn serve<D: Desk>(desk: &D, duty: Duty, event: SqsEvent, end: Deadline) -> SqsBatchResponse {
    let records = &event.records;
    let mut failed: Vec<bool> = records.iter().map(|_| false).collect();
    let mut jobs: BTreeMap<Envelope, Job> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        match record::read(duty, record.body.as_deref().unwrap_or_default(), desk.clusters().values()) {
            Ok(envelopes) => {
                for envelope in envelopes {
                    let key = alike(&envelope);
                    jobs.entry(key).or_insert_with(|| Job { envelope, records: Vec::new() }).records.push(at);
                }
            }
            Err(fault) => {
                failed[at] = true;
                report(record, &Again::Unreadable(fault));
            }
        }
    }
    let mut lanes: BTreeMap<ClusterName, Vec<Job>> = BTreeMap::new();
    for job in jobs.into_values() {
        lanes.entry(job.envelope.cluster.clone()).or_default().push(job);
    }
    let width = if matches!(duty, Duty::Provision | Duty::Disrupt) { 1 } else { WIDTH };
    let lanes = lanes.into_values().map(|lane| walk(desk, lane, width, end));
    for (job, again) in join_all(lanes).await.into_iter().flatten() {
        for at in job.records {
            failed[at] = true;
            report(&records[at], &again);
        }
    }
    // behaviour: runtime/a-killed-invocation-loses-no-message
    // Only the answer lets a record go: whatever ends before it leaves all of them to come again.
    answer(records, &failed)
}

/// What stands for all messages that lead to the same: any sight of pending pods leads to one look at all of them.
fn alike(envelope: &Envelope) -> Envelope {
    match &envelope.message {
        Message::PodsPending {
            hint: PendingHint::Pod { .. } | PendingHint::NodeGoing | PendingHint::Again,
        } => {
            let message = Message::PodsPending { hint: PendingHint::Again };
            Envelope { cluster: envelope.cluster.clone(), message }
        }
        _ => envelope.clone(),
    }
}

/// The jobs of one cluster, a few at a time; what failed comes back.
async fn walk<D: Desk>(desk: &D, lane: Vec<Job>, width: usize, end: Deadline) -> Vec<(Job, Again)> {
    let mut failures = Vec::new();
    let mut rest = lane.into_iter();
    loop {
        let some: Vec<Job> = rest.by_ref().take(width).collect();
        if some.is_empty() {
            return failures;
        }
        let answers = join_all(some.iter().map(|job| one(desk, &job.envelope, end))).await;
        failures.extend(some.into_iter().zip(answers).filter_map(|(job, answer)| Some((job, answer.err()?))));
    }
}

async fn one<D: Desk>(desk: &D, envelope: &Envelope, end: Deadline) -> Result<(), Again> {
    let Some(limit) = end.left() else { return Err(Again::NotBegun) };
    let (cluster, kind) = (envelope.cluster.as_str(), envelope.message.kind());
    let span = tracing::info_span!("message", cluster, kind, request = %request());
    let handled = tokio::time::timeout(limit, desk.handle(envelope, limit)).instrument(span).await;
    match handled {
        Ok(answer) => answer.map_err(Again::Failed),
        Err(_) => Err(Again::CutOff(limit)),
    }
}

tokio::task_local! {
    /// Id of the invocation, for the lines of the log.
    pub(crate) static REQUEST: String;
}

/// Id of the invocation; empty outside of one.
pub(crate) fn request() -> String {
    REQUEST.try_with(Clone::clone).unwrap_or_default()
}

fn report(record: &SqsMessage, again: &Again) {
    let receives = record.attributes.get("ApproximateReceiveCount").map(String::as_str);
    let id = record.message_id.as_deref();
    tracing::error!(record = id, receives, request = %request(), error = %Chain(again), "a record failed");
}

/// Records without an id cannot be named, so their whole batch has to come again: such an answer is an error for
/// Lambda.
fn answer(records: &[SqsMessage], failed: &[bool]) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for (record, _) in records.iter().zip(failed).filter(|(_, failed)| **failed) {
        answer.add_failure(record.message_id.clone().unwrap_or_default());
    }
    answer
}

#[cfg(test)]
mod tests;
