//! The objects that each claim of the contract begins with, under names of its own.

use joiner_core::model::{
    Allowed, Labels, NamespacedName, NodeClassRef, Requirement, ResourceName, Taint, TaintEffect, keys,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::ClaimName;

/// Names of the objects of one claim of the contract.
#[derive(Debug, Clone)]
pub(super) struct Names(pub(super) String);

impl Names {
    /// A name from the claim of the contract: short, and different for each.
    pub(super) fn of(claim: &str) -> Self {
        Names(claim.split('_').map(|word| &word[..word.len().min(3)]).collect::<Vec<_>>().join("-"))
    }

    pub(super) fn pool(&self) -> String {
        format!("{}-pool", self.0)
    }

    pub(super) fn class(&self) -> String {
        format!("{}-class", self.0)
    }

    pub(super) fn node(&self) -> String {
        format!("{}-node", self.0)
    }

    pub(super) fn provider_id(&self) -> String {
        format!("aws:///zone-a/i-{}", self.0)
    }

    /// A pod that runs and that no budget protects.
    pub(super) fn free_pod(&self) -> NamespacedName {
        NamespacedName { namespace: "default".into(), name: format!("{}-free", self.0).into() }
    }

    /// A pod that runs and that its budget needs.
    pub(super) fn held_pod(&self) -> NamespacedName {
        NamespacedName { namespace: "default".into(), name: format!("{}-held", self.0).into() }
    }

    pub(super) fn claim(&self) -> ClaimName {
        ClaimName::new(&format!("{}-pool-abc", self.0)).expect("a name")
    }

    /// What a claim of the pool is made of.
    pub(super) fn draft(&self) -> ClaimDraft {
        let types = Allowed::Only(["c7i.large".into(), "m7i.large".into()].into());
        ClaimDraft {
            labels: Labels::from([
                (keys::NODE_POOL.into(), self.pool().into()),
                ("example.com/team".into(), "a".into()),
            ]),
            annotations: Labels::from([("example.com/note".into(), "first".into())]),
            requirements: vec![
                Requirement { min_values: Some(2), ..Requirement::new(keys::INSTANCE_TYPE, types) },
                Requirement::new(keys::ZONE, Allowed::one("zone-a")),
            ],
            requests: [(ResourceName::Cpu, "1500m".parse().expect("a quantity"))].into_iter().collect(),
            taints: vec![taint("example.com/own", "yes", TaintEffect::NoSchedule)],
            startup_taints: vec![taint("example.com/starting", "", TaintEffect::NoExecute)],
            node_class: NodeClassRef {
                group: "karpenter.k8s.aws".into(),
                kind: "EC2NodeClass".into(),
                name: self.class().into(),
            },
            expire_after_secs: Some(3600),
            termination_grace_secs: None,
        }
    }
}

pub(super) fn taint(key: &str, value: &str, effect: TaintEffect) -> Taint {
    Taint { key: key.into(), value: value.into(), effect }
}

/// Pool, class, a node of the user's own, two pods for it, and a budget.
pub(super) fn manifests(names: &Names) -> String {
    let (pool, class, node) = (names.pool(), names.class(), names.node());
    let pod = |name: &NamespacedName| {
        format!(
            r#"
{{"kind": "Pod", "apiVersion": "v1", "metadata": {{"name": "{name}", "namespace": "default", "labels": {{"app": "{name}"}}}},
 "spec": {{"nodeName": "{node}", "nodeSelector": {{"for": "{tag}"}}, "terminationGracePeriodSeconds": 30,
  "containers": [{{"name": "a", "image": "a", "resources": {{"requests": {{"cpu": "100m"}}}}}}]}}}}
---"#,
            name = name.name,
            tag = names.0,
        )
    };
    format!(
        r#"
{{"kind": "EC2NodeClass", "apiVersion": "karpenter.k8s.aws/v1", "metadata": {{"name": "{class}"}},
 "spec": {{"role": "r", "amiSelectorTerms": [{{"alias": "al2023@latest"}}], "subnetSelectorTerms": [{{"id": "subnet-1"}}],
  "securityGroupSelectorTerms": [{{"id": "sg-1"}}]}}}}
---
{{"kind": "NodePool", "apiVersion": "karpenter.sh/v1", "metadata": {{"name": "{pool}"}},
 "spec": {{"template": {{"spec": {{"requirements": [],
  "nodeClassRef": {{"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "{class}"}}}}}}}}}}
---
{{"kind": "Node", "apiVersion": "v1", "metadata": {{"name": "{node}", "labels": {{"for": "{tag}"}}}},
 "spec": {{"providerID": "{id}"}},
 "status": {{"capacity": {{"cpu": "4", "memory": "8Gi", "pods": "20"}}, "allocatable": {{"cpu": "4", "memory": "8Gi", "pods": "20"}},
  "conditions": [{{"type": "Ready", "status": "True"}}]}}}}
---
{{"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {{"name": "{held}", "namespace": "default"}},
 "spec": {{"minAvailable": 1, "selector": {{"matchLabels": {{"app": "{held}"}}}}}}}}
---{free_pod}{held_pod}
"#,
        tag = names.0,
        id = names.provider_id(),
        held = names.held_pod().name,
        free_pod = pod(&names.free_pod()),
        held_pod = pod(&names.held_pod()),
    )
}
