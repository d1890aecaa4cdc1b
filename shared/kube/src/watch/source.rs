//! All streams together: bursts collected for a moment, with the place they were taken up to.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{BoxStream, SelectAll, select_all, unfold};
use jiff::Timestamp;
use joiner_ports::{ClusterError, Message};
use tokio::time::{Instant, timeout_at};

use super::checkpoint::Checkpoint;
use super::facts::WatchedObject;
use super::feed::{Feed, Seen};
use super::look::{Look, messages};
use super::translate::{ClassFacts, Facts, PoolFacts};
use crate::cluster::KubeCluster;
use crate::resource::{NODE_CLAIMS, NODE_CLASSES, NODE_POOLS, NODES, PODS, Resource};

/// How long a burst is collected after its first event.
const BURST: Duration = Duration::from_millis(200);
/// A burst with this many things to look at is told at once.
const BURST_SIZE: usize = 500;
/// After this long without anything to look at the place is told nevertheless.
const QUIET: Duration = Duration::from_secs(30);

/// What was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    /// Messages to send; none when nothing happened for a while.
    pub messages: Vec<Message>,
    /// Where to go on once they are sent.
    pub checkpoint: Checkpoint,
}

/// A watch over what the relay tells of.
pub struct WatchSource<'w> {
    streams: SelectAll<BoxStream<'w, Result<Seen, ClusterError>>>,
    until: Instant,
    checkpoint: Checkpoint,
}

impl KubeCluster {
    /// Watches pods, nodes, claims, pools and classes until a moment. Kinds that the checkpoint names go on from
    /// there; of others, and where the past is forgotten, first comes what is owed because of what is there.
    pub fn watch(&self, from: Checkpoint, until: Instant) -> WatchSource<'_> {
        let mut streams = Vec::new();
        self.follow(PODS, |object| object.pod(), (&from, until), &mut streams);
        self.follow(NODES, |object| object.node(), (&from, until), &mut streams);
        self.follow(NODE_CLAIMS, |object| object.claim(), (&from, until), &mut streams);
        self.follow(NODE_POOLS, |object| PoolFacts(object.object()), (&from, until), &mut streams);
        self.follow(NODE_CLASSES, |object| ClassFacts(object.object()), (&from, until), &mut streams);
        WatchSource { streams: select_all(streams), until, checkpoint: from }
    }

    fn follow<'w, F: Facts + Send + 'w>(
        &'w self,
        resource: Resource,
        facts: fn(&WatchedObject<'_>) -> F,
        (from, until): (&Checkpoint, Instant),
        streams: &mut Vec<BoxStream<'w, Result<Seen, ClusterError>>>,
    ) {
        let feed = Feed::new(&self.wire, resource, facts, (from.version(resource.plural), until));
        let stream = unfold(Some(feed), |feed| async {
            let mut feed = feed?;
            match feed.step().await {
                Ok(seen) => Some((Ok(seen), Some(feed))),
                Err(failure) => {
                    let error = failure.about(format_args!("watch of {}", feed.resource().plural));
                    Some((Err(error), None))
                }
            }
        });
        streams.push(stream.boxed());
    }
}

impl WatchSource<'_> {
    /// The next things to look at, or the place after a quiet while; none once the time is over. `clock` tells the
    /// moment from which steps send themselves again for a while.
    ///
    /// # Errors
    /// The API server refuses, or is not to be reached for a while. The last checkpoint still holds.
    pub async fn next(&mut self, clock: impl Fn() -> Timestamp) -> Result<Option<Noticed>, ClusterError> {
        let begin = Instant::now();
        if begin >= self.until {
            return Ok(None);
        }
        let mut looks: BTreeSet<Look> = BTreeSet::new();
        let mut end = self.until.min(begin + QUIET);
        while looks.len() < BURST_SIZE {
            match timeout_at(end, self.streams.next()).await {
                Err(_) | Ok(None) => break,
                Ok(Some(seen)) => {
                    let seen = seen?;
                    if looks.is_empty() && !seen.looks.is_empty() {
                        end = end.min(Instant::now() + BURST);
                    }
                    looks.extend(seen.looks);
                    self.checkpoint.reach(seen.plural, seen.version);
                }
            }
        }
        Ok(Some(Noticed { messages: messages(looks, clock()), checkpoint: self.checkpoint.clone() }))
    }
}
