//! Do rows come back as they were written, whatever is in them, and does their written form stay what it is?
//!
//! Rows outlive the version that wrote them: a change of the written form needs a reader for the old one.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without, it may demand")]

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::disruption::rounds::Method;
use joiner_core::model::{
    Allowed, CapacityType, Labels, NamespacedName, NodeClassRef, OfferingKey, Quantity, Requirement,
    ResourceName, Resources, Taint, TaintEffect, Unavailable,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{
    ClaimName, Command, CommandId, CommandNode, CommandPhase, IntentPhase, LaunchIntent, Replacement,
    UnavailableUntil,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = Arc<str>> {
    // Anything that may stand in an object, with what JSON has to escape.
    "[a-zA-Z0-9./_ \"\\\\#ü\n-]{0,12}".prop_map(Arc::from)
}

fn labels() -> impl Strategy<Value = Labels> {
    btree_map(text(), text(), 0..4)
}

fn allowed() -> impl Strategy<Value = Allowed> {
    let values = || btree_set(text(), 0..4);
    let open = (values(), option::of(any::<i64>()), option::of(any::<i64>()));
    let open = open.prop_map(|(except, a, b)| {
        let (at_least, at_most) = match (a, b) {
            (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
            bounds => bounds,
        };
        Allowed::AllBut { except, at_least, at_most }
    });
    prop_oneof![values().prop_map(Allowed::Only), open]
}

fn requirement() -> impl Strategy<Value = Requirement> {
    (text(), allowed(), option::of(any::<u32>())).prop_map(|(key, allowed, min_values)| Requirement {
        key: (&*key).into(),
        allowed,
        min_values,
    })
}

fn resources() -> impl Strategy<Value = Resources> {
    let name = prop_oneof![Just("cpu"), Just("memory"), Just("pods"), Just("nvidia.com/gpu"), Just("nodes")];
    let amount = prop_oneof![
        (-1_000_000_000_000..1_000_000_000_000_i64).prop_map(Quantity::from_milli),
        (0..1_000_000_000_000_i64).prop_map(Quantity::from_bytes),
    ];
    vec((name.prop_map(ResourceName::from), amount), 0..5).prop_map(|entries| entries.into_iter().collect())
}

fn taint() -> impl Strategy<Value = Taint> {
    let effect = prop_oneof![
        Just(TaintEffect::NoSchedule),
        Just(TaintEffect::PreferNoSchedule),
        Just(TaintEffect::NoExecute)
    ];
    (text(), text(), effect).prop_map(|(key, value, effect)| Taint { key, value, effect })
}

prop_compose! {
    fn draft()(
        (labels, annotations) in (labels(), labels()),
        requirements in vec(requirement(), 0..5),
        requests in resources(),
        (taints, startup_taints) in (vec(taint(), 0..3), vec(taint(), 0..3)),
        (group, kind, name) in (text(), text(), text()),
        (expire_after_secs, termination_grace_secs) in (option::of(any::<u64>()), option::of(any::<u64>())),
    ) -> ClaimDraft {
        let node_class = NodeClassRef { group, kind, name };
        ClaimDraft {
            labels, annotations, requirements, requests, taints, startup_taints, node_class,
            expire_after_secs, termination_grace_secs,
        }
    }
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn pods() -> impl Strategy<Value = Vec<NamespacedName>> {
    vec((text(), text()).prop_map(|(namespace, name)| NamespacedName { namespace, name }), 0..3)
}

fn claim_name() -> impl Strategy<Value = ClaimName> {
    "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?".prop_map(|name| ClaimName::new(&name).unwrap())
}

prop_compose! {
    fn intent()(
        claim in claim_name(),
        (node_pool, node_pool_uid) in (text(), text()),
        draft in draft(),
        pods in pods(),
        decided_at in moment(),
        claim_uid in option::of(text()),
    ) -> LaunchIntent {
        let phase = claim_uid.map_or(IntentPhase::Committed, |claim_uid| IntentPhase::Created { claim_uid });
        LaunchIntent { claim, node_pool, node_pool_uid, draft, pods, decided_at, phase }
    }
}

prop_compose! {
    fn command()(
        node in claim_name(),
        claim in option::of(claim_name()),
        draft in draft(),
        pods in pods(),
        method in prop::sample::select(&Method::ALL[..]),
        phase in prop::sample::select(
            &[CommandPhase::Proposed, CommandPhase::Replacing, CommandPhase::Deleting][..]
        ),
        (proposed_at, due_at, deadline_at) in (moment(), moment(), moment()),
        usable in any::<bool>(),
    ) -> Command {
        let replacement = Replacement {
            claim, node_pool: "p".into(), node_pool_uid: "u".into(), draft, pods, usable,
        };
        let node = CommandNode {
            claim: node, claim_uid: "u".into(), node: "n".into(), node_uid: "u".into(),
        };
        Command {
            id: CommandId::new("c-1").unwrap(), method, nodes: vec![node], replacements: vec![replacement],
            proposed_at, due_at, deadline_at, phase,
        }
    }
}

proptest! {
    #[test]
    fn every_intent_comes_back_as_it_was_written(intent in intent()) {
        let written = serde_json::to_string(&intent).unwrap();
        let read: LaunchIntent = serde_json::from_str(&written).unwrap();
        // Amounts are equal whatever their notation; what a claim shows has to be the same text.
        prop_assert_eq!(read.draft.requests.to_string(), intent.draft.requests.to_string());
        prop_assert_eq!(read, intent);
    }

    #[test]
    fn every_command_comes_back_as_it_was_written(command in command()) {
        let written = serde_json::to_string(&command).unwrap();
        prop_assert_eq!(serde_json::from_str::<Command>(&written).unwrap(), command);
    }
}

#[test]
fn an_intent_keeps_its_written_form() {
    let values: BTreeSet<Arc<str>> = ["m5.large".into()].into();
    let open = Allowed::AllBut { except: BTreeSet::new(), at_least: Some(4), at_most: None };
    let intent = LaunchIntent {
        claim: ClaimName::new("general-abc").unwrap(),
        node_pool: "general".into(),
        node_pool_uid: "uid-1".into(),
        draft: ClaimDraft {
            labels: [("team".into(), "web".into())].into(),
            annotations: Labels::new(),
            requirements: vec![
                Requirement {
                    key: "node.kubernetes.io/instance-type".into(),
                    allowed: Allowed::Only(values),
                    min_values: Some(1),
                },
                Requirement::new("karpenter.k8s.aws/instance-cpu", open),
            ],
            requests: [(ResourceName::Cpu, "1500m".parse().unwrap())].into_iter().collect(),
            taints: vec![Taint { key: "a".into(), value: "b".into(), effect: TaintEffect::NoExecute }],
            startup_taints: Vec::new(),
            node_class: NodeClassRef {
                group: "karpenter.k8s.aws".into(),
                kind: "EC2NodeClass".into(),
                name: "default".into(),
            },
            expire_after_secs: Some(3600),
            termination_grace_secs: None,
        },
        pods: vec![NamespacedName { namespace: "default".into(), name: "web-1".into() }],
        decided_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        phase: IntentPhase::Created { claim_uid: "uid-2".into() },
    };
    let written = concat!(
        r#"{"claim":"general-abc","nodePool":"general","nodePoolUid":"uid-1","draft":{"labels":{"team":"web"},"#,
        r#""annotations":{},"requirements":[{"key":"node.kubernetes.io/instance-type","#,
        r#""allowed":{"only":["m5.large"]},"minValues":1},{"key":"karpenter.k8s.aws/instance-cpu","#,
        r#""allowed":{"allBut":{"atLeast":4}},"minValues":null}],"requests":{"cpu":"1500m"},"#,
        r#""taints":[{"key":"a","value":"b","effect":"NoExecute"}],"startupTaints":[],"#,
        r#""nodeClass":{"group":"karpenter.k8s.aws","kind":"EC2NodeClass","name":"default"},"#,
        r#""expireAfterSecs":3600,"terminationGraceSecs":null},"#,
        r#""pods":[{"namespace":"default","name":"web-1"}],"decidedAt":"2026-01-02T03:04:05Z","#,
        r#""phase":{"created":{"claimUid":"uid-2"}}}"#
    );
    assert_eq!(serde_json::to_string(&intent).unwrap(), written);
    assert_eq!(serde_json::from_str::<LaunchIntent>(written).unwrap(), intent);
}

#[test]
fn what_is_not_to_be_had_keeps_its_written_form() {
    let offering = OfferingKey {
        instance_type: "m5.large".into(),
        zone: "us-east-1a".into(),
        capacity_type: CapacityType::OnDemand,
    };
    for (what, written) in [
        (
            Unavailable::Offering(offering),
            r#"{"offering":{"instanceType":"m5.large","zone":"us-east-1a","capacityType":"on-demand"}}"#,
        ),
        (Unavailable::CapacityType(CapacityType::Spot), r#"{"capacityType":"spot"}"#),
        (Unavailable::FullZone("us-east-1a".into()), r#"{"fullZone":"us-east-1a"}"#),
        (Unavailable::ShiftedZone("us-east-1a".into()), r#"{"shiftedZone":"us-east-1a"}"#),
    ] {
        assert_eq!(serde_json::to_string(&what).unwrap(), written);
        let until: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let mark = UnavailableUntil { what, until };
        let text = serde_json::to_string(&mark).unwrap();
        assert_eq!(serde_json::from_str::<UnavailableUntil>(&text).unwrap(), mark);
    }
}

#[test]
fn a_row_with_impossible_values_is_refused() {
    let bounds = r#"{"key":"a","allowed":{"allBut":{"atLeast":5,"atMost":4}},"minValues":null}"#;
    let refusal = serde_json::from_str::<Requirement>(bounds).unwrap_err().to_string();
    assert!(refusal.contains("no number is at least 5 and at most 4"), "{refusal}");
    let amount = serde_json::from_str::<Resources>(r#"{"cpu":"lots"}"#).unwrap_err().to_string();
    assert!(amount.contains(r#""lots" is not a quantity"#), "{amount}");
}
