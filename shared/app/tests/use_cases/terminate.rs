//! Does a machine go step by step, waiting for what must be waited for?

use joiner_app::Fact;
use joiner_core::eviction::disrupted_taint;
use joiner_core::termination::EXCLUDE_LABEL;
use joiner_ports::*;

use crate::fake::{Fake, Inside, at};
use crate::objects::{claim, node, provider_id, running};

fn step() -> Message {
    let target = Target::Claim(ClaimName::new("n").unwrap());
    Message::TerminateStep { target, again_until: at(1000) }
}

/// A tainted node that goes with its claim, and the instance behind it.
fn going(inside: &mut Inside) {
    let mut claim = claim("n", 0);
    let mut node = node("n", 0);
    claim.deletion_at = Some(at(90));
    node.deletion_at = Some(at(90));
    node.taints = vec![disrupted_taint()];
    node.labels.insert(EXCLUDE_LABEL.0.into(), EXCLUDE_LABEL.1.into());
    inside.snapshot.node_claims = vec![claim];
    inside.snapshot.nodes = vec![node];
    let instance = Instance {
        id: InstanceId::new("i-0").unwrap(),
        provider_id: provider_id(0),
        state: InstanceState::Running,
        launched_at: at(0),
        node_pool: None,
        claim: None,
        token: None,
        image_id: None,
        subnet_id: None,
        security_group_ids: Vec::new(),
        capacity_reservation_id: None,
        tags: joiner_core::model::Labels::new(),
    };
    inside.instances.insert(LaunchToken::new("t").unwrap(), instance);
}

fn is_over(fake: &Fake) -> bool {
    fake.with(|inside| inside.snapshot.nodes.is_empty() && inside.snapshot.node_claims.is_empty())
}

#[test]
fn a_machine_goes_step_by_step_until_nothing_is_left() {
    let fake = Fake::new(|inside| {
        going(inside);
        inside.snapshot.pods = vec![running("web", "n")];
    });
    assert_eq!(fake.handle(step(), 100), [Fact::Evicted { pod: running("web", "n").key }]);
    assert_eq!(fake.handle(step(), 101), [], "the shortest drain is not over");
    let terminating = Fact::InstanceTerminating { instance: InstanceId::new("i-0").unwrap() };
    assert_eq!(fake.handle(step(), 106), [terminating]);
    assert!(!is_over(&fake));
    fake.handle(step(), 111);
    assert!(is_over(&fake));
    let sent = fake.sent();
    let steps = sent.iter().filter(|(message, _)| *message == step());
    let delays: Vec<u64> = steps.map(|(_, delay)| delay.as_secs()).collect();
    assert_eq!(delays, [1, 4, 5]);
    let count = Message::PoolChanged { pool: "general".into() };
    assert_eq!(sent.last(), Some(&(count, Delay::from_secs(5))), "its pool is counted anew");
}

// behaviour: termination/disruption-budgets-of-pods-are-waited-for
#[test]
fn a_refused_eviction_is_tried_again_and_the_instance_stays() {
    let fake = Fake::new(|inside| {
        going(inside);
        inside.snapshot.pods = vec![running("web", "n")];
        inside.eviction_refused = true;
    });
    for second in [100, 101, 400] {
        let facts = fake.handle(step(), second);
        assert!(matches!(facts.as_slice(), [Fact::EvictionBlocked { .. }]), "{facts:?}");
    }
    assert_eq!(fake.with(|inside| (inside.terminated.len(), inside.snapshot.pods.len())), (0, 1));
    fake.with(|inside| inside.eviction_refused = false);
    fake.handle(step(), 500);
    assert_eq!(fake.with(|inside| inside.snapshot.pods.len()), 0);
}

// behaviour: termination/a-lost-instance-is-not-drained
#[test]
fn a_machine_whose_instance_is_gone_is_let_go_without_a_drain() {
    let fake = Fake::new(|inside| {
        going(inside);
        inside.snapshot.pods = vec![running("web", "n")];
        inside.snapshot.nodes[0].ready = false;
        inside.instances.clear();
    });
    let gone = Fact::ClaimReleased { claim: ClaimName::new("n").unwrap() };
    assert_eq!(fake.handle(step(), 100), [Fact::NodeReleased { node: "n".into() }, gone]);
    assert!(is_over(&fake) && fake.sent().iter().all(|(message, _)| *message != step()));
}

// behaviour: queue/copies-of-a-step-do-not-multiply
#[test]
fn copies_of_a_step_send_one_message_and_a_lost_one_is_replaced() {
    let fake = Fake::new(|inside| {
        going(inside);
        inside.snapshot.pods = vec![running("web", "n")];
        inside.eviction_refused = true;
    });
    for _ in 0..3 {
        fake.handle(step(), 100);
    }
    assert_eq!(fake.sent(), [(step(), Delay::from_secs(1))]);
    // The message of second 101 is lost; whoever comes next sends another, and again only one.
    for second in [103, 103, 104] {
        fake.handle(step(), second);
    }
    assert_eq!(fake.sent().len(), 3);
}

#[test]
fn steps_die_out_when_the_tick_takes_over() {
    let fake = Fake::new(|inside| {
        going(inside);
        inside.snapshot.pods = vec![running("web", "n")];
        inside.eviction_refused = true;
    });
    let target = Target::Claim(ClaimName::new("n").unwrap());
    fake.handle(Message::TerminateStep { target, again_until: at(100) }, 100);
    assert_eq!(fake.sent(), []);
}
