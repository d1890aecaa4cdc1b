//! Rows to store: intents, commands, marks, with something in every field.

use jiff::Timestamp;
use joiner_core::disruption::rounds::Method;
use joiner_core::model::{
    Allowed, CapacityType, Labels, NamespacedName, NodeClassRef, OfferingKey, Requirement, ResourceName,
    Taint, TaintEffect, Unavailable,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{
    ClaimName, Command, CommandId, CommandNode, CommandPhase, IntentPhase, LaunchIntent, Replacement,
};

/// A second of the epoch.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second")
}

pub(super) fn claim(name: &str) -> ClaimName {
    ClaimName::new(name).expect("a name")
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn draft(instance_types: usize) -> ClaimDraft {
    let types = (0..instance_types).map(|number| format!("m{number}.large").as_str().into());
    let taint = |key: &str| Taint { key: key.into(), value: "".into(), effect: TaintEffect::NoSchedule };
    ClaimDraft {
        labels: labels(&[("karpenter.sh/nodepool", "general"), ("team", "web")]),
        annotations: labels(&[("note", "a # and a \" and ü")]),
        requirements: vec![
            Requirement {
                key: "node.kubernetes.io/instance-type".into(),
                allowed: Allowed::Only(types.collect()),
                min_values: Some(3),
            },
            Requirement::new(
                "karpenter.k8s.aws/instance-cpu",
                Allowed::AllBut { except: Default::default(), at_least: Some(4), at_most: None },
            ),
            Requirement::new("absent", Allowed::none()),
        ],
        requests: [("cpu", "1500m"), ("memory", "3Gi"), ("nvidia.com/gpu", "0")]
            .into_iter()
            .map(|(name, amount)| (ResourceName::from(name), amount.parse().expect("a quantity")))
            .collect(),
        taints: vec![taint("dedicated")],
        startup_taints: vec![taint("starting")],
        node_class: NodeClassRef {
            group: "karpenter.k8s.aws".into(),
            kind: "EC2NodeClass".into(),
            name: "default".into(),
        },
        expire_after_secs: Some(720 * 3600),
        termination_grace_secs: None,
    }
}

/// An intent of a claim.
pub(super) fn intent(name: &str) -> LaunchIntent {
    LaunchIntent {
        claim: claim(name),
        node_pool: "general".into(),
        node_pool_uid: "general-uid".into(),
        draft: draft(3),
        pods: vec![NamespacedName { namespace: "default".into(), name: "web-1".into() }],
        decided_at: "2026-01-02T03:04:05.678901234Z".parse().expect("a moment"),
        phase: IntentPhase::Committed,
    }
}

/// Intents with names in order, each of several kilobytes: more than one answer of the table holds.
pub(super) fn large_intents(prefix: &str, count: usize) -> Vec<LaunchIntent> {
    let large = |number| LaunchIntent { draft: draft(1_500), ..intent(&format!("{prefix}-{number:03}")) };
    (0..count).map(large).collect()
}

/// A command with a node and a replacement.
pub(super) fn command(id: &str, phase: CommandPhase) -> Command {
    Command {
        id: CommandId::new(id).expect("an id"),
        method: Method::SingleNodeConsolidation,
        nodes: vec![CommandNode {
            claim: claim("general-old"),
            claim_uid: "claim-uid".into(),
            node: "ip-10-0-0-1.ec2.internal".into(),
            node_uid: "node-uid".into(),
        }],
        replacements: vec![Replacement {
            claim: Some(claim("general-new")),
            node_pool: "general".into(),
            node_pool_uid: "general-uid".into(),
            draft: draft(3),
            pods: Vec::new(),
            usable: false,
        }],
        proposed_at: at(100),
        due_at: at(115),
        deadline_at: at(700),
        phase,
    }
}

/// One of each kind of what may not be had, in order.
pub(super) fn unavailable() -> [Unavailable; 4] {
    [
        Unavailable::Offering(OfferingKey {
            instance_type: "m5.large".into(),
            zone: "us-east-1a".into(),
            capacity_type: CapacityType::Spot,
        }),
        Unavailable::CapacityType(CapacityType::Reserved),
        Unavailable::FullZone("us-east-1b".into()),
        Unavailable::ShiftedZone("us-east-1c".into()),
    ]
}
