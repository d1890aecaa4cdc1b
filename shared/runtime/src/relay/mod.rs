//! Cluster events into messages: what noticed them, and what it asks the relay to do.
//!
//! Three sources tell the same: a watch that is held, the audit log, and the tick. Modules:
//!
//! - [`request`]: which of them an event comes from;
//! - `audit`: deliveries of a log subscription;
//! - `tick`: the minute's look, and what it keeps going;
//! - `watch`: the held watch and its succession.

mod audit;
pub mod request;
mod tick;
mod watch;

use futures::future::join_all;
use joiner_ports::BoxError;
use serde_json::{Value, json};
use tracing::Instrument;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};

use crate::batch::request as invocation;
use crate::deadline::Deadline;
use crate::deployment::Deployment;
use crate::logs::Chain;
use request::{RelayEvent, RelayRequest};

/// Serves an event.
///
/// # Errors
/// It has to come again, and is none whose parts can be answered for one by one.
pub(crate) async fn serve(deployment: &Deployment, event: Value, end: Deadline) -> Result<Value, BoxError> {
    match request::sort(event)? {
        RelayEvent::Batch(batch) => Ok(json!(records(deployment, batch, end).await)),
        RelayEvent::Logs(data) => audit::serve(deployment, &data).await.map(|()| Value::Null),
        RelayEvent::Request(request) => answer(deployment, request, end).await.map(|()| Value::Null),
    }
}

async fn records(deployment: &Deployment, batch: SqsEvent, end: Deadline) -> SqsBatchResponse {
    let served = batch.records.iter().map(|record| async {
        let request = request::read(record.body.as_deref().unwrap_or_default());
        match request {
            Ok(request) => answer(deployment, request, end).await,
            Err(fault) => Err(fault.into()),
        }
    });
    let mut answer = SqsBatchResponse::default();
    for (record, served) in batch.records.iter().zip(join_all(served).await) {
        if let Err(error) = served {
            let receives = record.attributes.get("ApproximateReceiveCount").map(String::as_str);
            let id = record.message_id.clone().unwrap_or_default();
            tracing::error!(record = id, receives, request = %invocation(), error = %Chain(&*error), "a record failed");
            answer.add_failure(id);
        }
    }
    answer
}

async fn answer(deployment: &Deployment, request: RelayRequest, end: Deadline) -> Result<(), BoxError> {
    match request {
        RelayRequest::Tick { cluster } => tick::serve(deployment, cluster.as_ref(), end).await,
        RelayRequest::Watch { cluster, checkpoint } => {
            let span = tracing::info_span!("watch", %cluster, request = %invocation());
            Ok(watch::serve(deployment, &cluster, checkpoint, end).instrument(span).await?)
        }
    }
}
