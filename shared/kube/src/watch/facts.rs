//! What the watch keeps of an object: little, since it may see tens of thousands.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use joiner_core::model::keys;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is kept of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PodFacts {
    /// Its node.
    pub(super) node: Option<Arc<str>>,
    /// Whether its kubelet has not answered for it yet.
    pub(super) is_pending: bool,
    /// Whether it is done or was asked to go.
    pub(super) is_going: bool,
    /// Whether a DaemonSet owns it.
    pub(super) is_daemon: bool,
    /// What the scheduler said when it refused it, as a digest.
    pub(super) refusal: Option<u64>,
}

/// What is kept of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeFacts {
    /// Whether it is ready.
    pub(super) is_ready: bool,
    /// Whether it was asked to go.
    pub(super) is_going: bool,
    /// Whether it belongs to a pool.
    pub(super) is_pooled: bool,
    /// Whether its claim is through with it.
    pub(super) is_initialized: bool,
    /// Labels, taints and allocatable, as a digest: what a claim waits for.
    pub(super) looks: u64,
}

/// What is kept of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClaimFacts {
    /// Whether it was asked to go.
    pub(super) is_going: bool,
    /// Whether its node is usable.
    pub(super) is_initialized: bool,
}

/// What is kept of a pool or a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectFacts {
    /// Version of its specification.
    pub(super) generation: i64,
    /// Whether it was asked to go.
    pub(super) is_going: bool,
}

/// Metadata that the watch looks at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WatchedMeta<'a> {
    #[serde(borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) uid: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) resource_version: Cow<'a, str>,
    generation: i64,
    deletion_timestamp: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
    #[serde(borrow)]
    owner_references: Vec<Owner<'a>>,
}

#[derive(Debug, Deserialize)]
struct Owner<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl WatchedMeta<'_> {
    /// Its version; 0 when it does not say.
    pub(super) fn version(&self) -> u64 {
        self.resource_version.parse().unwrap_or(0)
    }

    fn has_label(&self, key: &str) -> bool {
        // A key with its quotes stands in labels as a key only: values of labels hold no slash.
        self.labels.is_some_and(|labels| labels.get().contains(&format!("\"{key}\"")))
    }
}

/// An object as far as the watch reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WatchedObject<'a> {
    #[serde(borrow)]
    pub(super) metadata: WatchedMeta<'a>,
    #[serde(borrow)]
    spec: Spec<'a>,
    #[serde(borrow)]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    node_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    taints: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
    #[serde(borrow)]
    conditions: Vec<WatchedCondition<'a>>,
    #[serde(borrow)]
    allocatable: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WatchedCondition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl WatchedObject<'_> {
    fn condition(&self, kind: &str) -> Option<&WatchedCondition<'_>> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| condition.status == "True")
    }

    fn is_going(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// As a pod.
    pub(super) fn pod(&self) -> PodFacts {
        let refusal = self.condition("PodScheduled");
        let refusal = refusal.filter(|one| one.status == "False" && one.reason == "Unschedulable");
        PodFacts {
            node: self.spec.node_name.as_deref().filter(|name| !name.is_empty()).map(Into::into),
            is_pending: matches!(&*self.status.phase, "" | "Pending"),
            is_going: self.is_going() || matches!(&*self.status.phase, "Succeeded" | "Failed"),
            is_daemon: self.metadata.owner_references.iter().any(|owner| owner.kind == "DaemonSet"),
            refusal: refusal.map(|one| digest(&[&one.message])),
        }
    }

    /// As a node.
    pub(super) fn node(&self) -> NodeFacts {
        let texts = [self.metadata.labels, self.spec.taints, self.status.allocatable];
        NodeFacts {
            is_ready: self.is_true("Ready"),
            is_going: self.is_going(),
            is_pooled: self.metadata.has_label(keys::NODE_POOL),
            is_initialized: self.metadata.has_label(keys::INITIALIZED),
            looks: digest(&texts.map(|text| text.map_or("", RawValue::get))),
        }
    }

    /// As a claim.
    pub(super) fn claim(&self) -> ClaimFacts {
        ClaimFacts { is_going: self.is_going(), is_initialized: self.is_true("Initialized") }
    }

    /// As a pool or a class.
    pub(super) fn object(&self) -> ObjectFacts {
        ObjectFacts { generation: self.metadata.generation, is_going: self.is_going() }
    }
}

/// Only ever compared within one process.
fn digest(texts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> WatchedObject<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_refused_pod_is_told_from_one_that_runs_or_is_gated() {
        let pod = |condition: &str| {
            let json = format!(
                r#"{{"metadata":{{"name":"p","ownerReferences":[{{"kind":"ReplicaSet","name":"r"}}]}},
                    "spec":{{"containers":[]}},"status":{{"phase":"Pending","conditions":[{condition}]}}}}"#
            );
            read(&json).pod()
        };
        let refused =
            pod(r#"{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1"}"#);
        let expected = PodFacts {
            node: None,
            is_pending: true,
            is_going: false,
            is_daemon: false,
            refusal: Some(digest(&["0/1"])),
        };
        assert_eq!(refused, expected);
        let gated = pod(r#"{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}"#);
        assert_eq!(gated, PodFacts { refusal: None, ..expected });
        let done = r#"{"metadata":{"ownerReferences":[{"kind":"DaemonSet"}]},"spec":{"nodeName":"n"},"status":{"phase":"Failed"}}"#;
        let expected = PodFacts {
            node: Some("n".into()),
            is_pending: false,
            is_going: true,
            is_daemon: true,
            refusal: None,
        };
        assert_eq!(read(done).pod(), expected);
    }

    #[test]
    fn a_heartbeat_changes_nothing_about_a_node_and_a_taint_does() {
        let node = |beat: &str, taints: &str| {
            let json = format!(
                r#"{{"metadata":{{"labels":{{"karpenter.sh/nodepool":"general"}}}},"spec":{{"taints":{taints}}},
                    "status":{{"allocatable":{{"cpu":"2"}},"conditions":[{{"type":"Ready","status":"True","lastHeartbeatTime":"{beat}"}}]}}}}"#
            );
            read(&json).node()
        };
        let first = node("a", "[]");
        assert_eq!((first.is_ready, first.is_pooled, first.is_initialized), (true, true, false));
        assert_eq!(node("b", "[]"), first);
        assert_ne!(node("b", r#"[{"key":"k"}]"#), first);
    }
}
