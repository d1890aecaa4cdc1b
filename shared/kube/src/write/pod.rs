//! Pods: asked to leave within their budgets, or made to.

use http::Method;
use joiner_core::model::NamespacedName;
use joiner_ports::{ClusterError, Eviction};
use serde_json::json;

use super::delete::deletion;
use crate::cluster::KubeCluster;
use crate::failure::{Failure, Refusal};
use crate::resource::PODS;
use crate::wire::{Ask, JSON};

/// How the API server refuses the eviction of a pod that two budgets protect.
const SEVERAL_BUDGETS: &str = "more than one PodDisruptionBudget";

impl KubeCluster {
    /// Evicts a pod.
    pub(crate) async fn evict_pod(&self, pod: &NamespacedName, uid: &str) -> Result<Eviction, ClusterError> {
        let path = format!("{}/eviction", PODS.one_in(&pod.namespace, &pod.name));
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"namespace": &*pod.namespace, "name": &*pod.name},
            "deleteOptions": deletion(uid, None),
        });
        match self.wire.fetch(&Ask::send(Method::POST, path, JSON, &eviction)).await {
            Ok(_) => {
                self.shelves.pods.lock().await.asked_to_go(uid);
                Ok(Eviction::Evicted)
            }
            Err(Failure::Refused(refusal)) => answered(refusal, pod),
            Err(failure) => Err(failure.about(format_args!("Pod {pod}"))),
        }
    }

    /// Deletes a pod past all budgets.
    pub(crate) async fn delete_pod_object(
        &self,
        pod: &NamespacedName,
        uid: &str,
        grace_secs: u32,
    ) -> Result<(), ClusterError> {
        let path = PODS.one_in(&pod.namespace, &pod.name);
        self.delete_at(path, uid, &deletion(uid, Some(grace_secs)), &self.shelves.pods)
            .await
            .map_err(|failure| failure.about(format_args!("Pod {pod}")))
    }
}

/// What a refused eviction means.
fn answered(refusal: Refusal, pod: &NamespacedName) -> Result<Eviction, ClusterError> {
    // behaviour: cluster/budgets-block-evictions
    if let (429, Some(cause)) = (refusal.code, refusal.cause("DisruptionBudget")) {
        return Ok(Eviction::Blocked { message: cause.to_owned() });
    }
    if refusal.code == 500 && refusal.message.contains(SEVERAL_BUDGETS) {
        return Ok(Eviction::Blocked { message: refusal.message });
    }
    match refusal.code {
        404 | 409 => Ok(Eviction::Gone),
        _ => Err(Failure::Refused(refusal).about(format_args!("Pod {pod}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: u16, message: &str, cause: Option<&str>) -> String {
        let causes = cause.map(|text| ("DisruptionBudget".to_owned(), text.to_owned())).into_iter().collect();
        let refusal =
            Refusal { code, reason: String::new(), message: message.into(), causes, retry_after_secs: None };
        let pod = NamespacedName { namespace: "default".into(), name: "web".into() };
        match answered(refusal, &pod) {
            Ok(eviction) => format!("{eviction:?}"),
            Err(error) => error.to_string(),
        }
    }

    // behaviour: cluster/budgets-block-evictions
    #[test]
    fn budgets_block_rates_wait_and_other_pods_are_gone() {
        let two = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        assert_eq!(told(429, "no", Some("web needs 3")), "Blocked { message: \"web needs 3\" }");
        assert_eq!(told(429, "slow down", None), "the API server asks to wait 1 s");
        assert_eq!(told(500, two, None), format!("Blocked {{ message: {two:?} }}"));
        assert_eq!(told(500, "broken", None), "the API server cannot be reached");
        assert_eq!((told(404, "", None), told(409, "", None)), ("Gone".into(), "Gone".into()));
    }
}
