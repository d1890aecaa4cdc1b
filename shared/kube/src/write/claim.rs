//! Claims: created once under their name, changed in two parts, deleted by UID.

use http::Method;
use joiner_api::read::{ObjectReader, StoredObject};
use joiner_core::model::{NodeClaim, keys};
use joiner_ports::{ClaimName, ClaimPatch, ClusterError, CreatedClaim, FinalizerChange, NewClaim};
use serde_json::{Value, json};

use super::change::{Edit, Part, Subject, set_entries, set_finalizer};
use super::claim_document::{amounts, document};
use super::condition::set_on_claim;
use crate::cluster::KubeCluster;
use crate::failure::Failure;
use crate::resource::NODE_CLAIMS;
use crate::wire::{Ask, JSON};

impl KubeCluster {
    /// Creates a claim, or reads the one that has its name.
    pub(crate) async fn create_node_claim(&self, new: NewClaim<'_>) -> Result<CreatedClaim, ClusterError> {
        let what = format!("NodeClaim {}", new.name);
        let object = serde_json::to_value(document(&new))
            .map_err(|error| ClusterError::Rejected(format!("{what}: {error}")))?;
        let created = self.wire.document(&Ask::send(Method::POST, NODE_CLAIMS.all(), JSON, &object)).await;
        let (document, existed) = match created {
            Ok(document) => (document, false),
            // behaviour: cluster/a-claim-is-created-once
            Err(failure) if failure.refused(409).is_some() => {
                (self.existing(&new).await.map_err(|failure| failure.about(&what))?, true)
            }
            Err(failure) => return Err(failure.about(&what)),
        };
        Ok(CreatedClaim { claim: self.keep_claim(&document).await?, existed })
    }

    async fn existing(&self, new: &NewClaim<'_>) -> Result<Value, Failure> {
        self.wire.document(&Ask::get(NODE_CLAIMS.one(new.name.as_str()))).await
    }

    /// Changes a claim.
    pub(crate) async fn change_claim(
        &self,
        claim: &ClaimName,
        uid: &str,
        patch: &ClaimPatch,
    ) -> Result<NodeClaim, ClusterError> {
        let subject = Subject { resource: NODE_CLAIMS, name: claim.as_str(), uid };
        let main = |document: &mut Value| {
            set_entries(document, "labels", &patch.labels);
            set_entries(document, "annotations", &patch.annotations);
            set_finalizer(document, keys::TERMINATION_FINALIZER, patch.finalizer);
            Ok(())
        };
        let status = |document: &mut Value| edit_status(document, patch);
        // Without its finalizer a claim may be gone at once, with it it stays: the last thing to take, the first to give.
        let (main, status): ((Part, Edit<'_>), (Part, Edit<'_>)) =
            ((Part::Main, &main), (Part::Status, &status));
        let edits = if patch.finalizer == FinalizerChange::Remove { [status, main] } else { [main, status] };
        let document = self.edit(&subject, &edits).await?;
        self.keep_claim(&document).await
    }

    /// Reads a claim that was written just now, and puts it where snapshots look.
    async fn keep_claim(&self, document: &Value) -> Result<NodeClaim, ClusterError> {
        let read: StoredObject<NodeClaim> = ObjectReader::default()
            .node_claim(&document.to_string())
            .map_err(|error| ClusterError::Rejected(error.to_string()))?;
        let claim = read.value.clone();
        self.shelves.node_claims.lock().await.wrote(read);
        Ok(claim)
    }

    /// Asks a claim to go.
    pub(crate) async fn delete_node_claim(&self, claim: &ClaimName, uid: &str) -> Result<(), ClusterError> {
        let subject = Subject { resource: NODE_CLAIMS, name: claim.as_str(), uid };
        self.delete_object(&subject, &self.shelves.node_claims).await
    }
}

fn edit_status(document: &mut Value, patch: &ClaimPatch) -> Result<(), String> {
    let texts =
        [("nodeName", &patch.node_name), ("providerID", &patch.provider_id), ("imageID", &patch.image_id)];
    for (field, text) in texts {
        if let Some(text) = text {
            document["status"][field] = json!(&**text);
        }
    }
    for (field, resources) in [("capacity", &patch.capacity), ("allocatable", &patch.allocatable)] {
        if let Some(resources) = resources {
            document["status"][field] = json!(amounts(resources));
        }
    }
    if let Some(at) = patch.last_pod_event_at {
        document["status"]["lastPodEventTime"] = json!(at.to_string());
    }
    set_on_claim(document, &patch.conditions, &patch.cleared)
}

#[cfg(test)]
mod tests {
    use joiner_core::model::{ResourceName, Resources};

    use super::*;

    #[test]
    fn a_status_gets_what_is_named_and_keeps_the_rest() {
        let capacity: Resources = [(ResourceName::Cpu, "2".parse().unwrap())].into_iter().collect();
        let patch = ClaimPatch {
            provider_id: Some("aws:///zone-a/i-1".into()),
            capacity: Some(capacity),
            last_pod_event_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            ..ClaimPatch::default()
        };
        let mut document = json!({"status": {"nodeName": "n", "capacity": {"memory": "1Gi"}}});
        edit_status(&mut document, &patch).unwrap();
        let wanted = json!({"status": {
            "nodeName": "n", "providerID": "aws:///zone-a/i-1", "capacity": {"cpu": "2"},
            "lastPodEventTime": "2026-01-01T00:00:00Z",
        }});
        assert_eq!(document, wanted);
    }
}
