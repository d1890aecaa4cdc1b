//! Do empty nodes go when they were found empty twice, and do marks of abandoned commands go too?

use joiner_app::Fact;
use joiner_core::eviction::disrupted_taint;
use joiner_core::model::{Condition, ConditionKind, ConditionStatus, Labels, keys};
use joiner_ports::*;

use crate::fake::{Fake, Inside, at};
use crate::objects::{claim, class, instance_type, node, pool, running};

fn tick() -> Message {
    Message::DisruptTick { again_until: at(160) }
}

/// One initialized node without pods.
fn one_empty_node(inside: &mut Inside) {
    inside.types = vec![instance_type()];
    inside.snapshot.node_pools = vec![pool()];
    inside.snapshot.node_classes = vec![class()];
    inside.snapshot.node_claims = vec![claim("n", 0)];
    inside.snapshot.nodes = vec![node("n", 0)];
}

/// The step of the command that a tick at second 100 proposed.
fn proposed(fake: &Fake) -> Message {
    let facts = fake.handle(tick(), 100);
    let command = facts.iter().find_map(|fact| match fact {
        Fact::CommandProposed { command, due_at, .. } if *due_at == at(115) => Some(command.clone()),
        _ => None,
    });
    Message::CommandStep { command: command.unwrap() }
}

fn is_going(fake: &Fake) -> bool {
    fake.with(|inside| inside.snapshot.node_claims[0].deletion_at.is_some())
}

fn is_tainted(fake: &Fake) -> bool {
    fake.with(|inside| inside.snapshot.nodes[0].taints == [disrupted_taint()])
}

// behaviour: disruption/validated-after-fifteen-seconds
#[test]
fn an_empty_node_goes_fifteen_seconds_after_it_was_found_and_not_before() {
    let fake = Fake::new(one_empty_node);
    let step = proposed(&fake);
    assert!(fake.sent().contains(&(step.clone(), Delay::from_secs(15))));
    fake.handle(step.clone(), 114);
    assert!(!is_going(&fake) && !is_tainted(&fake));
    fake.handle(step.clone(), 115);
    assert!(is_going(&fake) && is_tainted(&fake));
    fake.with(|inside| assert!(inside.commands.is_empty() && inside.lease.is_none()));
    assert_eq!(fake.handle(step, 116), [], "a second copy finds nothing left to do");
}

#[test]
fn a_command_is_abandoned_when_a_pod_came_or_the_view_changed() {
    let fake = Fake::new(one_empty_node);
    let step = proposed(&fake);
    fake.with(|inside| inside.snapshot.pods.push(running("late", "n")));
    let facts = fake.handle(step, 115);
    assert!(
        matches!(facts.as_slice(), [Fact::Abandoned { why, .. }] if why == "1 pods run on it"),
        "{facts:?}"
    );
    assert!(!is_going(&fake) && !is_tainted(&fake));
    fake.with(|inside| assert!(inside.commands.is_empty()));
}

// behaviour: disruption/a-pod-that-came-before-the-taint-keeps-its-node
#[test]
fn a_pod_that_came_just_before_the_taint_keeps_its_node() {
    let annotations = Labels::from([(keys::DO_NOT_DISRUPT.into(), "true".into())]);
    let protected = joiner_core::model::Pod { annotations: annotations.into(), ..running("job", "n") };
    for late in [running("late", "n"), protected] {
        let fake = Fake::new(|inside| {
            one_empty_node(inside);
            inside.pods_on_taint = vec![late];
        });
        let step = proposed(&fake);
        let facts = fake.handle(step, 115);
        assert!(facts.contains(&Fact::Untainted { node: "n".into() }), "{facts:?}");
        assert!(!is_going(&fake) && !is_tainted(&fake));
    }
}

#[test]
fn a_command_whose_run_died_after_the_taint_is_carried_on() {
    let fake = Fake::new(one_empty_node);
    let step = proposed(&fake);
    fake.with(|inside| {
        inside.snapshot.nodes[0].taints.push(disrupted_taint());
        inside.commands.values_mut().for_each(|command| command.phase = CommandPhase::Deleting);
    });
    fake.handle(step, 130);
    assert!(is_going(&fake));
}

// behaviour: disruption/marks-without-a-command-are-taken-away
#[test]
fn marks_of_a_command_that_is_no_more_are_taken_away() {
    let fake = Fake::new(|inside| {
        one_empty_node(inside);
        inside.snapshot.pods = vec![running("web", "n")];
        inside.snapshot.nodes[0].taints = vec![disrupted_taint()];
        inside.snapshot.node_claims[0].conditions.push(Condition {
            kind: ConditionKind::DisruptionReason,
            status: ConditionStatus::True,
            reason: "Empty".into(),
            message: "".into(),
            since: at(50),
        });
    });
    let facts = fake.handle(tick(), 100);
    assert!(facts.contains(&Fact::Untainted { node: "n".into() }), "{facts:?}");
    assert!(!is_tainted(&fake));
    let says = |kind| fake.with(|inside| inside.snapshot.node_claims[0].is(kind));
    assert!(!says(ConditionKind::DisruptionReason));
    assert!(says(ConditionKind::Consolidatable));
}

#[test]
fn a_node_found_restless_at_the_second_look_is_looked_at_when_it_is_calm() {
    let fake = Fake::new(|inside| {
        one_empty_node(inside);
        inside.snapshot.node_pools[0].consolidate_after_secs = Some(30);
    });
    let step = proposed(&fake);
    fake.with(|inside| inside.snapshot.node_claims[0].last_pod_event_at = Some(at(101)));
    fake.handle(step, 115);
    let look = Message::DisruptTick { again_until: at(175) };
    assert_eq!(fake.sent().last(), Some(&(look.clone(), Delay::from_secs(10))));
    fake.handle(look.clone(), 125);
    assert_eq!(fake.sent().last(), Some(&(look, Delay::from_secs(6))));
}

#[test]
fn a_node_that_turns_consolidatable_before_the_next_tick_is_looked_at_then() {
    let fake = Fake::new(|inside| {
        one_empty_node(inside);
        inside.snapshot.node_pools[0].consolidate_after_secs = Some(120);
    });
    fake.handle(tick(), 100);
    assert_eq!(fake.sent(), [(tick(), Delay::from_secs(30))]);
}
