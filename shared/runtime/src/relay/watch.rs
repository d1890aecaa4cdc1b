//! The held watch: one holder per cluster sends on what it sees, and hands its place to its successor before its time
//! is over.
//!
//! The successor is asked for with the place the holder got to, while the holder goes on watching for the moment it
//! takes to start. What both see is said twice, which harms nobody; nothing falls between them. A holder that dies
//! takes no successor with it: its hold ends by itself, and the next tick asks for another.

use std::time::Duration;

use jiff::Timestamp;
use joiner_aws::QueueUrls;
use joiner_kube::{Checkpoint, WatchSource};
use joiner_ports::{BoxError, ClusterName, Delay, Duty, Message, PendingHint, Queue, Store};
use tokio::time::Instant;

use super::request::RelayRequest;
use crate::batch::request;
use crate::deadline::Deadline;
use crate::deployment::{Deployment, LinkError, LivePorts};
use crate::logs::Chain;
use crate::metrics::{Sample, emf, table};

/// How long a hold lasts without being renewed: a dead holder is missed for as long, and until the next tick.
const HOLD_SECS: u32 = 60;
/// How often a hold is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The holder asks for its successor this long before its end, and leaves with it.
const HANDOVER: Duration = Duration::from_secs(8);
/// How long the holder goes on watching while the successor starts.
const OVERLAP: Duration = Duration::from_secs(3);
/// How often, and how long, a successor asks whether the holder has left.
const ASK_EVERY: Duration = Duration::from_millis(250);
const ASK_FOR: Duration = Duration::from_secs(15);

/// Watches a cluster until shortly before the end, if nobody else does. What goes wrong on the way is logged and no
/// failure of the message: the next tick finds the watch free and asks for another, sooner than the queue would.
///
/// # Errors
/// The cluster is not served here.
pub(super) async fn serve(
    deployment: &Deployment,
    name: &ClusterName,
    checkpoint: Option<Checkpoint>,
    end: Deadline,
) -> Result<(), LinkError> {
    if !deployment.config.clusters.contains_key(name) {
        return Err(LinkError::Unknown { cluster: name.clone() });
    }
    if let Err(error) = attempt(deployment, name, checkpoint, end).await {
        tracing::error!(error = %Chain(&*error), "the watch ended early, the next tick asks for another");
    }
    Ok(())
}

async fn attempt(
    deployment: &Deployment,
    name: &ClusterName,
    checkpoint: Option<Checkpoint>,
    end: Deadline,
) -> Result<(), BoxError> {
    let ports = deployment.ports(name, Timestamp::now()).await?;
    let holder = Holder { ports: &ports, id: request() };
    let patience = if checkpoint.is_some() { ASK_FOR } else { Duration::ZERO };
    if !holder.take(patience).await? {
        tracing::info!("somebody else watches the cluster");
        return Ok(());
    }
    let begin = Instant::now();
    let watched = holder.watch(deployment, checkpoint.unwrap_or_default(), end).await;
    emf::write(name, vec![Sample::duration(table::WATCH_HELD, &[], begin.elapsed())], Timestamp::now());
    // Given back even after a failure, so that the next tick finds it free.
    holder.leave().await?;
    watched
}

/// Sends a request to the relay's own queue.
///
/// # Errors
/// The queue cannot be reached.
pub(super) async fn ask_for(deployment: &Deployment, request: &RelayRequest) -> Result<(), BoxError> {
    let urls: QueueUrls = deployment.config.queues.clone().into_iter().collect();
    let (own, body) = (deployment.own().await, serde_json::to_string(request)?);
    own.sqs().send_message().queue_url(urls.of(Duty::Relay)?).message_body(body).send().await?;
    Ok(())
}

struct Holder<'a> {
    ports: &'a LivePorts,
    id: String,
}

impl Holder<'_> {
    async fn hold(&self, secs: u32) -> Result<bool, BoxError> {
        Ok(self.ports.store.hold_watch(&self.id, Timestamp::now(), secs).await?)
    }

    /// Takes the hold, waiting for the one before to leave.
    async fn take(&self, patience: Duration) -> Result<bool, BoxError> {
        let begin = Instant::now();
        loop {
            if self.hold(HOLD_SECS).await? {
                return Ok(true);
            }
            if begin.elapsed() >= patience {
                return Ok(false);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Gives the hold back: one that ends now is free for whoever asks.
    async fn leave(&self) -> Result<(), BoxError> {
        self.hold(0).await.map(drop)
    }

    async fn watch(&self, deployment: &Deployment, from: Checkpoint, end: Deadline) -> Result<(), BoxError> {
        let (cluster, now) = (&self.ports.name, Instant::now());
        let handover = end.moment().checked_sub(HANDOVER).unwrap_or(now).max(now + OVERLAP);
        if from == Checkpoint::default() {
            // Nobody watched: what waits was not seen. The watch tells of what is there as it begins; pods that the
            // scheduler has not looked at again are among it.
            let hint = PendingHint::Again;
            self.ports.queue.send(Message::PodsPending { hint }, Delay::NONE).await?;
        }
        let mut source = self.ports.cluster.watch(from.clone(), handover + OVERLAP);
        let reached = self.relay(&mut source, from, handover).await?;
        if let Some(reached) = reached {
            let successor =
                RelayRequest::Watch { cluster: cluster.clone(), checkpoint: Some(reached.clone()) };
            ask_for(deployment, &successor).await?;
            tracing::info!("the successor is asked for");
            self.relay(&mut source, reached, handover + OVERLAP).await?;
        }
        Ok(())
    }

    /// Sends on what is seen until a moment, and answers with the place it got to; none when somebody else has taken
    /// the hold.
    async fn relay(
        &self,
        source: &mut WatchSource<'_>,
        from: Checkpoint,
        until: Instant,
    ) -> Result<Option<Checkpoint>, BoxError> {
        let mut reached = from;
        let mut renew_at = Instant::now() + RENEW_EVERY;
        loop {
            let seen = tokio::time::timeout_at(renew_at.min(until), source.next(Timestamp::now)).await;
            match seen {
                Ok(Ok(Some(noticed))) => {
                    let sent = self.ports.queue.send_all(noticed.messages).await?;
                    reached = noticed.checkpoint;
                    self.count(sent);
                }
                Ok(Ok(None)) => return Ok(Some(reached)),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => {}
            }
            let now = Instant::now();
            if now >= until {
                return Ok(Some(reached));
            }
            if now >= renew_at {
                if !self.hold(HOLD_SECS).await? {
                    tracing::warn!("somebody else has taken over the watch");
                    return Ok(None);
                }
                renew_at = now + RENEW_EVERY;
            }
        }
    }

    fn count(&self, sent: usize) {
        if sent > 0 {
            tracing::debug!(sent, "relayed");
            let samples = vec![Sample::count(table::RELAYED, &["watch"], sent)];
            emf::write(&self.ports.name, samples, Timestamp::now());
        }
    }
}
