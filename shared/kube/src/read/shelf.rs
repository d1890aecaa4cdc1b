//! The objects of one kind as last known, and how far that reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use joiner_api::read::{ObjectIdentity, ObjectReader, ReadError, StoredObject};
use joiner_core::model::NamespacedName;

use super::watch_line::{Change, WatchLine};
use crate::kinds::Kind;

/// After this many changes the reader lets go of what no object holds any more.
const TRIM_EVERY: usize = 10_000;

/// The objects of one kind.
#[derive(Debug)]
pub(crate) struct Shelf<K: Kind> {
    reader: ObjectReader,
    objects: BTreeMap<NamespacedName, Entry<K::Value>>,
    /// Objects that cannot be read, by kind and name.
    broken: BTreeMap<String, ReadError>,
    /// From where a watch goes on; `None` before the first list and after what was missed.
    reached: Option<u64>,
    /// No state older than this may be shown: the newest that was seen or written by this process.
    floor: u64,
    /// Objects, by UID, that this process asked to go and that do not show it yet.
    awaited: BTreeSet<Arc<str>>,
    /// Objects, by UID, that are gone by what this process did, while older news of them may be under way.
    gone: BTreeSet<Arc<str>>,
    changes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    uid: Arc<str>,
    version: u64,
    value: V,
}

impl<K: Kind> Default for Shelf<K> {
    fn default() -> Self {
        Shelf {
            reader: ObjectReader::default(),
            objects: BTreeMap::new(),
            broken: BTreeMap::new(),
            reached: None,
            floor: 0,
            awaited: BTreeSet::new(),
            gone: BTreeSet::new(),
            changes: 0,
        }
    }
}

impl<K: Kind> Shelf<K> {
    /// From where a watch goes on, when the shelf was filled.
    pub(crate) fn reached(&self) -> Option<u64> {
        self.reached
    }

    /// The oldest state that may be shown.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether this process asked for something that has not shown yet.
    pub(crate) fn awaits(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// The objects, in the order of their names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &K::Value> {
        self.objects.values().map(|entry| &entry.value)
    }

    /// The objects with their names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&NamespacedName, &K::Value)> {
        self.objects.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// Objects that cannot be read, with the reason.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &ReadError> {
        self.broken.values()
    }

    /// Forgets everything but the floor: a list follows.
    pub(crate) fn clear(&mut self) {
        self.objects.clear();
        self.broken.clear();
        self.reader.trim();
        self.reached = None;
    }

    /// Takes an object of a list.
    pub(crate) fn take(&mut self, item: &[u8]) {
        let Ok(json) = std::str::from_utf8(item) else { return };
        match K::read(&mut self.reader, json) {
            Ok(object) => self.put(object),
            Err(error) => self.note(error),
        }
    }

    /// A list has been taken as a whole; it shows this moment.
    pub(crate) fn filled(&mut self, version: u64) {
        self.reached = Some(version);
        self.floor = self.floor.max(version);
        self.gone.clear();
        self.awaited.clear();
        self.reader.trim();
    }

    /// Takes a line of a watch.
    pub(crate) fn apply(&mut self, line: &WatchLine<'_>) {
        let json = line.object.get();
        let version = match line.change {
            Change::Bookmark => version_of(json),
            Change::Deleted => {
                let Some(identity) = self.reader.identity(json) else { return };
                self.broken.remove(&object_name(K::RESOURCE.kind, &identity.key));
                self.remove(&identity);
                identity.version
            }
            Change::Added | Change::Modified | Change::Error => match K::read(&mut self.reader, json) {
                Ok(object) => {
                    let version = object.identity.version;
                    self.put(object);
                    version
                }
                Err(error) => {
                    self.note(error);
                    version_of(json)
                }
            },
        };
        self.advance(version);
    }

    /// Takes an object as this process has just written it.
    pub(crate) fn wrote(&mut self, object: StoredObject<K::Value>) {
        // behaviour: cluster/reads-see-own-writes
        self.floor = self.floor.max(object.identity.version);
        if self.reached.is_none() {
            return;
        }
        if K::counts(&object.value) {
            self.put(object);
        } else {
            self.has_gone(&object.identity.uid);
        }
    }

    /// An object that this process deleted, or let go, is no more.
    pub(crate) fn has_gone(&mut self, uid: &str) {
        let key = self.objects.iter().find(|(_, entry)| *entry.uid == *uid).map(|(key, _)| key.clone());
        if let Some(key) = key {
            self.objects.remove(&key);
            self.gone.insert(uid.into());
        }
    }

    /// This process asked an object to go, and was not told what it is like now.
    pub(crate) fn asked_to_go(&mut self, uid: &str) {
        if self.objects.values().any(|entry| *entry.uid == *uid && !K::is_going(&entry.value)) {
            self.awaited.insert(uid.into());
        }
    }

    /// What did not show in time is not waited for again.
    pub(crate) fn give_up_waiting(&mut self) {
        self.awaited.clear();
    }

    fn put(&mut self, object: StoredObject<K::Value>) {
        let StoredObject { identity, value } = object;
        if !self.broken.is_empty() {
            self.broken.remove(&object_name(K::RESOURCE.kind, &identity.key));
        }
        let is_known = self.objects.get(&identity.key).is_some_and(|known| known.version > identity.version);
        if is_known || self.gone.contains(&identity.uid) {
            return;
        }
        if !K::counts(&value) || K::is_going(&value) {
            self.awaited.remove(&identity.uid);
        }
        if K::counts(&value) {
            let entry = Entry { uid: identity.uid, version: identity.version, value };
            self.objects.insert(identity.key, entry);
        } else {
            self.objects.remove(&identity.key);
        }
    }

    fn remove(&mut self, identity: &ObjectIdentity) {
        self.gone.remove(&identity.uid);
        self.awaited.remove(&identity.uid);
        if self.objects.get(&identity.key).is_some_and(|known| known.version <= identity.version) {
            self.objects.remove(&identity.key);
        }
    }

    fn note(&mut self, error: ReadError) {
        tracing::warn!(%error, "an object is left out, because it cannot be read");
        self.broken.insert(error.object.clone().unwrap_or_default(), error);
    }

    fn advance(&mut self, version: u64) {
        self.reached = self.reached.map(|reached| reached.max(version));
        self.floor = self.floor.max(version);
        self.changes += 1;
        if self.changes.is_multiple_of(TRIM_EVERY) {
            self.reader.trim();
        }
    }
}

fn object_name(kind: &str, key: &NamespacedName) -> String {
    match &*key.namespace {
        "" => format!("{kind} {}", key.name),
        _ => format!("{kind} {key}"),
    }
}

fn version_of(json: &str) -> u64 {
    ObjectReader::version(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{NodeClaims, Pods};

    fn pod(name: &str, version: u64, more: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"default","uid":"{name}-uid","resourceVersion":"{version}"{more}}},"spec":{{}},"status":{{"phase":"Running"}}}}"#
        )
    }

    fn claim(version: u64, more: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"a","uid":"a-uid","resourceVersion":"{version}"{more}}},"spec":{{"requirements":[],"nodeClassRef":{{"group":"karpenter.k8s.aws","kind":"EC2NodeClass","name":"default"}}}}}}"#
        )
    }

    fn line(shelf: &mut Shelf<impl Kind>, change: &str, object: &str) {
        let text = format!(r#"{{"type":"{change}","object":{object}}}"#);
        shelf.apply(&WatchLine::read(text.as_bytes()).unwrap());
    }

    fn names<K: Kind>(shelf: &Shelf<K>) -> Vec<String> {
        shelf.entries().map(|(key, _)| key.name.to_string()).collect()
    }

    #[test]
    fn a_shelf_follows_what_a_watch_says() {
        let mut shelf = Shelf::<Pods>::default();
        for name in ["b", "a", "c"] {
            shelf.take(pod(name, 5, "").as_bytes());
        }
        shelf.filled(10);
        assert_eq!(
            (names(&shelf), shelf.reached(), shelf.floor()),
            (vec!["a".into(), "b".into(), "c".into()], Some(10), 10)
        );
        line(&mut shelf, "ADDED", &pod("d", 11, ""));
        line(&mut shelf, "DELETED", &pod("a", 12, ""));
        let finished = pod("b", 13, "").replace("Running", "Succeeded");
        line(&mut shelf, "MODIFIED", &finished);
        line(&mut shelf, "BOOKMARK", r#"{"metadata":{"resourceVersion":"20"}}"#);
        assert_eq!(
            (names(&shelf), shelf.reached(), shelf.floor()),
            (vec!["c".into(), "d".into()], Some(20), 20)
        );
    }

    // behaviour: cluster/reads-see-own-writes
    #[test]
    fn older_news_does_not_undo_what_this_process_wrote() {
        let mut shelf = Shelf::<NodeClaims>::default();
        shelf.filled(10);
        let read = |json: &str| ObjectReader::default().node_claim(json).unwrap();
        shelf.wrote(read(&claim(15, r#","finalizers":["karpenter.sh/termination"],"labels":{"new":"yes"}"#)));
        assert_eq!((shelf.reached(), shelf.floor()), (Some(10), 15));
        line(&mut shelf, "ADDED", &claim(12, ""));
        let labels = |shelf: &Shelf<NodeClaims>| shelf.values().next().map(|claim| claim.labels.len());
        assert_eq!(labels(&shelf), Some(1));
        let gone = r#","deletionTimestamp":"2026-01-01T00:00:00Z""#;
        shelf.wrote(read(&claim(20, gone)));
        line(&mut shelf, "MODIFIED", &claim(17, ""));
        assert_eq!((labels(&shelf), shelf.floor()), (None, 20));
        line(&mut shelf, "DELETED", &claim(21, gone));
        assert_eq!((labels(&shelf), shelf.reached()), (None, Some(21)));
    }

    // behaviour: cluster/reads-see-own-writes
    #[test]
    fn a_pod_that_was_asked_to_go_is_waited_for() {
        let mut shelf = Shelf::<Pods>::default();
        shelf.take(pod("a", 5, "").as_bytes());
        shelf.filled(10);
        shelf.asked_to_go("another-uid");
        assert!(!shelf.awaits());
        shelf.asked_to_go("a-uid");
        line(&mut shelf, "MODIFIED", &pod("a", 11, ""));
        assert!(shelf.awaits());
        line(&mut shelf, "MODIFIED", &pod("a", 12, r#","deletionTimestamp":"2026-01-01T00:00:00Z""#));
        assert!(!shelf.awaits());
    }

    #[test]
    fn an_object_that_cannot_be_read_is_named_until_it_can() {
        let mut shelf = Shelf::<NodeClaims>::default();
        shelf.take(claim(5, "").replace("\"requirements\":[]", "\"requirements\":7").as_bytes());
        shelf.filled(10);
        let told: Vec<String> = shelf.broken().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "NodeClaim a: spec.requirements: invalid type: integer `7`, expected a sequence; correct the value"
            ]
        );
        line(&mut shelf, "MODIFIED", &claim(11, ""));
        assert_eq!((shelf.broken().count(), names(&shelf)), (0, vec!["a".into()]));
    }
}
