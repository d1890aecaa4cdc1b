//! Requests to try: a class, its types, and what a claim wishes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_api::read::{Manifests, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{
    Allowed, CapacityReservation, InstanceType, Labels, NodeClass, NodeClassRef, Requirement, ResourceName,
    Resources, keys,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{ClaimName, ClusterName, LaunchRequest, LaunchToken};

/// What a class leads to in an account.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Subnets with their zones.
    pub(super) subnets: Vec<(String, String)>,
    /// Security group.
    pub(super) security_group: String,
    /// Image.
    pub(super) image: String,
    /// Instance profile.
    pub(super) instance_profile: String,
}

/// A class and what can be bought through it.
#[derive(Debug)]
pub(super) struct Shop {
    cluster: ClusterName,
    pub(super) class: NodeClass,
    pub(super) types: Vec<InstanceType>,
}

/// What a claim asks for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) claim: ClaimName,
    pub(super) token: LaunchToken,
    draft: ClaimDraft,
}

impl Shop {
    /// The shop of a cluster whose class leads to places.
    pub(super) fn of(cluster: &ClusterName, places: &Places) -> Self {
        let source = Source { name: "class.yaml".into(), text: manifest(places) };
        let manifests = Manifests::read(&[source]).expect("the class can be read");
        let class = manifests.node_classes.into_iter().next().expect("there is a class");
        let types = Catalog::embedded().instance_types(&class, &AwsSettings::UNSET, &[]);
        Shop { cluster: cluster.clone(), class, types }
    }

    /// Lets the class hold a reservation of one machine.
    pub(super) fn hold(&mut self, id: &str, instance_type: &str, zone: &str) {
        self.class.capacity_reservations = vec![CapacityReservation {
            id: id.into(),
            instance_type: instance_type.into(),
            zone: zone.into(),
            reservation_type: "default".into(),
            interruptible: false,
            expiring: false,
            remaining: 1,
        }];
        self.types = Catalog::embedded().instance_types(&self.class, &AwsSettings::UNSET, &[]);
    }

    /// A claim that takes these types in these zones, paid for in these ways.
    pub(super) fn wish(&self, claim: &str, types: &[&str], zones: &[&str], ways: &[&str]) -> Wish {
        let among = |key: &str, values: &[&str]| {
            let values: BTreeSet<Arc<str>> = values.iter().map(|value| Arc::from(*value)).collect();
            Requirement::new(key, Allowed::Only(values))
        };
        let claim = ClaimName::new(claim).expect("a name");
        let draft = ClaimDraft {
            labels: Labels::from([
                (keys::NODE_POOL.into(), "general".into()),
                (keys::NODE_CLASS.into(), self.class.name.clone()),
                ("team".into(), "a".into()),
            ]),
            annotations: Labels::new(),
            requirements: vec![
                among(keys::NODE_POOL, &["general"]),
                among(keys::INSTANCE_TYPE, types),
                among(keys::ZONE, zones),
                among(keys::CAPACITY_TYPE, ways),
            ],
            requests: Resources::from_iter([(ResourceName::Cpu, "1".parse().expect("a quantity"))]),
            taints: Vec::new(),
            startup_taints: Vec::new(),
            node_class: NodeClassRef {
                group: "karpenter.k8s.aws".into(),
                kind: "EC2NodeClass".into(),
                name: self.class.name.clone(),
            },
            expire_after_secs: None,
            termination_grace_secs: None,
        };
        let token = LaunchToken::derive(&self.cluster, &claim, "uid");
        Wish { claim, token, draft }
    }

    /// The request for a wish.
    pub(super) fn request<'a>(&'a self, wish: &'a Wish) -> LaunchRequest<'a> {
        LaunchRequest {
            claim: &wish.claim,
            token: &wish.token,
            draft: &wish.draft,
            class: &self.class,
            instance_types: &self.types,
        }
    }
}

fn manifest(places: &Places) -> String {
    let subnets: String =
        places.subnets.iter().map(|(id, zone)| format!("  - {{ id: {id}, zone: {zone} }}\n")).collect();
    format!(
        "apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata:
  name: default
  uid: class-uid
  generation: 1
spec:
  role: nodes
  amiSelectorTerms:
  - alias: al2023@latest
  subnetSelectorTerms:
  - tags: {{ karpenter.sh/discovery: any }}
  securityGroupSelectorTerms:
  - tags: {{ karpenter.sh/discovery: any }}
  tags: {{ team: a }}
status:
  subnets:
{subnets}  securityGroups:
  - {{ id: {}, name: nodes }}
  amis:
  - id: {}
    name: amazon-eks-node-al2023-x86_64-standard
    requirements:
    - {{ key: kubernetes.io/arch, operator: In, values: [amd64] }}
  instanceProfile: {}
  conditions:
  - {{ type: Ready, status: \"True\", reason: Ready, message: \"\", observedGeneration: 1,
      lastTransitionTime: \"2026-01-01T00:00:00Z\" }}
",
        places.security_group, places.image, places.instance_profile
    )
}
