//! Are instances without claims and claims without instances found, and nothing else?

use joiner_app::Fact;
use joiner_core::model::NodeClaim;
use joiner_ports::*;

use crate::fake::{Fake, Inside, at};
use crate::objects::{claim, node, provider_id};

pub(crate) fn instance(index: usize, launched: i64) -> (LaunchToken, Instance) {
    let token = LaunchToken::new(&format!("t-{index}")).unwrap();
    let instance = Instance {
        id: InstanceId::new(&format!("i-{index}")).unwrap(),
        provider_id: provider_id(index),
        state: InstanceState::Running,
        launched_at: at(launched),
        node_pool: Some("general".into()),
        claim: Some(ClaimName::new("n").unwrap()),
        token: Some(token.clone()),
        image_id: None,
        subnet_id: None,
        security_group_ids: Vec::new(),
        capacity_reservation_id: None,
        tags: joiner_core::model::Labels::new(),
    };
    (token, instance)
}

fn swept(fill: impl FnOnce(&mut Inside), second: i64) -> Vec<Fact> {
    Fake::new(fill).handle(Message::Sweep, second)
}

fn orphan(index: usize) -> Fact {
    let id = InstanceId::new(&format!("i-{index}")).unwrap();
    Fact::OrphanTerminated { instance: id, claim: Some(ClaimName::new("n").unwrap()) }
}

// behaviour: sweep/an-instance-without-a-claim-is-terminated-after-thirty-seconds
#[test]
fn an_instance_without_a_claim_is_terminated_after_thirty_seconds() {
    let lone = |inside: &mut Inside| inside.instances.extend([instance(0, 100)]);
    assert_eq!(swept(lone, 130), []);
    assert_eq!(swept(lone, 131), [orphan(0)]);
}

#[test]
fn an_instance_is_left_alone_while_its_claim_may_still_ask_for_it() {
    let unlaunched = NodeClaim { provider_id: None, conditions: vec![], ..claim("n", 0) };
    let awaited = |inside: &mut Inside| {
        inside.instances.extend([instance(0, 100)]);
        inside.snapshot.node_claims = vec![unlaunched.clone()];
    };
    assert_eq!(swept(awaited, 500), []);
    let going = |inside: &mut Inside| {
        awaited(inside);
        inside.snapshot.node_claims[0].deletion_at = Some(at(200));
    };
    assert_eq!(swept(going, 500), [orphan(0)]);
}

#[test]
fn a_second_instance_of_a_claim_is_terminated() {
    let doubled = |inside: &mut Inside| {
        inside.instances.extend([instance(0, 100), instance(1, 100)]);
        inside.snapshot.node_claims = vec![claim("n", 0)];
    };
    let tagged = Fact::InstanceTagged {
        claim: ClaimName::new("n").unwrap(),
        instance: InstanceId::new("i-0").unwrap(),
    };
    assert_eq!(swept(doubled, 500), [orphan(1), tagged]);
}

#[test]
fn a_claim_whose_instance_is_gone_goes_unless_its_node_is_ready() {
    let lost = |inside: &mut Inside| {
        inside.snapshot.node_claims = vec![claim("n", 0)];
        inside.snapshot.nodes = vec![node("n", 0)];
    };
    assert_eq!(swept(lost, 500), []);
    let silent = |inside: &mut Inside| {
        lost(inside);
        inside.snapshot.nodes[0].ready = false;
    };
    assert_eq!(swept(silent, 500), [Fact::InstanceLost { claim: ClaimName::new("n").unwrap() }]);
}
