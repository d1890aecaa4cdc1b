//! Values for tests: a cluster, a class with its status, and claims on the types of the catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_api::read::{Manifests, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{
    Allowed, InstanceType, Labels, NodeClass, NodeClassRef, Requirement, ResourceName, Resources, keys,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{ClaimName, ClusterName, LaunchRequest, LaunchToken};

use crate::{ClusterFacts, ServiceNetwork};

/// A cluster that speaks IPv4.
pub(super) fn facts() -> ClusterFacts {
    ClusterFacts {
        name: ClusterName::new("prod").unwrap(),
        arn: "arn:aws:eks:us-east-1:123456789012:cluster/prod".into(),
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "123456789012".into(),
        endpoint: "https://prod.example.com".into(),
        certificate_authority: "Y2VydA==".into(),
        version: "1.34".into(),
        services: Some(ServiceNetwork { cidr: "10.100.0.0/16".into(), dns_ip: [10, 100, 0, 10].into() }),
        security_group: None,
        vpc: None,
        authentication_mode: None,
        logs: Vec::new(),
        tags: Default::default(),
    }
}

/// A ready class: `spec` are lines of its specification, indented by two, besides role and selectors.
pub(super) fn class(spec: &str) -> NodeClass {
    let text = format!(
        "apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {{ name: default, uid: class-uid, generation: 1 }}
spec:
  role: nodes
  subnetSelectorTerms: [{{ tags: {{ a: b }} }}]
  securityGroupSelectorTerms: [{{ tags: {{ a: b }} }}]
{spec}
status:
  subnets:
  - {{ id: subnet-1, zone: us-east-1a, zoneID: use1-az1 }}
  - {{ id: subnet-2, zone: us-east-1b, zoneID: use1-az2 }}
  securityGroups:
  - {{ id: sg-1, name: one }}
  - {{ id: sg-2, name: two }}
  amis:
  - {{ id: ami-arm, name: arm, requirements: [{{ key: kubernetes.io/arch, operator: In, values: [arm64] }}] }}
  - {{ id: ami-x86, name: x86, requirements: [{{ key: kubernetes.io/arch, operator: In, values: [amd64] }}] }}
  instanceProfile: prod-nodes
  conditions:
  - {{ type: Ready, status: \"True\", reason: Ready, message: \"\", observedGeneration: 1,
      lastTransitionTime: \"2026-01-01T00:00:00Z\" }}
"
    );
    let manifests = Manifests::read(&[Source { name: "class.yaml".into(), text }]).unwrap();
    manifests.node_classes.into_iter().next().unwrap()
}

/// The usual class.
pub(super) fn al2023() -> NodeClass {
    class("  amiSelectorTerms: [{ alias: al2023@latest }]")
}

/// The types of a class.
pub(super) fn types(class: &NodeClass) -> Vec<InstanceType> {
    Catalog::embedded().instance_types(class, &AwsSettings::UNSET, &[])
}

/// A requirement that lists values.
pub(super) fn among(key: &str, values: &[&str]) -> Requirement {
    let values: BTreeSet<Arc<str>> = values.iter().map(|value| Arc::from(*value)).collect();
    Requirement::new(key, Allowed::Only(values))
}

/// A claim for one processor.
pub(super) fn draft(requirements: Vec<Requirement>) -> ClaimDraft {
    ClaimDraft {
        labels: Labels::from([
            (keys::NODE_POOL.into(), "general".into()),
            (keys::NODE_CLASS.into(), "default".into()),
            ("team".into(), "a".into()),
            ("node-restriction.kubernetes.io/secret".into(), "no".into()),
        ]),
        annotations: Labels::new(),
        requirements,
        requests: Resources::from_iter([(ResourceName::Cpu, "1".parse().unwrap())]),
        taints: Vec::new(),
        startup_taints: Vec::new(),
        node_class: NodeClassRef {
            group: "karpenter.k8s.aws".into(),
            kind: "EC2NodeClass".into(),
            name: "default".into(),
        },
        expire_after_secs: None,
        termination_grace_secs: None,
    }
}

/// Names of a claim.
pub(super) fn names() -> (ClaimName, LaunchToken) {
    (ClaimName::new("general-abc").unwrap(), LaunchToken::new("joiner-1").unwrap())
}

/// The request of a claim.
pub(super) fn request<'a>(
    names: &'a (ClaimName, LaunchToken),
    draft: &'a ClaimDraft,
    class: &'a NodeClass,
    instance_types: &'a [InstanceType],
) -> LaunchRequest<'a> {
    LaunchRequest { claim: &names.0, token: &names.1, draft, class, instance_types }
}
