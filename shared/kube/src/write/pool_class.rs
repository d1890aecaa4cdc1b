//! Pools and classes: annotations, the finalizer of classes, and their status.

use jiff::Timestamp;
use joiner_api::read::ObjectReader;
use joiner_core::model::keys;
use joiner_ports::{ClassPatch, ClusterError, PoolPatch};
use serde_json::{Map, Value, json};

use super::change::{Part, Subject, set_entries, set_finalizer};
use super::claim_document::amounts;
use super::condition::set_on_object;
use crate::cluster::KubeCluster;
use crate::resource::{NODE_CLASSES, NODE_POOLS};

impl KubeCluster {
    /// Changes a pool.
    pub(crate) async fn change_pool(
        &self,
        pool: &str,
        uid: &str,
        patch: &PoolPatch,
    ) -> Result<(), ClusterError> {
        let subject = Subject { resource: NODE_POOLS, name: pool, uid };
        // When a truth changed is when it was written: no decision is made of it here.
        let now = Timestamp::now();
        let main = |document: &mut Value| {
            set_entries(document, "annotations", &patch.annotations);
            Ok(())
        };
        let status = |document: &mut Value| edit_pool_status(document, patch, now);
        let document = self.edit(&subject, &[(Part::Main, &main), (Part::Status, &status)]).await?;
        match ObjectReader::default().node_pool(&document.to_string()) {
            Ok(read) => self.shelves.node_pools.lock().await.wrote(read),
            Err(error) => tracing::warn!(%error, "a pool cannot be read after it was changed"),
        }
        Ok(())
    }

    /// Changes a class.
    pub(crate) async fn change_class(
        &self,
        class: &str,
        uid: &str,
        patch: &ClassPatch,
    ) -> Result<(), ClusterError> {
        let subject = Subject { resource: NODE_CLASSES, name: class, uid };
        let now = Timestamp::now();
        let main = |document: &mut Value| {
            set_entries(document, "annotations", &patch.annotations);
            set_finalizer(document, keys::CLASS_FINALIZER, patch.finalizer);
            Ok(())
        };
        let status = |document: &mut Value| edit_class_status(document, patch, now);
        // The finalizer is the last thing to take: a class without it may be gone at once.
        let document = if patch.finalizer == joiner_ports::FinalizerChange::Remove {
            self.edit(&subject, &[(Part::Status, &status), (Part::Main, &main)]).await?
        } else {
            self.edit(&subject, &[(Part::Main, &main), (Part::Status, &status)]).await?
        };
        match ObjectReader::default().node_class(&document.to_string()) {
            Ok(read) => self.shelves.node_classes.lock().await.wrote(read),
            Err(error) => tracing::warn!(%error, "a class cannot be read after it was changed"),
        }
        Ok(())
    }
}

fn edit_pool_status(document: &mut Value, patch: &PoolPatch, now: Timestamp) -> Result<(), String> {
    if let Some(resources) = &patch.resources {
        document["status"]["resources"] = json!(amounts(resources));
    }
    if let Some(nodes) = patch.nodes {
        document["status"]["nodes"] = json!(nodes);
    }
    if let Some(generation) = patch.node_class_observed_generation {
        document["status"]["nodeClassObservedGeneration"] = json!(generation);
    }
    set_on_object(document, &patch.conditions, now)
}

fn edit_class_status(document: &mut Value, patch: &ClassPatch, now: Timestamp) -> Result<(), String> {
    if let Some(text) = &patch.status {
        let mut status: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("the status to write: {error}"))?;
        // Conditions are named apart.
        status.remove("conditions");
        if let Some(conditions) = document.pointer("/status/conditions") {
            status.insert("conditions".to_owned(), conditions.clone());
        }
        document["status"] = Value::Object(status);
    }
    set_on_object(document, &patch.conditions, now)
}

#[cfg(test)]
mod tests {
    use joiner_core::model::{ConditionStatus, ObjectCondition};

    use super::*;

    #[test]
    fn a_class_status_is_replaced_but_for_its_conditions() {
        let ready = ObjectCondition {
            kind: "Ready",
            status: ConditionStatus::True,
            reason: "Ready".into(),
            message: "".into(),
            observed_generation: 1,
        };
        let patch = ClassPatch {
            status: Some(r#"{"subnets":[{"id":"subnet-1"}],"conditions":[]}"#.into()),
            conditions: vec![ready],
            ..ClassPatch::default()
        };
        let mut document = json!({"status": {"amis": [1], "conditions": [
            {"type": "AMIsReady", "status": "True", "lastTransitionTime": "1970-01-01T00:00:01Z"},
        ]}});
        edit_class_status(&mut document, &patch, Timestamp::from_second(9).unwrap()).unwrap();
        assert_eq!(document.pointer("/status/amis"), None);
        assert_eq!(document["status"]["subnets"], json!([{"id": "subnet-1"}]));
        let kinds: Vec<&str> = document["status"]["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|c| c["type"].as_str())
            .collect();
        assert_eq!(kinds, ["AMIsReady", "Ready"]);
    }

    #[test]
    fn a_status_that_is_no_object_is_refused() {
        let patch = ClassPatch { status: Some("[]".into()), ..ClassPatch::default() };
        let refused = edit_class_status(&mut json!({}), &patch, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(refused, "the status to write: invalid type: sequence, expected a map at line 1 column 0");
    }
}
