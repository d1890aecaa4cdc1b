//! Deletions name the UID they mean; what is gone already, or is another object by now, is as wanted.

use http::Method;
use joiner_api::read::ObjectReader;
use joiner_ports::ClusterError;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::change::Subject;
use crate::cluster::KubeCluster;
use crate::kinds::Kind;
use crate::read::Shelf;
use crate::wire::{Ask, JSON};

impl KubeCluster {
    /// Asks an object of a kind without namespaces to go.
    pub(super) async fn delete_object<K: Kind>(
        &self,
        subject: &Subject<'_>,
        shelf: &Mutex<Shelf<K>>,
    ) -> Result<(), ClusterError> {
        let path = subject.resource.one(subject.name);
        self.delete_at(path, subject.uid, &deletion(subject.uid, None), shelf)
            .await
            .map_err(|failure| failure.about(subject.text()))
    }

    /// Sends a deletion and notes what came of it.
    pub(super) async fn delete_at<K: Kind>(
        &self,
        path: String,
        uid: &str,
        options: &Value,
        shelf: &Mutex<Shelf<K>>,
    ) -> Result<(), crate::failure::Failure> {
        // behaviour: cluster/deletions-mean-one-uid
        match self.wire.fetch(&Ask::send(Method::DELETE, path, JSON, options)).await {
            Ok(answer) => {
                let mut shelf = shelf.lock().await;
                // The answer is the object if it stays for now, and a status of it if not.
                match K::read(&mut ObjectReader::default(), &answer) {
                    Ok(object) if *object.identity.uid == *uid => shelf.wrote(object),
                    Ok(_) | Err(_) => shelf.has_gone(uid),
                }
                Ok(())
            }
            Err(failure) if failure.refused(404).is_some() || failure.refused(409).is_some() => {
                shelf.lock().await.has_gone(uid);
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Options of a deletion.
pub(super) fn deletion(uid: &str, grace_secs: Option<u32>) -> Value {
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
    if let Some(secs) = grace_secs {
        options["gracePeriodSeconds"] = json!(secs);
    }
    options
}
