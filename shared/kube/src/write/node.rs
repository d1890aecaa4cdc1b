//! Nodes: labels, taints, finalizer and owner; deleted by UID.

use joiner_api::read::ObjectReader;
use joiner_core::model::{Taint, keys};
use joiner_ports::{ClusterError, NodePatch};
use serde_json::{Value, json};

use super::change::{Part, Subject, set_entries, set_finalizer};
use crate::cluster::KubeCluster;
use crate::resource::{NODE_CLAIMS, NODES};

impl KubeCluster {
    /// Changes a node.
    pub(crate) async fn change_node(
        &self,
        node: &str,
        uid: &str,
        patch: &NodePatch,
    ) -> Result<(), ClusterError> {
        let subject = Subject { resource: NODES, name: node, uid };
        let main = |document: &mut Value| {
            set_entries(document, "labels", &patch.labels);
            set_entries(document, "annotations", &patch.annotations);
            set_finalizer(document, keys::TERMINATION_FINALIZER, patch.finalizer);
            edit_taints(document, patch);
            add_owner(document, patch);
            Ok(())
        };
        let document = self.edit(&subject, &[(Part::Main, &main)]).await?;
        match ObjectReader::default().node(&document.to_string()) {
            Ok(read) => self.shelves.nodes.lock().await.wrote(read),
            // It is written; whoever reads it next is told what is wrong with it.
            Err(error) => tracing::warn!(%error, "a node cannot be read after it was changed"),
        }
        Ok(())
    }

    /// Asks a node object to go.
    pub(crate) async fn delete_node_object(&self, node: &str, uid: &str) -> Result<(), ClusterError> {
        let subject = Subject { resource: NODES, name: node, uid };
        self.delete_object(&subject, &self.shelves.nodes).await
    }
}

fn edit_taints(document: &mut Value, patch: &NodePatch) {
    let held = document.pointer("/spec/taints").and_then(Value::as_array).cloned().unwrap_or_default();
    let names = |taint: &Taint, one: &Value| {
        one["key"].as_str() == Some(&*taint.key) && one["effect"].as_str() == Some(taint.effect.as_str())
    };
    let mut taints: Vec<Value> = held
        .iter()
        .filter(|one| !patch.remove_taints.iter().any(|taint| names(taint, one)))
        .cloned()
        .collect();
    for taint in &patch.add_taints {
        let mut written = json!({"key": &*taint.key, "effect": taint.effect.as_str()});
        if !taint.value.is_empty() {
            written["value"] = json!(&*taint.value);
        }
        match taints.iter_mut().find(|one| names(taint, one)) {
            Some(one) if one["value"].as_str().unwrap_or_default() == &*taint.value => {}
            Some(one) => *one = written,
            None => taints.push(written),
        }
    }
    if taints != held {
        document["spec"]["taints"] = Value::Array(taints);
    }
}

fn add_owner(document: &mut Value, patch: &NodePatch) {
    let Some((claim, uid)) = &patch.owner else { return };
    let held =
        document.pointer("/metadata/ownerReferences").and_then(Value::as_array).cloned().unwrap_or_default();
    if held.iter().any(|owner| owner["uid"].as_str() == Some(&**uid)) {
        return;
    }
    let owner = json!({
        "apiVersion": NODE_CLAIMS.api_version(), "kind": NODE_CLAIMS.kind, "name": claim.as_str(), "uid": &**uid,
        "blockOwnerDeletion": true,
    });
    let with: Vec<Value> = held.into_iter().chain([owner]).collect();
    document["metadata"]["ownerReferences"] = Value::Array(with);
}

#[cfg(test)]
mod tests {
    use joiner_core::model::TaintEffect;
    use joiner_ports::ClaimName;

    use super::*;

    fn taint(key: &str, value: &str) -> Taint {
        Taint { key: key.into(), value: value.into(), effect: TaintEffect::NoSchedule }
    }

    #[test]
    fn taints_are_named_by_key_and_effect_and_others_stay() {
        let mut document = json!({"spec": {"taints": [
            {"key": "a", "effect": "NoSchedule", "value": "1"}, {"key": "a", "effect": "NoExecute", "timeAdded": "t"},
            {"key": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "NoSchedule"},
        ]}});
        let patch = NodePatch {
            add_taints: vec![taint("a", "2"), taint("c", ""), taint("d", "")],
            remove_taints: vec![taint("b", "any")],
            ..NodePatch::default()
        };
        edit_taints(&mut document, &patch);
        let wanted = json!({"spec": {"taints": [
            {"key": "a", "effect": "NoSchedule", "value": "2"}, {"key": "a", "effect": "NoExecute", "timeAdded": "t"},
            {"key": "c", "effect": "NoSchedule"}, {"key": "d", "effect": "NoSchedule"},
        ]}});
        assert_eq!(document, wanted);
        let untouched = document.clone();
        edit_taints(&mut document, &patch);
        assert_eq!(document, untouched);
    }

    #[test]
    fn a_node_gets_its_claim_as_an_owner_once() {
        let owner = Some((ClaimName::new("a").unwrap(), "a-uid".into()));
        let patch = NodePatch { owner, ..NodePatch::default() };
        let mut document = json!({"metadata": {"name": "n"}});
        for _ in 0..2 {
            add_owner(&mut document, &patch);
        }
        let owners = json!([{"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": "a", "uid": "a-uid",
            "blockOwnerDeletion": true}]);
        assert_eq!(document, json!({"metadata": {"name": "n", "ownerReferences": owners}}));
    }
}
