//! One message of each kind, for tests that send them all.

use std::collections::BTreeSet;

use jiff::Timestamp;
use joiner_aws::bus::ROUTES;
use joiner_ports::{ClaimName, InstanceId, InterruptionKind, Message, PendingHint, Target};

/// One of each.
pub(crate) fn one_of_each() -> Vec<Message> {
    let claim = ClaimName::new("general-abc").expect("a name");
    let instance = InstanceId::new("i-0123456789abcdef0").expect("an id");
    let at: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a moment");
    let command = serde_json::from_value("c-1".into()).expect("an id");
    vec![
        Message::PodsPending { hint: PendingHint::Again },
        Message::ClaimStep { claim: claim.clone(), again_until: at },
        Message::PodMoved { node: "node-1".into() },
        Message::NodeChanged { node: "node-1".into() },
        Message::DisruptTick { again_until: at },
        Message::CommandStep { command },
        Message::TerminateStep { target: Target::Claim(claim), again_until: at },
        Message::Interruption { instance, event: InterruptionKind::SpotInterruption, at },
        Message::PoolChanged { pool: "general".into() },
        Message::ClassChanged { class: "general".into() },
        Message::Sweep,
        Message::Tick,
    ]
}

#[test]
fn no_kind_is_left_out() {
    let kinds: BTreeSet<&str> = one_of_each().iter().map(Message::kind).collect();
    assert_eq!(kinds, ROUTES.iter().map(|(kind, _)| *kind).collect());
}
