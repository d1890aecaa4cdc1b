//! The stream of one kind: a list where nothing is known, then a watch, opened again whenever the API server ends
//! it, and from a list again when the past it would need is forgotten.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use kube::client::Body;
use tokio::time::Instant;

use super::facts::WatchedObject;
use super::look::Look;
use super::translate::{Before, Facts, Name};
use crate::failure::Failure;
use crate::read::{Change, Lines, WatchLine, list};
use crate::resource::Resource;
use crate::wire::{Ask, Wire, next_piece_within};

/// A watch is silent at most this long: marks of its progress come every minute.
const SILENCE_LIMIT: Duration = Duration::from_secs(150);
/// Pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_millis(500);
/// Broken streams in a row after which it is given up.
const MOST_FAILURES: u32 = 8;

/// What a step came to.
#[derive(Debug)]
pub(super) struct Seen {
    /// Plural of the kind.
    pub(super) plural: &'static str,
    /// What to look at.
    pub(super) looks: BTreeSet<Look>,
    /// Everything up to this version is in what was seen so far.
    pub(super) version: u64,
}

/// The stream of one kind.
pub(super) struct Feed<'w, F> {
    wire: &'w Wire,
    resource: Resource,
    facts: fn(&WatchedObject<'_>) -> F,
    until: Instant,
    /// Facts by UID, of objects seen.
    known: HashMap<Box<str>, F>,
    version: Option<u64>,
    open: Option<(Body, Lines)>,
    failures: u32,
}

impl<'w, F: Facts + Send> Feed<'w, F> {
    /// A stream from a version on, or from what is there.
    pub(super) fn new(
        wire: &'w Wire,
        resource: Resource,
        facts: fn(&WatchedObject<'_>) -> F,
        (version, until): (Option<u64>, Instant),
    ) -> Self {
        Feed { wire, resource, facts, until, known: HashMap::new(), version, open: None, failures: 0 }
    }

    /// Name of the kind.
    pub(super) fn resource(&self) -> Resource {
        self.resource
    }

    /// Goes on until something was seen, even if nobody has to look at it.
    ///
    /// # Errors
    /// The API server refuses, or is not to be reached for a while.
    pub(super) async fn step(&mut self) -> Result<Seen, Failure> {
        loop {
            match self.attempt().await {
                Ok(Some(seen)) => {
                    self.failures = 0;
                    return Ok(seen);
                }
                Ok(None) => self.open = None,
                Err(failure) => self.recover(failure).await?,
            }
        }
    }

    async fn recover(&mut self, failure: Failure) -> Result<(), Failure> {
        self.open = None;
        if failure.refused(410).is_some() {
            self.version = None;
            return Ok(());
        }
        self.failures += 1;
        let may_pass = match &failure {
            Failure::NoAnswer(_) => true,
            Failure::Refused(refusal) => refusal.code == 429 || refusal.code >= 500,
        };
        if !may_pass || self.failures > MOST_FAILURES {
            return Err(failure);
        }
        tokio::time::sleep(PAUSE * self.failures).await;
        Ok(())
    }

    /// What the next piece of the stream says; none when the stream ended.
    async fn attempt(&mut self) -> Result<Option<Seen>, Failure> {
        let Some(version) = self.version else { return self.begin().await.map(Some) };
        let (mut body, mut lines) = match self.open.take() {
            Some(open) => open,
            None => {
                let left = self.until.saturating_duration_since(Instant::now()).as_secs() + 5;
                let path = format!(
                    "{}?watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={left}",
                    self.resource.all()
                );
                (self.wire.open(&Ask::get(path)).await?.into_body(), Lines::default())
            }
        };
        let Some(piece) = next_piece_within(&mut body, SILENCE_LIMIT).await? else { return Ok(None) };
        let mut looks = BTreeSet::new();
        let mut end = Ok(());
        lines.feed(piece.as_ref(), &mut |line| {
            if end.is_ok() {
                end = WatchLine::read(line).map(|line| self.line(&line, &mut looks));
            }
        });
        end?;
        self.open = Some((body, lines));
        Ok(Some(self.seen(looks)))
    }

    fn seen(&self, looks: BTreeSet<Look>) -> Seen {
        Seen { plural: self.resource.plural, looks, version: self.version.unwrap_or(0) }
    }

    /// What is there now, and what is owed because of it.
    async fn begin(&mut self) -> Result<Seen, Failure> {
        self.known.clear();
        let mut looks = BTreeSet::new();
        let (facts, known) = (self.facts, &mut self.known);
        let mut take = |item: &[u8]| {
            let Ok(object) = serde_json::from_slice::<WatchedObject<'_>>(item) else { return };
            let (name, now) = (name_of(&object), facts(&object));
            looks.extend(now.looks(name, Before::Listed));
            known.insert(object.metadata.uid.as_ref().into(), now);
        };
        let version = list(self.wire, &self.resource.all(), 0, &mut take).await?;
        self.version = Some(version);
        Ok(self.seen(looks))
    }

    fn line(&mut self, line: &WatchLine<'_>, looks: &mut BTreeSet<Look>) {
        let Ok(object) = serde_json::from_str::<WatchedObject<'_>>(line.object.get()) else { return };
        self.version = self.version.max(Some(object.metadata.version()));
        let uid = object.metadata.uid.as_ref();
        match line.change {
            Change::Bookmark | Change::Error => {}
            Change::Deleted => {
                self.known.remove(uid);
                looks.extend((self.facts)(&object).looks_at_end(name_of(&object)));
            }
            Change::Added | Change::Modified => {
                let now = (self.facts)(&object);
                let before = match self.known.get(uid) {
                    Some(old) => Before::Seen(old),
                    None if line.change == Change::Added => Before::Absent,
                    None => Before::Unseen,
                };
                looks.extend(now.looks(name_of(&object), before));
                self.known.insert(uid.into(), now);
            }
        }
    }
}

fn name_of<'o>(object: &'o WatchedObject<'_>) -> Name<'o> {
    Name { namespace: &object.metadata.namespace, name: &object.metadata.name }
}
