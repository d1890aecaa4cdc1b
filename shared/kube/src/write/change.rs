//! One change of one object: its metadata and specification, and its status, which the API server takes apart.

use http::Method;
use joiner_ports::{ClusterError, FinalizerChange};
use serde_json::{Value, json};

use super::difference::{difference, replaces_list};
use crate::cluster::KubeCluster;
use crate::failure::Failure;
use crate::resource::Resource;
use crate::wire::{Ask, MERGE_PATCH};

/// Which object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its kind; one without namespaces.
    pub(super) resource: Resource,
    /// Its name.
    pub(super) name: &'a str,
    /// Its UID.
    pub(super) uid: &'a str,
}

impl Subject<'_> {
    /// As people name it.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.resource.kind, self.name)
    }

    fn gone(&self) -> ClusterError {
        ClusterError::Gone(self.text())
    }
}

/// The two parts of an object that are written apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Metadata and specification.
    Main,
    /// Status.
    Status,
}

impl Part {
    fn path(self, subject: &Subject<'_>) -> String {
        let path = subject.resource.one(subject.name);
        if self == Part::Status { format!("{path}/status") } else { path }
    }

    /// What of a difference belongs to it.
    fn of(self, mut patch: Value) -> Option<Value> {
        let fields = patch.as_object_mut()?;
        fields.retain(|field, _| (field == "status") == (self == Part::Status));
        (!fields.is_empty()).then_some(patch)
    }
}

/// Turns a document into the one that is wanted.
pub(super) type Edit<'e> = &'e (dyn Fn(&mut Value) -> Result<(), String> + Sync);

impl KubeCluster {
    /// Makes edits, each of one part, in this order. Returns the document as it is then.
    ///
    /// # Errors
    /// `Gone` when the UID is another's or nobody's; `Conflict` when a list changed meanwhile.
    pub(super) async fn edit(
        &self,
        subject: &Subject<'_>,
        edits: &[(Part, Edit<'_>)],
    ) -> Result<Value, ClusterError> {
        let mut document = self.document_of(subject).await?;
        for (part, edit) in edits {
            let mut wanted = document.clone();
            edit(&mut wanted).map_err(|why| ClusterError::Rejected(format!("{}: {why}", subject.text())))?;
            let Some(patch) = difference(&document, &wanted).and_then(|patch| part.of(patch)) else {
                continue;
            };
            document = self.send_patch(subject, *part, patch, &document).await?;
        }
        Ok(document)
    }

    async fn document_of(&self, subject: &Subject<'_>) -> Result<Value, ClusterError> {
        let ask = Ask::get(subject.resource.one(subject.name));
        let document = self.wire.document(&ask).await.map_err(|failure| failure.about(subject.text()))?;
        if uid_of(&document) == Some(subject.uid) { Ok(document) } else { Err(subject.gone()) }
    }

    async fn send_patch(
        &self,
        subject: &Subject<'_>,
        part: Part,
        mut patch: Value,
        from: &Value,
    ) -> Result<Value, ClusterError> {
        let replaces_list = replaces_list(&patch);
        patch["metadata"]["uid"] = json!(subject.uid);
        // behaviour: cluster/lists-are-never-overwritten-unseen
        if replaces_list {
            patch["metadata"]["resourceVersion"] = from["metadata"]["resourceVersion"].clone();
        }
        let ask = Ask::send(Method::PATCH, part.path(subject), MERGE_PATCH, &patch);
        match self.wire.document(&ask).await {
            Ok(document) => Ok(document),
            Err(failure) => Err(self.sorted(subject, failure).await),
        }
    }

    /// A conflict, or a refusal of the UID, may mean that the object is another by now: that is looked up, since
    /// the API server tells it in words only.
    async fn sorted(&self, subject: &Subject<'_>, failure: Failure) -> ClusterError {
        let is_in_doubt = failure.refused(409).is_some() || failure.refused(422).is_some();
        if is_in_doubt && matches!(self.document_of(subject).await, Err(ClusterError::Gone(_))) {
            return subject.gone();
        }
        failure.about(subject.text())
    }
}

fn uid_of(document: &Value) -> Option<&str> {
    document.pointer("/metadata/uid").and_then(Value::as_str)
}

/// Sets entries of a map in metadata, such as `labels`.
pub(super) fn set_entries(document: &mut Value, field: &str, entries: &joiner_core::model::Labels) {
    for (key, value) in entries {
        document["metadata"][field][&**key] = json!(&**value);
    }
}

/// Sees that a finalizer is or is not there.
pub(super) fn set_finalizer(document: &mut Value, finalizer: &str, change: FinalizerChange) {
    let held =
        document.pointer("/metadata/finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_held = held.iter().any(|one| one == finalizer);
    match change {
        FinalizerChange::Add if !is_held => {
            let with: Vec<Value> = held.into_iter().chain([json!(finalizer)]).collect();
            document["metadata"]["finalizers"] = Value::Array(with);
        }
        FinalizerChange::Remove if is_held => {
            let without: Vec<Value> = held.into_iter().filter(|one| one != finalizer).collect();
            document["metadata"]["finalizers"] = Value::Array(without);
        }
        FinalizerChange::Keep | FinalizerChange::Add | FinalizerChange::Remove => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finalizer_is_added_once_and_taken_away_alone() {
        let mut document = json!({"metadata": {}});
        set_finalizer(&mut document, "a", FinalizerChange::Remove);
        assert_eq!(document, json!({"metadata": {}}));
        for _ in 0..2 {
            set_finalizer(&mut document, "a", FinalizerChange::Add);
            set_finalizer(&mut document, "b", FinalizerChange::Add);
        }
        set_finalizer(&mut document, "a", FinalizerChange::Keep);
        assert_eq!(document, json!({"metadata": {"finalizers": ["a", "b"]}}));
        set_finalizer(&mut document, "a", FinalizerChange::Remove);
        assert_eq!(document, json!({"metadata": {"finalizers": ["b"]}}));
    }

    #[test]
    fn status_and_the_rest_are_written_apart() {
        let patch = json!({"metadata": {"labels": {"a": "b"}}, "status": {"nodeName": "n"}});
        assert_eq!(Part::Main.of(patch.clone()), Some(json!({"metadata": {"labels": {"a": "b"}}})));
        assert_eq!(Part::Status.of(patch), Some(json!({"status": {"nodeName": "n"}})));
        assert_eq!(Part::Status.of(json!({"spec": {}})), None);
    }
}
