//! The cluster ports as one value, which lives as long as the process.

use std::path::Path;

use joiner_core::model::{NamespacedName, NodeClaim};
use joiner_ports::{
    ClaimName, ClaimPatch, ClassPatch, ClusterError, ClusterRead, ClusterView, ClusterWrite, CreatedClaim,
    Event, Eviction, Machine, NewClaim, NodePatch, PoolPatch, Target,
};
use serde_json::{Value, json};

use crate::access::{AccessRule, RULES};
use crate::connect::{ConnectError, KubeEndpoint, by_kubeconfig, to_endpoint};
use crate::read::Shelves;
use crate::resource::{NODE_CLAIMS, NODE_CLASSES, NODE_OVERLAYS, NODE_POOLS};
use crate::token::{TokenKeeper, TokenSource};
use crate::wire::{Ask, JSON, Wire};
use crate::write::Told;

/// A cluster by its API server.
pub struct KubeCluster {
    pub(crate) wire: Wire,
    pub(crate) shelves: Shelves,
    pub(crate) told: Told,
}

impl KubeCluster {
    /// By endpoint, with tokens of a source. Nothing is sent yet.
    ///
    /// # Errors
    /// The endpoint or its certificates cannot be used.
    pub fn connect(
        endpoint: &KubeEndpoint,
        tokens: impl TokenSource + 'static,
    ) -> Result<Self, ConnectError> {
        Ok(Self::over(Wire::new(to_endpoint(endpoint)?, Some(TokenKeeper::new(tokens)))))
    }

    /// As a kubeconfig says; with its own context unless one is named. Nothing is sent yet.
    ///
    /// # Errors
    /// The file or its context cannot be used.
    pub async fn from_kubeconfig(file: &Path, context: Option<&str>) -> Result<Self, ConnectError> {
        Ok(Self::over(Wire::new(by_kubeconfig(file, context).await?, None)))
    }

    fn over(wire: Wire) -> Self {
        KubeCluster { wire, shelves: Shelves::default(), told: Told::default() }
    }

    /// The rights of [`RULES`] that the API server does not grant us, each with the verbs that are missing.
    ///
    /// # Errors
    /// The API server does not answer, or does not let itself be asked.
    pub async fn missing_rights(&self) -> Result<Vec<(AccessRule, Vec<&'static str>)>, ClusterError> {
        self.missing_rights_of(None).await
    }

    /// The same for the members of a group, whoever asks; that takes the right to ask about others.
    ///
    /// # Errors
    /// The API server does not answer, or does not let itself be asked.
    pub async fn missing_rights_of(
        &self,
        group: Option<&str>,
    ) -> Result<Vec<(AccessRule, Vec<&'static str>)>, ClusterError> {
        let mut missing = Vec::new();
        for rule in RULES {
            let mut denied = Vec::new();
            for verb in rule.verbs {
                if !self.may(group, rule, verb).await? {
                    denied.push(*verb);
                }
            }
            if !denied.is_empty() {
                missing.push((*rule, denied));
            }
        }
        Ok(missing)
    }

    /// The kinds of our own that the API server does not serve: their CRDs are missing.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn missing_kinds(&self) -> Result<Vec<&'static str>, ClusterError> {
        let mut missing = Vec::new();
        for kind in [NODE_POOLS, NODE_CLAIMS, NODE_OVERLAYS, NODE_CLASSES] {
            let path = format!("/apis/{}", kind.api_version());
            let served = match self.wire.document(&Ask::get(path)).await {
                Ok(served) => served,
                Err(failure) if failure.refused(404).is_some() => Value::Null,
                Err(failure) => return Err(failure.about("the question for kinds")),
            };
            let resources = served.get("resources").and_then(Value::as_array);
            if !resources.is_some_and(|all| all.iter().any(|resource| resource["name"] == kind.plural)) {
                missing.push(kind.kind);
            }
        }
        Ok(missing)
    }

    async fn may(&self, group: Option<&str>, rule: &AccessRule, verb: &str) -> Result<bool, ClusterError> {
        let (resource, subresource) = rule.resource.split_once('/').unwrap_or((rule.resource, ""));
        let attributes =
            json!({"verb": verb, "group": rule.group, "resource": resource, "subresource": subresource});
        let (kind, plural, spec) = match group {
            None => (
                "SelfSubjectAccessReview",
                "selfsubjectaccessreviews",
                json!({"resourceAttributes": attributes}),
            ),
            // Every user is in the second group, as in a request.
            Some(group) => (
                "SubjectAccessReview",
                "subjectaccessreviews",
                json!({"resourceAttributes": attributes, "groups": [group, "system:authenticated"]}),
            ),
        };
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec});
        let path = format!("/apis/authorization.k8s.io/v1/{plural}");
        let answer = self.wire.document(&Ask::send(http::Method::POST, path, JSON, &review)).await;
        let answer = answer.map_err(|failure| failure.about("the question for rights"))?;
        Ok(answer.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false))
    }
}

impl ClusterRead for KubeCluster {
    async fn snapshot(&self) -> Result<ClusterView, ClusterError> {
        self.shelves.snapshot(&self.wire).await
    }

    async fn machine(&self, target: &Target) -> Result<Option<Machine>, ClusterError> {
        self.shelves.machine(&self.wire, target).await
    }
}

impl ClusterWrite for KubeCluster {
    async fn create_claim(&self, claim: NewClaim<'_>) -> Result<CreatedClaim, ClusterError> {
        self.create_node_claim(claim).await
    }

    async fn patch_claim(
        &self,
        claim: &ClaimName,
        uid: &str,
        patch: &ClaimPatch,
    ) -> Result<NodeClaim, ClusterError> {
        self.change_claim(claim, uid, patch).await
    }

    async fn delete_claim(&self, claim: &ClaimName, uid: &str) -> Result<(), ClusterError> {
        self.delete_node_claim(claim, uid).await
    }

    async fn patch_node(&self, node: &str, uid: &str, patch: &NodePatch) -> Result<(), ClusterError> {
        self.change_node(node, uid, patch).await
    }

    async fn delete_node(&self, node: &str, uid: &str) -> Result<(), ClusterError> {
        self.delete_node_object(node, uid).await
    }

    async fn patch_pool(&self, pool: &str, uid: &str, patch: &PoolPatch) -> Result<(), ClusterError> {
        self.change_pool(pool, uid, patch).await
    }

    async fn patch_class(&self, class: &str, uid: &str, patch: &ClassPatch) -> Result<(), ClusterError> {
        self.change_class(class, uid, patch).await
    }

    async fn evict(&self, pod: &NamespacedName, uid: &str) -> Result<Eviction, ClusterError> {
        self.evict_pod(pod, uid).await
    }

    async fn delete_pod(&self, pod: &NamespacedName, uid: &str, grace_secs: u32) -> Result<(), ClusterError> {
        self.delete_pod_object(pod, uid, grace_secs).await
    }

    async fn record(&self, event: &Event) -> Result<(), ClusterError> {
        self.record_event(event).await
    }
}
