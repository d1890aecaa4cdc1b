//! How does a shelf come to show the present? By a list the first time, later by what a watch has to say since.
//!
//! A watch does not tell when it has said all that had happened before it began. The API server sends the past at
//! once, from memory, so a pause as long as the beginning of its answer took is the end of it. What is missed that
//! way is news of the last milliseconds, as from any cache, and the next look has it. What this process wrote
//! itself is never missed: the answers to its writes are on the shelf, and what was only accepted is waited for.

use std::time::Duration;

use kube::client::Body;
use tokio::time::{Instant, timeout};

use super::lines::Lines;
use super::list_body::ListBody;
use super::shelf::Shelf;
use super::watch_line::WatchLine;
use crate::failure::Failure;
use crate::kinds::Kind;
use crate::wire::{Ask, Wire, next_piece};

/// Shortest pause that counts as the end of what had happened.
const SHORTEST_PAUSE: Duration = Duration::from_millis(15);
/// Longest pause that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Longest time to follow; more has happened than a list would take.
const FOLLOW_LIMIT: Duration = Duration::from_secs(3);
/// Longest wait for what this process asked to go.
const AWAIT_LIMIT: Duration = Duration::from_secs(1);
/// How long the API server keeps a watch that we forget; it is let go long before.
const WATCH_SECS: u32 = 30;

/// Reads a list object by object and returns the moment it shows. `floor` is the oldest moment it may show; the API server answers from memory.
///
/// # Errors
/// It cannot be had, or not as a whole.
pub(crate) async fn list(
    wire: &Wire,
    path: &str,
    floor: u64,
    each: &mut (dyn FnMut(&[u8]) + Send),
) -> Result<u64, Failure> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let query = format!("{path}{mark}resourceVersion={floor}&resourceVersionMatch=NotOlderThan");
    let mut body = wire.open(&Ask::get(query)).await?.into_body();
    let mut taken = ListBody::default();
    while let Some(piece) = next_piece(&mut body).await? {
        taken.feed(piece.as_ref(), each);
    }
    let head = taken.finish().map_err(|e| Failure::NoAnswer(e.into()))?;
    let version = head.metadata.resource_version.parse();
    version.map_err(|e: std::num::ParseIntError| Failure::NoAnswer(e.into()))
}

impl<K: Kind> Shelf<K> {
    /// Sees that the shelf shows the present.
    ///
    /// # Errors
    /// The API server refuses or does not answer; the shelf shows what it showed before, or nothing.
    pub(crate) async fn refresh(&mut self, wire: &Wire) -> Result<(), Failure> {
        if let Some(reached) = self.reached() {
            match self.follow(wire, reached).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // The past it would need is forgotten, or the stream broke: a list tells the present.
                Err(failure) if failure.refused(410).is_some() => {}
                Err(Failure::NoAnswer(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        self.fill(wire).await
    }

    async fn fill(&mut self, wire: &Wire) -> Result<(), Failure> {
        self.clear();
        let (path, floor) = (K::RESOURCE.all(), self.floor());
        let version = list(wire, &path, floor, &mut |item| self.take(item)).await?;
        self.filled(version);
        Ok(())
    }

    /// Takes what happened since; says whether that came to its end in time.
    async fn follow(&mut self, wire: &Wire, reached: u64) -> Result<bool, Failure> {
        let begin = Instant::now();
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&resourceVersion={reached}&timeoutSeconds={WATCH_SECS}",
            K::RESOURCE.all()
        );
        let mut body = wire.open(&Ask::get(path)).await?.into_body();
        let pause = begin.elapsed().clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let mut lines = Lines::default();
        while begin.elapsed() < FOLLOW_LIMIT {
            if self.awaits() && begin.elapsed() > AWAIT_LIMIT {
                self.give_up_waiting();
            }
            match timeout(pause, self.follow_piece(&mut body, &mut lines)).await {
                Ok(more) => {
                    if !more? {
                        return Ok(false);
                    }
                }
                Err(_) if self.awaits() => {}
                Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Takes the next piece of a watch; says whether there was one.
    async fn follow_piece(&mut self, body: &mut Body, lines: &mut Lines) -> Result<bool, Failure> {
        let Some(piece) = next_piece(body).await? else { return Ok(false) };
        let mut end = Ok(());
        lines.feed(piece.as_ref(), &mut |line| {
            if end.is_ok() {
                end = WatchLine::read(line).map(|line| self.apply(&line));
            }
        });
        end.map(|()| true)
    }
}
