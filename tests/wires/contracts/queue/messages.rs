//! One message of each kind.

use joiner_ports::{ClaimName, CommandId, InstanceId, InterruptionKind, Message, PendingHint, Target};

pub(super) fn one_of_each() -> Vec<Message> {
    let claim = ClaimName::new("general-abc").expect("a name");
    let again_until = "2026-01-02T03:04:05.678Z".parse().expect("a moment");
    vec![
        Message::Tick,
        Message::PodsPending { hint: PendingHint::Pod { namespace: "default".into(), name: "web-1".into() } },
        Message::ClaimStep { claim: claim.clone(), again_until },
        Message::PodMoved { node: "ip-10-0-0-1.ec2.internal".into() },
        Message::NodeChanged { node: "ip-10-0-0-1.ec2.internal".into() },
        Message::PoolChanged { pool: "general".into() },
        Message::ClassChanged { class: "default".into() },
        Message::Sweep,
        Message::Interruption {
            instance: InstanceId::new("i-0abc").expect("an id"),
            event: InterruptionKind::StateChange { state: "stopping".into() },
            at: again_until,
        },
        Message::DisruptTick { again_until },
        Message::CommandStep { command: CommandId::new("c-1").expect("an id") },
        Message::TerminateStep { target: Target::Claim(claim), again_until },
    ]
}
