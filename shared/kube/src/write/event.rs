//! Events that users see with `kubectl describe` (api 7.4), each at most once in its quiet time.
//!
//! This process remembers what it told. Other processes cannot, so the name of an event is made of its object, its
//! reason and the quiet time it falls into: a second one of that name exists already, which is as good as written.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use joiner_ports::name::digest;
use joiner_ports::{ClusterError, Event, EventKind, ObjectRef};
use serde_json::{Value, json};

use crate::cluster::KubeCluster;
use crate::resource::{EVENTS, NODE_CLAIMS, NODE_CLASSES, NODE_POOLS, NODES, PODS, Resource};
use crate::wire::{Ask, JSON};

/// Who says so.
const COMPONENT: &str = "joiner";
/// Longest text the API server takes, in bytes.
const LONGEST_MESSAGE: usize = 1024;
/// Longest part of the name of an event that is the name of its object: names have at most 253 bytes.
const LONGEST_SUBJECT: usize = 230;
/// After this many entries those whose quiet time is over are forgotten.
const FORGET_ABOVE: usize = 10_000;

/// What this process told lately, and until when it is not told again.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<BTreeMap<(ObjectRef, &'static str), Timestamp>>);

impl Told {
    fn is_quiet(&self, event: &Event) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&(event.about.clone(), event.reason)).is_some_and(|until| event.at < *until)
    }

    fn note(&self, event: &Event) {
        let quiet = SignedDuration::from_secs(i64::try_from(event.quiet_secs).unwrap_or(i64::MAX));
        let until = event.at.checked_add(quiet).unwrap_or(Timestamp::MAX);
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert((event.about.clone(), event.reason), until);
        if told.len() > FORGET_ABOVE {
            told.retain(|_, until| event.at < *until);
        }
    }
}

impl KubeCluster {
    /// Writes an event.
    pub(crate) async fn record_event(&self, event: &Event) -> Result<(), ClusterError> {
        if self.told.is_quiet(event) {
            return Ok(());
        }
        let document = document(event);
        let namespace = document["metadata"]["namespace"].as_str().unwrap_or_default();
        let ask = Ask::send(Method::POST, EVENTS.all_in(namespace), JSON, &document);
        match self.wire.fetch(&ask).await {
            Ok(_) => {}
            // behaviour: cluster/events-are-quiet-across-processes
            Err(failure) if failure.refused(409).is_some() => {}
            // Its namespace is gone or going, and nobody is left to read it.
            Err(failure) if failure.refused(404).is_some() => {}
            Err(failure)
                if failure.refused(403).is_some_and(|no| no.cause("NamespaceTerminating").is_some()) => {}
            Err(failure) => return Err(failure.about(format_args!("event {}", event.reason))),
        }
        self.told.note(event);
        Ok(())
    }
}

/// Kind, namespace, name and UID.
fn subject(about: &ObjectRef) -> (Resource, &str, &str, &str) {
    match about {
        ObjectRef::Pod { key, uid } => (PODS, &key.namespace, &key.name, uid),
        ObjectRef::Node { name, uid } => (NODES, "", name, uid),
        ObjectRef::NodeClaim { name, uid } => (NODE_CLAIMS, "", name, uid),
        ObjectRef::NodePool { name, uid } => (NODE_POOLS, "", name, uid),
        ObjectRef::NodeClass { name, uid } => (NODE_CLASSES, "", name, uid),
    }
}

/// The event object. Events about objects without a namespace are in `default`.
fn document(event: &Event) -> Value {
    let (resource, namespace, name, uid) = subject(&event.about);
    let mut object =
        json!({"apiVersion": resource.api_version(), "kind": resource.kind, "name": name, "uid": uid});
    if !namespace.is_empty() {
        object["namespace"] = json!(namespace);
    }
    let at = Timestamp::from_second(event.at.as_second()).unwrap_or(event.at).to_string();
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {
            "name": name_of(event),
            "namespace": if namespace.is_empty() { "default" } else { namespace },
        },
        "involvedObject": object,
        "type": match event.kind { EventKind::Normal => "Normal", EventKind::Warning => "Warning" },
        "reason": event.reason,
        "message": cut(&event.message, LONGEST_MESSAGE),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": at, "lastTimestamp": at, "count": 1,
    })
}

fn name_of(event: &Event) -> String {
    let (_, _, name, uid) = subject(&event.about);
    let when = match i64::try_from(event.quiet_secs) {
        // Never quiet: every message is told.
        Ok(0) => format!("{} {}", event.at, event.message),
        Ok(secs) => event.at.as_second().div_euclid(secs).to_string(),
        Err(_) => String::new(),
    };
    format!(
        "{}.{:016x}",
        cut(name, LONGEST_SUBJECT).trim_end_matches(['.', '-']),
        digest(0, &[uid, event.reason, &when])
    )
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(second: i64, quiet_secs: u64, message: &str) -> Event {
        Event {
            about: ObjectRef::Node { name: "n".into(), uid: "n-uid".into() },
            kind: EventKind::Warning,
            reason: "FailedDraining",
            message: message.into(),
            at: Timestamp::from_second(second).unwrap(),
            quiet_secs,
        }
    }

    // behaviour: cluster/events-are-quiet-across-processes
    #[test]
    fn events_of_one_quiet_time_have_one_name() {
        let name = |second, quiet, message| name_of(&event(second, quiet, message));
        assert_eq!(name(120, 60, "a"), name(179, 60, "b"));
        assert_ne!(name(120, 60, "a"), name(180, 60, "a"));
        assert_ne!(name(120, 0, "a"), name(120, 0, "b"));
        let other = Event { reason: "Other", ..event(120, 60, "a") };
        assert_ne!(name(120, 60, "a"), name_of(&other));
        assert_eq!(name(0, u64::MAX, "a"), name(9, u64::MAX, "a"));
    }

    #[test]
    fn a_process_is_quiet_for_the_time_asked_for() {
        let told = Told::default();
        told.note(&event(100, 60, "a"));
        assert!(told.is_quiet(&event(159, 60, "b")));
        assert!(!told.is_quiet(&event(160, 60, "a")));
        assert!(!told.is_quiet(&Event { reason: "Other", ..event(100, 60, "a") }));
    }

    #[test]
    fn an_event_is_written_where_its_object_is() {
        let written = document(&event(120, 60, &"é".repeat(600)));
        assert_eq!(written["metadata"]["namespace"], "default");
        assert_eq!(
            written["involvedObject"],
            json!({"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "n-uid"})
        );
        assert_eq!(written["message"].as_str().map(str::len), Some(1024));
        let about = ObjectRef::Pod {
            key: joiner_core::model::NamespacedName { namespace: "web".into(), name: "p".into() },
            uid: "p-uid".into(),
        };
        let written = document(&Event { about, ..event(120, 60, "a") });
        assert_eq!(written["metadata"]["namespace"], "web");
        assert_eq!(written["firstTimestamp"], "1970-01-01T00:02:00Z");
    }
}
